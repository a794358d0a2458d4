"""What a model's card says: how often it names the types right, and whether its probabilities and intervals mean what they say.

Everything is measured on the ``TEST`` split, which neither the training nor the calibration sees.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.curve import Array
from engine.datasets.basis import Basis
from engine.datasets.stream import TEST, CurveStream
from engine.datasets.synthesis import Recipe, draw_sample, ideal_parts, measure
from engine.inference.bound import bound
from engine.inference.hypotheses import Hypothesis, names
from engine.inference.shapes import log_normal_weights
from engine.learning import forward
from engine.learning.config import TrainConfig
from engine.learning.coordinates import KINDS, SETS, from_samples, set_index
from engine.learning.impression import look
from engine.learning.model_folder import Model, save_model
from engine.learning.training import train
from engine.models.registry import LNP_TYPES
from engine.progress import Report, Step, silent

CURVES, CHUNK = 8192, 1024
LEVELS = (0.5, 0.8, 0.9, 0.95)
DRAWS = 400
DRAWN_CURVES = 1500
"""Curves whose densities are drawn from, for coverage and ranks."""

RANK_BINS, RELIABILITY_BINS = 20, 10
EACH = 40
"""Mixtures of each two types whose fractions are compared with the bound."""


def make_model(
    config: TrainConfig, folder: Path, basis: Basis, *, resume: bool = True, measure: bool = True, report: Report = silent
) -> Model:
    """Train a network, measure it, write its card and pictures, and return it.

    Raises
    ------
    Cancelled
        If *report* does; *folder* then holds the best so far.
    """
    model = train(config, folder, basis, resume=resume, report=report)
    if measure:
        report(Step(0, 1, "measuring the model"))
        model = replace(model, card={**model.card, **evaluate(model, basis, report=report)})
        save_model(folder, model)
        draw_pictures(model, folder)
    return model


def evaluate(model: Model, basis: Basis, *, report: Report = silent) -> dict[str, Any]:
    """Return the numbers of the card."""
    config = model.config
    stream = CurveStream(basis, samples=config.samples, instruments=config.instrument, seed=config.seed, split=TEST)
    scaler = forward.scaler(model.weights)
    embeddings, present, theta, noise = [], [], [], []
    count = -(-CURVES // CHUNK)
    for index in range(count):
        report(Step(index, count, "measuring the model: types"))
        batch = stream.batch(index, CHUNK)
        embeddings.append(forward.embed(model.weights, scaler.features(batch.intensity, batch.sigma, batch.filled)))
        present.append(batch.present)
        theta.append(from_samples(batch.present, batch.sizes, batch.shares))
        noise.append(_noise(batch.intensity, batch.sigma, batch.filled))
    embedding, label = np.concatenate(embeddings), set_index(np.concatenate(present))
    truth, level = np.concatenate(theta), np.concatenate(noise)
    probability = np.exp(forward.log_probabilities(model.weights, embedding, model.calibration.temperature))
    card: dict[str, Any] = {"test": {"curves": int(label.size), "digest": stream.digest(0, CHUNK), "split": "test", "seed": config.seed}}
    card |= _types(probability, label, level, config.samples.types)
    report(Step(0, 1, "measuring the model: intervals"))
    card |= _intervals(model, embedding, label, truth)
    card |= _fractions(model, basis, report)
    card["sentences"] = sentences(card)
    return card


def _noise(intensity: forward.Single, sigma: forward.Single, filled: NDArray[np.bool_]) -> Array:
    """Return the median of sigma/I over the first ten filled bins of each curve, shape (B,)."""
    early = filled & (np.cumsum(filled, axis=1) <= 10)
    return np.asarray(np.nanmedian(np.where(early, sigma / np.maximum(np.abs(intensity), 1e-9), np.nan), axis=1))


def _names(types: Sequence[str]) -> tuple[list[str], NDArray[np.intp]]:
    """Return the names under which sets are reported, and for each row of ``SETS`` the place of its name (-1: no candidate)."""
    known = list(names(tuple(types)))
    place = []
    for row in SETS:
        members = tuple(kind for kind, there in zip(LNP_TYPES, row, strict=True) if there)
        name = Hypothesis(members).name
        place.append(known.index(name) if set(members) <= set(types) else -1)
    return known, np.array(place)


def _types(probability: Array, label: NDArray[np.intp], level: Array, types: Sequence[str]) -> dict[str, Any]:
    """Return confusion matrix, accuracies by noise, and the reliability of the probabilities."""
    known, place = _names(types)
    named = np.zeros((label.size, len(known)))
    for index, at in enumerate(place):
        if at >= 0:
            named[:, at] += probability[:, index]
    truth, said = place[label], named.argmax(axis=1)
    confusion = np.zeros((len(known), len(known)), dtype=int)
    np.add.at(confusion, (truth, said), 1)
    right, sure = said == truth, named.max(axis=1)
    pure = np.array(["+" not in name and name.startswith("type") for name in known])[truth]
    edges = np.quantile(level, [0, 1 / 3, 2 / 3, 1])
    by_noise = []
    for low, high in pairwise(edges):
        inside = (level >= low) & (level <= high)
        chosen = inside & pure
        by_noise.append(
            {
                "noise": [float(low), float(high)],
                "all": float(right[inside].mean()),
                "pure": float(right[chosen].mean()) if chosen.any() else None,
            }
        )
    bins = np.clip((sure * RELIABILITY_BINS).astype(int), 0, RELIABILITY_BINS - 1)
    reliability = [
        {"said": float(sure[bins == b].mean()), "found": float(right[bins == b].mean()), "curves": int((bins == b).sum())}
        for b in range(RELIABILITY_BINS)
        if (bins == b).any()
    ]
    error = sum(row["curves"] * abs(row["said"] - row["found"]) for row in reliability) / label.size
    return {
        "names": known,
        "confusion": confusion.tolist(),
        "accuracy": {"all": float(right.mean()), "pure": float(right[pure].mean()), "expected": float(sure.mean()), "by_noise": by_noise},
        "reliability": reliability,
        "expected_calibration_error": float(error),
    }


def _intervals(model: Model, embedding: forward.Single, label: NDArray[np.intp], truth: forward.Single) -> dict[str, Any]:
    """Return coverage and ranks of sizes, spreads and shares, when the true set of types is known."""
    rng = np.random.default_rng([model.config.seed, 77])
    rows = np.arange(min(DRAWN_CURVES, label.size))
    ranks: dict[str, list[float]] = {"mean size": [], "spread": [], "share": []}
    for index in np.unique(label[rows]):
        mine = rows[label[rows] == index]
        chosen = forward.used_coordinates(int(index))
        for row, mixture in zip(
            mine, forward.gaussians(model.weights, embedding[mine], int(index), model.calibration.inflation), strict=True
        ):
            drawn = _draw(mixture, rng)
            share = (drawn < truth[row, chosen]).mean(axis=0)
            for at, rank in zip(chosen, share, strict=True):
                ranks[_kind(int(at))].append(float(rank))
    coverage = {
        kind: {f"{level:g}": float(np.mean(np.abs(np.array(values) - 0.5) <= level / 2)) for level in LEVELS}
        for kind, values in ranks.items()
        if values
    }
    histogram = {kind: np.histogram(values, bins=RANK_BINS, range=(0, 1))[0].tolist() for kind, values in ranks.items() if values}
    return {"coverage": coverage, "ranks": histogram}


def _fractions(model: Model, basis: Basis, report: Report) -> dict[str, Any]:
    """Return number fractions of mixtures of two found by the network alone, with the Cramér-Rao bound of the same curves."""
    recipe = _typical(model.config)
    at_points = basis.at(recipe.q)
    pairs = list(combinations(model.config.samples.types, 2))
    rows: list[dict[str, float]] = []
    ratios: dict[str, float] = {}
    for place, types in enumerate(pairs):
        report(Step(place, len(pairs), f"measuring the model: {' + '.join(types)}"))
        mine = [
            _fraction(model, types, recipe, basis, at_points, np.random.default_rng([model.config.seed, 78, place, i])) for i in range(EACH)
        ]
        error = np.sqrt(np.mean([(row["found"] - row["true"]) ** 2 for row in mine]))
        ratios[" + ".join(types)] = round(float(error / np.sqrt(np.mean([row["bound"] ** 2 for row in mine]))), 3)
        rows += mine
    return {"parity": rows, "fraction_error_over_bound": ratios, "noise_of_parity": recipe.noise}


def _typical(config: TrainConfig) -> Recipe:
    """Return a measurement from the middle of the configuration's ranges."""
    ranges, samples = config.instrument, config.samples
    noise = float(np.sqrt(ranges.noise[0] * ranges.noise[1]))
    first, last, points = float(np.sqrt(ranges.q_min[0] * ranges.q_min[1])), float(np.sqrt(ranges.q_max[0] * ranges.q_max[1])), 400
    if ranges.grid:
        first, last, points = ranges.grid[0], ranges.grid[-1], len(ranges.grid)
    return Recipe(
        means=samples.mean, spreads=(0.05, 0.2), noise=noise, background=ranges.background, q_min=first, q_max=last, points=points
    )


