"""Marginal filling: missing features come from the rows of a background, whatever the others are."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.errors import DimensionError, InvalidMaskerError, OptionError
from ferroshap.inputs import Table, read_table
from ferroshap.maskers.background import Summary, normalised_weights, sampled_rows

Floats = NDArray[np.float64]


class Independent:
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

    def __init__(self, data: Any, max_samples: int | None = None, *, weights: Any = None) -> None:
        """Read the background."""
        n_summarised = data.n_summarised if isinstance(data, Summary) else None
        if isinstance(data, dict) and {"mean", "cov"} <= data.keys():
            data = np.atleast_2d(np.asarray(data["mean"], dtype=np.float64))
        elif hasattr(data, "group_names") and hasattr(data, "weights"):  # a summary
            weights = data.weights if weights is None else weights
            data = data.data
        table = read_table(data, argument="data")
        #: Rows behind the background, where it is a summary of them.
        self.n_summarised: int | None = n_summarised
        if table.n_rows == 0:
            msg = f"`data` has 0 rows and {table.n_columns} columns, but a background needs at least one row"
            raise DimensionError(msg)
        given = normalised_weights(weights, table.n_rows)
        if max_samples is not None:
            if isinstance(max_samples, bool) or not isinstance(max_samples, int | np.integer) or max_samples < 1:
                msg = f"`max_samples` is {max_samples!r}, but must be a positive integer or None (all rows)"
                raise OptionError(msg)
            kept = sampled_rows(table.n_rows, int(max_samples))
            table, given = table.take_rows(kept), given[kept] / given[kept].sum()
        if not given.all():
            kept = np.flatnonzero(given)
            table, given = table.take_rows(kept), given[kept]
        self.table: Table = table
        self.weights: Floats = given

    @property
    def data(self) -> NDArray[Any]:
        """The background as an array, ``(n_background, n_features)``."""
        return self.table.display

    @property
    def n_background(self) -> int:
        """Rows in the background."""
        return self.table.n_rows

    @property
    def feature_names(self) -> list[str] | None:
        """Names of the columns, where the background has any."""
        return self.table.names

    def __repr__(self) -> str:
        """Name the class and the size of the background."""
        return f"{type(self).__name__}({self.n_background} rows, {self.table.n_columns} columns)"


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
        self.n_summarised = None
        self.table = table
        self.weights = np.ones(1)


def as_masker(masker: Any, *, argument: str = "masker", weights: Any = None) -> Independent:
    """Return the masker that is meant by a background, or the masker itself.

    Raises
    ------
    InvalidMaskerError
        When there is no background, or weights are given beside a masker that has its own.
    """
    if masker is None:
        msg = f"`{argument}` is None, but this route needs background data: pass {argument}=X_background"
        raise InvalidMaskerError(msg)
    if isinstance(masker, Independent):
        if weights is not None:
            msg = f"`weights` and a masker were given: pass them to maskers.{type(masker).__name__}(data, weights=...)"
            raise InvalidMaskerError(msg)
        return masker
    if callable(masker):
        msg = (
            f"`{argument}` is {masker!r}, a function: pass background data or a masker of ferroshap.maskers, "
            "or give the game itself to ferroshap.estimate"
        )
        raise InvalidMaskerError(msg)
    return Independent(masker, weights=weights)
