"""The question: how often a 90 % confidence interval holds the truth, by estimator, kind of game and budget.

Every budget, kind and estimator is judged on the same pairs of a game and a seed: protocol B's games (8 rows, 4 seeds
by default), and eight synthetic kinds of the contract suite. A player's value of a game is one interval; where an
estimator says that it knows no error (NaN), that is counted apart. `python coverage.py 8 4` are rows and seeds.
"""

import sys
import warnings

import measuring
import numpy as np
from measuring import protocol_b
from measuring.cells import Cell

import ferroshap

sys.path.insert(0, str(measuring.REPOSITORY))
from tests.contract import games as contract

TIMES = [4, 8, 16, 32]
LEVEL = 0.9
N_PLAYERS = 10
NAMES = ["Auto", "OddGP", "SparseOdd", "Leverage", "Permutation", "Controlled", "Unbiased"]


class Synthetic(Cell):
    """A kind of the contract suite; its games and values are drawn there."""

    def known(self, number):
        table, values = contract.drawn(self.game, self.n_players, number)
        return table, values, 0.0


def kinds():
    """Protocol B's 16, grouped by model and background, and the synthetic ones."""
    yield from protocol_b.cells()
    for kind in contract.KINDS:
        yield Synthetic(f"synthetic {kind.__name__}", N_PLAYERS, kind)


def covered(cell, method, n_rows, n_seeds):
    """Shares of intervals that hold the value, and of those unknown ``(2, times)``."""
    hits, unknown, pairs = np.zeros(len(TIMES)), np.zeros(len(TIMES)), 0
    for row in range(n_rows):
        game, values, _ = cell.known(row)
        rounding = 1e-12 * np.abs(values).max()
        for seed in range(n_seeds):
            pairs += 1
            for place, times in enumerate(TIMES):
                budget = times * cell.n_players
                found = ferroshap.estimate(game, method, budget=budget, rng=1000 * row + seed, silent=True)
                low, high = found.confidence_interval(LEVEL)
                is_unknown = np.isnan(low)
                hits[place] += np.mean((low - rounding <= values) & (values <= high + rounding))
                unknown[place] += is_unknown.mean()
    return np.array([hits / np.maximum(pairs - unknown, 1e-9), unknown / pairs])


def main():
    warnings.simplefilter("ignore")
    measuring.environment("ferroshap")
    n_rows, n_seeds = (int(word) for word in sys.argv[1:3]) if len(sys.argv) > 2 else (8, 4)
    chosen = list(kinds())
    names = [name for name in NAMES if hasattr(ferroshap.estimators, name)]
    shares = {}
    for name in names:
        method = getattr(ferroshap.estimators, name)()
        shares[name] = np.array([covered(cell, method, n_rows, n_seeds) for cell in chosen])  # (kinds, 2, times)
    budgets = [f"{times}n" for times in TIMES]
    print(f"Coverage of nominal {LEVEL:.0%} intervals, per cent, at {' / '.join(budgets)}, by kind of game;")
    print(f"{n_rows * n_seeds} pairs of a game and a seed each:\n")
    rows = [
        [cell.name, *(" / ".join(map(percent, shares[name][k, 0])) for name in names)] for k, cell in enumerate(chosen)
    ]
    measuring.table(["kind", *names], rows)
    is_b = np.array([cell.name.startswith("B ") for cell in chosen])
    print("Means over kinds:\n")
    rows = []
    for name in names:
        for title, picked in [("protocol B", is_b), ("synthetic", ~is_b)]:
            means, unknown = shares[name][picked].mean(axis=0)
            pairs = picked.sum() * n_rows * n_seeds
            rows.append([name, f"{title}, {pairs} pairs", *map(percent, means), " / ".join(map(percent, unknown))])
    measuring.table(["estimator", "games", *budgets, "error unknown"], rows)


def percent(share):
    return f"{100 * share:.0f}"


if __name__ == "__main__":
    main()
