"""The question: what OddGP's fit costs beside the model, one game and a hundred rows that share a design.

One thread, seconds of the processor, the least of the repetitions; the game's own are taken off. The game is a network
of 32 hidden units: nothing is additive, so no shortcut is taken. Peers solve their least squares at the same budget.
"""

import time
import warnings

import measuring
import numpy as np
import shap
from shapiq.approximator import LeverageSHAP

import ferroshap
from ferroshap.estimators import Leverage, OddGP

REPETITIONS = 5
ENOUGH = 10.0  # seconds of repetitions
GAMES = [(12, 500), (30, 500), (64, 1024), (12, 2072), (30, 2108), (64, 2176), (200, 1200), (64, 4000)]
N_ROWS, N_COLUMNS, BUDGET = 100, 30, 512


class Timed:
    """A network that adds up its own seconds of the processor."""

    def __init__(self, n_players):
        rng = np.random.default_rng(0)
        self.hidden, self.last = rng.normal(size=(n_players, 32)) / np.sqrt(n_players), rng.normal(size=32)
        self.seconds = 0.0

    def __call__(self, rows):
        begun = time.process_time()
        outputs = np.tanh(2 * (rows.astype(float) @ self.hidden)) @ self.last
        self.seconds += time.process_time() - begun
        return outputs


def beyond_the_model(model, function):
    """Seconds of the processor that a call takes, the model's taken off: the least of the repetitions."""
    least, begun, repetition = np.inf, time.perf_counter(), 0
    while repetition < 2 or (repetition < REPETITIONS and time.perf_counter() - begun < ENOUGH):
        model.seconds, before = 0.0, time.process_time()
        function()
        least = min(least, time.process_time() - before - model.seconds)
        repetition += 1
    return least


def one_game(n_players, budget):
    """One fit by ours, and the peers' solves."""
    game = Timed(n_players)
    zeros, ones = np.zeros((1, n_players)), np.ones(n_players)

    def ours(method):
        return lambda: ferroshap.estimate(
            game, method, n_players=n_players, budget=budget, n_jobs=1, rng=0, silent=True
        )

    def shap_kernel():
        explainer = shap.KernelExplainer(game, zeros, seed=0)
        explainer.shap_values(ones, nsamples=budget - 2, l1_reg=False, silent=True)

    functions = {
        "OddGP": ours(OddGP()),
        "OddGP(ascent=False)": ours(OddGP(ascent=False)),
        "Leverage": ours(Leverage()),
        "shapiq LeverageSHAP": lambda: LeverageSHAP(n=n_players, random_state=0).approximate(budget=budget, game=game),
        "shap Kernel l1_reg=0": shap_kernel,
    }
    return {name: beyond_the_model(game, function) for name, function in functions.items()}


def many_rows():
    """A hundred rows of a table, all estimated from the same coalitions."""
    model = Timed(N_COLUMNS)
    rng = np.random.default_rng(1)
    background, rows = rng.normal(size=(1, N_COLUMNS)), rng.normal(size=(N_ROWS, N_COLUMNS))
    lines = []
    for method in [OddGP(), OddGP(hyper="pooled"), Leverage()]:
        explainer = ferroshap.KernelExplainer(model, background, method=method, nsamples=BUDGET - 2, n_jobs=1)
        took = beyond_the_model(model, lambda explainer=explainer: explainer(rows, silent=True))
        lines.append([repr(method), f"{took / N_ROWS * 1e3:.2f}"])
    return lines


def main():
    warnings.simplefilter("ignore")
    measuring.environment("ferroshap", "shap", "shapiq")
    rows = []
    for n_players, budget in GAMES:
        took = one_game(n_players, budget)
        ratio = took["shapiq LeverageSHAP"] / took["OddGP"]
        rows.append([n_players, f"{budget:,}", *(f"{seconds * 1e3:.1f}" for seconds in took.values()), f"{ratio:.2f}"])
    print("One game, milliseconds beyond the model:\n")
    measuring.table(["players", "evaluations", *took, "shapiq LeverageSHAP / OddGP"], rows)
    print(f"{N_ROWS} rows, {N_COLUMNS} players, {BUDGET} evaluations a row, milliseconds a row beyond the model:\n")
    measuring.table(["method", "ms a row"], many_rows())


if __name__ == "__main__":
    main()
