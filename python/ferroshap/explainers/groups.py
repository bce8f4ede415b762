"""How groups of columns are shown as the data of one player."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.explainers.names import Positions
from ferroshap.inputs import Table
from ferroshap.maskers import Units

#: Columns of a group that are spelled out.
MOST_SHOWN = 3


def shown_groups(table: Table, positions: Positions, units: Units) -> NDArray[Any]:
    """Make the data of players: ``(rows, players)``.

    A player of one column shows its value. A group of columns of which exactly one is 1 and the others 0
    shows the name of that one, as an encoded category should; any other group shows its values as text.
    """
    order = np.arange(table.n_columns) if positions is None else np.asarray(positions)
    # Ten thousand columns of a frame one by one take seconds.
    numbers = None if table.matrix is None or table.matrix.dtype.kind not in "biuf" else table.matrix.astype(object)
    names = [str(position) for position in order] if table.names is None else [table.names[p] for p in order]
    shown = np.empty((table.n_rows, units.n_players), dtype=object)
    for player, members in enumerate(units.columns):
        positions_of = [int(order[member]) for member in members]
        if numbers is None:
            cells = [table.columns[position].objects() for position in positions_of]
        else:
            cells = [numbers[:, position] for position in positions_of]
        if len(members) == 1:
            shown[:, player] = cells[0]
        else:
            own = [names[member] for member in members]
            shown[:, player] = [_text(own, values) for values in zip(*cells, strict=True)]
    try:
        return shown.astype(np.float64) if all(len(members) == 1 for members in units.columns) else shown
    except (TypeError, ValueError):
        return shown


def _text(names: list[str], values: tuple[Any, ...]) -> str:
    is_one = [value == 1 for value in values]
    if sum(is_one) == 1 and all(one or value == 0 for one, value in zip(is_one, values, strict=True)):
        return names[is_one.index(True)]
    spelled = [f"{name}={value}" for name, value in zip(names, values, strict=True)][:MOST_SHOWN]
    return ", ".join(spelled) + (", ..." if len(values) > MOST_SHOWN else "")
