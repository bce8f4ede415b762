"""Fingerprints: equal wherever and whenever values are equal, another one as soon as anything that decides them is."""

import functools
import pickle
import subprocess
import sys
import threading

import numpy as np
import pandas as pd
import pytest

import ferroshap as shap
from ferroshap.errors import OptionError

NAMES = ["age", "bmi", "sex"]
BACKGROUND = np.random.default_rng(0).normal(size=(120, 3))
TREE = {
    "children_left": [1, -1, -1],
    "children_right": [2, -1, -1],
    "children_default": [2, -1, -1],
    "features": [0, -1, -1],
    "thresholds": [0.5, 0, 0],
    "values": [[0.0], [1.0], [5.0]],
    "node_sample_weight": [4, 3, 1],
}


def product(rows):
    rows = np.asarray(rows, dtype=float)
    return rows[:, 0] * rows[:, 1] + rows[:, 2]


def total(rows):
    return np.asarray(rows, dtype=float).sum(axis=1)


def trees(leaf=5.0):
    return {"trees": [TREE | {"values": [[0.0], [1.0], [leaf]]}]}


MAKERS = {
    "kernel": lambda: shap.KernelExplainer(product, BACKGROUND),
    "permutation": lambda: shap.PermutationExplainer(product, pd.DataFrame(BACKGROUND, columns=NAMES)),
    "sampling": lambda: shap.SamplingExplainer(product, BACKGROUND),
    "exact": lambda: shap.ExactExplainer(product, BACKGROUND, link=shap.links.identity),
    "partition": lambda: shap.PartitionExplainer(product, BACKGROUND),
    "additive": lambda: shap.AdditiveExplainer(total, BACKGROUND),
    "linear": lambda: shap.LinearExplainer((np.array([1.0, 2.0, 3.0]), 0.5), BACKGROUND),
    "trees": lambda: shap.TreeExplainer(trees(), feature_names=["age"]),
    "trees of a background": lambda: shap.TreeExplainer(trees(), BACKGROUND[:, :1]),
}


@pytest.mark.parametrize("name", MAKERS)
def test_it_is_the_same_for_an_explainer_made_again_after_a_call_and_after_a_pickle(name):
    explainer = MAKERS[name]()
    expected = MAKERS[name]().fingerprint
    explainer(BACKGROUND[:2, :1] if name.startswith("trees") else BACKGROUND[:2], silent=True)
    assert explainer.fingerprint == expected
    copied = pickle.loads(pickle.dumps(MAKERS[name]()))  # made without asking for it: it is found in the copy
    assert copied.fingerprint == expected
    assert len({maker().fingerprint for maker in MAKERS.values()}) == len(MAKERS)


def test_it_is_the_same_in_a_process_with_another_hash_seed():
    code = (
        "import sys; sys.path.insert(0, {folder!r})\n"
        "import test_fingerprint as t\n"
        "print(*[make().fingerprint for make in t.MAKERS.values()])"
    )
    folder = __file__.rpartition("/")[0]
    found = set()
    for hash_seed in "12":
        run = subprocess.run(
            [sys.executable, "-c", code.format(folder=folder)],
            env={"PYTHONHASHSEED": hash_seed, "PATH": ""},
            capture_output=True,
            text=True,
            check=True,
        )
        found.add(run.stdout)
    assert len(found) == 1


CHANGED = {
    "the model's code": lambda: shap.KernelExplainer(total, BACKGROUND),
    "a background value": lambda: shap.KernelExplainer(product, BACKGROUND + np.eye(120, 3) * 2.0**-50),
    "weights": lambda: shap.KernelExplainer(product, BACKGROUND, weights=np.arange(1.0, 121.0)),
    "the seed": lambda: shap.KernelExplainer(product, BACKGROUND, seed=1),
    "the budget": lambda: shap.KernelExplainer(product, BACKGROUND, nsamples=500),
    "the method": lambda: shap.KernelExplainer(product, BACKGROUND, method="leverage"),
    "an option of the method": lambda: shap.KernelExplainer(
        product, BACKGROUND, method=shap.estimators.Leverage(shared_design=False)
    ),
    "rows of an evaluation": lambda: shap.KernelExplainer(product, BACKGROUND, rows_per_eval=50),
    "names": lambda: shap.KernelExplainer(product, BACKGROUND, feature_names=NAMES),
    "the link": lambda: shap.KernelExplainer(total, np.abs(BACKGROUND[:, :3]) / 20, link="logit"),
}


@pytest.mark.parametrize("what", CHANGED)
def test_it_is_another_one_where_something_that_decides_values_is(what):
    assert CHANGED[what]().fingerprint != MAKERS["kernel"]().fingerprint


def test_it_is_the_same_for_other_threads_memory_and_progress():
    explainer = shap.KernelExplainer(product, BACKGROUND, n_jobs=1, memory_limit="1 GiB", progress=lambda *_: None)
    assert explainer.fingerprint == MAKERS["kernel"]().fingerprint


def test_a_leaf_of_a_tree_counts():
    assert shap.TreeExplainer(trees(4.0), feature_names=["age"]).fingerprint != MAKERS["trees"]().fingerprint


def weighted(weights, rows):
    return np.asarray(rows, dtype=float) @ weights


class Model:
    def __init__(self, weights):
        self.weights = weights

    def predict(self, rows):
        return weighted(self.weights, rows)


@pytest.mark.parametrize(
    "make",
    [
        lambda weights: functools.partial(weighted, weights),
        lambda weights: lambda rows: weighted(weights, rows),
        lambda weights: Model(weights).predict,
        Model,
    ],
    ids=["partial", "closure", "bound method", "object"],
)
def test_what_a_function_is_bound_to_counts(make):
    first, same, other = (
        shap.KernelExplainer(make(np.array([1.0, 2.0, last])), BACKGROUND).fingerprint for last in (3.0, 3.0, 4.0)
    )
    assert first == same != other


SCALE = 2.0


def scaled(rows):
    return SCALE * np.asarray(rows, dtype=float).sum(axis=1)


def test_globals_that_a_function_names_count(monkeypatch):
    before = shap.KernelExplainer(scaled, BACKGROUND).fingerprint
    monkeypatch.setitem(globals(), "SCALE", 3.0)
    assert shap.KernelExplainer(scaled, BACKGROUND).fingerprint != before


class Connected(Model):
    def __init__(self, weights):
        super().__init__(weights)
        self.lock = threading.Lock()


def test_a_model_with_a_lock_has_none_until_the_user_gives_one():
    explainer = shap.KernelExplainer(Connected(np.ones(3)), BACKGROUND)
    with pytest.raises(OptionError, match=r"lock.*set `explainer.fingerprint`"):
        explainer.fingerprint  # noqa: B018 - it raises
    explainer.fingerprint = "prices, version 7"
    assert explainer.fingerprint == "prices, version 7"
    assert explainer.__dask_tokenize__() == ("KernelExplainer", "prices, version 7")
    with pytest.raises(OptionError, match="`fingerprint` is ''"):
        explainer.fingerprint = ""


def test_a_function_that_calls_itself_has_one():
    def factorial(n):
        return 1 if n < 2 else n * factorial(n - 1)

    fingerprints = {
        shap.KernelExplainer(lambda rows: total(rows) * factorial(3), BACKGROUND).fingerprint for _ in range(2)
    }
    assert len(fingerprints) == 1
