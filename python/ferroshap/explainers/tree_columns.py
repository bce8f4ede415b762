"""Columns of background and rows, matched by name to those that a tree model was trained on."""

import copy
from typing import Any

from ferroshap.errors import DimensionError
from ferroshap.explainers.names import Positions, checked_names, numbered
from ferroshap.inputs import Table, match_columns
from ferroshap.inputs.matching import is_automatic
from ferroshap.maskers import Independent


class TreeColumns:
    """The columns that a model was trained on, and those of tables matched to them.

    Parameters
    ----------
    n_columns : int
        Columns of the model.
    own : list of str or None
        Their names, where the model knows them.
    masker : Independent or None
        The background as it was given; `masker` of this object has the model's order.
    feature_names : list of str, optional
        Names by the user, in the order of the background, or of the model where there is none.
    """

    def __init__(self, n_columns: int, own: list[str] | None, masker: Independent | None, feature_names: Any) -> None:
        """Match the background to the model."""
        own = None if own is None or is_automatic(own) else own
        self._n_columns = n_columns
        given = checked_names(feature_names, n_columns, "feature_names", "columns in the model")
        self.masker = masker
        self._background_order: Positions = None
        #: Names that explained rows are matched with, in the model's order; None to go by position.
        self._reference = own
        table = None if masker is None else masker.table
        if masker is not None and table is not None:
            _check_count(table, n_columns)
            order = match_columns(table, _as_written_in(table, own), argument="data", reference="the model")
            if order is not None:
                self._background_order = order
                self.masker = copy.copy(masker)
                self.masker.table = table.reorder(order)
            if table.names is not None:
                self._reference = self.masker.table.names if self.masker is not None else None
        #: Names of the features when the rows bring none.
        self.names = given or (table.names if table is not None else None) or own or numbered("Feature", n_columns)

    def match(self, rows: Table) -> tuple[Table, Positions]:
        """Return the rows with the model's columns, and where each stood."""
        if rows.names is None:
            positions = self._background_order
            _check_count(rows, self._n_columns)
        else:
            reference = "the model" if self._background_order is None else "the background"
            if self._reference is None:
                _check_count(rows, self._n_columns)
            names = _as_written_in(rows, self._reference)
            positions = match_columns(rows, names, argument=rows.argument, reference=reference)
        return (rows, None) if positions is None else (rows.reorder(positions), positions)


def _as_written_in(table: Table, own: list[str] | None) -> list[str] | None:
    """The model's names as the table has them: LightGBM keeps an underscore for each space."""
    if own is None or table.names is None:
        return own
    spelled = {name.replace(" ", "_"): name for name in table.names}
    known = set(table.names)
    return [name if name in known else spelled.get(name, name) for name in own]


def _check_count(table: Table, n_columns: int) -> None:
    if table.n_columns != n_columns and table.names is None:
        msg = (
            f"`{table.argument}` has {table.n_columns} columns; the model was built with {n_columns}: "
            "pass the same columns in the same order"
        )
        raise DimensionError(msg)
