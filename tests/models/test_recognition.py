"""Which function of which object is explained, and what the object says of its columns and classes."""

import functools
import pickle
import traceback

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer, make_column_transformer
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis as Lda
from sklearn.ensemble import IsolationForest, RandomForestClassifier
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV
from sklearn.multioutput import MultiOutputClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC, LinearSVC

from ferroshap.errors import InvalidModelError
from ferroshap.inputs import pair, read_table
from ferroshap.models import Model, as_model

FRAME = pd.DataFrame({"age": [20.0, 30.0, 40.0, 50.0, 60.0, 70.0], "pay": [3.0, 1.0, 4.0, 1.0, 5.0, 9.0]})
X, TWO, THREE = FRAME.to_numpy(), ["no", "yes"] * 3, ["u", "v", "w"] * 2


def double(rows):
    return 2.0 * rows[:, 0]


class Callable_:  # noqa: N801 - the name says what it is
    def __call__(self, rows):
        return double(rows)

    def score(self, rows):
        return -double(rows)


@pytest.mark.parametrize(
    "function", [double, Callable_(), Callable_().score, functools.partial(double), lambda rows: rows[:, 0], np.sum]
)
def test_any_callable_is_called_itself(function):
    model = as_model(function)
    assert model.function is function or model.function == function
    assert model.inner_model is function
    assert (model.output_names, model.reference_names, model.wants_frame) == (None, None, None)


def test_a_model_stays_the_model_it_is():
    model = as_model(double)
    assert as_model(model) is model


