"""An Explanation as named columns, wide or long: what frames of every library are made of."""

import datetime as dt
import decimal
from typing import Any, NamedTuple

import numpy as np

from ferroshap.errors import DimensionError, OptionError, nearest
from ferroshap.explanation import Explanation
from ferroshap.explanation.levels import is_missing

FIELDS = (
    "values",
    "data",
    "display_data",
    "error_std",
    "lower_bounds",
    "upper_bounds",
    "main_effects",
    "hierarchical_values",
)
#: Kinds of objects that every library of frames has a type for.
_KINDS = {bool, int, float, str, bytes, dt.date, dt.time, dt.timedelta, decimal.Decimal}
FORMS = ("wide", "long")


class Columns(NamedTuple):
    """Columns of one length by name, and the names of the rows where they have some."""

    names: list[str]
    arrays: list[np.ndarray]
    rows: list[str] | None


def columns_of(explanation: Explanation, field: str, form: str, output: Any) -> Columns:
    """Lay out one field with a column for each feature, or everything with a line for each value.

    Raises
    ------
    OptionError
        For an unknown field or form, and where there is more in the Explanation than the form has room for.
    """
    if field not in FIELDS:
        msg = f"`field={field!r}` is not known{nearest(str(field), FIELDS)} Known: {', '.join(FIELDS)}"
        raise OptionError(msg)
    if form not in FORMS:
        msg = f"`form={form!r}` is not known{nearest(str(form), FORMS)} Known: {', '.join(FORMS)}"
        raise OptionError(msg)
    if output is not None:
        explanation = explanation[..., output] if "output" in explanation.axes else _refuse_output(explanation, output)
    elif explanation.axes[-1:] == ("output",) and explanation.shape[-1] == 1:
        explanation = explanation[..., 0]
    if explanation.axes.count("feature") > 2:
        msg = f"images have no columns: `values` has axes {explanation.axes}; to_png draws them, save stores them"
        raise DimensionError(msg)
    if form == "wide":
        return _wide(explanation, field)
    if field != "values":
        msg = f"`form='long'` has every field as a column: leave `field={field!r}` out"
        raise OptionError(msg)
    return _long(explanation)


def _refuse_output(explanation: Explanation, output: Any) -> Explanation:
    msg = f"`output` is {output!r}, but this Explanation has one output: leave it out"
    msg_0 = f"{msg} (axes {explanation.axes})"
    raise OptionError(msg_0)


def row_names(explanation: Explanation) -> list[str] | None:
    """The names of the rows; of the only one, where it was picked."""
    names = explanation.instance_names
    return [names] if isinstance(names, str) else names


def feature_names(explanation: Explanation) -> list[str]:
    """Names along the first axis of features; one for a feature that was picked or for a sum."""
    if "feature" not in explanation.axes:
        picked = explanation.feature_names
        return [picked if isinstance(picked, str) else "value"]
    at = explanation.axes.index("feature")
    table = explanation.names_along(at)
    return list(table.names) if table is not None else [f"Feature {i}" for i in range(explanation.shape[at])]


def _wide(explanation: Explanation, field: str) -> Columns:
    """One column a feature."""
    if "output" in explanation.axes:
        names = explanation.output_names
        known = f", such as {names[-1]!r}" if isinstance(names, list) and names else ""
        msg = f"there are {explanation.shape[-1]} outputs: name one with `output=`{known}, or ask for `form='long'`"
        raise OptionError(msg)
    if explanation.axes.count("feature") > 1:
        msg = "interaction values have two features each: ask for `form='long'`"
        raise OptionError(msg)
    table = getattr(explanation, field)
    if table is None:
        msg = f"this Explanation has no {field}"
        raise OptionError(msg)
    names = feature_names(explanation)
    n_rows = explanation.shape[0] if "row" in explanation.axes else 1
    cells = np.asarray(table).reshape(n_rows, len(names))
    return Columns(names, [cells[:, at] for at in range(len(names))], row_names(explanation))


