"""A block of rows, explained: what tables, files and reducers are made of."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ferroshap.engines.arrow.called import called_block
from ferroshap.engines.arrow.needed import as_names, feature_places
from ferroshap.engines.arrow.rows import Rows, as_rows
from ferroshap.engines.arrow.subject import Subject, pairs_of, subject_of
from ferroshap.engines.arrow.trees import tree_block


class Explained(NamedTuple):
    """Values of a block of rows, as C-contiguous arrays that nobody else writes to.

    Attributes
    ----------
    values : ndarray of shape ``(rows, features, outputs)``, or ``(rows, terms, outputs)`` for interactions
        In the explainer's order of features; float32 where that was asked for.
    base_values : float64 ndarray of shape ``(rows, outputs)``
        Their base values.
    error_std : ndarray of the shape of `values`, or None
        Standard errors, where values are estimates.
    data : ndarray of shape ``(rows, features)``
        What the features were, as float32 or float64: categories and text by codes, -1 for those that the explainer
        has not seen before, NaN where missing or where a group of several columns has no one number.
    first_row : int
        The number of the first row in the whole table.
    pairs : ndarray of shape ``(terms, 2)``, or None
        For interactions the features of each term, first each feature with itself (its main effect), then the pairs
        that can interact, undivided: the sum over terms is that of the values.
    feature_names, output_names : tuple of str
        Along the axes; no names of outputs where the model returns one number a row.
    row_keys : ndarray of shape ``(rows,)``, "content" or None
        Numbers that tell the rows of the whole table apart; None: they are counted from `first_row`.
    """

    values: NDArray[Any]
    base_values: NDArray[Any]
    error_std: NDArray[Any] | None
    data: NDArray[Any]
    first_row: int
    pairs: NDArray[np.int64] | None = None
    feature_names: tuple[str, ...] = ()
    output_names: tuple[str, ...] = ()
    row_keys: Any = None


def explain_block(
    explainer: Any,
    rows: Any,
    *,
    first_row: int = 0,
    n_jobs: int | None = None,
    dtype: Any = None,
    interactions: bool = False,
    row_key: Any = None,
    keep: Any = (),
    columns: Any = None,
) -> Explained:
    """Explain the rows of one record batch or table, without making an Explanation where that costs.

    Parameters
    ----------
    explainer : Explainer
        For tables; several threads may call it at once.
    rows : pyarrow.RecordBatch or Table, or anything that `explain_arrow` takes, or a frame of pandas or polars
        The rows; columns that are no features are passed over.
    first_row, n_jobs, row_key, columns
        As for `explain_arrow`.
    dtype : float32 or float64, optional
        Of the values: float32 as ``shap_values(dtype="float32")``, all else as ``shap_values()``.
    interactions : bool
        Main effects and pairs instead of values.
    keep : str or sequence of str
        Columns that are no features of a model that knows no names.

    Returns
    -------
    Explained
        Of the same bits for any number of threads, and however the table was cut.
    """
    subject = subject_of(explainer)
    found: Rows = as_rows(rows)
    key = found.row_key(row_key, first_row)
    places = feature_places(explainer, found.names, as_names(keep, "keep"), row_key, columns)
    terms = pairs_of(explainer) if interactions else None
    if not found.n_rows:
        keys = None if row_key is None else key
        return empty_block(explainer, dtype, interactions=interactions)._replace(first_row=first_row, row_keys=keys)
    block = tree_block if hasattr(explainer, "_engine") else called_block
    values, base, errors, data = block(explainer, found.table(places), subject, terms, key, n_jobs, dtype)
    keys = None if row_key is None else key
    return Explained(values, base, errors, data, first_row, terms, *_names(subject), keys)


def empty_block(explainer: Any, dtype: Any = None, *, interactions: bool = False) -> Explained:
    """Return what there is to say of no rows; the model is not asked."""
    subject = subject_of(explainer)
    terms = pairs_of(explainer) if interactions else None
    n_terms = len(subject.features) if terms is None else len(terms)
    values = np.zeros((0, n_terms, subject.n_outputs), dtype="float64" if dtype is None else np.dtype(dtype).name)
    data = np.zeros((0, len(subject.features)))
    return Explained(values, np.zeros((0, subject.n_outputs)), None, data, 0, terms, *_names(subject))


def _names(subject: Subject) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return tuple(subject.features), tuple(subject.outputs or ())
