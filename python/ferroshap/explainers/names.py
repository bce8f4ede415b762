"""Names of features and outputs, and columns brought into the model's order."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.errors import DimensionError
from ferroshap.inputs import Table, as_written_in, match_columns
from ferroshap.maskers import Masker
from ferroshap.models import Model

Positions = NDArray[np.intp] | None


def numbered(word: str, count: int) -> list[str]:
    """``word 0``, ``word 1``, ...: the names of what was given none.

    Examples
    --------
    >>> numbered("Feature", 2)
    ['Feature 0', 'Feature 1']
    """
    return [f"{word} {number}" for number in range(count)]


def checked_names(names: Any, count: int, argument: str, things: str) -> list[str] | None:
    """Return the names that the user gave as a list of text, None where none were given.

    Raises
    ------
    DimensionError
        When there are not `count` of them.
    """
    if names is None:
        return None
    listed = [names] if isinstance(names, str) else [str(name) for name in _iterable(names)]
    if len(listed) != count:
        msg = f"`{argument}` has {len(listed)} names, but there are {count} {things}: give one name for each"
        raise DimensionError(msg)
    return listed


def output_names(given: Any, model: Model | None, n_outputs: int) -> list[str]:
    """Return the names of the outputs: those given, else the model's classes, else numbers."""
    names = checked_names(given, n_outputs, "output_names", "outputs")
    if names is not None:
        return names
    known = None if model is None else model.output_names
    return known if known is not None and len(known) == n_outputs else numbered("Output", n_outputs)


class Columns:
    """The columns of a background in the order that the model wants, and those of rows matched to them.

    Parameters
    ----------
    masker : Masker
        The background as it was given; `masker` of this object has the model's order.
    model : Model or None
        May know the columns that it was fitted on.
    feature_names : list of str, optional
        Names by the user, in the order of the background as it was given.
    argument : str
        What the caller calls the background.
    """

    def __init__(self, masker: Masker, model: Model | None, feature_names: Any, argument: str) -> None:
        """Match the background to the model."""
        table = masker.table
        own = None if model is None else model.reference_names
        self.background_order = match_columns(
            table, as_written_in(table, own), argument=argument, reference="the model"
        )
        self.masker = masker
        self.units = masker.units
        things = "columns in the background" if self.units is None else "players"
        self._given = checked_names(feature_names, masker.n_players, "feature_names", things)
        #: Names that explained rows are matched with, in the model's order; None to go by position.
        self.reference = own if table.names is None else table.names
        if self.background_order is not None:
            self.masker = masker.reordered(self.background_order)
            self.reference = self.masker.table.names
        #: Names of the features when the rows bring none, in the order of the background as it was given.
        self.names = self._given or masker.feature_names or own or numbered("Feature", table.n_columns)

    @property
    def source_names(self) -> list[str] | None:
        """What the columns to be explained are called in tables, in the background's own order; None for nothing."""
        if self.reference is None:
            return None if self.units is not None else self._given
        return in_given_order(self.reference, self.background_order)

    @property
    def n_columns(self) -> int:
        """Columns of a table that is explained."""
        return self.masker.table.n_columns

    def match(self, rows: Table) -> tuple[Table, Positions]:
        """Return the rows with the model's columns, and where each stood."""
        if rows.names is None or self.reference is None:
            positions = self.background_order
            if rows.n_columns != self.masker.table.n_columns:
                msg = (
                    f"`{rows.argument}` has {rows.n_columns} columns, but the background has "
                    f"{self.masker.table.n_columns}: pass the same columns in the same order"
                )
                raise DimensionError(msg)
        else:
            positions = match_columns(
                rows, as_written_in(rows, self.reference), argument=rows.argument, reference="the background"
            )
        return (rows, None) if positions is None else (rows.reorder(positions), positions)

    def names_of(self, rows: Table) -> list[str]:
        """Names of the features in the order of the rows; groups have an order of their own."""
        return self.names if self.units is not None else rows.names or self.names


def in_given_order(names: list[str], order: Positions) -> list[str]:
    """Bring names from the model's order to that of the background, of which `order` says where each stands.

    Examples
    --------
    >>> in_given_order(["a", "b", "c"], np.array([2, 0, 1]))
    ['b', 'c', 'a']
    """
    return names if order is None else [names[place] for place in np.argsort(order)]


def _iterable(names: Any) -> Iterable[object]:
    return names if hasattr(names, "__iter__") else [names]
