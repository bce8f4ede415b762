"""Groups of columns as players."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from ferroshap.errors import OptionError, nearest
from ferroshap.maskers.masker import Masker
from ferroshap.maskers.recognition import as_masker
from ferroshap.maskers.units import Units


class Groups(Masker):
    """Make groups of columns the players: the columns of one variable, the sensors of one machine, words.

    The columns of a group are present together or absent together, so a group has one value. Columns named nowhere
    are players of their own. Fewer players take fewer evaluations, and a value is not split among columns that
    cannot change alone.

    Parameters
    ----------
    masker : masker or background data
        How absent columns are filled: any masker for tables.
    groups : dict
        From the name of a group to its columns: names or positions, or one of either.

    Raises
    ------
    OptionError
        When a column does not exist, or is in two groups, or a group is empty or named like a column of its own;
        when the masker has groups or a tree already.

    Examples
    --------
    >>> masker = Groups([[0.0, 0.0, 0.0]], {"position": [0, 1]})
    >>> masker.feature_names
    ['position', 'Feature 2']
    >>> from ferroshap import ExactExplainer
    >>> ExactExplainer(lambda X: X[:, 0] * X[:, 1] + X[:, 2], masker).shap_values([[2.0, 3.0, 1.0]])
    array([[6., 1.]])
    """

    def __init__(self, masker: Any, groups: Mapping[str, Any]) -> None:
        """Find the columns of the groups."""
        inner = as_masker(masker)
        if inner.units is not None:
            msg = f"`masker` is {inner!r}, whose players are groups already: name all groups at once"
            raise OptionError(msg)
        if inner.tree is not None:
            msg = f"`masker` is {inner!r}, whose tree knows no groups: pass maskers.Partition(maskers.Groups(...))"
            raise OptionError(msg)
        self.inner: Masker = inner
        self.table, self.weights = inner.table, inner.weights
        self.n_summarised = inner.n_summarised
        self.is_conditional = inner.is_conditional
        names = inner.table.names or [f"Feature {column}" for column in range(inner.table.n_columns)]
        self.units = group_units(names, groups)

    @property
    def filler(self) -> Masker:
        """The masker that fills absent columns."""
        return self.inner.filler

    def reordered(self, positions: Any) -> "Groups":
        """Give the same masker for a table whose columns are those at `positions`, in that order."""
        twin = super().reordered(positions)
        twin.inner = self.inner.reordered(positions)
        return twin

    def __repr__(self) -> str:
        """Name the groups' masker, and count the players."""
        return f"Groups({self.inner!r}, {self.n_players} players)"


def group_units(names: list[str], groups: Mapping[str, Any]) -> Units:
    """The players of a table: groups in the order of their first columns, among the columns that are in none.

    Parameters
    ----------
    names : list of str
        The columns of the table.
    groups : dict
        From the name of a group to its columns, by name or position.

    Raises
    ------
    OptionError
        When a column does not exist, or is in two groups, or a group is empty or named like a column of its own.

    Examples
    --------
    >>> group_units(["x", "age", "y"], {"position": ["x", "y"]}).names
    ['position', 'age']
    """
    if not isinstance(groups, Mapping) or not groups:
        msg = f"`groups` is {groups!r}, but must be a dict from names of groups to their columns"
        raise OptionError(msg)
    owner: dict[int, str] = {}
    places: dict[str, list[int]] = {}
    for column, name in enumerate(names):
        places.setdefault(name, []).append(column)
    for group, members in groups.items():
        listed = [members] if isinstance(members, str) or not isinstance(members, Iterable) else list(members)
        if not listed:
            msg = f"`groups[{group!r}]` is empty, but a group needs at least one column"
            raise OptionError(msg)
        for member in listed:
            column = _position(member, names, places, group)
            if column in owner:
                msg = f"`groups` has column {names[column]!r} in {owner[column]!r} and in {group!r}: once is enough"
                raise OptionError(msg)
            owner[column] = str(group)
    alone = [names[column] for column in range(len(names)) if column not in owner]
    taken = sorted(set(owner.values()) & set(alone))
    if taken:
        msg = f"`groups` names a group {taken[0]!r}, as is a column that is not in it: choose another name"
        raise OptionError(msg)
    players: dict[str | int, list[int]] = {}
    for column in range(len(names)):
        players.setdefault(owner.get(column, column), []).append(column)
    columns = [np.array(members, dtype=np.int64) for members in players.values()]
    return Units(columns, [names[key] if isinstance(key, int) else key for key in players])


def _position(member: Any, names: list[str], places: Mapping[str, list[int]], group: Any) -> int:
    """Where a column stands that was given by name or by position."""
    if isinstance(member, str):
        found = places.get(member, [])
        if len(found) != 1:
            known = f"{nearest(member, names)} Known: {', '.join(names[:20])}{', ...' if len(names) > 20 else ''}"
            msg = f"`groups[{group!r}]` has {member!r}, which is not the name of one column{known}"
            raise OptionError(msg)
        return found[0]
    is_integer = hasattr(member, "__index__") and not isinstance(member, bool)
    if not is_integer or not 0 <= int(member) < len(names):
        msg = f"`groups[{group!r}]` has {member!r}, but columns are names, or numbers from 0 to {len(names) - 1}"
        raise OptionError(msg)
    return int(member)
