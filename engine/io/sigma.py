"""Whether a column of uncertainties was measured or made up."""

from __future__ import annotations

import numpy as np

from engine.curve import Array

_EQUAL = 0.02
_PRINTED = 0.12


def judge_sigma(intensity: Array, sigma: Array) -> tuple[Array | None, tuple[str, ...]]:
    """Return *sigma* if it can be a measurement, else None, with the sentences that say why.

    A sigma that is the same fraction of every intensity (1 %, 5 %, 1e-6) was computed from it and tells nothing of the
    noise; so does one that is zero or one throughout.

    Parameters
    ----------
    intensity, sigma : ndarray, shape (n,)
        As in the file.
    """
    usable = np.isfinite(sigma) & np.isfinite(intensity)
    if not usable.any() or (sigma[usable] <= 0).all():
        kind = "zero or negative" if usable.any() else "no number"
        return None, (f"Sigma is {kind} throughout, so the file has none; it is estimated from the scatter of the points.",)
    values, strength = sigma[usable], np.abs(intensity[usable])
    if np.ptp(values) == 0 and values[0] == 1.0:
        return None, ("Sigma is 1 for every point, which is no measurement; it is estimated from the scatter of the points.",)
    if np.ptp(values) == 0:
        return sigma, ("Sigma is the same for every point.",)
    fraction = fixed_fraction(strength, values)
    if fraction is not None:
        share = f"{100 * fraction:.3g} %" if fraction >= 1e-4 else f"{fraction:.2g}"
        return None, (f"Sigma is {share} of every intensity, which is no measurement; it is estimated from the scatter of the points.",)
    return sigma, ()


def fixed_fraction(intensity: Array, sigma: Array) -> float | None:
    """Return c if sigma is c times the intensity at every point that was printed with enough digits."""
    good = (sigma > 0) & (intensity > 0)
    if np.count_nonzero(good) < 0.8 * sigma.size or np.count_nonzero(good) < 5:
        return None
    ratio = sigma[good] / intensity[good]
    middle = float(np.median(ratio))
    strong = intensity[good] >= np.median(intensity[good])
    close = np.abs(ratio / middle - 1)
    equal = np.quantile(close, 0.9) < _EQUAL and np.quantile(close[strong], 0.98) < _PRINTED
    return middle if equal else None
