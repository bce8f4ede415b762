"""Trees of six features, and Owen values of real models by the definition: all orders that respect a tree."""

import numpy as np
from tests.oracle import orders_of_tree

BINARY = [[[0, 3], 1], [[2, 5], 4]]
CHAIN = [[[[[0, 1], 2], 3], 4], 5]
FAMILIES = {"three": [0, 2, 4], "two": {"a": 1, "b": [5, 3]}}
TREES = {"binary": BINARY, "chain": CHAIN, "families": FAMILIES, "flat": [0, 1, 2, 3, 4, 5]}


def owen(worth, tree, n_players):
    """The definition: the mean gain over all orders of the tree; `worth` takes a frozenset."""
    values = [0.0] * n_players
    for order, weight in orders_of_tree(tree):
        for place, player in enumerate(order):
            gain = worth(frozenset(order[: place + 1])) - worth(frozenset(order[:place]))
            values[player] = values[player] + weight * gain
    return np.array(values)


def same(outputs):
    return outputs


def game_of(model, background, x, *, units=None, weights=None, link=None, linearized=True):
    """Worths of sets of players by the definition, `(outputs,)` each, kept."""
    units = units or [[column] for column in range(background.shape[1])]
    shares = np.full(len(background), 1 / len(background)) if weights is None else weights / np.sum(weights)
    link = link or same

    def outputs(rows):
        return np.asarray(model(rows), dtype=float).reshape(len(rows), -1)

    known = outputs(background)
    mean = shares @ known
    with np.errstate(all="ignore"):
        slopes = (known - mean) / (link(known) - link(mean))
    factors = shares[:, None] * slopes / (shares @ slopes) if linearized and link is not same else shares[:, None]
    worths = {}

    def worth(players):
        if players not in worths:
            rows = background.copy()
            for player in players:
                rows[:, units[player]] = x[units[player]]
            got = outputs(rows)
            worths[players] = (factors * link(got)).sum(axis=0) if linearized else link((factors * got).sum(axis=0))
        return worths[players]

    return worth


def by_definition(model, background, rows, tree, **options):
    n_players = len(options.get("units") or background.T)
    return np.stack([owen(game_of(model, background, x, **options), tree, n_players) for x in rows])


def close(explanation, wanted):
    values = np.asarray(explanation.values)
    values = values if values.ndim == 3 else values[..., None]
    return np.allclose(values, wanted, rtol=0, atol=1e-11 * (1 + np.abs(wanted).max()))
