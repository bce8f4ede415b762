"""Who comes before whom, and who stays together, by the names and numbers that users know."""

from dataclasses import replace

import numpy as np

from ferroshap.errors import OptionError, nearest
from ferroshap.estimators import Method, Owen, Permutation
from ferroshap.explainers.names import Columns


def with_numbers(method: Method, columns: Columns) -> Method:
    """Return a method whose precedence, or tree, is given in numbers of players; any other method itself.

    Names, and numbers, are those of the background as it was given; the players stand in the model's order.

    Raises
    ------
    OptionError
        Naming a feature that does not exist.
    """
    names = columns.names
    order = columns.background_order
    places = np.arange(len(names)) if order is None or columns.units is not None else np.argsort(order)
    if isinstance(method, Owen) and method.n_players == len(names):
        return method.renumbered(places.tolist())
    if not isinstance(method, Permutation) or not method.precedence:
        return method

    def number(player: int | str) -> int:
        if not isinstance(player, str):
            if player < len(names):
                return int(places[player])
            msg = f"`precedence` holds {player}, but features are 0 to {len(names) - 1}"
            raise OptionError(msg)
        if names.count(player) != 1:
            msg = f"`precedence` holds {player!r}, which is not the name of one feature{nearest(player, names)}"
            raise OptionError(msg)
        return int(places[names.index(player)])

    return replace(method, precedence=[(number(before), number(after)) for before, after in method.precedence])
