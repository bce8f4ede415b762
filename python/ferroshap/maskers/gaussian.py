"""`Gaussian`: absent features from the normal distribution with the background's mean and covariance."""

from typing import Any

import numpy as np

from ferroshap import _native
from ferroshap.inputs import Table
from ferroshap.maskers.conditional import Floats
from ferroshap.maskers.shifted import Shifted
from ferroshap.seeds import Seed


class Gaussian(Shifted):
    r"""Draw missing features from a normal distribution, given those that are present.

    .. math:: v(S) = E[f(x_S, Z)], \quad
        Z \sim N\!\left(\mu_{\bar S} + A_S (x_S - \mu_S),\ \Sigma_{\bar S} - A_S \Sigma_{S \bar S}\right), \quad
        A_S = \Sigma_{\bar S S} \Sigma_{SS}^{-1}

    with the weighted mean and covariance of the background. A draw of all columns, shifted by what regression says
    of the present ones, is a draw of the conditional distribution; the same draws serve all coalitions and rows.
    They come in pairs about the mean, spread evenly and, with more than twice as many as columns, with exactly
    the covariance wanted: linear models are exact to rounding at any `n_samples`, quadratic ones
    where they are whitened, and others err two to three times less than with independent draws (measured on a forest
    and a network of diabetes). The bias that this leaves is at most of order ``1 / n_samples``.

    Integers, booleans and single precision become double precision, in the container that they came in. Columns that
    depend on each other linearly, and backgrounds with fewer rows than columns, are made regular by 1e-10 of each
    column's variance, or ten times that and so on. A column that never changes tells nothing about others. The
    worth of nobody is the mean over the background itself. Aas, Jullum, Loland (2021), "Explaining individual
    predictions when features are dependent", section 3.1.

    Parameters
    ----------
    data : array, frame, sparse matrix, summary, ``{"mean": ..., "cov": ...}`` or ``(mean, cov)``
        The background, one row an observation: numbers, none missing. With a mean and a covariance, the
        draws themselves are the background.
    n_samples : int
        Draws, the model rows of one evaluation.
    weights : array of shape ``(n_background,)``, optional
        Non-negative weights of the rows; normalised to sum 1.
    seed : int or numpy.random.Generator, optional
        Of the draws; None is 0.

    Raises
    ------
    InvalidMaskerError
        When a column is no number, or has entries that are missing or infinite; it is named.

    Notes
    -----
    With ``s`` of ``n`` columns present, a coalition takes at most ``s n (n_samples + rows + s)`` operations for all
    rows together, and then one addition for each number of a model row.

    Examples
    --------
    Of two columns that are the same, each tells all:

    >>> import ferroshap
    >>> twins = np.repeat(np.arange(5.0)[:, None], 2, axis=1)
    >>> explainer = ferroshap.ExactExplainer(lambda rows: rows[:, 0], Gaussian(twins))
    >>> explainer(np.array([[4.0, 4.0]])).values.round(6)
    array([[1., 1.]])
    """

    def __init__(self, data: Any, *, n_samples: int = 100, weights: Any = None, seed: Seed = None) -> None:
        """Read the background."""
        self._read_shifted(data, n_samples, weights, seed)
        if self._moments is not None:
            draws = _native.draw_normal(*self._moments, self.n_samples, self.seed)
            self.table = Table("data", "array", draws, draws.shape[0], draws.shape[1], self.table.names)
            self.weights = np.full(len(draws), 1.0 / len(draws))

    def _fit(self) -> "_native.Shift":
        rows: Floats = np.ascontiguousarray(self.table.numeric)
        if self._moments is not None:
            return _native.Shift.known(*self._moments, rows)
        return _native.Shift.normal(rows, self.weights, self.n_samples, self.seed)
