"""Columns of background and rows, matched by name to those that a tree model was trained on."""

from typing import TYPE_CHECKING, Any

import numpy as np

from ferroshap.errors import DimensionError
from ferroshap.explainers.names import Positions, checked_names, in_given_order, numbered
from ferroshap.explainers.trees.players import TreePlayers
from ferroshap.inputs import Table, as_written_in, match_columns
from ferroshap.inputs.matching import is_automatic
from ferroshap.maskers import Masker, group_units

if TYPE_CHECKING:
    from ferroshap.models import Front


class TreeColumns:
    """The columns that a model was trained on, and those of tables matched to them.

    Parameters
    ----------
    n_columns : int
        Columns of the model, or of the pipeline that it ends.
    own : list of str or None
        Their names, where the model knows them.
    masker : Masker or None
        The background as it was given; `masker` of this object has the model's order.
    feature_names : list of str, optional
        Names by the user, in the order of the background, or of the model where there is none.
    groups : dict, optional
        Players that are groups of columns, where no background brings some.
    front : Front or None
        The steps of a pipeline before the model.
    """

    def __init__(
        self,
        n_columns: int,
        own: list[str] | None,
        masker: Masker | None,
        feature_names: Any,
        *,
        groups: Any = None,
        front: "Front | None" = None,
    ) -> None:
        """Match the background to the model."""
        own = None if own is None or is_automatic(own) else own
        self._n_columns = n_columns
        self._front = front
        self.masker = masker
        self._background_order: Positions = None
        #: Names that explained rows are matched with, in the model's order; None to go by position.
        self._reference = own
        table = None if masker is None else masker.table
        if masker is not None and table is not None:
            _check_count(table, n_columns)
            order = match_columns(table, as_written_in(table, own), argument="data", reference="the model")
            if order is not None:
                self._background_order = order
                self.masker = masker.reordered(order)
            if table.names is not None and self.masker is not None:
                self._reference = self.masker.table.names
        #: The players, where they are groups of columns; in the model's order.
        self.units = None if self.masker is None else self.masker.units
        if groups is not None:
            self.units = group_units(own or numbered("Feature", n_columns), groups)
        count = n_columns if self.units is None else self.units.n_players
        given = checked_names(
            feature_names, count, "feature_names", "columns in the model" if self.units is None else "players"
        )
        found = (table.names if table is not None else None) if self.units is None else self.units.names
        #: Names of the features when the rows bring none.
        self.names = given or found or own or numbered("Feature", n_columns)
        self._given = given

    @property
    def source_names(self) -> list[str] | None:
        """What the columns to be explained are called in tables, in the background's own order; None for nothing."""
        if self._reference is None:
            return None if self.units is not None else self._given
        return in_given_order(list(self._reference), self._background_order)

    @property
    def n_columns(self) -> int:
        """Columns of a table that is explained."""
        return self._n_columns

    @property
    def background_order(self) -> Positions:
        """Where each column of the model stands in the background as it was given; None for the model's order."""
        return self._background_order

    @property
    def is_pipeline(self) -> bool:
        """Whether the model's own columns are born from those of the rows."""
        return self._front is not None

    @property
    def words(self) -> str:
        """What a plan says of the players; nothing where each column is one."""
        n_born = None if self._front is None else len(self._front.owners)
        of_steps = (
            "" if n_born is None else f"; the {n_born} columns that the pipeline makes count for those it is given"
        )
        return (
            of_steps if self.units is None else f"{of_steps}; {self.units.n_players} groups of columns are the players"
        )

    @property
    def players(self) -> TreePlayers | None:
        """The player of each column of the forest; None where each is one."""
        if self._front is None and self.units is None:
            return None
        owners = np.arange(self._n_columns) if self._front is None else self._front.owners
        return TreePlayers(owners if self.units is None else self.units.owners[owners], len(self.names))

    def born(self, table: Table) -> Table:
        """Return what the model itself is given of rows with the pipeline's columns."""
        return table if self._front is None else self._front(table)

    def match(self, rows: Table) -> tuple[Table, Positions]:
        """Return the rows with the model's columns, and where each stood."""
        if rows.names is None:
            positions = self._background_order
            _check_count(rows, self._n_columns)
        else:
            reference = "the model" if self._background_order is None else "the background"
            if self._reference is None:
                _check_count(rows, self._n_columns)
            names = as_written_in(rows, self._reference)
            positions = match_columns(rows, names, argument=rows.argument, reference=reference)
        return (rows, None) if positions is None else (rows.reorder(positions), positions)


def _check_count(table: Table, n_columns: int) -> None:
    if table.n_columns != n_columns and table.names is None:
        msg = (
            f"`{table.argument}` has {table.n_columns} columns; the model was built with {n_columns}: "
            "pass the same columns in the same order"
        )
        raise DimensionError(msg)