def _fraction(
    model: Model, types: tuple[str, ...], recipe: Recipe, basis: Basis, at_points: dict[str, Array], rng: np.random.Generator
) -> dict[str, float]:
    """Return the true number fraction of the first type, what the network finds with its 90 % interval, and the bound."""
    sample = draw_sample(types, recipe, basis, at_points, rng)
    curve, parts, _ = measure(sample, recipe, basis, at_points, rng)
    scale = float(parts[:, 0].sum() / ideal_parts(sample, basis, at_points)[:, 0].sum())
    proposal = look(model, curve).proposal(types)
    drawn = _draw(forward.Gaussians(proposal.weights, proposal.centres, proposal.covariances), rng)
    share = 1 / (1 + np.exp(-drawn[:, 4]))
    one, other = (
        log_normal_weights(basis.diameters, np.exp(drawn[:, 2 * k]), np.exp(drawn[:, 2 * k + 1])).T @ at_points[kind][:, 0]
        for k, kind in enumerate(types)
    )
    number = share / one / (share / one + (1 - share) / other)
    least = bound(sample, basis, at_points, curve.sigma, scale, with_prior=True).number_fractions[0]  # type: ignore[arg-type]
    low, high = np.quantile(number, [0.05, 0.95])
    found = {"true": sample.number_fractions[0], "found": number.mean(), "low": low, "high": high, "bound": least}
    return {key: round(float(value), 5) for key, value in found.items()}


