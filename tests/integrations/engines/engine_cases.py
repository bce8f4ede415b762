"""Explainers that every engine is held to, and a table for them."""

import os
import signal
from pathlib import Path

import numpy as np
import pandas as pd

from ferroshap import KernelExplainer, PermutationExplainer, TreeExplainer
from ferroshap.engines import reducers
from ferroshap.engines.arrow import explain_block
from ferroshap.estimators import Leverage

NAMES = list("abcdefgh")
#: Each of its explainers, and how its values are laid out.
CASES = {
    "trees": {},
    "trees in single precision": {"dtype": "float32"},
    "trees and a background": {},
    "one design for all rows": {},
    "a design a row": {},
    "permutations": {},
}


def table(n_rows=60, seed=0):
    rows = pd.DataFrame(np.random.default_rng(seed).normal(size=(n_rows, len(NAMES))), columns=NAMES)
    return rows.set_axis([f"row {number:03}" for number in range(n_rows)])


def product():
    """Make a model that workers need not import: what is defined in a function travels by value."""

    def model(rows):
        return rows[:, 0] * rows[:, 1] * rows[:, 2] + rows[:, 3] * rows[:, 4] + rows[:, 5] * rows[:, 6] * rows[:, 7]

    return model


def trees(n_trees=10):
    """A forest in shap's own form, which no library needs to read."""
    rng = np.random.default_rng(1)
    return {"trees": [_tree(rng) for _ in range(n_trees)]}


def _tree(rng, depth=4):
    n_inner = 2**depth - 1
    inner, leaves = np.arange(n_inner), np.full(n_inner + 1, -1)
    counts = np.full(2 * n_inner + 1, 1.0)
    for node in range(n_inner - 1, -1, -1):
        counts[node] = counts[2 * node + 1] + counts[2 * node + 2]
    return {
        "children_left": np.concatenate([2 * inner + 1, leaves]),
        "children_right": np.concatenate([2 * inner + 2, leaves]),
        "children_default": np.concatenate([2 * inner + 2, leaves]),
        "features": np.concatenate([rng.integers(len(NAMES), size=n_inner), leaves]),
        "thresholds": np.concatenate([rng.normal(size=n_inner), np.zeros(n_inner + 1)]),
        "values": rng.normal(size=(2 * n_inner + 1, 1)),
        "node_sample_weight": counts,
    }


def explainer(case):
    background = table(20, seed=2)
    if case.startswith("trees"):
        return TreeExplainer(trees(), background if "background" in case else None, feature_names=NAMES)
    if case == "permutations":
        return PermutationExplainer(product(), background.to_numpy(), feature_names=NAMES, max_evals=100)
    method = Leverage(shared_design=case != "a design a row")
    return KernelExplainer(product(), background.to_numpy(), feature_names=NAMES, method=method, nsamples=60)


def noting(folder):
    """Make a model that leaves a file wherever it is pickled or read."""

    class Noting:
        def __call__(self, rows):
            return rows[:, 0] * rows[:, 1]

        def __getstate__(self):
            self.note("pickled")
            return {}

        def __setstate__(self, state):
            self.note("read")

        def note(self, what):
            Path(folder, f"{what} {len([*Path(folder).iterdir()])} by {os.getpid()}").touch()

    return Noting()


def notes(folder, what, before=()):
    """Processes that left notes of a kind, one entry a note."""
    words = [path.name.split() for path in set(folder.iterdir()) - set(before)]
    return [int(by) for kind, _, _, by in words if kind == what]


def refusing(label):
    """Make a model that cannot bear one row of the table."""
    refused = table().loc[label].to_numpy()

    def model(rows):
        if (rows == refused).all(axis=1).any():
            raise ZeroDivisionError(label)
        return rows[:, 0]

    return model


def killing(mark):
    """Make a model that kills the first worker that asks it about many rows."""
    here = os.getpid()

    def model(rows):
        if os.getpid() != here and len(rows) > 100 and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return rows[:, 0] * rows[:, 1] * rows[:, 2]

    return model


def kernel(model):
    return KernelExplainer(model, table(20, seed=2).to_numpy(), feature_names=NAMES, nsamples=60)


def summaries():
    """Reducers of several kinds."""
    return {
        "importance": reducers.MeanAbs(),
        "mean": reducers.Mean(),
        "spread": reducers.Variance(),
        "rows": reducers.Reservoir(7, seed=1),
    }


def states(reduced):
    return {name: reducer.to_bytes() for name, reducer in reduced.items()}


def serial_states(one, rows, dtype):
    """The same reducers over all rows at once."""
    block = explain_block(one, rows, row_key="content", dtype=dtype)
    return states({name: reducer.part(block) for name, reducer in summaries().items()})
