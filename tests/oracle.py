"""What every estimator is judged by: the definition, over all coalitions, sharing no code with what it judges."""

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
