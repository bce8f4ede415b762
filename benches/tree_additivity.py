"""The question: how far base value + values are from the model's own output, over tables, models and both games.

The tables of scikit-learn, and those that `FERROSHAP_DATA` holds (california_housing.csv, adult_census.csv with its
categories as text). "error" is the largest |base + sum of values - raw output| over all rows, as a share of the largest
|base| + sum of |values|; libraries that predict in single precision are held against their own rounding.
"""

import os
from pathlib import Path

import measuring
import numpy as np
import pandas as pd
from sklearn import datasets, ensemble, tree

import ferroshap

N_ROWS, N_BACKGROUND = 3000, 1000


def tables():
    for name in ["iris", "wine", "breast_cancer", "diabetes"]:
        X, y = getattr(datasets, f"load_{name}")(return_X_y=True, as_frame=True)
        yield name, X, y, name != "diabetes"
    folder = Path(os.environ.get("FERROSHAP_DATA", "data"))
    if (folder / "california_housing.csv").exists():
        frame = pd.read_csv(folder / "california_housing.csv")
        yield "California housing", frame.drop(columns="MedHouseVal"), frame["MedHouseVal"], False
    if (folder / "adult_census.csv").exists():
        frame = pd.read_csv(folder / "adult_census.csv")
        X = frame.drop(columns="class")
        for column in X.select_dtypes(exclude="number"):
            X[column] = X[column].astype("category")
        yield "adult", X, (frame["class"] == ">50K").astype(int), True


def models(X, y, is_classifier):
    """Name, fitted model, the table as it was taken (CatBoost wants no missing categories), its raw output for rows."""
    kind = "Classifier" if is_classifier else "Regressor"
    has_categories = any(dtype == "category" for dtype in X.dtypes)

    def raw(model):
        for name in ["decision_function", "predict_proba", "predict"]:
            if hasattr(model, name):
                return getattr(model, name)
        raise TypeError(model)

    if not has_categories:
        plain = {
            "decision tree": getattr(tree, f"DecisionTree{kind}")(),
            "random forest": getattr(ensemble, f"RandomForest{kind}")(50),
            "extra trees": getattr(ensemble, f"ExtraTrees{kind}")(20),
            "gradient boosting": getattr(ensemble, f"GradientBoosting{kind}")(n_estimators=50),
            "bagging": getattr(ensemble, f"Bagging{kind}")(n_estimators=10),
        }
        for name, model in plain.items():
            fitted = model.fit(X, y)
            yield name, fitted, X, raw(fitted)
    fitted = getattr(ensemble, f"HistGradientBoosting{kind}")(categorical_features="from_dtype").fit(X, y)
    yield "hist gradient boosting", fitted, X, raw(fitted)
    import catboost
    import lightgbm
    import xgboost

    fitted = getattr(lightgbm, f"LGBM{kind}")(verbose=-1).fit(X, y)
    yield "LightGBM", fitted, X, lambda rows: fitted.predict(rows, raw_score=True)
    boosted = getattr(xgboost, f"XGB{kind}")(enable_categorical=True).fit(X, y)
    yield "XGBoost", boosted, X, lambda rows: boosted.predict(rows, output_margin=True)
    words = X.select_dtypes("category").columns
    known = X.assign(**{word: X[word].astype(object).fillna("?").astype("category") for word in words})
    options = {"one_hot_max_size": 255, "cat_features": list(X.select_dtypes("category"))} if has_categories else {}
    cat = getattr(catboost, f"CatBoost{kind}")(verbose=0, iterations=200, **options).fit(known, y)
    yield "CatBoost", cat, known, lambda rows: cat.predict(rows, prediction_type="RawFormulaVal")


def error(explainer, rows, expected):
    explanation = explainer(rows)
    values, base = explanation.values, explanation.base_values
    total = base + values.sum(axis=1)
    scale = np.max(np.abs(base) + np.abs(values).sum(axis=1) + np.abs(expected))
    return float(np.abs(total - expected).max() / scale)


def main():
    measuring.environment("ferroshap", "scikit-learn", "xgboost-cpu", "lightgbm", "catboost", "pandas")
    lines = []
    for table, X, y, is_classifier in tables():
        for name, model, taken, raw in models(X, y, is_classifier):
            rows, background = taken.iloc[:N_ROWS], taken.iloc[-N_BACKGROUND:]
            expected = np.asarray(raw(rows), dtype=np.float64)
            found = [
                error(ferroshap.TreeExplainer(model, data), rows, expected.reshape(len(rows), *expected.shape[1:]))
                for data in (None, background)
            ]
            lines.append([table, name, *(f"{one:.0e}" for one in found)])
            print(*lines[-1], flush=True)
    measuring.table(["table", "model", "error, path-dependent", f"error, up to {N_BACKGROUND} background rows"], lines)


if __name__ == "__main__":
    main()
