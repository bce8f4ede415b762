"""Reducers over pieces of a table, as other people's engines hand them out."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ferroshap.engines.arrow import explain_block
from ferroshap.engines.files.keeping import by_name
from ferroshap.export.libraries import met

Reducers = dict[str, Any]


@dataclass(frozen=True)
class Reducing:
    """How a piece is explained and reduced: small, and the same for all pieces.

    Parameters
    ----------
    reducers : dict
        By name, as they have seen nothing.
    call : dict
        Options of `explain_block`.
    """

    reducers: Reducers
    call: dict[str, Any]

    @classmethod
    def of(cls, reducers: Any, call: dict[str, Any]) -> "Reducing":
        """Take what a user passes as `reducers`; what it has seen already stays with the user.

        Raises
        ------
        OptionError
            For what is no reducer, for two of one name, and for none.
        """
        return cls({name: reducer.fresh() for name, reducer in by_name(reducers).items()}, call)

    def part(self, explainer: Any, rows: Any) -> Reducers:
        """Explain a piece, and reduce it."""
        explained = explain_block(explainer, rows, **self.call)
        if not len(explained.values):  # nothing is known of rows that are not there, errors of their values least
            return self.merged(())
        return {name: reducer.part(explained) for name, reducer in self.reducers.items()}

    def merged(self, parts: Iterable[Reducers]) -> Reducers:
        """Merge what pieces were reduced to: in any order, to the same bytes."""
        whole = {name: reducer.fresh() for name, reducer in self.reducers.items()}
        for part in parts:
            for name, reducer in part.items():
                whole[name].merge(reducer)
        return whole

    def as_table(self, part: Reducers) -> Any:
        """Write what a piece was reduced to as a table of two columns, for engines that move nothing else."""
        arrow = met("pyarrow", "engines.reduce")
        states = [reducer.to_bytes() for reducer in part.values()]
        return arrow.table([list(part), arrow.array(states, arrow.binary())], names=["reducer", "state"])

    def of_rows(self, rows: Iterable[tuple[str, bytes]]) -> Reducers:
        """Read rows of such tables, and merge them."""
        return self.merged({name: type(self.reducers[name]).from_bytes(state)} for name, state in rows)


def in_groups(items: list[Any], size: int) -> Iterator[list[Any]]:
    """Cut a list.

    Examples
    --------
    >>> [*in_groups([1, 2, 3, 4, 5], 2)]
    [[1, 2], [3, 4], [5]]
    """
    return (items[first : first + size] for first in range(0, len(items), size))
