"""Rows for `TreeExplainer`: tables as everywhere, and the containers of two libraries."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.errors import DimensionError, OptionError
from ferroshap.explainers.names import Positions
from ferroshap.explainers.trees.columns import TreeColumns
from ferroshap.inputs import Table, read_table
from ferroshap.inputs.foreign import is_instance
from ferroshap.trees.rows import NativeRows, RowReader

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RowsAsked:
    """Rows of one call.

    Attributes
    ----------
    table : Table
        As the user gave them.
    positions : ndarray or None
        Where each column of the model stands in the table.
    matched : Table
        The same with the model's columns in the model's order; of a pipeline what its last step is given.
    native : rows
        What the core takes.
    base_margin : ndarray or None
        What a DMatrix brings instead of the model's own offset.
    """

    table: Table
    positions: Positions
    matched: Table
    native: NativeRows
    base_margin: Floats | None = None


def read_rows(X: Any, columns: TreeColumns, reader: RowReader) -> RowsAsked:
    """Read what was given as rows."""
    base_margin = None
    if type(X) is np.ndarray:
        table = read_table(X, argument="X", allow_single_row=True)
    elif is_instance(X, "xgboost", "DMatrix"):
        table = _of_dmatrix(X)
        margin = np.asarray(X.get_base_margin(), dtype=np.float64)
        base_margin = margin.reshape(table.n_rows, -1) if margin.size else None
    elif is_instance(X, "catboost", "Pool"):
        table = _of_pool(X)
    else:
        table = read_table(X, argument="X", allow_single_row=True)
    matched, positions = columns.match(table)
    matched = columns.born(matched)
    return RowsAsked(table, positions, matched, reader(matched), base_margin)


def read_labels(y: Any, n_rows: int, classes: list[str] | None) -> Floats:
    """Read what is true of each row: numbers, or the names of two classes.

    Raises
    ------
    OptionError
        When there is none, though the loss needs it, or it is neither.
    DimensionError
        When there is not one a row.
    """
    if y is None:
        msg = "`y` is None, but a loss depends on what is true of each row: pass the labels, y=..."
        raise OptionError(msg)
    labels = np.asarray(y).reshape(-1)
    if len(labels) != n_rows:
        msg = f"`y` has {len(labels)} labels, but `X` has {n_rows} rows: pass one for each"
        raise DimensionError(msg)
    if labels.dtype.kind in "biuf":
        numbers = labels.astype(np.float64)
        if classes is not None and not np.isin(numbers, [0.0, 1.0]).all():
            codes = {name: code for code, name in enumerate(classes)}
            return _by_name(labels, codes)
        return numbers
    return _by_name(labels, {name: code for code, name in enumerate(classes or ())})


def _by_name(labels: NDArray[Any], codes: dict[str, int]) -> Floats:
    unknown = next((label for label in labels.tolist() if str(label) not in codes), None)
    if unknown is not None:
        msg = f"`y` has the label {unknown!r}, but the classes are {', '.join(codes) or '0 and 1'}"
        raise OptionError(msg)
    return np.array([codes[str(label)] for label in labels.tolist()], dtype=np.float64)


def _of_dmatrix(matrix: Any) -> Table:
    """An XGBoost DMatrix: what it does not store is missing, in the model as well."""
    rows = matrix.get_data()
    names = matrix.feature_names
    n_rows, n_columns = rows.shape
    return Table("X", "sparse", rows, n_rows, n_columns, None if names is None else list(names))


def _of_pool(pool: Any) -> Table:
    """A CatBoost Pool, which gives numbers back, but no categories."""
    if pool.get_cat_feature_indices():
        msg = "`X` is a Pool with categorical columns, which a Pool does not give back: pass the table it was made of"
        raise OptionError(msg)
    return read_table(np.asarray(pool.get_features()), argument="X")
