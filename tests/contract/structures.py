"""Estimators of values that know who stays together, or who comes first: they keep the laws with truths of their own."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import numpy as np
from tests.contract.games import drawn
from tests.contract.records import never
from tests.oracle import mean_gains, orders_of_tree, orders_with_precedence

from ferroshap.estimators import Owen, Permutation


def balanced(players):
    """Halves of halves."""
    half = len(players) // 2
    return (balanced(players[:half]), balanced(players[half:])) if half else players[0]


def ragged(players):
    """Groups of three, then of two, a loner among them, in no order: as users' groups are."""
    mixed = np.random.default_rng(len(players)).permutation(players).tolist()
    groups = tuple(tuple(mixed[first:end]) for first, end in [(1, 4), (4, 6), (6, 8)])
    return (mixed[0], *filter(None, [tuple(filter(None, groups))]), *mixed[8:])


def chain(players):
    """One after the other leaves the rest."""
    tree = players[-1]
    for player in reversed(players[:-1]):
        tree = (player, tree)
    return tree


def n_coalitions(tree, around=1):
    """Coalitions that split a node of the tree, in so many contexts."""
    if isinstance(tree, int):
        return 0
    if len(tree) == 1:
        return n_coalitions(tree[0], around)
    below = around * 2 ** (len(tree) - 1)
    return (2 ** len(tree) - 2) * around + sum(n_coalitions(child, below) for child in tree)


def first_split(tree):
    """Unions of some but not all of the root's children, and both endpoints."""
    while not isinstance(tree, int) and len(tree) == 1:
        tree = tree[0]
    return 2 if isinstance(tree, int) else 2 ** len(tree)


def causes(n):
    """0 before all even players, each odd one before the next odd one."""
    return [*((0, later) for later in range(2, n, 2)), *pairwise(range(1, n, 2))]


def n_down_sets(n):
    """Nobody or 0 with any even players; any number of odd ones: those are a chain."""
    n_even, n_odd = (n - 1) // 2, n // 2
    return (1 + 2**n_even) * (n_odd + 1)


@dataclass(frozen=True)
class Structure:
    """What an estimator claims, each by the number of players."""

    name: str
    method: Callable[[int], Any]
    orders: Callable[[int], Any]  # with their weights
    least: Callable[[int], int]  # below, the budget is refused
    exact: Callable[[int], int]
    unbiased: Callable[[int], int]  # also linear, and an order is complete
    unit: Callable[[int], int]  # evaluations of an order

    def record(self, n):
        """What laws of all estimators ask for."""
        return SimpleNamespace(name=self.name, method=self.method(n), least=self.least, exact=self.exact)


def owen(name, shape, sampling):
    """Values along a tree, by one of the ways."""
    tree = cache(lambda n: shape(list(range(n))))

    def every(n):
        return 2 + n_coalitions(tree(n))

    def order(n):
        return 2 if n == 1 else 2 * n

    def either(n):
        return min(first_split(tree(n)), order(n))

    least = {"auto": either, "exact": every, "adaptive": lambda n: first_split(tree(n)), "orders": order}
    return Structure(
        name,
        lambda n: Owen(tree=tree(n), sampling=sampling),
        cache(lambda n: orders_of_tree(tree(n))),
        least[sampling],
        (lambda n: never(n) if n > 1 else 2) if sampling == "orders" else every,
        order if sampling == "orders" else every,
        lambda n: 2 * (n - 1),
    )


def asymmetric(name, law):
    """Orders in which causes come first."""
    return Structure(
        name,
        lambda n: Permutation(precedence=causes(n), law=law) if n > 2 else Permutation(precedence=[(0, 1)][: n - 1]),
        cache(lambda n: orders_with_precedence(n, causes(n) if n > 2 else [(0, 1)][: n - 1], law)),
        lambda n: n + 1,
        lambda n: n_down_sets(n) if n > 2 else n + 1,
        lambda n: n + 1,
        lambda n: n - 1,
    )


STRUCTURES = [
    owen("owen", ragged, "auto"),
    owen("owen exact", ragged, "exact"),
    owen("owen adaptive", balanced, "adaptive"),
    owen("owen chain", chain, "adaptive"),
    owen("owen orders", ragged, "orders"),
    asymmetric("precedence", "uniform"),
    asymmetric("precedence sequential", "sequential"),
]


@cache
def truth(structure_name, kind, n, number):
    """The oracle's values of a game."""
    structure = next(structure for structure in STRUCTURES if structure.name == structure_name)
    return np.array(mean_gains(drawn(kind, n, number)[0].worths.tolist(), structure.orders(n)))
