"""Which route pipelines take, and what is said of those that have none of their own (design 8.2)."""

import pickle
import re

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.cluster import KMeans
from sklearn.compose import make_column_transformer
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.impute import KNNImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    Normalizer,
    OneHotEncoder,
    PolynomialFeatures,
    StandardScaler,
)
from tests.models.pipelines import people, prepared, same_as_the_whole, target

import ferroshap as shap
from ferroshap.errors import InvalidMaskerError, InvalidModelError, MixedColumnsError
from ferroshap.maskers import Gaussian, Groups
from ferroshap.models import parted


def test_groups_of_input_columns_are_players():
    frame = people()
    groups = {"person": ["age", "job"]}
    for last in (RandomForestRegressor(4, max_depth=5, random_state=0), Ridge()):
        pipeline = make_pipeline(prepared(OneHotEncoder()), last).fit(frame, target(frame))
        masker = Groups(frame[:20], groups)
        fast = shap.Explainer(pipeline, masker)(frame[20:23])
        slow = shap.ExactExplainer(pipeline, masker)(frame[20:23])
        assert fast.feature_names == slow.feature_names == ["person", "city", "income", "unused"]
        np.testing.assert_allclose(fast.values, slow.values, rtol=0, atol=1e-13)
        assert fast.data.tolist()[0][1:3] == slow.data.tolist()[0][1:3]


@pytest.mark.parametrize("method", ["predict", "predict_proba", "decision_function"])
def test_bound_methods_take_the_route_of_the_last_step(method):
    frame = people()
    y = np.digitize(target(frame), [1.0, 3.0])
    lasts = {
        "predict": (RandomForestRegressor(4, random_state=0), shap.TreeExplainer),
        "predict_proba": (RandomForestClassifier(4, random_state=0), shap.TreeExplainer),
        "decision_function": (LogisticRegression(), shap.LinearExplainer),
    }
    last, chosen = lasts[method]
    pipeline = make_pipeline(prepared(OneHotEncoder()), last).fit(frame, y)
    function = getattr(pipeline, method)
    fast, _ = same_as_the_whole(function, frame[:20], frame[20:23], function)
    assert isinstance(fast, chosen)


def test_searches_and_frozen_estimators_are_looked_through():
    frame = people()
    pipeline = make_pipeline(prepared(OneHotEncoder()), RandomForestRegressor(3, random_state=0))
    search = GridSearchCV(pipeline, {"randomforestregressor__max_depth": [2, 3]}, cv=2).fit(frame, target(frame))
    for model in (search, search.predict, FrozenEstimator(search.best_estimator_)):
        fast, _ = same_as_the_whole(model, frame[:20], frame[20:23], search.predict)
        assert isinstance(fast, shap.TreeExplainer)


class Doubled(TransformerMixin, BaseEstimator):
    """A user's own transformer."""

    def fit(self, X, y=None):
        del X, y
        return self

    def transform(self, X):
        return np.asarray(X) * 2

    def __sklearn_is_fitted__(self):
        return True


class Sly(StandardScaler):
    """A scaler that mixes columns."""

    def transform(self, X, copy=None):
        scaled = super().transform(X, copy=copy)
        return scaled + scaled.sum(axis=1, keepdims=True)


MIXED = {
    "pca": (PCA(2), "step 'prepare' \\(PCA\\) mixes columns"),
    "polynomial": (PolynomialFeatures(2), "step 'prepare' \\(PolynomialFeatures\\) mixes columns"),
    "normaliser": (Normalizer(), "step 'prepare' \\(Normalizer\\) mixes columns"),
    "neighbours": (KNNImputer(), "step 'prepare' \\(KNNImputer\\) mixes columns"),
    "function": (FunctionTransformer(lambda X: X**2), "step 'prepare' \\(FunctionTransformer\\) may mix columns"),
    "own": (Doubled(), "step 'prepare' \\(Doubled\\) is not of scikit-learn"),
    "child": (Sly(), "step 'prepare' \\(Sly\\) is not of scikit-learn"),
    "clusters": (KMeans(2, random_state=0, n_init=1), "step 'prepare' \\(KMeans\\) mixes columns"),
    "inside": (FeatureUnion([("a", StandardScaler()), ("b", PCA(1))]), "step 'prepare: b' \\(PCA\\) mixes columns"),
}


@pytest.mark.parametrize("name", MIXED)
def test_steps_that_mix_columns_make_the_pipeline_a_black_box_and_the_plan_names_them(name, seed):
    rng = np.random.default_rng([seed, 4])
    X = rng.normal(size=(60, 3))
    step, reason = MIXED[name]
    pipeline = Pipeline([("prepare", step), ("forest", RandomForestRegressor(3, random_state=0))])
    pipeline.fit(X, X[:, 0] * X[:, 1])
    explainer, _ = same_as_the_whole(pipeline, X[:20], X[20:22])
    assert isinstance(explainer, shap.ExactExplainer)
    assert re.search(reason, explainer.plan.reason)
    for route in (shap.TreeExplainer, shap.LinearExplainer):
        with pytest.raises(MixedColumnsError, match=reason):
            route(pipeline, X[:20])


def test_a_step_that_lies_about_its_columns_is_found_out(monkeypatch):
    X = np.random.default_rng(0).normal(size=(60, 3))
    pipeline = make_pipeline(StandardScaler(), RandomForestRegressor(3, random_state=0)).fit(X, X[:, 0])
    plain = StandardScaler.transform
    monkeypatch.setattr(StandardScaler, "transform", lambda self, rows, copy=None: plain(self, rows, copy)[:, ::-1])
    with pytest.raises(MixedColumnsError, match="column 0 of what the steps make is not born from the column 0 alone"):
        shap.TreeExplainer(pipeline, X[:20])
    assert isinstance(shap.Explainer(pipeline, X[:20]), shap.ExactExplainer)


