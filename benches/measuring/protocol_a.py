"""Protocol A: the table of the LeverageSHAP paper (Musco, Witter 2024).

XGBRegressor(n_estimators=100, max_depth=4), one background row (the column means), error
|estimate - truth|^2 / |truth|^2, mean over rows. Of the paper's tables the four that come with packages or lie in
`../shared/data` are here. Every evaluation counts, those of the empty and the full coalition too.
"""

import warnings

import numpy as np
import shap
import xgboost
from sklearn.datasets import load_diabetes

import measuring
from measuring import data
from measuring.estimators import ALL, Counted
from measuring.games import Masked
from measuring.report import geometric_mean

TIMES = [4, 8, 16, 32, 64]
NAMES = [
    "Leverage", "Permutation", "OddGP", "SparseOdd", "Auto",
    "shap Kernel l1_reg=0", "shap Permutation", "shapiq LeverageSHAP", "shapiq KernelSHAP",
]  # fmt: skip
#: Mean errors of LeverageSHAP, by data set and evaluations a player, as published.
PUBLISHED = {
    "diabetes": {4: 1.2e-2, 8: 3.1e-3, 16: 1.7e-3, 32: 3.7e-4},
    "California": {4: 2.3e-3, 8: 3.2e-4, 16: 1.3e-4},
    "corrgroups60": {4: 2.6e-2, 8: 7.7e-3},
    "independentlinear60": {4: 9.6e-3, 8: 3.3e-3},
}
WITHIN = 1.7  # the means are heavy-tailed, and the version of XGBoost is another


def data_sets():
    """Name, table and target."""
    yield "diabetes", *load_diabetes(return_X_y=True)
    if "California" not in data.missing():
        housing = np.loadtxt(data.SHARED / data.FILES["California"], delimiter=",", skiprows=1)
        yield "California", housing[:, :-1], housing[:, -1]
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


def measure(table, target, names, n_rows):
    """Mean errors ``(estimators, budgets)`` and the budgets; none at which everything is exact."""
    table = np.asarray(table, dtype=np.float32).astype(float)  # as the trees see it
    model = xgboost.XGBRegressor(n_estimators=100, max_depth=4, n_jobs=1, random_state=0).fit(table, target)
    baseline = table.mean(axis=0).astype(np.float32).astype(float)
    trees = shap.TreeExplainer(model, baseline[None], feature_perturbation="interventional")
    n = table.shape[1]
    budgets = [times * n for times in TIMES if times * n < 2**n]
    errors = np.zeros((len(names), len(budgets), n_rows))
    for run in range(n_rows):
        row = drawn_row(table, baseline, run)
        truth = trees.shap_values(row[None])[0]
        game = Masked(lambda rows: model.predict(rows).astype(float), row, baseline[None])
        for position, name in enumerate(names):
            for place, budget in enumerate(budgets):
                values = ALL[name](Counted(game), budget, run)
                errors[position, place, run] = np.sum((values - truth) ** 2) / np.sum(truth**2)
    return budgets, errors.mean(axis=2)


def print_all(n_rows):
    """Errors; whether the published figures are met; ratios."""
    warnings.simplefilter("ignore")
    names = [name for name in NAMES if name in ALL]
    cells, lines, published = {name: [] for name in names}, [], []
    for data_set, table, target in data_sets():
        budgets, means = measure(table, target, names, n_rows)
        for place, budget in enumerate(budgets):
            times = budget // table.shape[1]
            lines.append([data_set, f"{times}n", *(f"{error:.1e}" for error in means[:, place])])
            if times in PUBLISHED[data_set]:
                mine, theirs = means[0, place], PUBLISHED[data_set][times]
                published.append([data_set, f"{times}n", f"{mine:.1e}", f"{theirs:.1e}", mine / theirs])
        for name, row in zip(names, means, strict=True):
            cells[name].append(row)
    print(f"Protocol A: mean error over {n_rows} rows\n")
    measuring.table(["data", "budget", *names], lines)
    print_published(published)
    print("Error of the peer over ours, geometric mean over all cells (worst data set):\n")
    own, peers = [n for n in names if not n.startswith("shap")], [n for n in names if n.startswith("shap")]
    lines = []
    for name in own:
        parts = {p: [theirs / mine for mine, theirs in zip(cells[name], cells[p], strict=True)] for p in peers}
        together = {p: geometric_mean(np.concatenate(part)) for p, part in parts.items()}
        worst = {p: min(geometric_mean(one) for one in part) for p, part in parts.items()}
        lines.append([name, *(f"{together[p]:.3g} ({worst[p]:.3g})" for p in peers)])
    measuring.table(["ours", *peers], lines)


def print_published(found):
    """Our Leverage beside LeverageSHAP as its authors measured it."""
    measuring.table(
        ["data", "budget", "Leverage", "LeverageSHAP, published", "ratio"],
        [[*row[:4], f"{row[4]:.2f}"] for row in found],
    )
    far = [row for row in found if not 1 / WITHIN <= row[4] <= WITHIN]
    verdict = "all" if not far else f"{len(found) - len(far)} of {len(found)}"
    print(f"Published LeverageSHAP reproduced: {verdict} figures within a factor {WITHIN}.\n", flush=True)
