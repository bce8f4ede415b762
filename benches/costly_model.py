"""The question: what share of an explanation the library takes when a masked row costs the model 100 ns or more.

A network of 20 features, 32 hidden units and one output in NumPy; 100 background rows, ten rows explained.
"""

import measuring
import numpy as np

import ferroshap

N_FEATURES, N_HIDDEN, N_BACKGROUND, N_ROWS = 20, 32, 100, 10
REPETITIONS = 9


class Timed:
    """A network that adds up its own seconds and rows."""

    def __init__(self):
        rng = np.random.default_rng(0)
        self.hidden, self.last = rng.normal(size=(N_FEATURES, N_HIDDEN)), rng.normal(size=N_HIDDEN)
        self.reset()

    def reset(self):
        self.seconds, self.n_rows = 0.0, 0

    def __call__(self, rows):
        outputs = []
        self.seconds += measuring.seconds(lambda: outputs.append(np.tanh(rows @ self.hidden) @ self.last))
        self.n_rows += len(rows)
        return outputs[0]


def measure(explainer_class, n_jobs):
    model = Timed()
    rng = np.random.default_rng(1)
    explainer = explainer_class(model, rng.normal(size=(N_BACKGROUND, N_FEATURES)), n_jobs=n_jobs)
    rows = rng.normal(size=(N_ROWS, N_FEATURES))
    explainer(rows, silent=True)
    ratios, costs = [], []
    for _ in range(REPETITIONS):
        model.reset()
        total = measuring.seconds(lambda: explainer(rows, silent=True))
        ratios.append(total / model.seconds)
        costs.append(model.seconds / model.n_rows * 1e9)
    return f"{measuring.median(costs):.0f}", f"{measuring.median(ratios):.2f}"


def main():
    measuring.environment("ferroshap")
    lines = [
        [explainer_class.__name__, n_jobs, *measure(explainer_class, n_jobs)]
        for explainer_class in [ferroshap.PermutationExplainer, ferroshap.KernelExplainer]
        for n_jobs in [1, 2]
    ]
    measuring.table(["explainer", "threads", "model ns a masked row", "total / model's own time in it"], lines)


if __name__ == "__main__":
    main()
