"""The question: how large is the error of each estimator at equal evaluations, on the values of boosted trees.

Protocol of the LeverageSHAP paper (Musco, Witter 2024): XGBRegressor(n_estimators=100, max_depth=4), one background
row (the column means), error |estimate - truth|^2 / |truth|^2, mean over rows. Every evaluation counts, those of the
empty and the full coalition too (shap's `nsamples` counts neither). `python accuracy.py 100` takes a hundred rows.
"""

import sys
import warnings

import measuring
import numpy as np
import shap
import xgboost
from shapiq.approximator import KernelSHAP, LeverageSHAP
from sklearn.datasets import load_diabetes

import ferroshap
from ferroshap.estimators import Auto, Leverage, Permutation

TIMES = [4, 8, 16, 32, 64]
CALIFORNIA = measuring.REPOSITORY.parent / "shared" / "data" / "california_housing.csv"


def data_sets():
    """Name, table and target."""
    yield "diabetes", *load_diabetes(return_X_y=True)
    if CALIFORNIA.exists():
        housing = np.loadtxt(CALIFORNIA, delimiter=",", skiprows=1)
        yield "California", housing[:, :-1], housing[:, -1]
    else:
        print(f"no {CALIFORNIA}: without California\n")
    for name in ["corrgroups60", "independentlinear60"]:
        table, target = getattr(shap.datasets, name)()
        yield name, np.asarray(table, dtype=float), target


def drawn_row(table, baseline, run):
    """Row number `run` of the protocol: entries that equal the mean are drawn again."""
    legacy = np.random.RandomState(100 * run)
    row = table[legacy.choice(len(table))].copy()
    while (row == baseline).any():
        same = np.flatnonzero(row == baseline)
        row[same] = [table[legacy.choice(len(table)), column] for column in same]
    return row


class Game:
    """One row as a function of coalitions; counts them."""

    def __init__(self, model, baseline, row):
        self.model, self.baseline, self.row = model, baseline, row
        self.n_players = len(row)
        self.n_evaluations = 0

    def __call__(self, coalitions):
        self.n_evaluations += len(coalitions)
        return self.rows(np.where(coalitions, self.row, self.baseline))

    def rows(self, rows):
        return self.model.predict(rows).astype(float)


def ours(method):
    return lambda game, budget, run: ferroshap.estimate(game, method, budget=budget, rng=run).values


def shap_kernel(game, budget, run):
    explainer = shap.KernelExplainer(game.rows, game.baseline[None], seed=run)
    return explainer.shap_values(game.row, nsamples=budget - 2, l1_reg=False, silent=True)


def shap_permutation(game, budget, run):
    masker = shap.maskers.Independent(game.baseline[None])
    explainer = shap.PermutationExplainer(game.rows, masker, seed=run)
    return explainer(game.row[None], max_evals=budget, silent=True).values[0]


def shapiq_method(approximator):
    def estimate(game, budget, run):
        found = approximator(n=game.n_players, random_state=run).approximate(budget=budget, game=game)
        return found.get_n_order_values(1)

    return estimate


ESTIMATORS = {
    "Leverage": ours(Leverage()),
    "Permutation": ours(Permutation()),
    "Auto": ours(Auto()),
    "shap Kernel": shap_kernel,
    "shap Permutation": shap_permutation,
    "shapiq LeverageSHAP": shapiq_method(LeverageSHAP),
    "shapiq KernelSHAP": shapiq_method(KernelSHAP),
}


def measure(table, target, n_rows):
    """Mean errors ``(estimators, budgets)`` and the budgets; none at which everything is exact."""
    table = np.asarray(table, dtype=np.float32).astype(float)  # as the trees see it
    model = xgboost.XGBRegressor(n_estimators=100, max_depth=4, n_jobs=1, random_state=0).fit(table, target)
    baseline = table.mean(axis=0).astype(np.float32).astype(float)
    trees = shap.TreeExplainer(model, baseline[None], feature_perturbation="interventional")
    n = table.shape[1]
    budgets = [times * n for times in TIMES if times * n < 2**n]
    errors = np.zeros((len(ESTIMATORS), len(budgets), n_rows))
    for run in range(n_rows):
        row = drawn_row(table, baseline, run)
        truth = trees.shap_values(row[None])[0]
        for position, estimate in enumerate(ESTIMATORS.values()):
            for place, budget in enumerate(budgets):
                values = estimate(Game(model, baseline, row), budget, run)
                errors[position, place, run] = np.sum((values - truth) ** 2) / np.sum(truth**2)
    return budgets, errors.mean(axis=2)


def geometric_mean(numbers):
    return float(np.exp(np.mean(np.log(numbers))))


def main():
    warnings.simplefilter("ignore")
    measuring.environment("ferroshap", "shap", "shapiq", "xgboost-cpu")
    n_rows = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    names, cells, lines = list(ESTIMATORS), {name: [] for name in ESTIMATORS}, []
    for data_set, table, target in data_sets():
        budgets, means = measure(table, target, n_rows)
        for place, budget in enumerate(budgets):
            lines.append([data_set, f"{budget // table.shape[1]}n", *(f"{error:.1e}" for error in means[:, place])])
        for name, row in zip(names, means, strict=True):
            cells[name].append(row)
    print(f"Mean error over {n_rows} rows:\n")
    measuring.table(["data", "budget", *names], lines)
    own, peers = names[:3], names[3:]
    print("Error of the peer over ours, geometric mean over all cells (worst data set):\n")
    lines = []
    for name in own:
        ratios = {
            peer: [theirs / mine for mine, theirs in zip(cells[name], cells[peer], strict=True)] for peer in peers
        }
        together = {peer: geometric_mean(np.concatenate(parts)) for peer, parts in ratios.items()}
        worst = {peer: min(geometric_mean(part) for part in parts) for peer, parts in ratios.items()}
        lines.append([name, *(f"{together[peer]:.2f} ({worst[peer]:.2f})" for peer in peers)])
    measuring.table(["ours", *peers], lines)


if __name__ == "__main__":
    main()
