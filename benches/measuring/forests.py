"""The models that the tree benches explain, and how each peer is asked for the same values."""

import functools
import os
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

N_TRAIN, N_FEATURES = 20_000, 20


@dataclass
class Case:
    """A fitted model, the rows to explain, and the peers: (name, rows it is given, call)."""

    name: str
    model: Any
    X: np.ndarray
    n_leaves: int
    peers: list[tuple[str, int, Callable[[], np.ndarray]]] = field(default_factory=list)


@functools.cache
def table(n_rows=N_TRAIN, n_features=N_FEATURES, seed=0):
    """Rows and a target with interactions, single precision."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_rows, n_features)).astype(np.float32)
    y = X[:, 0] * X[:, 1] + np.sin(2 * X[:, 2]) + 0.5 * X[:, 3] ** 2 + X[:, 4] * (X[:, 5] > 0)
    return X, (y + 0.3 * X[:, 6:20].sum(axis=1) + 0.5 * rng.normal(size=n_rows)).astype(np.float32)


@functools.cache
def xgboost_model(n_trees, depth):
    """M6 is `xgboost_model(500, 6)`: about 28,000 leaves, a quarter of the splits repeat a feature of their path."""
    import xgboost

    model = xgboost.XGBRegressor(n_estimators=n_trees, max_depth=depth, learning_rate=0.1, n_jobs=1)
    return model.fit(*table())


def xgboost_leaves(model):
    trees = model.get_booster().trees_to_dataframe()
    return int((trees["Feature"] == "Leaf").sum())


def all_cases(n_rows):
    """Every case, made when its turn comes."""
    yield m6(n_rows)
    yield depth_eight(n_rows)
    yield random_forest(n_rows)
    yield leaf_wise(n_rows)
    yield oblivious(n_rows, 500, 6)
    yield oblivious(n_rows, 500, 8)
    yield extra_trees(n_rows)
    yield wide()
    yield many_classes()


def m6(n_rows):
    import shap
    import shapiq
    import xgboost

    model = xgboost_model(500, 6)
    X = table()[0][:n_rows]
    booster = model.get_booster()
    few, single = xgboost.DMatrix(X[:1000], nthread=1), X[:40].astype(np.float64)

    def contributions():
        booster.set_param({"nthread": 1})
        return booster.predict(few, pred_contribs=True)[:, :-1]

    incumbent = shap.TreeExplainer(model)
    peer = shapiq.TreeExplainer(model, index="SV", max_order=1)

    def shapiq_values():
        found = []
        for row in single:
            values = peer.explain(row)
            found.append([values[(i,)] for i in range(X.shape[1])])
        return np.array(found)

    peers = [
        ("xgboost pred_contribs", 1000, contributions),
        ("shap", 100, lambda: incumbent.shap_values(X[:100], check_additivity=False)),
        ("shapiq", 40, shapiq_values),
        ("woodelf", n_rows, functools.partial(woodelf_path, model, X)),
    ]
    return Case("XGBoost 500 x depth 6 (M6)", model, X, xgboost_leaves(model), peers)


def depth_eight(n_rows):
    import xgboost

    model = xgboost_model(300, 8)
    X = table()[0][:n_rows]
    booster = model.get_booster()
    few = xgboost.DMatrix(X[:500], nthread=1)

    def contributions():
        booster.set_param({"nthread": 1})
        return booster.predict(few, pred_contribs=True)[:, :-1]

    return Case(
        "XGBoost 300 x depth 8", model, X, xgboost_leaves(model), [("xgboost pred_contribs", 500, contributions)]
    )


def random_forest(n_rows):
    import shap
    from sklearn.ensemble import RandomForestRegressor

    X, y = table()
    model = RandomForestRegressor(100, max_depth=10, n_jobs=1, random_state=0).fit(X[:5000], y[:5000])
    incumbent = shap.TreeExplainer(model)
    n_leaves = sum(tree.get_n_leaves() for tree in model.estimators_)
    rows = X[:n_rows]
    few = rows[:100]
    peers = [("shap", 100, lambda: incumbent.shap_values(few, check_additivity=False))]
    return Case("random forest 100 x depth 10", model, rows, n_leaves, peers)


def leaf_wise(n_rows):
    import lightgbm

    X, y = table()
    model = lightgbm.LGBMRegressor(n_estimators=500, num_leaves=64, n_jobs=1, verbose=-1).fit(X, y)
    n_leaves = sum(tree["num_leaves"] for tree in model.booster_.dump_model()["tree_info"])
    rows = X[:n_rows]
    few = rows[:200].astype(np.float64)

    def contributions():
        return model.predict(few, pred_contrib=True, num_threads=1)[:, :-1]

    return Case("LightGBM 500 x 64 leaves", model, rows, n_leaves, [("lightgbm pred_contrib", 200, contributions)])


def oblivious(n_rows, n_trees, depth):
    import catboost

    X, y = table()
    model = catboost.CatBoostRegressor(iterations=n_trees, depth=depth, verbose=0, thread_count=1, random_seed=0)
    model.fit(X, y)
    rows = X[:n_rows]
    given = n_rows if depth < 8 else 4000
    pool = catboost.Pool(rows[:given])

    def contributions():
        return model.get_feature_importance(pool, type="ShapValues", thread_count=1)[:, :-1]

    peers = [("catboost ShapValues", given, contributions)]
    return Case(f"CatBoost {n_trees} x depth {depth}", model, rows, n_trees << depth, peers)


def extra_trees(n_rows):
    from sklearn.ensemble import ExtraTreesRegressor

    X, y = table()
    model = ExtraTreesRegressor(20, n_jobs=1, random_state=0).fit(X[:5000], y[:5000])
    n_leaves = sum(tree.get_n_leaves() for tree in model.estimators_)
    return Case("ExtraTrees 20, unlimited depth", model, X[: n_rows // 4], n_leaves)


def wide():
    import xgboost

    X, y = table(2000, 2000, 1)
    model = xgboost.XGBRegressor(n_estimators=200, max_depth=6, n_jobs=1, colsample_bytree=0.1).fit(X, y)
    booster = model.get_booster()
    few = xgboost.DMatrix(X[:200], nthread=1)

    def contributions():
        booster.set_param({"nthread": 1})
        return booster.predict(few, pred_contribs=True)[:, :-1]

    return Case(
        "XGBoost 200 x depth 6, 2,000 columns", model, X, xgboost_leaves(model), [("xgboost", 200, contributions)]
    )


def many_classes():
    import xgboost

    X, y = table(5000)
    classes = np.digitize(y, np.quantile(y, np.arange(0.01, 1, 0.01)))
    model = xgboost.XGBClassifier(n_estimators=5, max_depth=5, n_jobs=1).fit(X, classes)
    booster = model.get_booster()
    few = xgboost.DMatrix(X[:200], nthread=1)

    def contributions():
        booster.set_param({"nthread": 1})
        return booster.predict(few, pred_contribs=True)[:, :, :-1].transpose(0, 2, 1)

    return Case("XGBoost 100 classes x 5 x depth 5", model, X, xgboost_leaves(model), [("xgboost", 200, contributions)])


def woodelf_path(model, X):
    import pandas as pd
    from woodelf import WoodelfExplainer

    frame = pd.DataFrame(X, columns=[f"f{i}" for i in range(X.shape[1])])
    return WoodelfExplainer(model, feature_perturbation="tree_path_dependent").shap_values(frame, verbose=False)


FAST_TREE_SHAP = """
import sys, time, numpy as np, xgboost, fasttreeshap
X, y = np.load(sys.argv[1]), np.load(sys.argv[2])
model = xgboost.XGBRegressor(n_estimators=500, max_depth=6, learning_rate=0.1, n_jobs=1).fit(X, y)
leaves = int((model.get_booster().trees_to_dataframe()["Feature"] == "Leaf").sum())
explainer = fasttreeshap.TreeExplainer(model, algorithm="v2", n_jobs=1)
seconds = []
for _ in range(3):
    begun = time.perf_counter(); explainer(X[:200], check_additivity=False); seconds.append(time.perf_counter() - begun)
print(sorted(seconds)[1] / (200 * leaves) * 1e9)
"""


def fast_tree_shap():
    """Nanoseconds a leaf-row of FastTreeSHAP v2 on an M6 of its own; None without `FERROSHAP_FASTTREESHAP_PYTHON`.

    It builds on no Python that this bench runs on, nor does its XGBoost read today's files: an older interpreter grows
    the same model from the same rows, and times itself.
    """
    python = os.environ.get("FERROSHAP_FASTTREESHAP_PYTHON")
    if not python:
        return None
    with tempfile.TemporaryDirectory() as folder:
        paths = [str(Path(folder) / "X.npy"), str(Path(folder) / "y.npy")]
        for path, array in zip(paths, table(), strict=True):
            np.save(path, array)
        done = subprocess.run([python, "-c", FAST_TREE_SHAP, *paths], check=True, capture_output=True, text=True)
    return float(done.stdout)