def _kind(coordinate: int) -> str:
    if coordinate >= 2 * KINDS:
        return "share"
    return "spread" if coordinate % 2 else "mean size"


def _draw(mixture: forward.Gaussians, rng: np.random.Generator) -> Array:
    """Return ``DRAWS`` draws of a mixture, shape (DRAWS, d)."""
    which = rng.choice(mixture.weights.size, DRAWS, p=mixture.weights / mixture.weights.sum())
    factors = np.linalg.cholesky(mixture.covariances)
    normal = rng.standard_normal((DRAWS, mixture.centres.shape[1]))
    return np.asarray(mixture.centres[which] + np.einsum("nij,nj->ni", factors[which], normal))


def sentences(card: dict[str, Any]) -> list[str]:
    """Return the card in a few sentences."""
    accuracy, coverage = card["accuracy"], card["coverage"]
    said = [
        f"Names the types right in {accuracy['all']:.1%} of {card['test']['curves']:,} test curves of any kind "
        f"({accuracy['pure']:.1%} of the pure ones); it expects {accuracy['expected']:.1%} of itself.",
        f"Expected calibration error of the probabilities: {card['expected_calibration_error']:.3f}.",
    ]
    ratios = list(card["fraction_error_over_bound"].values())
    if ratios:
        level, ratio = card["noise_of_parity"], float(np.median(ratios))
        said.append(f"Number fractions of two types, by the network alone at {level:.1%} noise: {ratio:.1f} times the least error.")
    parts = ", ".join(f"{kind} {values['0.9']:.1%}" for kind, values in coverage.items())
    return [*said, f"Its 90 % intervals, before the exact likelihood corrects them, cover: {parts}."]


