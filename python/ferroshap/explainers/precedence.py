"""Who comes before whom, and who stays together, by the names and numbers that users know."""

from dataclasses import replace

import numpy as np

from ferroshap.errors import OptionError
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

    def place(player: int | str) -> int:
        number = int(player)
        if number < len(names):
            return int(places[number])
        msg = f"`precedence` holds {number}, but features are 0 to {len(names) - 1}"
        raise OptionError(msg)

    pairs = method.among(names).precedence
    return replace(method, precedence=[(place(before), place(after)) for before, after in pairs])
