"""The question: how large is the error of sampled interactions at equal evaluations.

Protocol B, 16 kinds of games of 10 to 13 players, SII of order 2 by the table of all worths. The error is
|estimate - truth|^2 / |truth|^2 over pairs; every evaluation counts, those of the empty and the full coalition too.
Beside it how often nominal intervals of 90 % hold the truth, and the time of estimation. `python
interactions_accuracy.py 4 2` takes four rows of each game and two seeds.
"""

import sys
import time
import warnings

import measuring
import numpy as np
from measuring import protocol_b
from shapiq.approximator import SVARMIQ, KernelSHAPIQ

import ferroshap
from ferroshap.estimators import EvenGP

TIMES = [4, 8, 16, 32]
INDEX = "SII"


class Counted:
    """A game that counts what it is asked."""

    def __init__(self, game):
        self.game, self.n_players, self.n_evaluations = game, game.n_players, 0

    def __call__(self, coalitions):
        self.n_evaluations += len(coalitions)
        return self.game(coalitions)


def ours(game, budget, seed):
    found = ferroshap.estimate(game, EvenGP(index=INDEX), budget=budget, rng=seed).interactions
    return found.values[game.n_players :], found.confidence_interval(0.9)


def shapiq_method(approximator, **options):
    def estimate(game, budget, seed):
        method = approximator(n=game.n_players, max_order=2, index=INDEX, random_state=seed, **options)
        square = method.approximate(budget=budget, game=game).get_n_order_values(2)
        return square[np.triu_indices(game.n_players, k=1)], None

    return estimate


ESTIMATORS = {
    "EvenGP": ours,
    "shapiq KernelSHAP-IQ": shapiq_method(KernelSHAPIQ),
    "shapiq KernelSHAP-IQ, paired": shapiq_method(KernelSHAPIQ, pairing_trick=True),
    "shapiq SVARM-IQ": shapiq_method(SVARMIQ),
}


def measure(cell, n_rows, n_seeds):
    """Errors ``(estimators, budgets, runs)``, seconds alike, and shares of pairs inside our intervals."""
    budgets = [times * cell.n_players for times in TIMES]
    errors = np.zeros((len(ESTIMATORS), len(budgets), n_rows * n_seeds))
    seconds, inside = np.zeros(errors.shape), np.zeros(errors.shape[1:])
    for run in range(n_rows * n_seeds):
        game = cell.known(run // n_seeds)[0]
        exact = ferroshap.interaction_values(game.table, INDEX)
        truth = exact.values[cell.n_players :]
        for position, estimate in enumerate(ESTIMATORS.values()):
            for place, budget in enumerate(budgets):
                counted = Counted(game)
                begun = time.process_time()
                values, interval = estimate(counted, budget, run)
                seconds[position, place, run] = time.process_time() - begun
                if counted.n_evaluations > budget:
                    print(f"{list(ESTIMATORS)[position]} asked {counted.n_evaluations} of {budget}")
                errors[position, place, run] = np.sum((values - truth) ** 2) / np.sum(truth**2)
                if interval is not None:
                    low, high = (end[cell.n_players :] for end in interval)
                    slack = 1e-9 * np.abs(truth).max()  # where the error is rounding
                    inside[place, run] = np.mean((low - slack <= truth) & (truth <= high + slack))
    return errors, seconds, inside


def geometric_mean(numbers):
    return float(np.exp(np.mean(np.log(np.maximum(numbers, 1e-30)))))


def main():
    warnings.simplefilter("ignore")
    measuring.environment("ferroshap", "shapiq", "xgboost-cpu", "scikit-learn")
    n_rows = int(sys.argv[1]) if len(sys.argv) > 1 else 4
    n_seeds = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    names = list(ESTIMATORS)
    medians, seconds, inside, lines = [], [], [], []
    for cell in protocol_b.cells():
        errors, times, shares = measure(cell, n_rows, n_seeds)
        medians.append(np.median(errors, axis=2))
        seconds.append(np.median(times, axis=2))
        inside.append(shares.mean(axis=1))
        for name, row in zip(names, medians[-1], strict=True):
            lines.append([cell.name, name, *(f"{error:.1e}" for error in row)])
    head = [f"{times}n" for times in TIMES]
    print(f"Median error of {INDEX} over {n_rows} rows and {n_seeds} seeds:\n")
    measuring.table(["game", "estimator", *head], lines)
    medians = np.array(medians)  # (cells, estimators, budgets)
    print("Geometric mean over games, and milliseconds of one thread (median):\n")
    time_of = 1e3 * np.median(seconds, axis=0)
    measuring.table(
        ["estimator", *head],
        [
            [name, *(f"{geometric_mean(medians[:, at, b]):.1e} ({time_of[at, b]:.0f})" for b in range(len(TIMES)))]
            for at, name in enumerate(names)
        ],
    )
    print("Error of the peer over ours, geometric mean over games (worst game):\n")
    ratios = medians / np.maximum(medians[:, :1], 1e-30)
    measuring.table(
        ["peer", *head],
        [
            [
                name,
                *(f"{geometric_mean(ratios[:, at, b]):.1f} ({ratios[:, at, b].min():.2f})" for b in range(len(TIMES))),
            ]
            for at, name in enumerate(names)
            if at
        ],
    )
    print("Share of pairs inside our intervals of 90 %, mean over games (least):\n")
    share = np.array(inside)
    measuring.table(head, [[f"{share[:, b].mean():.2f} ({share[:, b].min():.2f})" for b in range(len(TIMES))]])


if __name__ == "__main__":
    main()
