"""Explainers of boosted trees on their way to workers: arrays alone, and smaller than the model's own file."""

import os
import pickle

import numpy as np
import pytest

import ferroshap as shap

STREAM = np.random.default_rng(2)
ROWS = STREAM.normal(size=(600, 12)).astype(np.float32)
LABELS = ROWS[:, 0] * ROWS[:, 1] + ROWS[:, 2]


def xgboost(path):
    library = pytest.importorskip("xgboost")
    model = library.XGBRegressor(n_estimators=40, max_depth=5, n_jobs=1).fit(ROWS, LABELS)
    model.save_model(path / "model.ubj")
    return model, model.get_booster()


def lightgbm(path):
    library = pytest.importorskip("lightgbm")
    model = library.LGBMRegressor(n_estimators=40, n_jobs=1, verbose=-1).fit(ROWS, LABELS)
    model.booster_.save_model(path / "model.txt")
    return model, model.booster_


def catboost(path):
    library = pytest.importorskip("catboost")
    model = library.CatBoostRegressor(iterations=60, depth=6, verbose=0, allow_writing_files=False, thread_count=1)
    model.fit(ROWS, LABELS)
    model.save_model(str(path / "model.cbm"))
    return (model,)


@pytest.mark.parametrize("train", [xgboost, lightgbm, catboost])
def test_an_explainer_is_hardly_larger_than_the_file_and_holds_no_model(train, tmp_path):
    for model in train(tmp_path):
        (file,) = tmp_path.iterdir()
        explainer = shap.TreeExplainer(model)
        values = explainer.shap_values(ROWS[:20])
        written = pickle.dumps(explainer, protocol=5)
        assert len(written) <= 1.3 * min(os.path.getsize(file), len(pickle.dumps(model)))  # noqa: PTH202
        copied = pickle.loads(written)
        assert type(model).__module__.encode() not in written
        np.testing.assert_array_equal(copied.shap_values(ROWS[:20]), values)
        assert copied.fingerprint == explainer.fingerprint
        assert copied.model.original_model is None


@pytest.mark.parametrize("train", [xgboost, lightgbm, catboost])
def test_models_of_functions_have_fingerprints_that_hold_in_copies(train, tmp_path):
    model = train(tmp_path)[0]
    explainers = [shap.KernelExplainer(model.predict, ROWS[:30]) for _ in range(2)]
    explainers.append(pickle.loads(pickle.dumps(explainers[0])))
    assert len({explainer.fingerprint for explainer in explainers}) == 1
