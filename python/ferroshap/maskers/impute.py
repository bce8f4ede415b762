"""`Impute`: the rows of the background, shifted by regression to what is known."""

from typing import Any

import numpy as np

from ferroshap import _native
from ferroshap.errors import OptionError
from ferroshap.maskers.conditional import Floats
from ferroshap.maskers.shifted import Shifted


class Impute(Shifted):
    r"""Fill missing features from every row of a background, shifted by regression on those that are present.

    .. math:: v(S) = \sum_b w_b\, f(x_S,\ b_{\bar S} + A_S (x_S - b_S)), \quad
        A_S = \Sigma_{\bar S S} \Sigma_{SS}^{-1}

    with the weighted covariance of the background. What :class:`Gaussian` is for normal data, without assuming
    any distribution of what regression leaves over; an evaluation takes a model row for each background row. Where
    columns are uncorrelated it is :class:`Independent`. Exact for linear models.

    Parameters
    ----------
    data : array, frame, sparse matrix, summary, ``{"mean": ..., "cov": ...}`` or ``(mean, cov)``
        The background, one row an observation: numbers, none missing. Integers, booleans and single precision
        become double precision. With a mean and a covariance, the mean is the only row: missing
        features are what regression expects.
    method : {"linear"}
        By which regression.
    weights : array of shape ``(n_background,)``, optional
        Non-negative weights of the rows; normalised to sum 1.

    Raises
    ------
    InvalidMaskerError
        When a column is no number, or has entries that are missing or infinite; it is named.

    Examples
    --------
    >>> import ferroshap
    >>> masker = Impute({"mean": [0.0, 0.0], "cov": [[1.0, 0.5], [0.5, 1.0]]})
    >>> ferroshap.ExactExplainer(lambda rows: rows[:, 0], masker)(np.array([[2.0, 2.0]])).values
    array([[1.5, 0.5]])
    """

    def __init__(self, data: Any, method: str = "linear", *, weights: Any = None) -> None:
        """Read the background."""
        if method != "linear":
            msg = f"`method` is {method!r}, but 'linear' is the only one"
            raise OptionError(msg)
        self.method = method
        self._read_shifted(data, 1, weights, None)
        self.n_samples = self.table.n_rows

    def _fit(self) -> "_native.Shift":
        rows: Floats = np.ascontiguousarray(self.table.numeric)
        if self._moments is not None:
            return _native.Shift.known(*self._moments, rows)
        return _native.Shift.rows(rows, self.weights)

    def _draw_weights(self) -> Floats:
        return self.weights
