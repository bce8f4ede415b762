"""Reducers alone, without a destination: nothing is written."""

from typing import Any

from ferroshap.engines.files.work import Finished
from ferroshap.errors import OptionError


class InMemory:
    """What blocks were reduced to, and how many rows they had.

    Parameters
    ----------
    reducers : dict
        Fresh ones, by name.
    """

    def __init__(self, reducers: dict[str, Any]) -> None:
        """Nothing was seen yet."""
        self.reduced = {name: reducer.fresh() for name, reducer in reducers.items()}
        self.done: set[int] = set()
        self.rows = 0

    def take(self, finished: Finished) -> None:
        """See a block."""
        for name, part in finished.reducers.items():
            self.reduced[name].merge(part)
        self.rows += finished.n_rows

    def end_unit(self) -> None:
        """Nothing has to be said of it."""


def by_name(reducers: Any) -> dict[str, Any]:
    """Return reducers by name: those of a dict by its keys, others by their classes.

    Raises
    ------
    OptionError
        For what is no reducer, and for two of one name.

    Examples
    --------
    >>> from ferroshap.engines import reducers
    >>> list(by_name([reducers.MeanAbs(), reducers.Mean()]))
    ['MeanAbs', 'Mean']
    """
    if reducers is None:
        return {}
    if isinstance(reducers, dict):
        found = dict(reducers)
    else:
        listed = list(reducers) if hasattr(reducers, "__iter__") else [reducers]
        found = {}
        for reducer in listed:
            name = type(reducer).__name__
            if name in found:
                msg = (
                    f"`reducers` has two of the name {name!r}: give them names, as in {{'a': {name}(), 'b': {name}()}}"
                )
                raise OptionError(msg)
            found[name] = reducer
    for name, reducer in found.items():
        if isinstance(reducer, type) or not all(
            hasattr(reducer, word) for word in ("part", "merge", "to_bytes", "fresh")
        ):
            shown = (
                f"the class {reducer.__name__}: make one, {reducer.__name__}()"
                if isinstance(reducer, type)
                else reducer
            )
            msg = f"`reducers` has {name!r}: {shown}, but must hold reducers of ferroshap.engines.reducers"
            raise OptionError(msg)
        if not isinstance(name, str):
            msg = f"`reducers` has the name {name!r}, but names are text"
            raise OptionError(msg)
    return found