def draw_pictures(model: Model, folder: Path) -> tuple[Path, ...]:
    """Draw the card as PNG files, where matplotlib is installed; the numbers are in the card in any case."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return ()
    card, made = model.card, []
    figure = Figure(figsize=(12, 4.2), layout="constrained")
    axes = figure.subplots(1, 3)
    _draw_reliability(axes[0], card)
    _draw_ranks(axes[1], card)
    _draw_parity(axes[2], card)
    figure.savefig(folder / "calibration.png", dpi=90)
    made.append(folder / "calibration.png")
    figure = Figure(figsize=(7.5, 6.5), layout="constrained")
    _draw_confusion(figure.subplots(), card)
    figure.savefig(folder / "confusion.png", dpi=90)
    return (*made, folder / "confusion.png")


def _draw_reliability(axes: Any, card: dict[str, Any] | Any) -> None:
    axes.plot([0, 1], [0, 1], color="0.7")
    axes.plot([row["said"] for row in card["reliability"]], [row["found"] for row in card["reliability"]], "o-")
    axes.set(xlabel="probability said", ylabel="share right", title="Are the probabilities true?", xlim=(0, 1), ylim=(0, 1))


def _draw_ranks(axes: Any, card: dict[str, Any] | Any) -> None:
    for kind, counts in card["ranks"].items():
        total = max(sum(counts), 1)
        axes.step(np.linspace(0, 1, len(counts) + 1)[:-1], np.array(counts) * len(counts) / total, where="post", label=kind)
    axes.axhline(1, color="0.7")
    axes.set(xlabel="rank of the truth among draws", ylabel="density", title="Are the intervals true?", ylim=(0, 2))
    axes.legend()


def _draw_parity(axes: Any, card: dict[str, Any] | Any) -> None:
    if card["parity"]:
        true, mean, low, high, least = (np.array([row[key] for row in card["parity"]]) for key in ("true", "found", "low", "high", "bound"))
        axes.errorbar(true, mean, yerr=[np.maximum(mean - low, 0), np.maximum(high - mean, 0)], fmt=".", alpha=0.4, linewidth=0.6)
        axes.scatter(true, true + 1.645 * least, s=4, color="0.4", label="least 90 % error")
        axes.scatter(true, true - 1.645 * least, s=4, color="0.4")
        axes.legend()
    axes.plot([0, 1], [0, 1], color="0.7")
    axes.set(xlabel="true number fraction", ylabel="found, 90 % interval", title="Mixtures of two", xlim=(0, 1), ylim=(0, 1))


def _draw_confusion(axes: Any, card: dict[str, Any] | Any) -> None:
    matrix = np.array(card["confusion"], dtype=float)
    share = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
    for (row, column), value in np.ndenumerate(share):
        if value >= 0.01:
            axes.text(column, row, f"{value:.0%}", ha="center", va="center", fontsize=7, color="white" if value > 0.6 else "black")
    ticks = range(len(card["names"]))
    axes.set_xticks(ticks, card["names"], rotation=45, ha="right", fontsize=7)
    axes.set_yticks(ticks, card["names"], fontsize=7)
    axes.set(xlabel="said", ylabel="true", title="The network alone, on curves of any noise and range")