def _long(explanation: Explanation) -> Columns:
    """One line a value: rows first, then features, then outputs."""
    axes, shape = explanation.axes, explanation.shape
    size = int(np.prod(shape))
    features = [at for at, role in enumerate(axes) if role == "feature"]
    columns: dict[str, np.ndarray] = {}
    names = row_names(explanation)
    labels: Any = names if names is not None else np.arange(shape[0] if "row" in axes else 1)
    columns["row"] = _repeated(_words(labels), shape, 0) if "row" in axes else np.repeat(_words(labels), size)
    if features:
        for at, name in zip(features, ("feature", "partner"), strict=False):
            table = explanation.names_along(at)
            words = table.names if table is not None else [f"Feature {i}" for i in range(shape[at])]
            columns[name] = _repeated(_words(words), shape, at)
    else:
        columns["feature"] = np.repeat(_words([explanation.feature_names]), size)
    columns["output"] = _outputs(explanation, size)
    columns["value"] = np.asarray(explanation.values).reshape(-1)
    columns["data"] = _data(explanation, features, size)
    base = explanation.base_values
    columns["base_value"] = np.full(size, np.nan) if base is None else _spread_base(np.asarray(base), explanation)
    error = explanation.error_std
    columns["error_std"] = np.full(size, np.nan) if error is None else np.asarray(error, dtype=float).reshape(-1)
    return Columns(list(columns), list(columns.values()), None)


def _words(labels: Any) -> np.ndarray:
    """Labels as an array: numbers of rows stay numbers, names are objects of any length."""
    if isinstance(labels, np.ndarray) and labels.dtype.kind in "iu":
        return labels
    words = np.empty(len(labels), dtype=object)
    words[:] = labels
    return words


def _repeated(labels: np.ndarray, shape: tuple[int, ...], axis: int) -> np.ndarray:
    """Labels along one axis, for every value."""
    placed = labels.reshape([-1 if at == axis else 1 for at in range(len(shape))])
    return np.broadcast_to(placed, shape).reshape(-1)


def _outputs(explanation: Explanation, size: int) -> np.ndarray:
    """The output of each value; missing where there is one that has no name."""
    names, axes, shape = explanation.output_names, explanation.axes, explanation.shape
    if "output" not in axes:
        if isinstance(names, np.ndarray):  # one was picked whose name differs from row to row
            return _repeated(_words(names.tolist()), shape, 0)
        return np.repeat(_words([names]), size)
    if isinstance(names, np.ndarray):  # (rows, outputs)
        placed = names.reshape([shape[at] if role != "feature" else 1 for at, role in enumerate(axes)])
        return np.broadcast_to(placed, shape).reshape(-1)
    words = names if names is not None else [f"Output {i}" for i in range(shape[-1])]
    return _repeated(_words(words), shape, len(shape) - 1)


def _data(explanation: Explanation, features: list[int], size: int) -> np.ndarray:
    """The data of the (first) feature of each value."""
    data = explanation.data
    if data is None:
        return np.full(size, np.nan)
    data = np.asarray(data)
    axes = [at for at, role in enumerate(explanation.axes) if role == "row"] + features[:1]
    if data.ndim != len(axes):
        return np.full(size, np.nan)
    placed = data.reshape([explanation.shape[at] if at in axes else 1 for at in range(len(explanation.axes))])
    return np.broadcast_to(placed, explanation.shape).reshape(-1)


def _spread_base(base: np.ndarray, explanation: Explanation) -> np.ndarray:
    """Base values of rows and outputs, for every value."""
    shape = explanation.shape
    if base.ndim:
        base = base.reshape([1 if role == "feature" else shape[at] for at, role in enumerate(explanation.axes)])
    return np.broadcast_to(base.astype(float), shape).reshape(-1)


def entries_of(array: np.ndarray) -> list[Any]:
    """Entries of one kind from an array of objects, None where one is missing: words where kinds do not go together.

    Examples
    --------
    >>> entries_of(np.array([1, 2.5, None], dtype=object)), entries_of(np.array([1, "a", np.nan], dtype=object))
    ([1.0, 2.5, None], ['1', 'a', None])
    """
    entries = [None if is_missing(value) else value for value in array.tolist()]
    entries = [value.item() if isinstance(value, (np.number, np.bool_)) else value for value in entries]
    present = [value for value in entries if value is not None]
    kinds = {type(value) for value in present}
    if kinds == {int, float}:
        return [None if value is None else float(value) for value in entries]
    is_wide = kinds == {int} and not all(-(2**63) <= value < 2**63 for value in present)
    if len(kinds) <= 1 and kinds <= _KINDS and not is_wide:
        return entries
    if all(isinstance(value, dt.datetime) and value.tzinfo is None for value in present):
        return entries  # pandas' timestamps are of a class of their own
    return [None if value is None else str(value) for value in entries]
