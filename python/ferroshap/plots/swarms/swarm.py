"""Where the dots of a swarm go, and how the value of a feature becomes a colour."""

from typing import Any

import numpy as np

_BINS = 100
_FILL = 0.9  # of the half-height of a row that the tallest column may use


def offsets(positions: np.ndarray, rng: np.random.Generator, half_height: float = 0.4) -> np.ndarray:
    """Stack dots that share one of 100 bins: 0, +1, -1, +2, ... in random order, scaled to the tallest column."""
    if not len(positions):
        return np.zeros(0)
    low, span = positions.min(), np.ptp(positions)
    bins = (
        np.zeros(len(positions), dtype=np.intp)
        if span == 0
        else np.rint(_BINS * ((positions - low) / span)).astype(int)
    )
    shuffled = rng.permutation(len(positions))
    order = shuffled[np.argsort(bins[shuffled], kind="stable")]
    sorted_bins = bins[order]
    first = np.searchsorted(sorted_bins, sorted_bins)  # where the bin of each dot begins
    rank = np.arange(len(order)) - first
    steps = np.empty(len(positions))
    steps[order] = (rank + 1) // 2 * np.where(rank % 2 == 1, 1.0, -1.0)
    scaled: np.ndarray = steps * (_FILL * half_height / (np.abs(steps).max() + 1.0))
    return scaled


def shades(column: Any) -> np.ndarray | None:
    """Scale the values of a feature to 0 ... 1 for its colours, NaN where missing; None if they are no numbers.

    Clipped to the 5th and 95th percentile; if those are equal to the 1st and
    99th, if those are equal to the smallest and largest.
    """
    try:
        numbers = np.asarray(column)
        if numbers.dtype.kind not in "biuf":
            if numbers.dtype != object or any(isinstance(entry, str) for entry in numbers):
                return None
            numbers = np.array([np.nan if entry is None else entry for entry in numbers], dtype=float)
        numbers = numbers.astype(float)
    except (TypeError, ValueError):
        return None
    finite = numbers[np.isfinite(numbers)]
    if not len(finite):
        return np.full(len(numbers), np.nan)
    for low, high in ((5, 95), (1, 99), (0, 100)):
        start, end = np.percentile(finite, [low, high])
        if end > start:
            break
    spread = (end - start) or 1.0
    clipped = np.clip(numbers, start, end)  # infinities go to the ends, NaN stays
    scaled: np.ndarray = (clipped - start) / spread if end > start else np.where(np.isnan(clipped), np.nan, 0.5)
    return scaled
