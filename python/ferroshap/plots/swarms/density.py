"""Densities of values, as violins draw them."""

import numpy as np

_BINS_PER_WIDTH = 8  # cells of the grid in one bandwidth: what a cell holds is as good as in its middle
_MOST_BINS = 20_000


def bandwidth_of(values: np.ndarray, least: float) -> float:
    """Scott's rule, ``n ** -0.2`` standard deviations, but never less than `least`."""
    scale = float(np.abs(values).max()) or 1.0  # squares of huge and tiny values stay within range
    spread = float((values / scale).std(ddof=1)) * scale if len(values) > 1 else 0.0
    return max(spread * float(len(values) ** -0.2), least)


def density(values: np.ndarray, at: np.ndarray, least: float) -> np.ndarray:
    r"""Gaussian kernel density of `values` at the points `at`.

    .. math:: \hat f(x) = \frac1{n h} \sum_i \varphi\left(\frac{x - v_i}{h}\right)

    with the bandwidth h of `bandwidth_of`. Values are counted in cells of an
    eighth of h first, so that the cost is O(n + cells * points).

    Examples
    --------
    >>> density(np.array([-1.0, 1.0]), np.array([0.0]), least=0.1).round(3)
    array([0.233])
    """
    h = bandwidth_of(values, least)
    low, span = float(values.min()), float(np.ptp(values))
    n_cells = int(np.clip(np.ceil(span / h * _BINS_PER_WIDTH), 1, _MOST_BINS))
    if len(values) <= n_cells:
        places, counts = values, np.ones(len(values))
    else:
        cell = span / n_cells or 1.0
        number = np.minimum(((values - low) / cell).astype(np.intp), n_cells - 1)
        counts = np.bincount(number, minlength=n_cells).astype(float)
        # The mean of a cell's own values, not its middle: values that are all equal stay where they are.
        sums = np.bincount(number, weights=values - low, minlength=n_cells)
        kept = counts > 0
        places, counts = low + sums[kept] / counts[kept], counts[kept]
    steps = (at[:, None] - places[None, :]) / h
    result: np.ndarray = np.exp(-0.5 * steps**2) @ counts / (len(values) * h * np.sqrt(2.0 * np.pi))
    return result


def least_bandwidth(values: np.ndarray) -> float:
    """A hundredth of the range from the 1st to the 99th percentile of all values; of one value, of itself."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return 1.0
    low, high = np.percentile(finite, [1, 99])
    return float(high - low) / 100.0 or float(np.abs(finite).max()) / 100.0 or 0.01


def running_mean(shades: np.ndarray, values: np.ndarray, at: np.ndarray, n_neighbours: int = 20) -> np.ndarray:
    """Mean shade of the rows whose values lie nearest in rank around each point; NaN where all are missing."""
    order = np.argsort(values, kind="stable")
    known = ~np.isnan(shades[order])
    sums = np.concatenate([[0.0], np.cumsum(np.where(known, shades[order], 0.0))])
    counts = np.concatenate([[0], np.cumsum(known)])
    middle = np.searchsorted(values[order], at)
    first = np.clip(middle - n_neighbours // 2, 0, max(len(values) - n_neighbours, 0))
    last = np.minimum(first + n_neighbours, len(values))
    held = counts[last] - counts[first]
    means: np.ndarray = np.where(held > 0, (sums[last] - sums[first]) / np.maximum(held, 1), np.nan)
    return means