def test_text_of_one_column_is_followed():
    words = ["good film", "bad film", "good book", "a bad bad book"] * 10
    frame = pd.DataFrame({"review": words, "year": np.arange(40.0)})
    prepare = make_column_transformer((TfidfVectorizer(), "review"), (StandardScaler(), ["year"]))
    y = np.array(["good" in text for text in words]) + frame.year.to_numpy() / 40
    pipeline = make_pipeline(prepare, Ridge()).fit(frame, y)
    fast, explained = same_as_the_whole(pipeline, frame[:15], frame[15:18])
    assert isinstance(fast, shap.LinearExplainer)
    assert explained.feature_names == ["review", "year"]


def test_other_last_steps_are_black_boxes_and_the_plan_says_so():
    X = np.random.default_rng(0).normal(size=(60, 3))
    pipeline = make_pipeline(StandardScaler(), MLPRegressor(hidden_layer_sizes=(4,), max_iter=20, random_state=0))
    with pytest.warns(UserWarning, match="converge"):
        pipeline.fit(X, X[:, 0])
    explainer = shap.Explainer(pipeline, X[:20])
    assert isinstance(explainer, shap.ExactExplainer)
    assert "the last step, MLPRegressor, has no exact route" in explainer.plan.reason
    with pytest.raises(InvalidModelError, match="of the class MLPRegressor"):
        shap.TreeExplainer(pipeline, X[:20])


def test_linear_pipelines_do_not_take_correlated_maskers():
    X = np.random.default_rng(0).normal(size=(60, 3))
    pipeline = make_pipeline(StandardScaler(), LinearRegression()).fit(X, X[:, 0])
    with pytest.raises(InvalidMaskerError, match="the input of a pipeline have no values in closed form"):
        shap.LinearExplainer(pipeline, Gaussian(X))
    assert isinstance(shap.Explainer(pipeline, Gaussian(X)), shap.ExactExplainer)
    with pytest.raises(InvalidMaskerError, match="LinearExplainer fills features from a whole background"):
        shap.LinearExplainer(LinearRegression().fit(X, X[:, 0]), Groups(Gaussian(X), {"a": [0, 1]}))


def test_explainers_of_pipelines_pickle():
    frame = people()
    for last in (RandomForestRegressor(3, random_state=0), Ridge()):
        pipeline = make_pipeline(prepared(OneHotEncoder()), last).fit(frame, target(frame))
        explainer = shap.Explainer(pipeline, frame[:20])
        back = pickle.loads(pickle.dumps(explainer))
        np.testing.assert_array_equal(back(frame[20:23]).values, explainer(frame[20:23]).values)


def test_the_users_frame_and_pipeline_are_not_changed():
    frame = people()
    pipeline = make_pipeline(prepared(OneHotEncoder()), Ridge()).fit(frame, target(frame))
    before, state = frame.copy(deep=True), pickle.dumps(pipeline)
    shap.Explainer(pipeline, frame[:20])(frame[20:30])
    pd.testing.assert_frame_equal(frame, before)
    assert pickle.dumps(pipeline) == state


class Halved(Pipeline):
    """A pipeline of the user's own."""

    def predict(self, X):
        return super().predict(X) / 2


class Sampler:
    """What imbalanced-learn has in its pipelines: does something to training rows alone."""

    def fit_resample(self, X, y):
        return X, y


def test_pipelines_of_a_users_own_class_are_black_boxes(seed):
    X = np.random.default_rng([seed, 1]).normal(size=(60, 3))
    model = Halved([("scale", StandardScaler()), ("line", LinearRegression())]).fit(X, X[:, 0])
    for asked in (model, model.predict):
        explainer, explained = same_as_the_whole(asked, X[:20], X[20:22], model.predict)
        assert isinstance(explainer, shap.ExactExplainer)
        np.testing.assert_allclose(explained.values.sum(axis=1) + explained.base_values, X[20:22, 0] / 2, atol=1e-12)


def test_steps_that_resample_training_rows_do_nothing_to_columns():
    X = np.random.default_rng(0).normal(size=(60, 3))
    fitted = Pipeline([("scale", StandardScaler()), ("line", LinearRegression())]).fit(X, X[:, 0])
    with_sampler = Pipeline([("scale", fitted[0]), ("more", Sampler()), ("line", fitted[1])])
    front, last = parted(with_sampler)
    assert front.owners.tolist() == [0, 1, 2]
    assert last is fitted[1]
    values = shap.LinearExplainer(with_sampler, X[:20]).shap_values(X[:3])
    np.testing.assert_array_equal(values, shap.LinearExplainer(fitted, X[:20]).shap_values(X[:3]))


@pytest.mark.parametrize("last", [RandomForestRegressor(3, random_state=0), Ridge()])
def test_saved_explainers_of_pipelines_come_back(last, tmp_path):
    frame = people()
    pipeline = make_pipeline(prepared(OneHotEncoder()), last).fit(frame, target(frame))
    explainer = shap.Explainer(pipeline, frame[:20])
    with (tmp_path / "explainer").open("wb") as file:
        explainer.save(file)
    with (tmp_path / "explainer").open("rb") as file:
        back = type(explainer).load(file)
    np.testing.assert_array_equal(back(frame[20:23]).values, explainer(frame[20:23]).values)
