import numpy as np
import pytest
import torch

from engine.errors import ParameterError
from engine.learning import forward
from engine.learning.config import NetworkConfig
from engine.learning.coordinates import COUNT, SETS, used
from engine.learning.features import WIDTH
from engine.learning.network import Loss, Network

SMALL = NetworkConfig(width=48, blocks=2, gaussians=3)


def a_network(seed=0):
    torch.manual_seed(seed)
    network = Network(SMALL)
    with torch.no_grad():  # away from the zeros it begins with
        for parameter in network.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return network


def some_data(n=64, seed=1):
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 15, n)
    theta = np.where(used(SETS[label]), rng.normal(size=(n, COUNT)), 0).astype(np.float32)
    return rng.normal(size=(n, WIDTH)).astype(np.float32), label, theta


def weights_of(network):
    return {name: tensor.detach().numpy() for name, tensor in network.named_parameters()}


def test_that_the_evaluation_without_torch_gives_the_same_numbers():
    network, (features, label, theta) = a_network(), some_data()
    weights = weights_of(network)
    with torch.no_grad():
        there = network.embed(torch.from_numpy(features))
        logs = torch.log_softmax(network.sets(there), 1).numpy()
        density = network.log_density(there, torch.from_numpy(label), torch.from_numpy(theta)).numpy()
    here = forward.embed(weights, features)
    np.testing.assert_allclose(here, there.numpy(), atol=2e-5)
    np.testing.assert_allclose(forward.log_probabilities(weights, here), logs, atol=2e-5)
    for row in range(label.size):
        chosen = forward.used_coordinates(int(label[row]))
        mixture = forward.gaussians(weights, here[row : row + 1], int(label[row]))[0]
        assert mixture.weights.sum() == pytest.approx(1)
        assert forward.log_density(mixture, theta[row, chosen].astype(float)) == pytest.approx(density[row], abs=5e-3)


def test_that_the_density_of_a_set_integrates_to_one():
    # two coordinates of a single type, on a grid wide enough for this network's Gaussians
    network, (features, _, _) = a_network(), some_data(1)
    weights = weights_of(network)
    mixture = forward.gaussians(weights, forward.embed(weights, features), 0)[0]
    spread = np.sqrt(mixture.covariances[:, [0, 1], [0, 1]].max(axis=0))
    middle = mixture.centres.mean(axis=0)
    reach = 8 * spread + np.abs(mixture.centres - middle).max(axis=0)
    axes = [np.linspace(m - r, m + r, 81) for m, r in zip(middle, reach, strict=True)]
    values = [[np.exp(forward.log_density(mixture, np.array([x, y]))) for y in axes[1]] for x in axes[0]]
    assert np.trapezoid(np.trapezoid(values, axes[1]), axes[0]) == pytest.approx(1, abs=0.03)


def test_that_coordinates_a_set_does_not_use_have_no_say():
    network, (features, label, theta) = a_network(), some_data()
    other = np.where(used(SETS[label]), theta, 5.0).astype(np.float32)
    with torch.no_grad():
        there = network.embed(torch.from_numpy(features))
        one, same = (network.log_density(there, torch.from_numpy(label), torch.from_numpy(t)) for t in (theta, other))
    torch.testing.assert_close(one, same)


def test_that_one_batch_can_be_learned_by_heart():
    torch.manual_seed(0)
    network = Network(SMALL)
    data = [torch.from_numpy(array) for array in some_data(32)]
    loss, optimiser = Loss(network), torch.optim.Adam(network.parameters(), 3e-3)
    for _ in range(250):
        entropy, density = loss(*data)
        optimiser.zero_grad()
        (entropy + density).backward()
        optimiser.step()
    assert entropy.item() < 0.05
    assert density.item() < -5


def test_that_inflation_widens_and_temperature_levels():
    network, (features, _, _) = a_network(), some_data(4)
    weights = weights_of(network)
    here = forward.embed(weights, features)
    plain, wide = (forward.gaussians(weights, here, 4, inflation)[0] for inflation in (1.0, 2.0))
    np.testing.assert_allclose(wide.covariances, 2 * plain.covariances)
    hot = forward.log_probabilities(weights, here, 10.0)
    assert (hot.max(axis=1) < forward.log_probabilities(weights, here).max(axis=1)).all()


@pytest.mark.parametrize("change", [{"width": 4}, {"blocks": 0}, {"gaussians": 100}])
def test_that_impossible_sizes_are_refused(change):
    with pytest.raises(ParameterError):
        NetworkConfig(**change)
