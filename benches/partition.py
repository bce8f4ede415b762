"""The question: what Owen values cost, exact and at a budget, beside shap's PartitionExplainer.

The same tree (complete linkage of correlations), background and models for both: boosted trees and a network on wine
and breast cancer, and a product of eight forms, which interact strongly. First the whole tree: both must agree.
Then at budgets: the squared error against the whole tree, |values - truth|^2 / |truth|^2, geometric mean over rows, and
milliseconds of the library beside the model. Ours by orders (its own choice) and by splitting clusters as shap does.
"""

import warnings

import measuring
import numpy as np
from sklearn.datasets import load_breast_cancer, load_wine
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.neural_network import MLPRegressor

import ferroshap

N_BACKGROUND, N_ROWS, EVERY = 20, 8, 10**6
BUDGETS = (4, 8, 16)  # times the number of features


class Timed:
    """A model that adds up its seconds and rows."""

    def __init__(self, function):
        self.function = function
        self.reset()

    def reset(self):
        self.seconds, self.n_rows = 0.0, 0

    def __call__(self, rows):
        outputs = []
        self.seconds += measuring.seconds(lambda: outputs.append(self.function(rows)))
        self.n_rows += len(rows)
        return outputs[0]


def cases():
    """Name, model and table."""
    for name, load in (("wine", load_wine), ("cancer", load_breast_cancer)):
        X, y = load(return_X_y=True)
        X, y = (X - X.mean(axis=0)) / X.std(axis=0), (y - y.mean()) / y.std()
        X = X[np.random.default_rng(0).permutation(len(X))]
        trees = GradientBoostingRegressor(n_estimators=100, max_depth=4, random_state=0).fit(X, y)
        yield f"{name}, trees", trees.predict, X
        network = MLPRegressor(hidden_layer_sizes=(32, 32), max_iter=400, random_state=0).fit(X, y)
        yield f"{name}, network", network.predict, X
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(16, 8)) / 4.0
    table = np.repeat(rng.normal(size=(100, 4)), 4, axis=1) + 0.7 * rng.normal(size=(100, 16))
    yield "product of eight", lambda rows: np.tanh(rows @ weights).prod(axis=1) * 100, table


def ours(model, background, linkage, sampling):
    masker = ferroshap.maskers.Partition(background, clustering=linkage)
    explainer = ferroshap.PartitionExplainer(model, masker, sampling=sampling)
    return lambda rows, max_evals: explainer(rows, max_evals=max_evals, silent=True).values


def theirs(model, background, linkage):
    import shap

    masker = shap.maskers.Partition(background, clustering=linkage, max_samples=N_BACKGROUND)
    explainer = shap.PartitionExplainer(model, masker)
    return lambda rows, max_evals: explainer(rows, max_evals=max_evals, silent=True).values


def measure(name, function, table):
    background, rows = table[:N_BACKGROUND], table[N_BACKGROUND : N_BACKGROUND + N_ROWS]
    n = table.shape[1]
    linkage = ferroshap.clustering.hclust(table, linkage="complete", metric="correlation")
    model = Timed(function)
    libraries = {
        "ferroshap": ours(model, background, linkage, "auto"),
        "ferroshap, splitting": ours(model, background, linkage, "adaptive"),
        "shap": theirs(model, background, linkage),
    }
    truth = libraries["ferroshap"](rows, EVERY)
    lines = []
    for max_evals in (EVERY, *(times * n for times in BUDGETS)):
        for library, explain in libraries.items():
            model.reset()
            found = []
            total = measuring.seconds(lambda explain=explain, m=max_evals, found=found: found.append(explain(rows, m)))
            errors = ((found[0] - truth) ** 2).sum(axis=1) / (truth**2).sum(axis=1)
            error = np.exp(np.log(errors + 1e-32).mean())
            budget = "all" if max_evals == EVERY else f"{max_evals // n}n"
            evaluations = f"{model.n_rows / N_BACKGROUND / N_ROWS:.0f}"
            beyond = f"{(total - model.seconds) * 1e3 / N_ROWS:.2f}"
            lines.append([name, n, budget, library, f"{error:.1e}", evaluations, beyond])
    return lines


def main():
    warnings.simplefilter("ignore")
    measuring.environment("ferroshap", "shap", "scikit-learn")
    lines = [line for case in cases() for line in measure(*case)]
    head = ["model", "n", "budget", "library", "error", "evaluations a row", "ms a row beside the model"]
    measuring.table(head, lines)


if __name__ == "__main__":
    main()
