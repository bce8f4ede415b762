"""Record small LightGBM models with rows and raw margins: ``python record_lightgbm.py`` under any version since 2.3.

Writes ``lightgbm/<case>-<version>.txt`` and ``lightgbm/<case>-<version>.rows.json``, which holds ``rows`` (null: NaN) and
``margins`` (of a random forest the average), both row by row. Tests read whatever is there; the fuzz loop mutates the text.
"""

import json
from pathlib import Path

import lightgbm
import numpy as np

HERE = Path(__file__).parent / "lightgbm"
VERSION = lightgbm.__version__
NEWEST = "4.7.0"  # of this all cases
EVERY_VERSION = ("regression", "zero_as_missing", "no_missing", "categories", "classes", "forest", "constant")


def table():
    rng = np.random.default_rng(3)
    X = rng.normal(size=(240, 4)).round(2)
    X[:, 2] = rng.integers(-1, 2, 240) * rng.normal(size=240).round(1)  # many zeros
    X[:, 3] = rng.integers(0, 70, 240)
    y = X[:, 0] + X[:, 1] * (X[:, 2] > 0) + X[:, 3] % 3
    X[rng.random(X.shape) < 0.08] = np.nan
    return X, np.nan_to_num(y)


X, y = table()
SMALL = {
    "verbose": -1,
    "num_leaves": 6,
    "min_data_in_leaf": 5,
    "num_threads": 1,
    "learning_rate": 0.3,
    "min_data_per_group": 5,
}


def cases():
    """Name, parameters, labels, rounds."""
    three = np.digitize(y, np.quantile(y, [0.3, 0.6]))
    bagged = {"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.5}
    category = {"cat_smooth": 1, "cat_l2": 1, "max_cat_to_onehot": 1}
    yield "regression", {}, y, 3
    yield "zero_as_missing", {"zero_as_missing": True}, y, 3
    yield "no_missing", {"use_missing": False}, y, 3
    yield "categories", category, y, 3
    yield "one_hot", {**category, "max_cat_to_onehot": 80}, y, 3
    yield "logistic", {"objective": "binary", "sigmoid": 2.0}, (y > 1).astype(int), 3
    yield "classes", {"objective": "multiclass", "num_class": 3}, three, 2
    yield "one_against_all", {"objective": "multiclassova", "num_class": 3, "sigmoid": 1.5}, three, 2
    yield "poisson", {"objective": "poisson"}, np.abs(y), 3
    yield "forest", bagged, y, 4
    yield "forest_classes", {"objective": "multiclass", "num_class": 3, **bagged}, three, 3
    yield "dart", {"boosting": "dart", "drop_rate": 0.6, "skip_drop": 0.0}, y, 6
    yield "linear", {"linear_tree": True}, y, 3
    yield "linear_forest", {"linear_tree": True, **bagged}, y, 3
    yield "constant", {}, np.ones(len(y)), 2
    yield "no_trees", {}, y, 0


def rows_to_ask(text):
    """Training rows, rows on the thresholds of the model, and rows that training never saw."""
    lines = [line for line in text.split("\n") if line.startswith("threshold=")]
    on = sorted({float(word) for line in lines for word in line.partition("=")[2].split()})
    rng = np.random.default_rng(4)
    rows = [*X[:12]]
    for _ in range(16):
        row = rng.choice([*on, 0.0], size=4)
        rows.append(rng.choice([row, np.nextafter(row, -np.inf), np.nextafter(row, np.inf)]))
        rows[-1][3] = rng.integers(-2, 90)
    rows.extend([np.full(4, np.nan), np.zeros(4), np.full(4, -0.5), np.full(4, 1e-36), np.full(4, -1e-36)])
    return np.array(rows)


def main():
    HERE.mkdir(exist_ok=True)
    for name, params, labels, rounds in cases():
        if VERSION != NEWEST and name not in EVERY_VERSION:
            continue
        categorical = [3] if "cat_smooth" in params else []
        options = {"objective": "regression", **SMALL, **params}
        data = lightgbm.Dataset(X, labels, categorical_feature=categorical, params=options)
        booster = lightgbm.Booster(options, data)
        for _ in range(rounds):
            booster.update()
        text = booster.model_to_string()
        booster = lightgbm.Booster(model_str=text)
        rows = rows_to_ask(text)
        margins = booster.predict(rows, raw_score=True) if rounds else np.zeros(len(rows))
        if params.get("boosting") == "rf":
            margins = margins / rounds
        (HERE / f"{name}-{VERSION}.txt").write_text(text)
        nulls = [[None if np.isnan(x) else float(x) for x in row] for row in rows]
        record = {"rows": nulls, "margins": np.asarray(margins).reshape(len(rows), -1).tolist()}
        (HERE / f"{name}-{VERSION}.rows.json").write_text(json.dumps(record))


if __name__ == "__main__":
    main()
