"""Labels of rows: names, and the value of the feature before its name."""

from typing import TYPE_CHECKING

import numpy as np

from ferroshap.explanation import Explanation
from ferroshap.plots.canvas.wording import datum, wrapped
from ferroshap.plots.reading.ordering import Rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SHORT = 40  # characters up to which the names of features that share a row are all written


def names_of(explanation: Explanation) -> list[str]:
    """Names of the features, numbered if they have none."""
    axis = explanation.axes.index("feature")
    table = explanation.names_along(axis)
    return [f"Feature {i}" for i in range(explanation.shape[axis])] if table is None else table.names


def feature_values(explanation: Explanation) -> np.ndarray | None:
    """The values of the features in one row, as they are to be shown; None if they are unknown."""
    values = explanation.data if explanation.display_data is None else explanation.display_data
    return None if values is None or np.ndim(values) != 1 else np.asarray(values)


def row_labels(
    ax: "Axes",
    names: list[str],
    rows: Rows,
    values: np.ndarray | None,
    *,
    merged: str = "Sum of {} other features",
    more: dict[float, str] | None = None,
) -> None:
    """Label the rows from the top down; the shared row tells how many features it holds, `more` stand elsewhere."""
    from ferroshap.plots.canvas.artists import label_rows

    labels: list[tuple[str | None, str]] = []
    for row, i in enumerate(rows.shown.tolist()):
        value = None if values is None or not rows.is_single(row) else datum(values[i])
        name = names[i] if rows.is_single(row) else sum_name(names, rows.groups[row], i)
        labels.append((value, wrapped(name, 0 if value is None else len(value) + 3)))
    if len(rows.merged):
        labels.append((None, merged.format(len(rows.merged))))
    label_rows(ax, labels[::-1], more)


def sum_name(names: list[str], group: np.ndarray, strongest: int) -> str:
    """Name the sum of a few features: all of them if that is short, else the strongest and how many others."""
    full = " + ".join(names[i] for i in group.tolist())
    n_others = len(group) - 1
    return full if len(full) <= _SHORT else f"{names[strongest]} + {n_others} other feature{'s' * (n_others > 1)}"
