"""A block of rows, explained: what tables, files and reducers are made of."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Explained(NamedTuple):
    """Values of a block of rows.

    Attributes
    ----------
    values : ndarray of shape ``(rows, features, outputs)``, or ``(rows, features, features, outputs)``
        In the explainer's order of features.
    base_values : ndarray of shape ``(rows, outputs)``
        Their base values.
    error_std : ndarray of the shape of `values`, or None
        Standard errors, where values are sampled.
    data : ndarray of shape ``(rows, features)``
        What the features were, as numbers: categories by their codes, NaN where missing.
    first_row : int
        The number of the first row in the whole table.
    """

    values: NDArray[Any]
    base_values: NDArray[Any]
    error_std: NDArray[Any] | None
    data: NDArray[Any]
    first_row: int


def explain_block(explainer: Any, rows: Any, *, first_row: int = 0, n_jobs: int | None = None) -> Explained:
    """Explain the rows of one record batch or table."""
    del n_jobs
    explanation = explainer(rows, silent=True)
    values = np.asarray(explanation.values)
    n_rows = len(values)
    values = values.reshape(n_rows, len(explainer.feature_names), -1)
    base = np.broadcast_to(np.asarray(explanation.base_values).reshape(n_rows, -1), (n_rows, values.shape[2]))
    data = np.asarray(explanation.data, dtype=np.float64)
    return Explained(values, base, None, data, first_row)