@pytest.mark.parametrize(
    "estimator, y, method",
    [
        (Lda(), TWO, "predict_proba"),
        (LinearSVC(), TWO, "decision_function"),
        (SVC(), TWO, "decision_function"),
        (IsolationForest(n_estimators=2), None, "decision_function"),
        (LinearRegression(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0], "predict"),
        (make_pipeline(StandardScaler(), Lda()), TWO, "predict_proba"),
        (GridSearchCV(GaussianNB(), {"var_smoothing": [1e-9]}, cv=2), TWO, "predict_proba"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_estimator_is_explained_by_the_richest_method_it_has(estimator, y, method):
    estimator.fit(X, y)
    model = as_model(estimator)
    assert model.inner_model is estimator
    assert repr(model) == f"<Model {type(estimator).__name__}.{method}>"
    np.testing.assert_array_equal(model(X, 6), getattr(estimator, method)(X))


@pytest.mark.parametrize(
    "estimator, y, method, names",
    [
        (Lda(), TWO, "predict_proba", TWO[:2]),
        (Lda(), [0, 1] * 3, "predict_proba", ["0", "1"]),
        (Lda(), TWO, "predict_log_proba", TWO[:2]),
        (Lda(), TWO, "decision_function", None),
        (Lda(), THREE, "decision_function", THREE[:3]),
        (SVC(), THREE, "decision_function", THREE[:3]),
        (SVC(decision_function_shape="ovo"), THREE, "decision_function", None),
        (Lda(), TWO, "predict", None),
        (make_pipeline(StandardScaler(), Lda()), TWO, "predict_proba", TWO[:2]),
        (MultiOutputClassifier(Lda()), np.array([[0, 1], [1, 0]] * 3), "predict", None),
    ],
)
def test_classes_name_the_outputs_where_each_column_is_one(estimator, y, method, names):
    assert as_model(getattr(estimator.fit(X, y), method)).output_names == names


@pytest.mark.parametrize(
    "fitted_on, names, wants_frame", [(FRAME, ["age", "pay"], True), (X, None, False)], ids=["frame", "array"]
)
def test_an_estimator_says_whether_it_was_fitted_on_named_columns(fitted_on, names, wants_frame):
    estimator = Lda().fit(fitted_on, TWO)
    for model in (estimator, estimator.predict_proba, estimator.predict):
        assert as_model(model).reference_names == names
        assert as_model(model).wants_frame is wants_frame


def test_a_pipeline_fitted_on_an_array_leaves_the_choice_to_the_background():
    assert as_model(make_pipeline(StandardScaler(), Lda()).fit(X, TWO)).wants_frame is None
    assert as_model(make_pipeline(StandardScaler(), Lda()).fit(FRAME, TWO)).wants_frame is True


def test_names_that_a_library_made_up_are_no_names():
    class Boosted:
        def __init__(self, names):
            self.feature_names_in_, self.n_features_in_ = names, len(names)

        def predict(self, rows):
            return double(rows)

    assert as_model(Boosted(["Column_0", "Column_1"])).reference_names is None
    assert as_model(Boosted(["Column_0", "Column_1"])).wants_frame is False
    assert as_model(Boosted(["Column_1", "Column_0"]).predict).reference_names == ["Column_1", "Column_0"]


def test_a_model_fitted_on_a_mixed_frame_gets_the_frame_it_knows():
    frame = FRAME.assign(
        city=pd.Categorical(["a", "b", "c", "a", "b", "c"]), own=pd.array([True, None] * 3, dtype="boolean")
    )
    seen = []

    class Recorder(ColumnTransformer):
        def transform(self, rows, **params):
            seen.append(rows)
            return super().transform(rows, **params)

    steps = make_column_transformer((OneHotEncoder(), ["city"]), ("passthrough", ["age"]))
    recorder = Recorder(steps.transformers)
    pipeline = make_pipeline(recorder, RandomForestClassifier(3, random_state=0)).fit(frame, TWO)
    seen.clear()
    model = as_model(pipeline)
    pairing = pair(
        read_table(frame, argument="background"), read_table(frame, argument="X"), as_frame=model.wants_frame
    )
    got = model(pairing.build([block.rows for block in pairing.blocks]), 6)
    np.testing.assert_array_equal(got, pipeline.predict_proba(frame))
    pd.testing.assert_frame_equal(seen[0], frame)


@pytest.mark.parametrize("thing", [None, 3, "model.pkl", object(), Lda, StandardScaler(), [double]])
def test_what_is_no_model_is_refused_by_name(thing):
    with pytest.raises(InvalidModelError) as caught:
        as_model(thing, argument="f")
    text = str(caught.value)
    assert text.startswith("`f` is ")
    assert "pass a function of rows, or an object with one of `predict_proba`, `decision_function`, `predict`" in text


def test_a_class_is_told_apart_from_its_object():
    with pytest.raises(InvalidModelError, match="is the class LinearDiscriminantAnalysis, not an object of it"):
        as_model(Lda)


def test_the_models_own_exception_is_the_same_object_with_its_traceback():
    own = ZeroDivisionError("mine")

    def broken(_rows):
        raise own

    with pytest.raises(ZeroDivisionError) as caught:
        as_model(broken)(X, 6)
    assert caught.value is own
    assert own.__cause__ is None
    assert traceback.extract_tb(own.__traceback__)[-1].name == "broken"


def test_labels_of_a_classifier_point_to_predict_proba():
    model = as_model(Lda().fit(X, TWO).predict)
    with pytest.raises(
        InvalidModelError, match=r"LinearDiscriminantAnalysis\.predict returned text \('no'\).*`predict_proba`"
    ):
        model(X, 6)


def test_a_model_pickles_with_its_estimator():
    for inner in (Lda().fit(FRAME, TWO), Lda().fit(FRAME, TWO).decision_function, np.sum):
        model = as_model(inner)
        again = pickle.loads(pickle.dumps(model))
        assert isinstance(again, Model)
        assert again.output_names == model.output_names
        assert again.reference_names == model.reference_names
        assert repr(again) == repr(model)


def test_asking_leaves_no_trace_on_the_estimator():
    estimator = Lda().fit(FRAME, TWO)
    before = set(vars(estimator))
    as_model(estimator)(FRAME, 6)
    assert set(vars(estimator)) == before
