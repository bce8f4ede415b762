"""How well values tell by how much the output falls when random features leave."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.errors import DimensionError, WeightsError
from ferroshap.explainers.calls import positive
from ferroshap.metrics.asking import INFIDELITY, Asked, stream
from ferroshap.metrics.maps import Maps, as_maps
from ferroshap.metrics.relative_error import ratio
from ferroshap.seeds import Seed, as_seed

Floats = NDArray[np.float64]


def infidelity(
    explanation: Any,
    model: Any,
    background: Any,
    *,
    data: Any = None,
    weights: Any = None,
    n_sets: int = 1000,
    layout: str = "NHWC",
    batch_size: int | str = "auto",
    rng: Seed = None,
) -> Any:
    r"""Mean squared difference between sums of values and falls of the output, over random sets of features.

    .. math:: \frac{\sum_S \bigl(\sum_{i \in S} \phi_i - \Delta_S\bigr)^2}{\sum_S \Delta_S^2}, \qquad
              \Delta_S = f(x) - \sum_b w_b f(x \text{ with } S \text{ from } b)

    Each feature is in :math:`S` with probability 1/2, by itself: the number depends on that law. Lower is better; 0 for
    the Shapley values, or Expected Gradients, of an additive model with this background.

    Parameters
    ----------
    explanation : Explanation or array of shape ``(N, *features[, K])``
        Every entry of a row is a feature: each channel of a pixel.
    model : callable, estimator or bound method
        What was explained.
    background : array of shape ``(B, *features)`` or ``(*features)``
        What features are replaced by.
    data : array, optional
        The explained rows, where the Explanation does not hold them.
    weights : array of shape ``(B,)``, optional
        Of the background rows; equal ones unless given.
    n_sets : int
        Sets a row.
    layout, batch_size, rng
        As for :func:`insertion`.

    Returns
    -------
    float, or ndarray of shape ``(N,)``, ``(K,)`` or ``(N, K)``
        0 where neither values nor outputs change, infinite where only the values do.

    Notes
    -----
    Cost: ``N * (n_sets * B + 1)`` rows of the model.

    References
    ----------
    Yeh, Hsieh, Suggala, Inouye, Ravikumar (2019), "On the (in)fidelity and sensitivity of explanations". Differs:
    divided by the mean square of what is explained, so that outputs of different scales compare; the mean over the
    background is taken inside of the square.

    Examples
    --------
    >>> infidelity(np.array([[1.0, 2.0]]), lambda X: X.sum(axis=1), [0.0, 0.0], data=[[1.0, 2.0]], n_sets=10)
    array([0.])
    """
    maps = as_maps(explanation, data)
    rows, others = maps.rows(), as_background(background, maps)
    shares = as_weights(weights, len(others))
    asked = Asked(model, maps, layout=layout, batch_size=batch_size)
    n_sets, seed = positive(n_sets, "n_sets", or_auto=False), as_seed(rng)
    found = np.empty((len(rows), maps.values.shape[-1]))
    for row in range(len(rows)):
        full = asked.of_maps(row, asked(rows[row : row + 1]))[0]
        draws, squares = stream(seed, row, INFIDELITY), np.zeros((2, found.shape[1]))
        for first in range(0, n_sets, step := max(1, asked.batch_rows // len(others))):
            count = min(step, n_sets - first)
            is_in = draws.random((count, *maps.shape)) < 0.5
            sums, falls = sums_and_falls(asked, row, full, is_in, others, shares)
            squares += ((sums - falls) ** 2).sum(axis=0), (falls**2).sum(axis=0)
        found[row] = ratio(*squares)
    return maps.answer(found)


def sums_and_falls(
    asked: Asked, row: int, full: Floats, is_in: NDArray[np.bool_], others: NDArray[Any], shares: Floats
) -> tuple[Floats, Floats]:
    """Sums of values over sets, and by how much outputs `full` fall when they are replaced: each ``(sets, K)``."""
    maps = asked.maps
    x = maps.rows()[row]
    sums = is_in.reshape(len(is_in), -1).astype(np.float64) @ maps.values[row].reshape(-1, len(full))
    left = np.where(is_in[:, None], others, x).reshape(-1, *maps.shape)  # (sets * B, ...)
    outputs = np.concatenate([asked.of_maps(row, asked(left[batch])) for batch in asked.batches(len(left))])
    means = np.einsum("sbk,b->sk", outputs.reshape(len(is_in), len(others), -1), shares)
    return sums, full - means


def as_background(background: Any, maps: Maps) -> NDArray[Any]:
    """Read background rows ``(B, *features)``; the model gets float32 where the explained rows are that."""
    shape = maps.rows().shape[1:]
    if shape != maps.shape:
        msg = f"`explanation` has values of shape {maps.shape} for rows of {shape}: pass it before channels are summed"
        raise DimensionError(msg)
    rows = np.asarray(background)
    rows = rows[None] if rows.shape == maps.shape else rows
    if rows.shape[1:] != maps.shape or len(rows) == 0:
        msg = f"`background` has shape {rows.shape}, but rows have {maps.shape}: pass one row or (B, *{maps.shape})"
        raise DimensionError(msg)
    wanted = maps.rows().dtype
    return rows.astype(wanted) if wanted.kind == "f" else rows


def as_weights(weights: Any, count: int) -> Floats:
    """Read the weights of background rows, of sum 1."""
    if weights is None:
        return np.full(count, 1.0 / count)
    read = np.asarray(weights, dtype=np.float64)
    if read.shape != (count,) or not np.isfinite(read).all() or (read < 0.0).any() or not read.sum() > 0.0:
        msg = f"`weights` must be {count} numbers, one a background row, none negative and not all 0"
        raise WeightsError(msg)
    shares: Floats = read / read.sum()
    return shares
