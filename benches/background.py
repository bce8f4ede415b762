"""The question: what do values of a large background cost, in blocks of it or by a few rows for it.

First at equal model rows, a background of 400 diabetes patients in four blocks: errors |values - truth|^2 / |truth|^2
against the whole background, median over rows and seeds, and how often 90 % intervals hold the truth. Then at equal
sizes of a summary: the same error of exact values, and how many random rows would be as good (errors of random rows
fall as one over their number). `python background.py blocks` or `summaries` prints one of the two.
"""

import sys
import warnings

import measuring
import numpy as np
from sklearn.datasets import load_diabetes, load_wine
from sklearn.ensemble import ExtraTreesRegressor, GradientBoostingRegressor
from sklearn.neural_network import MLPRegressor

import ferroshap
from ferroshap.estimators import Leverage, OddGP, Permutation

CALIFORNIA = measuring.REPOSITORY.parent / "shared" / "data" / "california_housing.csv"
BLOCK, SEEDS, SIZES = 100, range(3), (25, 50, 100)
EXPLAINED = 8


def data_sets():
    """Name, table and target, shuffled once."""
    tables = {"diabetes": load_diabetes(return_X_y=True, scaled=False), "wine": load_wine(return_X_y=True)}
    if CALIFORNIA.exists():
        housing = np.loadtxt(CALIFORNIA, delimiter=",", skiprows=1)
        tables["California"] = housing[:, :-1], housing[:, -1]
    for name, (table, target) in tables.items():
        order = np.random.default_rng(0).permutation(len(table))[:2000]
        yield name, table[order].astype(float), (target[order] - target.mean()) / target.std()


def network(table, target):
    """A perceptron as a bare function: scikit-learn's checks would cost more than the answer."""
    mean, scale = table.mean(axis=0), table.std(axis=0)
    fitted = MLPRegressor(hidden_layer_sizes=(32, 32), max_iter=600, random_state=0).fit((table - mean) / scale, target)

    def predict(rows):
        hidden = (rows - mean) / scale
        for weights, shift in zip(fitted.coefs_[:-1], fitted.intercepts_[:-1], strict=True):
            hidden = np.maximum(hidden @ weights + shift, 0.0)
        return (hidden @ fitted.coefs_[-1] + fitted.intercepts_[-1])[:, 0]

    return predict


def squared_error(values, truth):
    """Of each row, relative."""
    return ((values - truth) ** 2).sum(axis=1) / (truth**2).sum(axis=1)


def blocks():
    """Estimates at equal model rows."""
    _, table, target = next(data_sets())
    background, rows = table[:400], table[400 : 400 + 12]
    trees = GradientBoostingRegressor(n_estimators=100, max_depth=4, random_state=0).fit(table, target)
    ways = {
        "OddGP, blocks": (OddGP(), background, BLOCK, 1),
        "Leverage, blocks": (Leverage(), background, BLOCK, 1),
        "orders, blocks": (Permutation(), background, BLOCK, 1),
        "OddGP, all 400 rows": (OddGP(), background, None, 4),
        "OddGP, 100 rows drawn": (OddGP(), None, None, 1),
        "OddGP, 100 rows chosen": (OddGP(), ferroshap.compress(background, BLOCK), None, 1),
    }
    print("| model | model rows | " + " | ".join(ways) + " |\n" + "|---" * (2 + len(ways)) + "|")
    for name, model in [("trees", trees.predict), ("network", network(table, target))]:
        truth = ferroshap.ExactExplainer(model, background)(rows).values
        for times in (16, 32, 64):
            evaluations, cells = times * table.shape[1], []
            for method, given, rows_per_eval, price in ways.values():
                errors, held = [], []
                for seed in SEEDS:
                    own = ferroshap.sample(background, BLOCK, random_state=seed) if given is None else given
                    options = {"method": method, "rows_per_eval": rows_per_eval, "seed": seed}
                    explainer = ferroshap.KernelExplainer(model, own, **options)
                    found = explainer(rows, nsamples=evaluations // price - 2, silent=True)
                    errors.append(squared_error(found.values, truth))
                    lower, upper = found.confidence_interval(0.9)
                    held.append((lower <= truth) & (truth <= upper))
                cells.append(f"{np.median(errors):.1e} ({np.mean(held):.0%})")
            print(f"| {name} | {evaluations * BLOCK:,} | " + " | ".join(cells) + " |", flush=True)


def summaries():
    """Exact values on few rows."""
    print("| data | model | rows | drawn | k-means | compressed | as good as so many drawn |\n" + "|---" * 7 + "|")
    for name, table, target in data_sets():
        background, rows = table[:-EXPLAINED], table[-EXPLAINED:]
        boosted = GradientBoostingRegressor(n_estimators=100, max_depth=4, random_state=0).fit(table, target)
        forest = ExtraTreesRegressor(50, max_depth=7, random_state=0).fit(table, target)
        predict = network(table, target)
        ways = {
            "boosted": lambda masker, boosted=boosted, rows=rows: ferroshap.TreeExplainer(boosted, masker)(rows),
            "forest": lambda masker, forest=forest, rows=rows: ferroshap.TreeExplainer(forest, masker)(rows),
            "network": lambda masker, f=predict, rows=rows: ferroshap.ExactExplainer(f, masker)(rows),
        }
        for model, explain in ways.items():
            truth = explain(ferroshap.maskers.Independent(background)).values

            def error(own, explain=explain, truth=truth):
                values = explain(ferroshap.maskers.Independent(own)).values
                return ((values - truth) ** 2).sum() / (truth**2).sum()

            for size in SIZES:
                drawn = np.mean([error(ferroshap.sample(background, size, random_state=s)) for s in range(8)])
                centres, chosen = error(ferroshap.kmeans(background, size)), error(ferroshap.compress(background, size))
                print(
                    f"| {name} | {model} | {size} | {drawn:.1e} | {centres:.1e} | {chosen:.1e} "
                    f"| {size * drawn / chosen:,.0f} |",
                    flush=True,
                )


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    for name in sys.argv[1:] or ["blocks", "summaries"]:
        {"blocks": blocks, "summaries": summaries}[name]()
        print()
