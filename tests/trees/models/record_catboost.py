"""Make the recorded models of this folder: `python record_catboost.py`, with CatBoost 1.2.10."""

import json
from pathlib import Path

import catboost
import numpy as np
import pandas as pd

HERE = Path(__file__).parent / "catboost"
N = 400
rng = np.random.default_rng(7)
numbers = rng.normal(size=(N, 4)).round(3)
with_nan = np.where(rng.random((N, 4)) < 0.15, np.nan, numbers)
target = 2 * numbers[:, 0] + numbers[:, 1] * numbers[:, 2] + rng.normal(size=N) / 4
colours = rng.choice(["red", "green", "blue", "Zürich", "0"], N)
cities = np.array([f"city {i}" for i in rng.integers(0, 40, N)])
codes = rng.integers(-3, 20, N)
mixed = pd.DataFrame({"x": numbers[:, 0], "colour": colours, "y": numbers[:, 1], "city": cities, "code": codes})
mixed_target = target + (colours == "red") * 2 + (codes % 3) + np.array([hash_ % 5 for hash_ in map(len, cities)])
categories = ["colour", "city", "code"]


def record(name, kind, data, y, *, weights=None, baseline_rows=60, **options):
    """Train, and write the model with rows and raw predictions."""
    defaults = {
        "iterations": 12,
        "depth": 4,
        "random_seed": 3,
        "thread_count": 1,
        "verbose": 0,
        "allow_writing_files": False,
    }
    model = kind(**{**defaults, **options}).fit(data, y, sample_weight=weights)
    path = HERE / f"{name}.json"
    model.save_model(str(path), format="json")
    as_written = json.loads(path.read_text())
    as_written["model_info"] = {key: as_written["model_info"][key] for key in ("catboost_version_info", "params")}
    as_written["model_info"]["params"] = {"loss_function": as_written["model_info"]["params"]["loss_function"]}
    path.write_text(json.dumps(as_written))
    rows = data[:baseline_rows]
    raw = model.predict(rows, prediction_type="RawFormulaVal").reshape(baseline_rows, -1)
    if isinstance(rows, pd.DataFrame):
        unknown = rows.iloc[:5].copy()
        unknown["city"], unknown["colour"], unknown["code"] = "nowhere", "none", 999
        rows = pd.concat([rows, unknown])
        raw = np.concatenate([raw, model.predict(unknown, prediction_type="RawFormulaVal").reshape(5, -1)])
        rows = rows.to_numpy(dtype=object)
        rows[:, 4] = [str(code) for code in rows[:, 4]]
    told = [[None if isinstance(value, float) and np.isnan(value) else value for value in row] for row in rows.tolist()]
    (HERE / f"{name}.rows.json").write_text(json.dumps({"rows": told, "raw": raw.tolist()}))


Regressor, Classifier = catboost.CatBoostRegressor, catboost.CatBoostClassifier
record("symmetric", Regressor, numbers, target)
record("depthwise", Regressor, numbers, target, grow_policy="Depthwise")
record("lossguide", Regressor, numbers, target, grow_policy="Lossguide", max_leaves=12, depth=8)
record("no_bias", Regressor, numbers, target + 100, boost_from_average=False)
record("binary", Classifier, numbers, target > 0.5)
record("multiclass", Classifier, numbers, np.digitize(target, [-1, 1]), iterations=6)
record(
    "multiclass_depthwise",
    Classifier,
    with_nan,
    np.digitize(target, [-1, 1]),
    iterations=6,
    depth=3,
    grow_policy="Depthwise",
)
record(
    "multi_rmse",
    Regressor,
    numbers,
    np.column_stack([target, -target + 3, numbers[:, 3]]),
    loss_function="MultiRMSE",
    iterations=6,
)
record("nan_min", Regressor, with_nan, target + 3 * np.isnan(with_nan[:, 0]), nan_mode="Min")
record("nan_max", Regressor, with_nan, target + 3 * np.isnan(with_nan[:, 0]), nan_mode="Max")
record("weights", Regressor, numbers, target, weights=rng.random(N).round(2), iterations=6)
record("one_hot", Regressor, mixed, mixed_target, cat_features=categories, one_hot_max_size=255)
record(
    "one_hot_lossguide",
    Regressor,
    mixed,
    mixed_target,
    cat_features=categories,
    one_hot_max_size=255,
    grow_policy="Lossguide",
)
record(
    "counters",
    Regressor,
    mixed,
    mixed_target,
    cat_features=categories,
    one_hot_max_size=5,
    max_ctr_complexity=1,
    iterations=20,
)
record(
    "counter_types",
    Classifier,
    mixed,
    np.digitize(mixed_target, [0, 2]),
    cat_features=categories,
    one_hot_max_size=2,
    max_ctr_complexity=1,
    simple_ctr=["Buckets", "Borders:TargetBorderCount=2", "Counter"],
)
record(
    "counter_borders",
    Regressor,
    mixed,
    mixed_target,
    cat_features=categories,
    one_hot_max_size=2,
    max_ctr_complexity=1,
    simple_ctr=["Borders:TargetBorderCount=4:TargetBorderType=Uniform"],
)
for name, kind in [("counter_means", "BinarizedTargetMeanValue"), ("counter_counter", "Counter")]:
    record(
        name,
        Regressor,
        mixed,
        mixed_target,
        cat_features=categories,
        one_hot_max_size=2,
        max_ctr_complexity=1,
        simple_ctr=[kind],
    )
record(
    "combinations", Regressor, mixed, mixed_target, cat_features=categories, one_hot_max_size=2, max_ctr_complexity=3
)
