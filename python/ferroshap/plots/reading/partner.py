"""Which other feature colours the dots of a scatter plot: one that is given, or the strongest apparent interaction."""

from typing import Any

import numpy as np

from ferroshap.errors import DimensionError
from ferroshap.explanation import Explanation
from ferroshap.explanation.apparent import approximate_interactions
from ferroshap.plots.canvas.row_labels import names_of
from ferroshap.plots.reading.accept import as_explanation, looks_like_explanation, refuse_outputs
from ferroshap.plots.reading.places import Column, column_of


def partner_of(color: Any, column: Explanation, plot: str) -> Column | None:
    """Read the feature that `color` asks for; None if `color` is a colour.

    Parameters
    ----------
    color : Explanation, array or colour
        A table: the strongest apparent interaction with the column among its other
        columns; one column: that; an array with one number a row: these numbers.
    column : Explanation
        The feature that is drawn, one number a row.
    plot : str
        What draws, for messages.

    Raises
    ------
    DimensionError
        If there is not one number for each row.
    """
    n_rows = column.shape[0]
    if looks_like_explanation(color):
        table = as_explanation(color, plot)
        refuse_outputs(table, plot)
        if not table.axes or table.axes[0] != "row" or table.shape[0] != n_rows or table.axes.count("feature") > 1:
            msg = f"`color` has shape {table.shape}, but {n_rows} rows are drawn: pass an Explanation of the same rows"
            raise DimensionError(msg)
        if "feature" in table.axes:
            return _strongest(column, table)
        return column_of(data_of(table, "color"), table.display_data, str(table.feature_names or "color"))
    if isinstance(color, np.ndarray) or hasattr(color, "__array__"):
        numbers = np.asarray(color)
        is_colour = numbers.ndim == 1 and len(numbers) in (3, 4) and len(numbers) != n_rows
        if is_colour or numbers.ndim == 2:
            return None  # one colour in parts, or one for each row
        if numbers.shape != (n_rows,):
            msg = f"`color` is an array of shape {numbers.shape}, but {n_rows} rows are drawn: give one number for each"
            raise DimensionError(msg)
        return column_of(numbers, None, str(getattr(color, "name", None) or ""))
    return None


def _strongest(column: Explanation, table: Explanation) -> Column | None:
    """The column of the table that seems to interact most with the one that is drawn; None if it has no other."""
    names = names_of(table)
    own = column.feature_names
    others = [k for k, name in enumerate(names) if name != own]
    if not others:
        return None
    data, mine = np.asarray(data_of(table, "color")), np.asarray(column.data)
    values = np.column_stack([np.asarray(column.values), np.asarray(table.values)[:, others]])
    columns = data[:, others]
    kind = np.result_type(mine, columns) if mine.dtype.kind in "biuf" and columns.dtype.kind in "biuf" else object
    rows = np.column_stack([mine.astype(kind), columns.astype(kind)])
    ranked = [int(k) for k in approximate_interactions(0, values, rows) if int(k) != 0]
    chosen = others[ranked[0] - 1]
    display = table.display_data
    return column_of(data[:, chosen], None if display is None else np.asarray(display)[:, chosen], names[chosen])


def data_of(explanation: Explanation, argument: str) -> Any:
    """The values of the features.

    Raises
    ------
    DimensionError
        If the Explanation has none.
    """
    if explanation.data is None:
        msg = f"`{argument}` has no data: the values of the feature are needed"
        raise DimensionError(msg)
    return explanation.data
