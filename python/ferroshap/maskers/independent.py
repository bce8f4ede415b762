"""Marginal filling: missing features come from the rows of a background, whatever the others are."""

from typing import Any

import numpy as np

from ferroshap.errors import InvalidMaskerError
from ferroshap.inputs import read_table
from ferroshap.maskers.masker import Masker


class Independent(Masker):
    r"""Fill missing features from every row of a background.

    The worth of a coalition is the weighted mean of the model over the background rows,
    with the coalition's features taken from the explained row:
    :math:`v(S) = \sum_b w_b f(x_S, b_{\bar S})`. Features are filled independently of
    those that are present, so rows may arise that the data could not hold.

    Parameters
    ----------
    data : array, frame, sparse matrix, summary of :func:`ferroshap.compress` or :func:`ferroshap.kmeans`, or dict
        The background, one row an observation. A dict with ``mean`` and ``cov`` stands for its mean row.
    max_samples : int, optional
        Keep that many random rows (those of :func:`ferroshap.sample`). All rows by default.
    weights : array of shape ``(n_background,)``, optional
        Non-negative weights of the rows; normalised to sum 1. Rows of weight 0 are dropped.

    Raises
    ------
    DimensionError
        When the background has no rows or no columns.
    WeightsError
        When weights are negative, not finite, all zero, or not one a row.

    Examples
    --------
    >>> masker = Independent([[0.0, 1.0], [2.0, 3.0]], weights=[3, 1])
    >>> masker.weights
    array([0.75, 0.25])
    """

    #: Of a background given by them.
    mean: Any = None
    cov: Any = None

    def __init__(self, data: Any, max_samples: int | None = None, *, weights: Any = None) -> None:
        """Read the background."""
        if isinstance(data, dict) and {"mean", "cov"} <= data.keys():
            self.mean, self.cov = np.asarray(data["mean"]), np.asarray(data["cov"])
            data = np.atleast_2d(np.asarray(data["mean"], dtype=np.float64))
        self._read(data, weights, max_samples)


class Baseline(Independent):
    """Fill missing features from a single row.

    Parameters
    ----------
    row : array of shape ``(n_features,)``, Series, dict, or a table of one row
        What absent features look like, for instance ``X.mean(axis=0)``.

    Examples
    --------
    >>> Baseline([0.0, 0.0, 1.0])
    Baseline(1 rows, 3 columns)
    """

    def __init__(self, row: Any) -> None:
        """Read the row."""
        table = read_table(row, argument="row", allow_single_row=True)
        if table.n_rows != 1:
            msg = f"`row` has {table.n_rows} rows, but a baseline is one row: use maskers.Independent for several"
            raise InvalidMaskerError(msg)
        self.table = table
        self.weights = np.ones(1)
