"""Names along an axis, looked up in constant time and shared by every slice that leaves the axis whole."""

import difflib
from collections.abc import Iterable
from typing import Any

from ferroshap.explanation.axes import Key

_DUPLICATE = -1


class NameTable:
    """The names along one axis, with their positions.

    The dictionary is built at the first lookup and then shared: 20 or 20,000
    names cost the same when an Explanation is cut row by row.

    Examples
    --------
    >>> table = NameTable(["age", "bmi", "sex"])
    >>> table.position("bmi", "feature")
    1
    >>> table.take(slice(None, None, -1))
    NameTable(['sex', 'bmi', 'age'])
    """

    __slots__ = ("_positions", "names")

    def __init__(self, names: Iterable[object]) -> None:
        self.names: list[str] = [name if type(name) is str else str(name) for name in names]
        self._positions: dict[str, int] | None = None

    @classmethod
    def numbered(cls, word: str, count: int) -> "NameTable":
        """``word 0``, ``word 1``, ...: the names of an axis that was given none."""
        return cls([f"{word} {i}" for i in range(count)])

    def __len__(self) -> int:
        """Count the names."""
        return len(self.names)

    def __repr__(self) -> str:
        """Show the names."""
        return f"NameTable({self.names!r})"

    def __eq__(self, other: object) -> bool:
        """Tell whether the same names stand in the same order."""
        return isinstance(other, NameTable) and self.names == other.names

    def __hash__(self) -> int:
        """Agree with equality."""
        return hash(tuple(self.names))

    def __reduce__(self) -> tuple[type["NameTable"], tuple[list[str]]]:
        """Pickle the names; the dictionary is built again."""
        return NameTable, (self.names,)

    def position(self, name: str, role: str) -> int:
        """Return where `name` stands.

        Raises
        ------
        KeyError
            With the three nearest names if it is unknown; asking for a number
            if it stands there more than once.
        """
        positions = self._positions
        if positions is None:
            positions = self._build()
        at = positions.get(name)
        if at is None:
            raise KeyError(self._unknown(name, role))
        if at == _DUPLICATE:
            where = [i for i, other in enumerate(self.names) if other == name]
            msg = f"{role} {name!r} stands at {len(where)} positions ({_shown(where)}): index by number"
            raise KeyError(msg)
        return at

    def take(self, key: Key) -> Any:
        """Select names: a string for an int, else another table (this one if `key` is None)."""
        if key is None:
            return self
        if isinstance(key, int):
            return self.names[key]
        if isinstance(key, slice):
            return NameTable(self.names[key])
        return NameTable([self.names[i] for i in key.tolist()])

    def _build(self) -> dict[str, int]:
        positions: dict[str, int] = {}
        for i, name in enumerate(self.names):
            positions[name] = _DUPLICATE if name in positions else i
        self._positions = positions
        return positions

    def _unknown(self, name: str, role: str) -> str:
        lower: dict[str, str] = {}
        for known in self.names:
            lower.setdefault(known.lower(), known)
        nearest = [lower[match] for match in difflib.get_close_matches(name.lower(), lower, n=3, cutoff=0.0)]
        return f"no {role} is called {name!r}; nearest: {', '.join(map(repr, nearest))}"


def _shown(positions: list[int]) -> str:
    """List the first few positions."""
    return ", ".join(map(str, positions[:4])) + (", ..." if len(positions) > 4 else "")


class FeatureNames:
    """The names of the feature axes, and of the feature that was picked from an axis no longer there.

    Ordinary values have one table; interactions two, the same object until one
    axis is cut alone; images none.
    """

    __slots__ = ("picked", "tables")

    def __init__(self, tables: tuple[NameTable | None, ...], picked: str | None = None) -> None:
        self.tables = tables
        self.picked = picked

    def __reduce__(self) -> tuple[type["FeatureNames"], tuple[tuple[NameTable | None, ...], str | None]]:
        """Pickle both parts."""
        return FeatureNames, (self.tables, self.picked)

    def take(self, keys: tuple[Key, ...]) -> "FeatureNames":
        """Select along each feature axis; an int picks a name and drops the axis."""
        tables: list[NameTable | None] = []
        picked = [] if self.picked is None else [self.picked]
        for table, key in zip(self.tables, keys, strict=True):
            if not isinstance(key, int):
                tables.append(None if table is None else table.take(key))
            elif table is not None:
                picked.append(table.take(key))
        return FeatureNames(tuple(tables), " * ".join(picked) if picked else None)

    def drop(self, axis: int) -> "FeatureNames":
        """Forget the names of one feature axis that was reduced."""
        return FeatureNames(self.tables[:axis] + self.tables[axis + 1 :], self.picked)

    def shown(self) -> list[str] | list[list[str] | None] | str | None:
        """What `Explanation.feature_names` answers: a list, a list for each axis, or one string."""
        if not self.tables:
            return self.picked
        first = self.tables[0]
        if all(table is first for table in self.tables):
            return None if first is None else list(first.names)
        return [None if table is None else list(table.names) for table in self.tables]
