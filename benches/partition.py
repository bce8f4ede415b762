"""The question: what Owen values cost, exact and at a budget, beside shap's PartitionExplainer.

Correlated features, a cheap vectorised model, one background, the same tree for both. First the whole tree: values of
both must agree. Then at budgets: the squared error against the whole tree, |values - truth|^2 / |truth|^2, mean over
rows, and seconds beyond the model's own.
"""

import warnings

import measuring
import numpy as np

import ferroshap

N_BACKGROUND, N_ROWS = 50, 10
BUDGETS = (4, 8, 16)  # times the number of features


class Timed:
    """A model with products inside and across the tree's branches, that adds up its seconds and rows."""

    def __init__(self, n_features):
        rng = np.random.default_rng(0)
        self.weights = rng.normal(size=(n_features, 8)) / np.sqrt(n_features)
        self.reset()

    def reset(self):
        self.seconds, self.n_rows = 0.0, 0

    def __call__(self, rows):
        outputs = []
        self.seconds += measuring.seconds(lambda: outputs.append(np.tanh(rows @ self.weights).prod(axis=1) * 100))
        self.n_rows += len(rows)
        return outputs[0]


def drawn(n):
    rng = np.random.default_rng(1)
    common = np.repeat(rng.normal(size=(N_BACKGROUND + N_ROWS, n // 4)), 4, axis=1)
    table = common + 0.7 * rng.normal(size=(N_BACKGROUND + N_ROWS, n))
    return table[:N_BACKGROUND], table[N_BACKGROUND:]


def ours(model, background, linkage, rows, max_evals):
    masker = ferroshap.maskers.Partition(background, clustering=linkage)
    explainer = ferroshap.PartitionExplainer(model, masker)
    return explained(model, lambda: explainer(rows, max_evals=max_evals, silent=True).values)


def theirs(model, background, linkage, rows, max_evals):
    import shap

    masker = shap.maskers.Partition(background, clustering=linkage, max_samples=N_BACKGROUND)
    explainer = shap.PartitionExplainer(model, masker)
    return explained(model, lambda: explainer(rows, max_evals=max_evals, silent=True).values)


def explained(model, values):
    """Values, seconds beyond the model's, and its rows for each explained row."""
    model.reset()
    found = []
    total = measuring.seconds(lambda: found.append(values()))
    return found[0], total - model.seconds, model.n_rows / N_ROWS


def main():
    warnings.simplefilter("ignore")
    measuring.environment("ferroshap", "shap")
    lines = []
    for n in (16, 32):
        background, rows = drawn(n)
        linkage = ferroshap.clustering.hclust(background, linkage="complete", metric="correlation")
        model = Timed(n)
        truth, *_ = ours(model, background, linkage, rows, 10**6)
        for max_evals in (10**6, *(times * n for times in BUDGETS)):
            for name, play in (("ferroshap", ours), ("shap", theirs)):
                values, beyond, n_rows = play(model, background, linkage, rows, max_evals)
                error = (((values - truth) ** 2).sum(axis=1) / (truth**2).sum(axis=1)).mean()
                budget = "all" if max_evals == 10**6 else f"{max_evals // n}n"
                lines.append(
                    [n, budget, name, f"{error:.1e}", f"{n_rows / N_BACKGROUND:.0f}", f"{beyond * 1e3 / N_ROWS:.2f}"]
                )
    head = ["n", "budget", "library", "error", "evaluations a row", "ms a row beyond the model"]
    measuring.table(head, lines)


if __name__ == "__main__":
    main()
