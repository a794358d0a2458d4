"""The paper's networks learn, reproducibly, from the training curves alone."""

from __future__ import annotations

import numpy as np
import pytest

from engine.errors import Cancelled
from engine.learning.paper import training
from engine.learning.paper.networks import NETWORKS, Head, build
from engine.learning.paper.protocol import READINGS, TASKS, Measured, Samples, Split, simulate
from engine.learning.paper.training import Scaler, Schedule, head_of, train

WIDE = READINGS["1-4"]
SHORT = Schedule(epochs=2, patience=2, batch=32)


@pytest.fixture(scope="module")
def small() -> Split:
    """A few curves, every tenth q point."""
    split = simulate(TASKS["classes"], WIDE, 5, 150)
    parts = [
        Measured(part.samples, np.ascontiguousarray(part.log_intensity[:, ::10])) for part in (split.train, split.validation, split.test)
    ]
    return Split(*parts)


def weights(network):
    return {name: value.clone() for name, value in network.state_dict().items()}


def equal(first, second):
    return all((first[name] == second[name]).all() for name in first)


def test_that_the_five_networks_of_the_paper_are_there():
    assert set(NETWORKS) == {"two-block", "three-block", "simple", "resnet", "three-weight"}


def test_that_the_networks_have_the_papers_sizes():
    counts = {name: sum(p.numel() for p in build(name, 20, 3, Head.CLASSES, 0).parameters()) for name in NETWORKS}
    two = 32 * 5 + 32 + 64 + 64 * 32 * 3 + 64 + 128 + 64 * (64 * 20) + 64 + 3 * 64 + 3  # convolutions, batch norms, dense layers
    assert counts["two-block"] == counts["three-weight"] == two
    assert counts["simple"] == two - 64 - 128
    assert counts["three-block"] == 192 + 64 + 10_304 + 128 + 24_704 + 256 + 256 * (128 * 20) + 256 + 64 * 256 + 64 + 3 * 64 + 3
    assert counts["resnet"] == 512 + 128 + 6 * (64 * 64 * 3 + 64 + 128) + 3 * 64 + 3


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("two-block", Head.CLASSES),
        ("three-block", Head.NUMBERS),
        ("simple", Head.NUMBERS),
        ("resnet", Head.CLASSES),
        ("three-weight", Head.SHARES),
    ],
)
def test_that_every_network_can_overfit_one_batch(name, head):
    import torch

    rng = torch.Generator().manual_seed(7)
    inputs = torch.randn(12, 24, generator=rng)
    network = build(name, 24, 3, head, 1)
    if head is Head.CLASSES:
        wanted, loss = torch.arange(12) % 3, torch.nn.functional.cross_entropy
    else:
        wanted = torch.rand(12, 3, generator=rng) * 0.8 + 0.1
        wanted = wanted / wanted.sum(dim=1, keepdim=True) if head is Head.SHARES else wanted
        loss = torch.nn.functional.mse_loss
    for module in network.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    optimiser = torch.optim.Adam(network.parameters(), lr=3e-3)
    first = float(loss(network(inputs), wanted).detach())
    for _ in range(300):
        optimiser.zero_grad()
        value = loss(network(inputs), wanted)
        if float(value.detach()) < 0.05 * first:
            return
        value.backward()
        optimiser.step()
    pytest.fail(f"the loss went from {first} to {float(value.detach())} only")


