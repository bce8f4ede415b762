"""Whether values add up: to our own prediction in every row, to the library's in the first ones."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.errors import ExplainerError
from ferroshap.trees import TreeModel

Floats = NDArray[np.float64]

#: Gap allowed, as a share of the largest |base| + sum |values| + |output| of the call.
ALLOWED = {"float64": 1e-8, "float32": 1e-4}
#: Rows of a call that are compared with the library itself.
LIBRARY_ROWS = 256
#: Calls of fewer rows are compared with the library until so many rows have been: its own call may take milliseconds.
FEW_ROWS = 16


def check_sums(base: Any, values: NDArray[Any], outputs: Floats, precision: str, library: str) -> Floats:
    """Return output minus base value minus values ``(rows, outputs)``.

    Parameters
    ----------
    base : ndarray
        ``(outputs,)`` or ``(rows, outputs)``.
    values : ndarray
        ``(rows, features, outputs)``.
    outputs : ndarray
        ``(rows, outputs)``: what they should add up to.

    Raises
    ------
    ExplainerError
        When they do not, naming the row and the gap.
    """
    gap: Floats = outputs - values.sum(axis=1, dtype=np.float64) - base
    if not len(gap):
        return gap
    worst = np.abs(gap).max()
    if worst <= ALLOWED[precision] * np.abs(outputs).max():
        return gap  # already small beside a part of the scale
    scale = (np.abs(base) + np.abs(values).sum(axis=1, dtype=np.float64) + np.abs(outputs)).max()
    if worst <= ALLOWED[precision] * scale:
        return gap
    row, output = (int(position) for position in np.argwhere(~(np.abs(gap) < worst))[0])
    shown = float(outputs[row, output])
    if not np.isfinite(shown):
        msg = f"the model's output for row {row} of `X` is {shown}: values cannot add up to it"
        raise ExplainerError(msg)
    msg = (
        f"values of row {row} of `X` miss its prediction {shown!r} by {float(gap[row, output]):.3g} (output {output}, "
        f"{library}, {precision} arithmetic): {_cause(precision)}"
    )
    raise ExplainerError(msg)


def rows_for_library(model: TreeModel, n_rows: int, n_compared: int) -> int:
    """How many rows of a call to compare with the library, after `n_compared` of earlier calls."""
    if model.raw is None or (n_rows < FEW_ROWS and n_compared >= LIBRARY_ROWS):
        return 0
    return min(n_rows, LIBRARY_ROWS)


def _cause(precision: str) -> str:
    if precision == "float32":
        return "large margins that cancel lose digits in float32: pass dtype=np.float64, or report this model"
    return "please report this model, check_additivity=False returns the values as they are"
