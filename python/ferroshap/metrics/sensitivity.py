"""How well values follow the fall of the output, for sets of each size."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.errors import OptionError
from ferroshap.explainers.calls import positive
from ferroshap.metrics.asking import SENSITIVITY, Asked, stream
from ferroshap.metrics.infidelity import as_background, as_weights, sums_and_falls
from ferroshap.metrics.maps import as_maps
from ferroshap.seeds import Seed, as_seed

Floats = NDArray[np.float64]

N_SIZES = 8
LARGEST_SHARE = 0.8


@dataclass(frozen=True, eq=False)
class SensitivityN:
    """The result of :func:`sensitivity_n`.

    Attributes
    ----------
    sizes : ndarray of int of shape ``(n_sizes,)``
        How many features the sets have.
    correlations : ndarray of shape ``(N, K, n_sizes)``, without the axes that the Explanation lacks
        NaN where all sets of a size have the same sum of values, or the same fall.
    """

    sizes: NDArray[np.int64]
    correlations: Floats


def sensitivity_n(
    explanation: Any,
    model: Any,
    background: Any,
    *,
    data: Any = None,
    weights: Any = None,
    sizes: Any = None,
    n_sets: int = 100,
    layout: str = "NHWC",
    batch_size: int | str = "auto",
    rng: Seed = None,
) -> SensitivityN:
    r"""Correlate sums of values with falls of the output, over random sets of n features.

    .. math:: \operatorname{corr}_S \Bigl(\sum_{i \in S} \phi_i,\; f(x) - f(x \text{ with } S \text{ from } \bar b)
              \Bigr), \qquad |S| = n

    Pearson's correlation; :math:`\bar b` is the mean of the background. 1 for the values of an additive model.

    Parameters
    ----------
    explanation, model, background, data, weights, layout, batch_size, rng
        As for :func:`infidelity`.
    sizes : sequence of int, optional
        The sizes of sets; unless given, 8 from 1 to 0.8 of all features, evenly spaced by their logarithms.
    n_sets : int
        Sets of each size.

    Returns
    -------
    SensitivityN

    Notes
    -----
    Cost: ``N * (n_sizes * n_sets + 1)`` rows of the model.

    References
    ----------
    Ancona, Ceolini, Öztireli, Gross (2018), "Towards better understanding of gradient-based attribution methods for
    deep neural networks", section 4.

    Examples
    --------
    >>> values = np.array([[1.0, 2.0, 4.0]])
    >>> sensitivity_n(values, lambda X: X.sum(axis=1), np.zeros(3), data=values, sizes=[1, 2]).correlations
    array([[1., 1.]])
    """
    maps = as_maps(explanation, data)
    others = as_background(background, maps)
    mean = np.tensordot(as_weights(weights, len(others)), others.astype(np.float64), axes=1)[None]
    if others.dtype.kind == "f" or others.dtype == np.uint8:  # images stay what they are
        mean = (np.rint(mean) if others.dtype == np.uint8 else mean).astype(others.dtype)
    n_features = int(np.prod(maps.shape))
    counts = _sizes(sizes, n_features)
    asked = Asked(model, maps, layout=layout, batch_size=batch_size)
    n_sets, seed = positive(n_sets, "n_sets", or_auto=False), as_seed(rng)
    found = np.empty((len(maps.values), maps.values.shape[-1], len(counts)))
    step = asked.batch_rows
    for row in range(len(found)):
        draws, full = stream(seed, row, SENSITIVITY), asked.of_maps(row, asked(maps.rows()[row : row + 1]))[0]
        for place, size in enumerate(counts):
            parts = []
            for first in range(0, n_sets, step):
                keys = draws.random((min(step, n_sets - first), n_features))
                is_in = np.zeros(keys.shape, dtype=bool)
                np.put_along_axis(is_in, np.argpartition(keys, size - 1, axis=1)[:, :size], values=True, axis=1)
                parts.append(sums_and_falls(asked, row, full, is_in.reshape(-1, *maps.shape), mean, np.ones(1)))
            sums, falls = (np.concatenate(side) for side in zip(*parts, strict=True))
            found[row, :, place] = _correlations(sums, falls)
    return SensitivityN(counts, np.asarray(maps.answer(found)))


def _sizes(sizes: Any, n_features: int) -> NDArray[np.int64]:
    if sizes is None:
        largest = max(1.0, LARGEST_SHARE * n_features)
        return np.unique(np.rint(np.geomspace(1.0, largest, N_SIZES)).astype(np.int64))
    counts = np.atleast_1d(np.asarray(sizes))
    if counts.ndim != 1 or counts.dtype.kind not in "iu" or (counts < 1).any() or (counts > n_features).any():
        msg = f"`sizes` is {sizes!r}, but must be integers from 1 to {n_features}"
        raise OptionError(msg)
    return counts.astype(np.int64)


def _correlations(sums: Floats, falls: Floats) -> Floats:
    """Pearson's correlation of each output, NaN where a side is constant up to its rounding: ``(K,)``."""
    sides = []
    for side in (sums, falls):
        scale = np.abs(side).max(axis=0)
        spread = side - side.mean(axis=0)
        length = np.sqrt((spread**2).sum(axis=0))
        is_constant = np.ptp(side, axis=0) <= 1e-12 * scale
        sides.append(spread / np.where(is_constant, np.nan, length))
    correlations: Floats = np.clip((sides[0] * sides[1]).sum(axis=0), -1.0, 1.0)
    return correlations
