"""Record small XGBoost models with rows and raw margins: ``python record_xgboost.py`` under any version since 1.6.

Writes ``xgboost/<case>-<version>.ubj`` (some also ``.json``) and ``xgboost/<case>-<version>.rows.json``, which holds
``rows`` (null: NaN) and ``margins``, both row by row. Tests read whatever is there.
"""

import json
import sys
from pathlib import Path

import numpy as np
import xgboost

HERE = Path(__file__).parent / "xgboost"
VERSION = xgboost.__version__
NEWEST = "3.4.1"  # of this all cases
EVERY_VERSION = (
    "regression",
    "estimated",
    "logistic",
    "classes",
    "poisson",
    "dart",
    "targets",
    "vector",
    "categories",
    "no_trees",
)
BOTH_FORMS = ("regression", "categories", "dart", "vector", "classes")


def table():
    rng = np.random.default_rng(5)
    X = rng.normal(size=(160, 4)).astype(np.float32)
    X[:, 3] = rng.integers(0, 4, 160)
    y = X[:, 0] + X[:, 1] * X[:, 2] + (X[:, 3] == 2)
    X[rng.random(X.shape) < 0.08] = np.nan
    return X, np.nan_to_num(y)


X, y = table()
SMALL = {"max_depth": 3, "eta": 0.5, "seed": 1, "nthread": 1, "base_score": 0.3, "tree_method": "hist"}
POSITIVE = np.abs(y) + 0.1
CODES = ["q", "q", "q", "c"]


def cases():
    """Name, parameters, labels, rounds, feature types."""
    three = np.digitize(y, np.quantile(y, [0.3, 0.6]))
    two = np.stack([y, 1 - y * 0.5 + np.nan_to_num(X[:, 0])], 1)
    yield "regression", {}, y, 4, None
    yield "exact", {"tree_method": "exact", "gamma": 2.0, "max_depth": 4}, y, 4, None
    yield "estimated", {"base_score": None}, y + 7, 2, None
    yield "logistic", {"objective": "binary:logistic"}, y > 0, 4, None
    yield "logitraw", {"objective": "binary:logitraw"}, y > 0, 3, None
    yield "hinge", {"objective": "binary:hinge"}, y > 0, 3, None
    yield "classes", {"objective": "multi:softprob", "num_class": 3, "num_parallel_tree": 2}, three, 2, None
    yield "poisson", {"objective": "count:poisson", "base_score": 2.0}, POSITIVE, 3, None
    yield "gamma", {"objective": "reg:gamma", "base_score": 2.0}, POSITIVE, 3, None
    yield "tweedie", {"objective": "reg:tweedie", "base_score": 2.0}, POSITIVE, 3, None
    yield "cox", {"objective": "survival:cox", "base_score": 2.0}, POSITIVE, 3, None
    yield "aft", {"objective": "survival:aft", "base_score": 2.0}, POSITIVE, 3, None
    yield "ranking", {"objective": "rank:pairwise"}, three, 3, None
    yield "dart", {"booster": "dart", "rate_drop": 0.6}, y, 6, None
    yield "forest", {"num_parallel_tree": 5, "subsample": 0.6}, y, 1, None
    yield "stumps", {"max_depth": 1, "min_child_weight": 60}, y, 3, None
    yield "no_trees", {}, y, 0, None
    yield "targets", {}, two, 3, None
    yield "vector", {"multi_strategy": "multi_output_tree"}, two, 3, None
    yield (
        "vector_classes",
        {
            "multi_strategy": "multi_output_tree",
            "objective": "multi:softprob",
            "num_class": 3,
        },
        three,
        3,
        None,
    )
    yield "quantiles", {"objective": "reg:quantileerror", "quantile_alpha": [0.2, 0.5, 0.9]}, y, 3, None
    yield (
        "expectiles",
        {"objective": "reg:expectileerror", "expectile_alpha": [0.2, 0.5, 0.9], "base_score": None},
        y,
        3,
        None,
    )
    yield "expectile", {"objective": "reg:expectileerror", "expectile_alpha": 0.8, "base_score": None}, y, 3, None
    yield "categories", {"max_cat_to_onehot": 1}, y, 4, CODES
    yield "one_hot", {"max_cat_to_onehot": 10}, y, 4, CODES
    yield "linear", {"booster": "gblinear", "tree_method": None}, y, 2, None


def probes(booster, kinds):
    """Some training rows, and rows whose numbers are thresholds of the model."""
    rows = X[:24].copy()
    model = json.loads(bytes(booster.save_raw("json")))["learner"]["gradient_booster"]
    model = model.get("gbtree", model)["model"]
    splits = [
        pair
        for tree in model["trees"]
        for child, *pair in zip(tree["left_children"], tree["split_indices"], tree["split_conditions"])  # noqa: B905 - Python 3.8
        if child != -1
    ]
    for column in range(X.shape[1]):
        thresholds = [threshold for split, threshold in splits if split == column]
        for row, threshold in zip(rows[12:], thresholds):  # noqa: B905 - runs under Python 3.8 too
            row[column] = np.float32(threshold)
    if kinds is not None:
        rows[:6, 3] = [0, 3, 31, 40, 2.75, np.nan]
    return rows


def record(name, parameters, labels, n_rounds, kinds):
    options = {"feature_types": kinds, "enable_categorical": True} if kinds else {}
    data = xgboost.DMatrix(X, label=labels, **options)
    if name == "aft":
        data.set_float_info("label_lower_bound", labels)
        data.set_float_info("label_upper_bound", labels * 1.5)
    parameters = {key: value for key, value in {**SMALL, **parameters}.items() if value is not None}
    booster = xgboost.train(parameters, data, n_rounds)
    path = HERE / f"{name}-{VERSION}"
    if name == "linear":
        path.with_name(path.name + ".ubj").write_bytes(booster.save_raw("ubj"))
        return
    rows = probes(booster, kinds)
    margins = booster.predict(xgboost.DMatrix(rows, **options), output_margin=True)
    margins = np.asarray(margins, np.float64).reshape(len(rows), -1)
    path.with_name(path.name + ".ubj").write_bytes(booster.save_raw("ubj"))
    if name in BOTH_FORMS:
        path.with_name(path.name + ".json").write_bytes(booster.save_raw("json"))
    rows = [[None if np.isnan(x) else float(x) for x in row] for row in rows]
    text = json.dumps({"rows": rows, "margins": margins.tolist()}, separators=(",", ":"))
    path.with_name(path.name + ".rows.json").write_text(text + "\n")


if __name__ == "__main__":
    HERE.mkdir(exist_ok=True)
    wanted = sys.argv[1:] or (() if VERSION == NEWEST else EVERY_VERSION)
    for name, *rest in cases():
        if wanted and name not in wanted:
            continue
        try:
            record(name, *rest)
        except (xgboost.core.XGBoostError, ValueError) as error:
            sys.stderr.write(f"{name} {VERSION}: {str(error).splitlines()[0][:150]}\n")
