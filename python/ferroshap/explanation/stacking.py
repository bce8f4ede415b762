"""Two Explanations of the same rows, side by side."""

from typing import TYPE_CHECKING, Any

import numpy as np

from ferroshap.errors import DimensionError, OptionError, StackError
from ferroshap.explanation.field import Body
from ferroshap.explanation.fields import FOLLOWS, LIKE_DATA, LIKE_VALUES, OF_MAPS
from ferroshap.explanation.history import OpHistoryItem
from ferroshap.explanation.names import FeatureNames, NameTable
from ferroshap.explanation.status import weaker

if TYPE_CHECKING:
    from ferroshap.explanation.explanation import Explanation

#: How far base values may differ, as the incumbent has it.
TOLERANCE = 1e-6


def stacked(left: "Explanation", right: "Explanation") -> "Explanation":
    """Join the features of two Explanations; what is known of both alike stays."""
    if not isinstance(right, Body):
        msg = f"`other` is a {type(right).__name__}: pass an Explanation"
        raise TypeError(msg)
    _check(left, right)
    at = left.axes.index("feature")
    changed: dict[str, Any] = {}
    for name, follows in FOLLOWS.items():
        mine, theirs = left._fields.get(name), right._fields.get(name)
        if follows in {LIKE_VALUES, LIKE_DATA}:
            changed[name] = _joined(mine, theirs, at)
        elif name == "feature_names":
            changed[name] = _names(left, right, at)
        elif name == "clustering" or follows in OF_MAPS:
            changed[name] = None
        elif name == "status":
            changed[name] = weaker(left.status, right.status)
        elif name not in {"base_values", "instance_names", "output_names"}:
            changed[name] = mine if _same(mine, theirs) else None
    for name in ("base_values", "instance_names", "output_names"):
        changed[name] = left._fields.get(name)
        if changed[name] is None:
            changed[name] = right._fields.get(name)
    values = np.concatenate([left.values, right.values], axis=at)
    return left.derived(values, left.axes, changed, OpHistoryItem("hstack", left.shape, (right,)))


def _check(left: "Explanation", right: "Explanation") -> None:
    """Refuse what cannot stand side by side."""
    if left.axes.count("feature") != 1 or right.axes != left.axes:
        msg = f"Can't hstack explanations with axes {left.axes} and {right.axes}: both need one axis of features"
        raise StackError(msg)
    for axis, role in enumerate(left.axes):
        if role != "feature" and left.shape[axis] != right.shape[axis]:
            counts = f"{left.shape[axis]} and {right.shape[axis]}"
            msg = f"Can't hstack explanations with different numbers of {role}s: {counts}"
            raise StackError(msg)
    mine, theirs = left.base_values, right.base_values
    if mine is not None and theirs is not None and not np.allclose(mine, theirs, rtol=0.0, atol=TOLERANCE):
        apart = float(np.max(np.abs(np.subtract(mine, theirs))))
        msg = f"Can't hstack explanations with different base values: they differ by up to {apart:.3g}"
        raise OptionError(msg)
    for role, a, b in (
        ("outputs", left.output_names, right.output_names),
        ("rows", left.instance_names, right.instance_names),
    ):
        if a is not None and b is not None and not np.array_equal(a, b):
            msg = f"Can't hstack explanations of {role} with different names"
            raise StackError(msg)


def _joined(mine: Any, theirs: Any, axis: int) -> Any:
    """Both beside each other, where both are known; objects where the kinds differ."""
    if mine is None or theirs is None:
        return None
    parts = [np.asarray(mine), np.asarray(theirs)]
    if parts[0].ndim != parts[1].ndim:
        msg = f"Can't hstack explanations whose data have shapes {parts[0].shape} and {parts[1].shape}"
        raise DimensionError(msg)
    kinds = {"number" if part.dtype.kind in "iuf" else part.dtype.kind for part in parts}
    if len(kinds) > 1:
        parts = [part.astype(object) for part in parts]
    return np.concatenate(parts, axis=axis)


def _names(left: "Explanation", right: "Explanation", axis: int) -> FeatureNames | None:
    tables = left.names_along(axis), right.names_along(axis)
    if not all(isinstance(table, NameTable) for table in tables):
        return None
    return FeatureNames((NameTable([*tables[0].names, *tables[1].names]),))


def _same(a: Any, b: Any) -> bool:
    """Tell whether two fields are the same; arrays by content."""
    if a is b:
        return True
    if a is None or b is None:
        return False
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        both = np.asarray(a), np.asarray(b)
        return both[0].shape == both[1].shape and bool(np.all(both[0] == both[1]))
    return bool(a == b)
