"""Features summed into groups."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ferroshap.errors import DimensionError
from ferroshap.explanation.fields import FOLLOWS, LIKE_DATA, LIKE_VALUES, OF_MAPS
from ferroshap.explanation.history import OpHistoryItem
from ferroshap.explanation.names import FeatureNames, NameTable

if TYPE_CHECKING:
    from ferroshap.explanation.explanation import Explanation

#: What belongs to single features and does not add up: errors are correlated, bounds are not sums.
_GONE = {name for name, follows in FOLLOWS.items() if follows == LIKE_VALUES or follows in OF_MAPS}
_ADDED = ("main_effects", "hierarchical_values")


def grouped(explanation: "Explanation", grouping: Mapping[str, str], axis: Any = None) -> "Explanation":
    """Add the values of the features of each group; of interactions along both axes."""
    axes = explanation.axes
    feature_axes = [at for at, role in enumerate(axes) if role == "feature"]
    if axis is not None and (not isinstance(axis, (int, np.integer)) or axis % max(len(axes), 1) not in feature_axes):
        msg = f"`grouping` sums features, but `axis` is {axis!r}: leave it out"
        raise DimensionError(msg)
    tables = [explanation.names_along(at) for at in feature_axes]
    if not tables or any(not isinstance(table, NameTable) for table in tables):
        msg = f"`grouping` goes by the names of features, which these values of axes {axes} have not"
        raise DimensionError(msg)
    if not isinstance(grouping, Mapping):
        msg = f"`grouping` is a {type(grouping).__name__}: pass a dict from features to groups"
        raise TypeError(msg)
    members = [_members(table, grouping) for table in tables]
    values = explanation.values
    known: dict[str, Any] = {}
    for name in _ADDED:
        known[name] = getattr(explanation, name)
    for at, groups in zip(feature_axes, members, strict=True):
        values = _summed(values, list(groups.values()), at)
        known = {
            name: None if field is None else _summed(field, list(groups.values()), at) for name, field in known.items()
        }
    changed = dict.fromkeys(_GONE) | known
    changed["clustering"] = None
    changed["feature_names"] = FeatureNames(tuple(NameTable(groups) for groups in members))
    for name in (name for name, follows in FOLLOWS.items() if follows == LIKE_DATA):
        data = getattr(explanation, name)
        changed[name] = None if data is None else _of_singles(np.asarray(data), list(members[0].values()))
    operation = OpHistoryItem("sum", explanation.shape, (axis,), {"grouping": grouping})
    return explanation.derived(values, axes, changed, operation)


def _members(table: NameTable, grouping: Mapping[str, str]) -> dict[str, list[int]]:
    """Positions of the features of each group, in order of first appearance."""
    for name in grouping:
        table.position(name, "feature")
    groups: dict[str, list[int]] = {}
    for position, name in enumerate(table.names):
        groups.setdefault(str(grouping.get(name, name)), []).append(position)
    return groups


def _summed(values: np.ndarray, groups: list[list[int]], axis: int) -> np.ndarray:
    values = np.asarray(values)
    if not groups:
        return values  # no features: no groups
    return np.stack([values.take(positions, axis).sum(axis) for positions in groups], axis)


def _of_singles(data: np.ndarray, groups: list[list[int]]) -> np.ndarray:
    """The data of features that stay; a group of several has none: NaN among numbers, else None."""
    first = [positions[0] for positions in groups]
    merged = [at for at, positions in enumerate(groups) if len(positions) > 1]
    kept = data[..., first]
    if not merged:
        return kept
    is_number = data.dtype.kind in "bf" or (data.dtype.kind in "iu" and np.abs(data).max(initial=0) < 2**53)
    kept = kept.astype(np.float64 if is_number else object)
    kept[..., merged] = np.nan if is_number else None
    return kept
