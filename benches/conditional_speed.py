"""The question: what conditional filling costs beside the model, and beside shapiq's Gaussian and copula imputers.

First all 2^10 coalitions of 100 rows of 10 correlated features, 500 training rows, 100 samples, a cheap vectorised
model. shapiq explains one row at a time and is timed on some; the library's own time is what the model's calls leave.
Then maskers at 20 features, 5,000 training rows, 1,000 coalitions, 100 rows, on all threads.
"""

import sys
import warnings

import measuring
import numpy as np

import ferroshap
from ferroshap import maskers

SMALL, LARGE, N_ROWS = (10, 500), (20, 5000), 100
N_PEER_ROWS, N_COALITIONS = 4, 1000


class Timed:
    """A model that adds up its own seconds and rows: tanh of a linear form, and a product."""

    def __init__(self, n_features):
        self.weights = 0.3 * np.random.default_rng(0).normal(size=n_features)
        self.reset()

    def reset(self):
        self.seconds, self.n_rows = 0.0, 0

    def __call__(self, rows):
        outputs = []
        self.seconds += measuring.seconds(
            lambda: outputs.append(np.tanh(rows @ self.weights) + rows[:, 0] * rows[:, 1])
        )
        self.n_rows += len(rows)
        return outputs[0]


def drawn(n_features, n_training):
    """Correlated normal rows: to learn from, and to explain."""
    rng = np.random.default_rng(1)
    mixing = rng.normal(size=(n_features, n_features)) + np.eye(n_features)
    table = rng.normal(size=(n_training + N_ROWS, n_features)) @ mixing
    return table[:n_training], table[n_training:]


def ours(make, table, rows, n_threads):
    """Seconds, the model's share of them, and its rows, of all 2^n coalitions."""
    model = Timed(table.shape[1])
    explainer = ferroshap.ExactExplainer(model, make(table), n_jobs=n_threads)
    explainer(rows[:2], silent=True)
    found = []
    for _ in range(5):
        model.reset()
        total = measuring.seconds(lambda: explainer(rows, silent=True))
        found.append((total, model.seconds, model.n_rows))
    return sorted(found)[len(found) // 2]


def theirs(imputer_class, table, rows):
    """The same of shapiq, from some rows."""
    model = Timed(table.shape[1])
    n = table.shape[1]
    coalitions = (np.arange(2**n)[:, None] >> np.arange(n)) & 1 == 1
    imputer = imputer_class(model, table, sample_size=100, random_state=0)
    imputer.fit(rows[:1])
    imputer.value_function(coalitions[:32])
    model.reset()
    total = 0.0
    for row in rows[:N_PEER_ROWS]:

        def explain(row=row):
            imputer.fit(row[None, :])
            imputer.value_function(coalitions)

        total += measuring.seconds(explain)
    scale = len(rows) / N_PEER_ROWS
    return total * scale, model.seconds * scale, model.n_rows * scale


def against_peers():
    """All coalitions of small tables."""
    from shapiq.imputer import GaussianCopulaImputer, GaussianImputer

    table, rows = drawn(*SMALL)
    lines = []
    for name, make, peer in [
        ("Gaussian", maskers.Gaussian, GaussianImputer),
        ("Copula", maskers.Copula, GaussianCopulaImputer),
    ]:
        slow = theirs(peer, table, rows)
        for n_threads in [1, 2]:
            fast = ours(make, table, rows, n_threads)
            lines.append(line(f"{name}, {n_threads} thread{'s' * (n_threads > 1)}", fast, slow))
        lines.append(line(f"shapiq {peer.__name__} ({N_PEER_ROWS} rows, scaled)", slow, slow))
    head = ["masker", "seconds", "model's", "beyond the model / model's", "ns a model row beyond", "shapiq's / ours"]
    measuring.table(head, lines)


def line(name, found, slow):
    total, model, n_rows = found
    beyond = total - model
    cells = [f"{total:.3f}", f"{model:.3f}", f"{beyond / model:.2f}", f"{beyond / n_rows * 1e9:.1f}"]
    return [name, *cells, f"{slow[0] / total:.1f}"]


def large():
    """A thousand coalitions of larger tables."""
    table, rows = drawn(*LARGE)
    lines = []
    for name, make in [
        ("Gaussian", maskers.Gaussian),
        ("Copula", maskers.Copula),
        ("Empirical", maskers.Empirical),
        ("Empirical, aicc", lambda table: maskers.Empirical(table, bandwidth="aicc")),
        ("Forest", maskers.Forest),
    ]:
        model = Timed(table.shape[1])
        learnt = []
        seconds_to_learn = measuring.seconds(
            lambda make=make, model=model, learnt=learnt: learnt.append(
                ferroshap.PermutationExplainer(model, make(table), max_evals=N_COALITIONS)
            )
        )
        model.reset()
        total = measuring.seconds(lambda learnt=learnt: learnt[0](rows, silent=True))
        beyond = total - model.seconds
        lines.append([name, f"{seconds_to_learn:.2f}", f"{total:.2f}", f"{beyond:.2f}", f"{model.n_rows / 1e6:.1f}"])
    head = ["masker", "seconds to make", "to explain", "beyond the model", "million model rows"]
    measuring.table(head, lines)


def main():
    warnings.simplefilter("ignore")
    measuring.environment("ferroshap", "shapiq")
    wished = sys.argv[1:] or ["peers", "large"]
    if "peers" in wished:
        against_peers()
    if "large" in wished:
        large()


if __name__ == "__main__":
    main()
