"""Columns belong together by name, whatever their order, and models get the tables they were fitted on (D10)."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

import ferroshap
from ferroshap.errors import ColumnsWarning, DimensionError, OptionError

NAMES = list("abcdef")
TURNED = list("fcadbe")
MAKERS = {
    "exact": ferroshap.ExactExplainer,
    "permutation": ferroshap.PermutationExplainer,
    "kernel": ferroshap.KernelExplainer,
    "sampling": ferroshap.SamplingExplainer,
}


@pytest.fixture(params=MAKERS.values(), ids=MAKERS)
def make(request):
    return request.param


@pytest.fixture
def frames(case):
    return pd.DataFrame(case.background, columns=NAMES), pd.DataFrame(case.rows, columns=NAMES)


def test_d10_rows_in_another_order_are_matched_by_name(make, case, frames):
    background, rows = frames
    straight = make(lambda X: case.model(np.asarray(X)), background)
    turned = straight(rows[TURNED])
    assert turned.feature_names == TURNED
    assert np.array_equal(turned.data, rows[TURNED].to_numpy())
    order = [NAMES.index(name) for name in TURNED]
    expected = straight(rows)
    assert np.array_equal(turned.values, expected.values[:, order])
    if expected.error_std is not None:
        assert np.array_equal(turned.error_std, expected.error_std[:, order])


def test_d10_a_background_in_another_order_is_turned_for_the_model(make, case, frames):
    background, rows = frames
    forest = RandomForestRegressor(10, random_state=0).fit(background, case.model(case.background))
    expected = make(forest.predict, background)(rows)
    turned = make(forest.predict, background[TURNED])
    assert np.array_equal(turned(rows).values, expected.values)
    order = [NAMES.index(name) for name in TURNED]
    assert np.array_equal(turned(rows[TURNED]).values, expected.values[:, order])
    # An array goes by position, and its positions are those of the background.
    by_position = turned(rows[TURNED].to_numpy())
    assert np.array_equal(by_position.values, expected.values[:, order])
    assert by_position.feature_names == TURNED


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_main_effects_and_interactions_follow_the_order_of_the_rows(case, frames, library):
    background, rows = frames
    make = {"pandas": lambda f: f, "polars": pl.from_pandas, "pyarrow": pa.Table.from_pandas}[library]

    def model(X):
        return case.model(X.to_numpy() if library != "pyarrow" else X.to_pandas().to_numpy())

    explainer = ferroshap.ExactExplainer(model, make(background))
    order = [NAMES.index(name) for name in TURNED]
    straight, turned = (explainer(make(given), main_effects=True) for given in (rows, rows[TURNED]))
    assert np.array_equal(turned.main_effects, straight.main_effects[:, order])
    straight, turned = (explainer(make(given), interactions=2) for given in (rows, rows[TURNED]))
    assert np.array_equal(turned.values, straight.values[:, order][:, :, order])
    assert turned.feature_names == TURNED


def test_names_that_partly_agree_are_refused(make, case, frames):
    background, rows = frames
    explainer = make(lambda X: case.model(np.asarray(X)), background)
    with pytest.raises(OptionError, match="missing: 'f'; unexpected: 'g'"):
        explainer(rows.rename(columns={"f": "g"}))
    with pytest.raises(DimensionError, match="missing: 'f'"):
        explainer(rows[NAMES[:5]])
    with pytest.warns(ColumnsWarning, match="matched by position"):
        explainer(rows.rename(columns=lambda name: "new " + name))


def test_a_model_fitted_on_a_frame_gets_frames(make, case, frames):
    background, rows = frames
    seen = []

    class Watched(LinearRegression):
        def predict(self, X):
            seen.append((type(X), list(X.columns), dict(X.dtypes)))
            return super().predict(X) ** 2

    model = Watched().fit(background, case.model(case.background))
    make(model.predict, background)(rows)
    assert {kind for kind, _, _ in seen} == {pd.DataFrame}
    assert all(names == NAMES and dtypes == dict(background.dtypes) for _, names, dtypes in seen)


def test_kernel_and_sampling_give_arrays_to_functions_as_their_users_expect(frames):
    background, rows = frames
    for make in (ferroshap.KernelExplainer, ferroshap.SamplingExplainer):
        assert make(lambda X: X[:, 0] * X[:, 1], background)(rows).feature_names == NAMES
    for make in (ferroshap.ExactExplainer, ferroshap.PermutationExplainer):
        assert make(lambda X: X["a"] * X["b"], background)(rows).shape == (5, 6)


def test_a_pipeline_over_text_is_explained_for_its_own_columns(adds_up):
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"city": rng.choice(["Rome", "Oslo", "Lima"], 60), "rooms": rng.integers(1, 6, 60)})
    table["rent"] = rng.normal(size=60)
    columns = make_column_transformer((OneHotEncoder(), ["city"]), remainder="passthrough")
    target = table["rooms"] * (table["city"] == "Oslo") + table["rent"]
    model = make_pipeline(columns, RandomForestRegressor(20, random_state=0)).fit(table, target)
    explanation = ferroshap.Explainer(model, table[:40])(table[40:45])
    assert explanation.feature_names == ["city", "rooms", "rent"]
    assert adds_up(explanation, model.predict(table[40:45]))
