"""How a model answers when one feature of all rows is set to the same value."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ferroshap.errors import DimensionError, OptionError, nearest
from ferroshap.explanation import Explanation
from ferroshap.inputs import Table, read_table
from ferroshap.models import Model
from ferroshap.plots.canvas.limits import limit
from ferroshap.plots.reading.accept import as_explanation, looks_like_explanation, refuse_outputs
from ferroshap.plots.reading.places import Column, column_of


@dataclass(frozen=True)
class Rows:
    """The rows whose outputs are averaged, in the form that the model takes."""

    table: Table
    names: list[str]

    def position(self, ind: Any) -> int:
        """Return where a feature stands.

        Raises
        ------
        OptionError
            If there is none of this name or position.
        """
        n = len(self.names)
        if isinstance(ind, str) and ind in self.names:
            return self.names.index(ind)
        if isinstance(ind, (int, np.integer)) and not isinstance(ind, bool) and -n <= ind < n:
            return int(ind) % n
        hint = nearest(ind, self.names) if isinstance(ind, str) else f": give a name, or a position below {n}"
        msg = f"`ind` is {ind!r}, which is no feature{hint}"
        raise OptionError(msg)

    def column(self, k: int) -> Column:
        """One feature along an axis."""
        column = self.table.columns[k]
        numbers = column.numbers()
        values = column.objects() if numbers is None else numbers
        return column_of(column.plain if column.plain is not None else values, None, self.names[k])

    def with_feature(self, changes: dict[int, Any]) -> Any:
        """Return the rows with some columns replaced, as a table of the user's own kind."""
        source, table = self.table.source, self.table
        if table.kind == "pandas":
            source = source.copy(deep=False)
            for k, column in changes.items():
                source.isetitem(k, column)
        elif table.kind == "polars":
            series = sys.modules["polars"].Series
            source = source.with_columns([series(table.names[k], column) for k, column in changes.items()])  # type: ignore[index]
        elif table.kind == "pyarrow":
            for k, column in changes.items():
                source = source.set_column(k, table.names[k], [column])  # type: ignore[index]
        else:
            dense = source.toarray() if table.kind == "sparse" else source
            kinds = [np.asarray(column).dtype for column in changes.values()]
            kind = dense.dtype if dense.dtype == object else np.result_type(dense.dtype, *kinds)
            source = dense.astype(kind)
            for k, column in changes.items():
                source[:, k] = column
        return source


@dataclass(frozen=True)
class Grid:
    """The values that a feature is set to: their places along the axis, and a column of each for all rows."""

    places: np.ndarray
    columns: Sequence[Any]


def read_rows(data: Any, feature_names: Any, shap_values: Any) -> tuple[Rows, Explanation | None]:
    """Read the table, and the Explanation whose values are to be drawn over it.

    Raises
    ------
    DimensionError
        If the names or values do not fit the table.
    """
    explained = None
    if looks_like_explanation(data):
        shap_values = data if shap_values is None else shap_values
        feature_names = data.feature_names if feature_names is None else feature_names
        data = data.data
    table = read_table(data, argument="data")
    names = table.names or [f"Feature {i}" for i in range(table.n_columns)]
    if feature_names is not None:
        names = [str(name) for name in feature_names]
    if len(names) != table.n_columns:
        msg = f"`feature_names` has {len(names)} names, but `data` has {table.n_columns} columns"
        raise DimensionError(msg)
    if shap_values is not None:
        explained = as_explanation(shap_values, "partial_dependence")
        refuse_outputs(explained, "partial_dependence")
        if explained.axes not in (("feature",), ("row", "feature")) or explained.shape[-1] != len(names):
            msg = f"`shap_values` has shape {explained.shape}, but `data` has {len(names)} features"
            raise DimensionError(msg)
    return Rows(table, names), explained


def grid_of(rows: Rows, k: int, ends: tuple[Any, Any], n_points: int) -> Grid:
    """Values along a feature: evenly spaced numbers, all whole numbers of a feature that has only these, or all levels.

    Raises
    ------
    OptionError
        If there are fewer than two points, or the feature is missing in all rows.
    """
    if not isinstance(n_points, (int, np.integer)) or n_points < 2:
        msg = f"`npoints` is {n_points!r}: give at least 2"
        raise OptionError(msg)
    column, n_rows = rows.column(k), rows.table.n_rows
    taken = column.distinct()
    if not len(taken):
        msg = f"`data` has no value of {column.name!r}: there is nothing to set it to"
        raise OptionError(msg)
    native = rows.table.columns[k]
    if column.levels is not None or column.is_date:
        if len(taken) > n_points:
            taken = taken[np.linspace(0, len(taken) - 1, n_points).round().astype(int)]
        first = [int(np.flatnonzero(column.places == place)[0]) for place in taken]
        return Grid(taken, [native.take(np.full(n_rows, row)) for row in first])
    low, high = (
        limit(end, column.places[column.is_known], name) for end, name in zip(ends, ("xmin", "xmax"), strict=True)
    )
    low, high = float(taken[0]) if low is None else low, float(taken[-1]) if high is None else high
    plain = native.plain
    if plain is not None and plain.dtype.kind in "iu" and high - low < n_points:
        whole = np.arange(np.ceil(low), np.floor(high) + 1).astype(plain.dtype)
        if len(whole):
            return Grid(whole.astype(float), [np.full(n_rows, value) for value in whole])
    places = np.linspace(low, high, int(n_points))
    return Grid(places, [np.full(n_rows, value) for value in places])


def outputs_along(rows: Rows, model: Model, k: int, grid: Grid) -> np.ndarray:
    """Outputs with feature `k` at each point of the grid, ``(points, rows)``: one call of the model a point."""
    return np.stack([answered(rows, model, {k: column}) for column in grid.columns])


def answered(rows: Rows, model: Model, changes: dict[int, Any]) -> np.ndarray:
    """Call the model on all rows with some columns replaced: one number a row.

    Raises
    ------
    DimensionError
        If the model returns several outputs for a row.
    """
    outputs = model(rows.with_feature(changes) if changes else rows.table.source, rows.table.n_rows)
    if outputs.ndim == 2 and outputs.shape[1] == 1:
        outputs = outputs[:, 0]
    if outputs.ndim != 1:
        msg = (
            f"`model` returns {outputs.shape[1]} outputs for each row, but the picture shows one: "
            "pass a function of one, such as lambda X: model.predict_proba(X)[:, 1]"
        )
        raise DimensionError(msg)
    return outputs
