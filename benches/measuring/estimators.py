"""Every estimator as a function of a game, a number of evaluations and a seed."""

import hashlib
from pathlib import Path

import numpy as np
import shap
from shapiq import approximator

import ferroshap
import measuring
from ferroshap import _native, estimators


class Counted:
    """A game of bool coalitions that counts how often it is asked."""

    def __init__(self, game):
        self.game, self.n_players = game, game.n_players
        self.n_evaluations = 0

    def __call__(self, coalitions):
        self.n_evaluations += len(coalitions)
        return self.game(np.asarray(coalitions, dtype=bool))

    def rows(self, rows):
        """The same as a model whose rows are 1 where a player is in: explained row all 1, background all 0."""
        return self(rows > 0)


def ours(method):
    def estimate(game, budget, seed):
        return ferroshap.estimate(game, method, budget=budget, rng=seed, silent=True).values

    return estimate


def shap_kernel(l1_reg):
    def estimate(game, budget, seed):
        explainer = shap.KernelExplainer(game.rows, np.zeros((1, game.n_players)), seed=seed)
        options = {} if l1_reg is None else {"l1_reg": l1_reg}
        # `nsamples` counts neither the empty nor the full coalition
        return explainer.shap_values(np.ones(game.n_players), nsamples=budget - 2, silent=True, **options)

    return estimate


def shap_permutation(game, budget, seed):
    masker = shap.maskers.Independent(np.zeros((1, game.n_players)))
    explainer = shap.PermutationExplainer(game.rows, masker, seed=seed)
    return explainer(np.ones((1, game.n_players)), max_evals=budget, silent=True).values[0]


def shapiq(name, **options):
    def estimate(game, budget, seed):
        method = getattr(approximator, name)(n=game.n_players, random_state=seed, **options)
        return method.approximate(budget=budget, game=game).get_n_order_values(1)

    return estimate


def singles_of_order_2(game, budget, seed):
    """kADD-SHAP fits pairs; the values are those of its players."""
    method = approximator.kADDSHAP(n=game.n_players, max_order=2, random_state=seed)
    return method.approximate(budget=budget, game=game).get_n_order_values(1)


OURS = {
    name: ours(getattr(estimators, name)())
    for name in ["Auto", "OddGP", "SparseOdd", "Leverage", "Permutation", "Controlled", "Unbiased"]
    if hasattr(estimators, name)
}
SHAP = {
    "shap Kernel l1_reg=0": shap_kernel(l1_reg=False),
    "shap Kernel": shap_kernel(l1_reg=None),
    "shap Permutation": shap_permutation,
}
SHAPIQ = {
    "shapiq KernelSHAP": shapiq("KernelSHAP"),
    "shapiq LeverageSHAP": shapiq("LeverageSHAP"),
}
#: Whatever else of shapiq estimates Shapley values in less than a second.
SHAPIQ_SLOW = {
    "shapiq RegressionMSR": shapiq("RegressionMSR", index="SV"),
    "shapiq OddSHAP": shapiq("OddSHAP"),
    "shapiq PolySHAP": shapiq("PolySHAP", pairing_trick=True),
    "shapiq kADDSHAP": singles_of_order_2,
}
#: In protocol B alone: trees are trained for each of its estimates, and elsewhere it would take most of the time.
SLOWEST = {"shapiq RegressionMSR"}
#: Fits of all pairs of players: beyond 30 players their systems take seconds to minutes, and they are left out.
OF_PAIRS = {"shapiq PolySHAP", "shapiq kADDSHAP"}
MOST_IN_PAIRS = 30
#: What the targets compare, on several seeds a row; the others on one.
HEADLINE = {"Auto", "OddGP", "Leverage", "Permutation", "shap Kernel l1_reg=0"}
ALL = OURS | SHAP | SHAPIQ | SHAPIQ_SLOW


def edition(name):
    """What the measured numbers of an estimator depend on: our library's very bytes, a peer's version."""
    if name in OURS:
        return hashlib.sha256(Path(_native.__file__).read_bytes()).hexdigest()[:12]
    return measuring.version(name.split()[0])
