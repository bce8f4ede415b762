"""What every estimator is judged by: the definition, over all coalitions, sharing no code with what it judges."""

from itertools import permutations, product
from math import factorial, fsum


def shapley(worth, n_players):
    """Shapley values of a game given as all `2 ** n_players` worths; bit `i` of a position: player `i` is in."""
    values = []
    for player in range(n_players):
        gains = []
        for coalition in range(2**n_players):
            if not coalition >> player & 1:
                size = coalition.bit_count()
                weight = factorial(size) * factorial(n_players - size - 1) / factorial(n_players)
                gains.append(weight * (worth[coalition | 1 << player] - worth[coalition]))
        values.append(fsum(gains))
    return values


def orders_of_tree(tree):
    """All orders in which the players of every group of a nested tuple stand together, with equal weights."""
    if isinstance(tree, int):
        return [((tree,), 1.0)]
    found = [
        tuple(player for order, _ in parts for player in order)
        for arranged in permutations(tree)
        for parts in product(*map(orders_of_tree, arranged))
    ]
    return [(order, 1 / len(found)) for order in found]


def orders_with_precedence(n_players, pairs, law):
    """All orders in which the first of each pair stands before the second, with the weights of a law."""
    found = [o for o in permutations(range(n_players)) if all(o.index(a) < o.index(b) for a, b in pairs)]
    if law == "uniform":
        return [(order, 1 / len(found)) for order in found]
    weighed = []
    for order in found:
        weight = 1.0
        for place in range(n_players):
            waiting = order[place:]
            weight /= sum(not any(b == player and a in waiting for a, b in pairs) for player in waiting)
        weighed.append((order, weight))
    return weighed


def mean_gains(worth, orders):
    """What each player adds to those before, averaged over weighed orders."""
    gains = [[] for _ in orders[0][0]]
    for order, weight in orders:
        before = 0
        for player in order:
            after = before | 1 << player
            gains[player].append(weight * (worth[after] - worth[before]))
            before = after
    return [fsum(gain) for gain in gains]
