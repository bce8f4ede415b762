"""Protocol A: the table of the LeverageSHAP paper (Musco, Witter 2024).

XGBRegressor(n_estimators=100, max_depth=4), one background row (the column means), error
|estimate - truth|^2 / |truth|^2, mean over rows. Of the paper's tables the four that come with packages or lie in
`../shared/data` are here. Every evaluation counts, those of the empty and the full coalition too.
"""

from functools import cache, partial

import numpy as np
import shap
import xgboost
from sklearn.datasets import load_diabetes

import measuring
from measuring import data
from measuring.cells import Cell
from measuring.errors import measure_all
from measuring.estimators import ALL
from measuring.games import Masked
from measuring.report import FLOOR, geometric_mean

TIMES = (4, 8, 16, 32, 64)
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
N_PUBLISHED = 100  # rows that the figures are means of; Leverage alone plays as many, with five seeds each
N_SEEDS = 5
WITHIN = 1.7  # the means are heavy-tailed, and the version of XGBoost is another


class Paper(Masked):
    """A row against the column means; its values are those of shap's trees."""

    def __init__(self, model, row, baseline):
        super().__init__(lambda rows: model.predict(rows).astype(float), row, baseline[None])
        self.model = model

    def exact_values(self):
        """By the tree explainer, interventional."""
        trees = shap.TreeExplainer(self.model, self.background, feature_perturbation="interventional")
        return trees.shap_values(self.row[None])[0]


@cache
def read(name):
    """A table as the trees see it, and its target."""
    if name == "diabetes":
        table, target = load_diabetes(return_X_y=True)
    elif name == "California":
        housing = np.loadtxt(data.SHARED / data.FILES[name], delimiter=",", skiprows=1)
        table, target = housing[:, :-1], housing[:, -1]
    else:
        table, target = getattr(shap.datasets, name)()
    return np.asarray(table, dtype=np.float32).astype(float), target


@cache
def fitted(name):
    return xgboost.XGBRegressor(n_estimators=100, max_depth=4, n_jobs=1, random_state=0).fit(*read(name))


def game(name, run):
    """Row number `run` of the protocol: entries that equal the mean are drawn again."""
    table, _ = read(name)
    baseline = table.mean(axis=0).astype(np.float32).astype(float)
    legacy = np.random.RandomState(100 * run)
    row = table[legacy.choice(len(table))].copy()
    while (row == baseline).any():
        same = np.flatnonzero(row == baseline)
        row[same] = [table[legacy.choice(len(table)), column] for column in same]
    return Paper(fitted(name), row, baseline)


def cells():
    """A cell for every data set that is here."""
    for name in PUBLISHED:
        if name not in data.missing():
            yield Cell(f"A {name}", read(name)[0].shape[1], partial(game, name), TIMES)


def print_all(n_rows, n_jobs):
    """Errors; whether the published figures are met; ratios."""
    names = [name for name in NAMES if name in ALL]
    chosen = list(cells())
    errors, _ = measure_all(chosen, names, n_rows, 1, n_jobs)
    paper, _ = measure_all(chosen, ["Leverage"], N_PUBLISHED, N_SEEDS, n_jobs)
    lines, published, means = [], [], {name: [] for name in names}
    for cell in chosen:
        found = {name: errors[name][cell.name].mean(axis=(0, 1)) for name in names}
        data_set = cell.name.removeprefix("A ")
        for place, times in enumerate(TIMES):
            if times not in cell.budgets():
                continue
            lines.append([data_set, f"{times}n", *(f"{found[name][place]:.1e}" for name in names)])
            if times in PUBLISHED[data_set]:
                mine, theirs = paper["Leverage"][cell.name][:, :, place].mean(), PUBLISHED[data_set][times]
                published.append([data_set, f"{times}n", f"{mine:.1e}", f"{theirs:.1e}", mine / theirs])
        for name in names:
            means[name].append(np.maximum(found[name], FLOOR))
    print(f"Protocol A: mean error over {n_rows} rows\n")
    measuring.table(["data", "budget", *names], lines)
    print_published(published)
    print("Error of the peer over ours, geometric mean over all cells (worst data set):\n")
    own, peers = [n for n in names if not n.startswith("shap")], [n for n in names if n.startswith("shap")]
    lines = []
    for name in own:
        ratios = {peer: np.array(means[peer]) / np.array(means[name]) for peer in peers}
        line = [
            f"{geometric_mean(ratio.ravel()):.3g} ({geometric_mean(ratio, axis=1).min():.3g})"
            for ratio in ratios.values()
        ]
        lines.append([name, *line])
    measuring.table(["ours", *peers], lines)


def print_published(found):
    """Our Leverage beside LeverageSHAP as its authors measured it."""
    measuring.table(
        ["data", "budget", f"Leverage, {N_PUBLISHED} rows of {N_SEEDS} seeds", "LeverageSHAP, published", "ratio"],
        [[*row[:4], f"{row[4]:.2f}"] for row in found],
    )
    far = [row for row in found if not 1 / WITHIN <= row[4] <= WITHIN]
    verdict = "all" if not far else f"{len(found) - len(far)} of {len(found)}"
    print(f"Published LeverageSHAP reproduced: {verdict} figures within a factor {WITHIN}.\n", flush=True)
