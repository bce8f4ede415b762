"""Boosted trees at the end of pipelines, dense and sparse, and XGBoost's linear booster."""

import numpy as np
import pytest
from sklearn.compose import make_column_transformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from tests.models.pipelines import people, target

import ferroshap as shap
from ferroshap.errors import InvalidModelError

MODELS = {
    "xgboost": ("XGBRegressor", {"n_estimators": 10, "max_depth": 3, "n_jobs": 1}, 1e-5),
    "lightgbm": ("LGBMRegressor", {"n_estimators": 10, "min_child_samples": 5, "verbose": -1, "n_jobs": 1}, 1e-12),
    "catboost": (
        "CatBoostRegressor",
        {"iterations": 10, "verbose": 0, "thread_count": 1, "allow_writing_files": False},
        1e-12,
    ),
}


@pytest.mark.filterwarnings("ignore:X does not have valid feature names, but LGBM")  # of pipelines that give arrays
@pytest.mark.parametrize("is_sparse", [True, False])
@pytest.mark.parametrize("library", MODELS)
def test_absent_entries_of_encoded_rows_mean_what_the_library_says(library, is_sparse):
    """Of a sparse matrix XGBoost takes what is not stored for missing, all others for 0."""
    name, options, within = MODELS[library]
    frame = people()
    encoder = OneHotEncoder(sparse_output=is_sparse)
    prepare = make_column_transformer(
        (encoder, ["job", "city"]), (StandardScaler(), ["age", "income"]), sparse_threshold=float(is_sparse)
    )
    last = getattr(pytest.importorskip(library), name)(**options)
    pipeline = make_pipeline(prepare, last).fit(frame, target(frame))
    explainer = shap.Explainer(pipeline, frame[:30])
    assert isinstance(explainer, shap.TreeExplainer)
    want = shap.ExactExplainer(pipeline.predict, frame[:30])(frame[30:33]).values
    np.testing.assert_allclose(explainer(frame[30:33]).values, want, rtol=0, atol=within)
    counted = shap.TreeExplainer(pipeline, frame[:30], feature_perturbation="tree_path_dependent")(frame[30:33])
    predicted = pipeline.predict(frame[30:33])
    np.testing.assert_allclose(counted.base_values + counted.values.sum(axis=1), predicted, rtol=0, atol=within)
    assert counted.base_values[0] == pytest.approx(pipeline.predict(frame[:30]).mean(), abs=within)


@pytest.mark.parametrize("kind", ["regressor", "two", "three"])
def test_the_linear_booster_takes_the_linear_route(kind):
    xgboost = pytest.importorskip("xgboost")
    X = np.random.default_rng(0).normal(size=(200, 4))
    y = X @ [1.0, 2.0, -3.0, 0.5]
    options = {"booster": "gblinear", "n_estimators": 20, "n_jobs": 1}
    if kind == "regressor":
        model = xgboost.XGBRegressor(**options).fit(X, y)
    else:
        model = xgboost.XGBClassifier(**options).fit(X, y > 0 if kind == "two" else np.digitize(y, [-1.0, 1.0]))

    def margin(rows):
        return model.predict(rows, output_margin=True)

    want = shap.ExactExplainer(margin, X[:40])(X[40:43]).values
    asked = [model, model.get_booster(), *([model.predict] if kind == "regressor" else [])]
    for one in asked:
        explainer = shap.Explainer(one, X[:40])
        assert isinstance(explainer, shap.LinearExplainer)
        # The margin is a sum in single precision.
        np.testing.assert_allclose(explainer(X[40:43]).values, want, rtol=0, atol=1e-5)
    if kind == "three":
        assert shap.Explainer(model, X[:40]).output_names == ["0", "1", "2"]
    with pytest.raises(InvalidModelError, match="the linear booster has no trees"):
        shap.TreeExplainer(model)
