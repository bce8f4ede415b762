"""The incumbent's own class: built for its plots, read from its explainers."""

from typing import Any

import numpy as np

from ferroshap.errors import OptionError
from ferroshap.explanation import Explanation, OpHistoryItem
from ferroshap.export.absent import ABSENT, Absent
from ferroshap.export.libraries import met

__all__ = ["ABSENT", "from_shap", "to_shap"]

#: Not `error_std`: there it is the spread of single contributions, which is no standard error.
_SHARED = (
    "data",
    "display_data",
    "instance_names",
    "output_indexes",
    "lower_bounds",
    "upper_bounds",
    "main_effects",
    "hierarchical_values",
    "clustering",
    "compute_time",
)


def to_shap(explanation: Explanation) -> Any:
    """Build a ``shap.Explanation``: `Explanation.to_shap`."""
    shap = met("shap", "to_shap")
    theirs: Any = getattr(shap, "Explanation", Explanation)
    if theirs is Explanation:
        msg = "`to_shap` needs the real shap, but another package answers for its name: uninstall the alias first"
        raise ImportError(msg, name="shap")
    ragged = _lengths(explanation)
    fields = {name: getattr(explanation, name) for name in _SHARED}
    fields["feature_names"] = explanation.feature_names
    fields["output_names"] = explanation.output_names
    if "output" not in explanation.axes and isinstance(fields["output_names"], str):
        fields["output_names"] = None  # it has no place for the name of an output that was picked
    base = explanation.base_values
    if base is not None and np.ndim(base) == 0 and "row" in explanation.axes:
        outputs = explanation.shape[-1:] if "output" in explanation.axes else ()
        base = np.full((explanation.shape[0], *outputs), float(base))
    values: Any = np.asarray(explanation.values)
    if ragged is not None:
        values, data = _shortened(values, ragged), _shortened(np.asarray(fields["data"]), ragged)
        fields |= {"data": tuple(data), "feature_names": [row.tolist() for row in data], "clustering": None}
        fields |= dict.fromkeys(("display_data", "lower_bounds", "upper_bounds", "main_effects"))
        fields["hierarchical_values"] = None
    built = theirs(values, base_values=base, **fields)
    built.op_history = [_their_operation(shap, item) for item in explanation.op_history]
    return built


def _their_operation(shap: Any, item: OpHistoryItem) -> Any:
    """An entry of the history in their class, where they have one."""
    cls = getattr(getattr(shap, "_explanation", None), "OpHistoryItem", OpHistoryItem)
    return cls(
        name=item.name,
        prev_shape=item.prev_shape,
        args=item.args,
        kwargs=item.kwargs or {},
        collapsed_instances=item.collapsed_instances,
    )


def _lengths(explanation: Explanation) -> np.ndarray | None:
    """How many words each row has, where rows were filled up; None where none was."""
    data = explanation.data
    if not isinstance(data, np.ndarray) or data.dtype != object or explanation.axes[:2] != ("row", "feature"):
        return None
    present = np.array([[not isinstance(entry, Absent) for entry in row] for row in data], dtype=bool)
    return None if present.all() else present.sum(axis=1)


def _shortened(rows: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Rows without what they were filled up with."""
    short = np.empty(len(rows), dtype=object)
    for at, (row, length) in enumerate(zip(rows, lengths.tolist(), strict=True)):
        short[at] = row[:length]
    return short


def from_shap(foreign: Any) -> Explanation:
    """Read a ``shap.Explanation``: `Explanation.from_shap`."""
    if isinstance(foreign, Explanation):
        return foreign
    if not hasattr(foreign, "values") or not hasattr(foreign, "base_values"):
        kind = type(foreign).__name__
        msg = f"`explanation` is a {kind}: pass a shap.Explanation, or what has its attributes"
        raise TypeError(msg)
    fields = {name: getattr(foreign, name, None) for name in (*_SHARED, "base_values", "feature_names")}
    values = foreign.values
    if _is_ragged(values):
        values, fields = _filled_up(values, fields)
    values = np.asarray(values)
    names = fields["feature_names"]
    if isinstance(names, np.ndarray):
        fields["feature_names"] = names.tolist()
    data = fields["data"]
    if isinstance(data, (list, tuple)):
        fields["data"] = np.asarray(data, dtype=object if any(isinstance(part, str) for part in data) else None)
    fields = {name: field for name, field in fields.items() if field is not None}
    fields = _kept(values, fields)
    explanation = Explanation(values, **fields)
    outputs = getattr(foreign, "output_names", None)
    if outputs is not None and "output" in explanation.axes and np.shape(outputs)[-1:] == explanation.shape[-1:]:
        explanation.output_names = outputs if np.ndim(outputs) > 1 else list(outputs)
    history = tuple(
        OpHistoryItem(item.name, tuple(item.prev_shape), collapsed_instances=bool(item.collapsed_instances))
        for item in getattr(foreign, "op_history", None) or ()
    )
    known = explanation._fields.all()
    return Explanation._trusted(explanation.values, explanation.axes, known, history)  # noqa: SLF001 - as above


def _kept(values: np.ndarray, fields: dict[str, Any]) -> dict[str, Any]:
    """Leave out optional fields that do not fit: theirs are not checked, and some are shaped in their own way."""
    kept = dict(fields)
    for name in ("hierarchical_values", "clustering", "display_data", "feature_names", "output_indexes"):
        if name in kept:
            try:
                Explanation(values, **{key: kept[key] for key in {"base_values", "data", name} & set(kept)})
            except (ValueError, TypeError):
                del kept[name]
    return kept


def _is_ragged(values: Any) -> bool:
    """Whether rows have values of different numbers."""
    if isinstance(values, np.ndarray) and values.dtype != object:
        return False
    return len({np.shape(row) for row in values}) > 1


def _filled_up(values: Any, fields: dict[str, Any]) -> tuple[np.ndarray, dict[str, Any]]:
    """Rows of one length: zeros after the last value, and absent words after the last word."""
    shapes = [np.shape(row) for row in values]
    if any(len(shape) != len(shapes[0]) or shape[1:] != shapes[0][1:] for shape in shapes):
        msg = f"rows of values have shapes {shapes[:4]}: they may differ in their first axis only"
        raise OptionError(msg)
    longest = max(shape[0] for shape in shapes)
    filled = np.zeros((len(shapes), longest, *shapes[0][1:]))
    words = np.empty((len(shapes), longest), dtype=object)
    words.fill(ABSENT)  # not np.full, which makes plain words of it
    tokens = fields["data"] if fields["data"] is not None else fields["feature_names"]
    for at, row in enumerate(values):
        filled[at, : len(row)] = row
        has_words = tokens is not None and len(tokens) == len(shapes) and len(tokens[at]) == len(row)
        words[at, : len(row)] = list(tokens[at]) if has_words else ""
    kept = {name: fields[name] for name in ("base_values", "instance_names", "compute_time", "output_indexes")}
    return filled, dict.fromkeys(fields) | kept | {"data": words}
