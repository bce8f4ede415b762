"""Linear models of correlated features: conditional Shapley values in closed form."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ferroshap import _native

Floats = NDArray[np.float64]

#: Columns that are correlated with each other up to which all coalitions are counted: half a second at the most.
MOST_EXACT = 16
#: Independent estimates, whose spread tells how far off their mean is.
GROUPS = 20
#: Rows that are worked on at a time: their values stay in the cache.
ROWS = 256


@dataclass(frozen=True, eq=False)
class CorrelatedForm:
    r"""Values of the game :math:`v(S) = w' E[X \mid X_S = x_S]` of normal features, which are linear in the features.

    .. math:: \phi(x) = T (x - \mu), \quad v(S) - v(\emptyset) = h_S' (x_S - \mu_S), \quad
        h_S = \Sigma_{SS}^{-1} (\Sigma w)_S

    so :math:`T_i = \sum_{S \not\ni i} \frac{|S|!\,(n - |S| - 1)!}{n!} (h_{S \cup i} - h_S)`, found once. Features that
    are correlated with none of the others play games of their own.

    Attributes
    ----------
    mean : ndarray of shape ``(n,)``
        The mean of the features.
    transform : ndarray of shape ``(n_outputs, n, n)``
        `T` for each output.
    groups : ndarray of shape ``(20, n_outputs, n, n)`` or None
        Independent estimates of `T`, of which it is the mean; None where it is exact.
    """

    mean: Floats
    transform: Floats
    groups: Floats | None = None

    def values(self, rows: Floats) -> Floats:
        """Values ``(rows, n, n_outputs)``."""
        return applied(self.transform, rows - self.mean)

    def errors(self, rows: Floats) -> Floats:
        """Standard errors of the values, ``(rows, n, n_outputs)``."""
        n_outputs, n, _ = self.transform.shape
        errors = np.zeros((len(rows), n, n_outputs))
        if self.groups is not None:
            for first in range(0, len(rows), ROWS):
                away = rows[first : first + ROWS] - self.mean
                spread = np.stack([applied(group, away) for group in self.groups])
                errors[first : first + ROWS] = spread.std(axis=0, ddof=1) / np.sqrt(len(self.groups))
        return errors


def correlated_form(
    coef: Floats, mean: Floats, cov: Floats, *, orders: int, seed: int, n_threads: int
) -> CorrelatedForm:
    """Find what turns deviations from the mean into values.

    Parameters
    ----------
    coef : ndarray of shape ``(n,)`` or ``(n_outputs, n)``
        Coefficients of the model.
    mean, cov : ndarray of shape ``(n,)`` and ``(n, n)``
        Moments of the features. Only cells that are zero to the bit count as no correlation.
    orders : int
        Orders of the features to average over, where more than 16 are correlated; 40 at least.
    seed : int
        Of the orders.
    n_threads : int
        Threads; they change no bit.

    Notes
    -----
    ``2^m m^2`` operations an output for ``m <= 16`` correlated features, above them ``orders m^3 / 3``.

    Examples
    --------
    Two features of correlation 1/2; the model looks at the first alone:

    >>> cov = np.array([[1.0, 0.5], [0.5, 1.0]])
    >>> form = correlated_form(np.array([1.0, 0.0]), np.zeros(2), cov, orders=1000, seed=0, n_threads=1)
    >>> form.values(np.array([[1.0, 1.0]]))[:, :, 0]
    array([[0.75, 0.25]])
    """
    weights = np.atleast_2d(coef)
    n_outputs, n = weights.shape
    transform = np.zeros((n_outputs, n, n))
    blocks = correlated_blocks(cov)
    is_sampled = max(map(len, blocks)) > MOST_EXACT
    groups = np.zeros((GROUPS, n_outputs, n, n)) if is_sampled else None
    pairs = max(1, -(-orders // (2 * GROUPS)))
    for block in blocks:
        cells = np.ix_(range(n_outputs), block, block)
        inside = np.ascontiguousarray(weights[:, block])
        # With more outputs than features, those that look at one feature alone tell about all others.
        asked = inside if n_outputs <= len(block) else np.eye(len(block))
        shape = (len(asked), len(block), len(block))
        if len(block) == 1:
            found = np.ones(shape) * asked[:, :, None]
        elif len(block) <= MOST_EXACT:
            found = _native.correlated_transform(cov, block, asked, n_threads).reshape(shape)
        else:
            estimates = _native.correlated_samples(cov, block, asked, GROUPS, pairs, seed, n_threads)
            found = estimates.reshape(GROUPS, *shape)
        if asked is not inside:
            found = np.einsum("ko,...oij->...kij", inside, found)
        if groups is not None:
            groups[:, cells[0], cells[1], cells[2]] = found
        transform[cells] = found if found.ndim == 3 else found.mean(axis=0)
    return CorrelatedForm(mean, transform, groups)


def correlated_blocks(cov: Floats) -> list[list[int]]:
    """Group features so that those of different groups are not correlated at all.

    Examples
    --------
    >>> correlated_blocks(np.array([[1.0, 0.0, 0.1], [0.0, 1.0, 0.0], [0.1, 0.0, 1.0]]))
    [[0, 2], [1]]
    """
    is_linked = cov != 0.0
    varies = cov.diagonal() > 0.0
    is_linked &= varies[:, None] & varies
    left = np.ones(len(cov), dtype=np.bool_)
    blocks = []
    for start in range(len(cov)):
        if left[start]:
            found = np.zeros(len(cov), dtype=np.bool_)
            fresh = found.copy()
            fresh[start] = True
            while fresh.any():
                found |= fresh
                fresh = is_linked[fresh].any(axis=0) & ~found
            left &= ~found
            blocks.append(np.flatnonzero(found).tolist())
    return blocks


def applied(transform: Floats, away: Floats) -> Floats:
    """Values ``(rows, n, n_outputs)`` of deviations from the mean ``(rows, n)``.

    Summed in the order of the features, so that a row's bits do not depend on the rows beside it.
    """
    n_outputs, n, _ = transform.shape
    by_feature = np.ascontiguousarray(transform.transpose(2, 1, 0)).reshape(n, n * n_outputs)
    values = np.zeros((len(away), n * n_outputs))
    for first in range(0, len(away), ROWS):
        part = values[first : first + ROWS]
        for column, weights in zip(away[first : first + ROWS].T, by_feature, strict=True):
            part += column[:, None] * weights
    return values.reshape(len(away), n, n_outputs)