def test_that_shares_sum_to_one_and_numbers_stay_between_zero_and_one():
    import torch

    inputs = 50 * torch.randn(20, 40, generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        shares = build("three-weight", 40, 3, Head.SHARES, 0).eval()(inputs)
        numbers = build("simple", 40, 2, Head.NUMBERS, 0).eval()(inputs)
    np.testing.assert_allclose(shares.sum(dim=1), 1.0, atol=1e-5)
    assert ((numbers >= 0) & (numbers <= 1)).all()


def test_that_the_same_seed_gives_the_same_weights_and_leaves_torchs_random_numbers_alone(small):
    import torch

    torch.manual_seed(11)
    expected = torch.rand(3)
    torch.manual_seed(11)
    first, again, other = (weights(train("two-block", TASKS["classes"], small, seed, SHORT).network) for seed in (1, 1, 2))
    assert torch.equal(torch.rand(3), expected)
    assert equal(first, again)
    assert not equal(first, other)


def test_that_the_scaler_and_the_weights_never_see_the_test_curves(small):
    task = TASKS["classes"]
    poisoned = Split(small.train, small.validation, Measured(small.test.samples, np.full_like(small.test.log_intensity, 1e6)))
    clean, other = train("two-block", task, small, 1, SHORT), train("two-block", task, poisoned, 1, SHORT)
    np.testing.assert_array_equal(clean.scaler.mean, other.scaler.mean)
    np.testing.assert_array_equal(clean.scaler.sd, other.scaler.sd)
    assert equal(weights(clean.network), weights(other.network))


def test_that_the_scaler_is_fitted_on_the_training_curves_not_on_the_validation_curves(small):
    changed = Measured(small.validation.samples, small.validation.log_intensity + 3.0)
    trained = train("two-block", TASKS["classes"], Split(small.train, changed, small.test), 1, SHORT)
    features = small.train.log_intensity / np.log(10)
    np.testing.assert_allclose(trained.scaler.mean, features.mean(axis=0))
    np.testing.assert_allclose(trained.scaler.sd, features.std(axis=0))


def test_that_a_point_where_nothing_varies_is_not_divided_by_zero(small):
    flat = small.train.log_intensity.copy()
    flat[:, 0] = 2.0
    scaler = Scaler.fitted(TASKS["classes"], Measured(small.train.samples, flat))
    assert np.isfinite(scaler(Measured(small.train.samples, flat)).numpy()).all()


def test_that_the_best_weights_are_kept_not_the_last(small, monkeypatch):
    losses = iter([0.5, 0.2, 0.9, 0.8])
    seen = []

    def validate(network, loss, inputs, wanted):
        seen.append(weights(network))
        return next(losses)

    monkeypatch.setattr(training, "_validate", validate)
    trained = train("two-block", TASKS["classes"], small, 1, Schedule(epochs=4, patience=4, batch=32))
    assert trained.best == 1
    assert equal(weights(trained.network), seen[1])
    assert not equal(seen[1], seen[3])


def test_that_training_stops_when_patience_is_out(small, monkeypatch):
    rising = iter(range(99))
    monkeypatch.setattr(training, "_validate", lambda *arguments: float(next(rising)))
    trained = train("two-block", TASKS["classes"], small, 1, Schedule(epochs=50, patience=3, batch=32))
    assert (trained.best, len(trained.losses)) == (0, 4)


def test_that_the_optimiser_of_the_three_weight_regressor_steps():
    split = simulate(TASKS["weights"], WIDE, 5, 60)
    trained = train("three-weight", TASKS["weights"], split, 1, SHORT)
    fresh = build("three-weight", 500, 3, head_of(TASKS["weights"]), 1)
    assert not equal(weights(trained.network), weights(fresh))


def test_that_a_mean_size_is_predicted_in_nm():
    split = simulate(TASKS["mu"], WIDE, 5, 60)
    predicted = train("simple", TASKS["mu"], split, 1, SHORT).predict(split.test)
    assert predicted.shape == (12, 1)
    assert ((predicted > 25) & (predicted < 95)).all()


def test_that_probabilities_of_classes_sum_to_one(small):
    predicted = train("two-block", TASKS["classes"], small, 1, SHORT).predict(small.test)
    np.testing.assert_allclose(predicted.sum(axis=1), 1.0, atol=1e-5)


def test_that_training_can_be_cancelled(small):
    def cancel(event):
        raise Cancelled

    with pytest.raises(Cancelled):
        train("two-block", TASKS["classes"], small, 1, SHORT, cancel)


def test_that_an_epoch_with_a_last_batch_of_one_curve_is_trained(small):
    rows = np.arange(33)
    split = Split(small.train.take(rows), small.validation, small.test)
    assert isinstance(split.train.samples, Samples)
    trained = train("two-block", TASKS["classes"], split, 1, Schedule(epochs=1, batch=32))
    assert np.isfinite(trained.losses[0]).all()
