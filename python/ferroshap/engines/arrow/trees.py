"""A block of rows through `TreeExplainer`: from columns to the core to values, nothing copied twice."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.engines.arrow.data import data_of
from ferroshap.engines.arrow.subject import Subject
from ferroshap.explainers.trees.packing import in_user_order
from ferroshap.inputs import Table
from ferroshap.trees.rows import as_dense

Block = tuple[NDArray[Any], NDArray[Any], NDArray[Any] | None, NDArray[Any]]


def tree_block(
    explainer: Any,
    table: Table,
    subject: Subject,
    terms: NDArray[np.int64] | None,
    row_key: Any,
    n_jobs: int | None,
    dtype: Any,
) -> Block:
    """Return values, base values, None for errors, and data of the rows."""
    del row_key  # nothing is drawn
    precision = "float32" if dtype is not None and np.dtype(dtype) == np.float32 else None
    computed = explainer._compute(table, "values", silent=True, n_jobs=n_jobs, dtype=precision)  # noqa: SLF001
    n_rows, asked = table.n_rows, computed.asked
    values = computed.values.reshape(n_rows, len(subject.features), subject.n_outputs)
    base = np.broadcast_to(computed.base, (n_rows, subject.n_outputs))
    columns = explainer._columns  # noqa: SLF001 - ours
    if columns.units is None and not columns.is_pipeline:
        data = as_dense(asked.native, len(subject.features), np.nan)
        if data.dtype.char not in "fd":
            data = data.astype(np.float64)
        data = in_user_order(data, asked.positions, 1)
    else:
        data = data_of(explainer, table)
    if terms is not None:
        sparse = explainer.shap_interaction_values(table, sparse=True, silent=True, n_jobs=n_jobs, dtype=precision)
        values = with_main_effects(values, terms, sparse.values.reshape(n_rows, -1, subject.n_outputs))
    return values, base, None, data


def with_main_effects(values: NDArray[Any], terms: NDArray[np.int64], pairs: NDArray[Any]) -> NDArray[Any]:
    """Put main effects, which are values less half of all pairs of the feature, before the pairs.

    Examples
    --------
    >>> terms = np.array([[0, 0], [1, 1], [0, 1]])
    >>> with_main_effects(np.array([[[3.0], [2.0]]]), terms, np.array([[[2.0]]]))[0, :, 0]
    array([2., 1., 2.])
    """
    n_features = values.shape[1]
    whole = np.empty((len(values), len(terms), values.shape[2]), dtype=values.dtype)
    whole[:, :n_features] = values
    whole[:, n_features:] = pairs
    for place, (first, second) in enumerate(terms[n_features:], n_features):
        whole[:, first] -= 0.5 * whole[:, place]
        whole[:, second] -= 0.5 * whole[:, place]
    return whole
