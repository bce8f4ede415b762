"""Surrogates: exact where the regressor can be, for any columns, and without a question to the model."""

import itertools
import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.linear_model import LinearRegression
from sklearn.tree import DecisionTreeRegressor
from threadpoolctl import threadpool_limits

import ferroshap as shap
from ferroshap.errors import DimensionError, OptionError
from ferroshap.maskers import Groups, Surrogate


@pytest.fixture(autouse=True)
def _one_thread():
    """The default regressor's threads wait for each other actively: beside other work they take a hundred times as long."""
    with threadpool_limits(1):
        yield


def model(X):
    rows = np.asarray(X, dtype=float)
    return rows[:, 0] * rows[:, 1] + 2.0 * rows[:, 2] * (rows[:, 1] > 0) - rows[:, 3]


def two_outputs(X):
    return np.stack([model(X), np.asarray(X, dtype=float)[:, 3] ** 2], axis=1)


def coalitions(n):
    return np.array(list(itertools.product([False, True], repeat=n)))


@pytest.mark.parametrize("function", [model, two_outputs])
def test_a_tree_grown_on_all_pairs_knows_conditional_means(function, seed):
    rng = np.random.default_rng([seed, 80])
    background = rng.integers(0, 2, size=(40, 4)).astype(float)
    background[:, 2] = np.where(rng.random(40) < 0.8, background[:, 0], background[:, 2])
    masker = Surrogate(background, function, regressor=DecisionTreeRegressor(random_state=0))
    outputs = function(background).reshape(40, -1)
    for x in background[:5]:
        worths = shap.Game(function, masker, x)(coalitions(4)).reshape(16, -1)
        for present, worth in zip(coalitions(4)[1:-1], worths[1:-1], strict=True):
            agree = (background[:, present] == x[present]).all(axis=1)
            # A mean of at most 40 outputs of size 4 at most.
            assert np.abs(worth - outputs[agree].mean(axis=0)).max() <= 40 * 2**-53 * 4 * 2
        assert np.abs(worths[0] - outputs.mean(axis=0)).max() < 1e-14
        assert np.array_equal(worths[-1], function(x[None, :]).reshape(-1))


def test_weights_weigh(seed):
    rng = np.random.default_rng([seed, 81])
    background = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    weights = rng.integers(1, 9, 3)
    masker = Surrogate(
        background, lambda X: X[:, 1] * 3.0, regressor=DecisionTreeRegressor(), weights=weights, n_samples=20_000
    )
    worth = shap.Game(lambda X: X[:, 1] * 3.0, masker, [0.0, 1.0])(np.array([[True, False]]))[0]
    share = weights[1] / weights[:2].sum()
    # Rows come in proportion to their weights (give or take one); which of them meet the coalition is drawn: half of
    # 20,000 pairs, thinned by the share of the first two rows, of a variable of standard deviation 3 sqrt(p (1 - p)).
    n_pairs = 20_000 * weights[:2].sum() / weights.sum() / 2
    assert abs(worth - 3.0 * share) < 5 * 3.0 * np.sqrt(share * (1 - share) / n_pairs) + 3.0 / n_pairs


def test_a_line_through_independent_columns_is_exact():
    grid = np.array(list(itertools.product([0.0, 1.0, 5.0], [-1.0, 2.0], [0.0, 3.0, 4.0])))
    slopes = np.array([1.0, -2.0, 0.5])

    def line(X):
        return X @ slopes + 1.0

    masker = Surrogate(grid, line, regressor=LinearRegression())
    rows = np.array([[7.0, 0.0, -1.0], [0.0, -1.0, 4.0]])
    values = shap.ExactExplainer(line, masker)(rows).values
    # A full grid is uncorrelated, and takes part whole for each coalition: least squares find the slopes.
    assert np.abs(values - slopes * (rows - grid.mean(axis=0))).max() < 1e-12 * 10


def test_equal_columns_share_the_credit(seed):
    rng = np.random.default_rng([seed, 82])
    column = rng.integers(0, 4, size=60).astype(float)
    background = np.stack([column, column, rng.integers(0, 2, size=60)], axis=1)

    def first(X):
        return 3.0 * X[:, 0]

    masker = Surrogate(background, first, regressor=DecisionTreeRegressor(random_state=0))
    values = shap.ExactExplainer(first, masker)(background[:8]).values
    marginal = shap.ExactExplainer(first, background)(background[:8]).values
    assert np.abs(values[:, 0] - values[:, 1]).max() < 1e-12
    assert np.abs(marginal[:, 1]).max() < 1e-12  # a mean of differences that are all zero but for rounding


def test_the_model_is_asked_about_rows_as_they_are_alone(seed):
    rng = np.random.default_rng([seed, 83])
    background, rows = rng.normal(size=(50, 4)), rng.normal(size=(3, 4))
    seen = []

    def spy(X):
        seen.append(np.array(X))
        return model(X)

    masker = Surrogate(background, spy, regressor=DecisionTreeRegressor(max_depth=3), n_samples=300)
    explainer = shap.ExactExplainer(spy, masker)
    explainer(rows)
    assert sum(map(len, seen)) == 50 + 50 + 3
    known = {row.tobytes() for row in np.concatenate([background, rows])}
    assert {row.tobytes() for row in np.concatenate(seen)} <= known
    seen.clear()
    explainer(rows)
    shap.KernelExplainer(spy, masker, nsamples=10)(rows)
    assert sum(map(len, seen)) == 3 + 50 + 3


def mixed(rng, n_rows):
    return pd.DataFrame(
        {
            "x": rng.normal(size=n_rows),
            "gaps": np.where(rng.random(n_rows) < 0.3, np.nan, rng.normal(size=n_rows)),
            "kind": pd.Categorical(rng.choice(list("uvw"), n_rows)),
            "text": rng.choice(["a", "b"], n_rows),
            "flag": rng.random(n_rows) < 0.5,
            "day": pd.Timestamp("2026-01-01") + pd.to_timedelta(rng.integers(0, 30, n_rows), unit="D"),
        }
    )


def of_frame(X):
    return X["x"].to_numpy() + 2.0 * (X["kind"] == "u").to_numpy() - X["gaps"].fillna(0.0).to_numpy() * X["flag"]


@pytest.mark.parametrize("regressor", [None, RandomForestRegressor(n_estimators=5), LinearRegression()])
def test_frames_of_any_columns_add_up(regressor, seed):
    rng = np.random.default_rng([seed, 84])
    background, rows = mixed(rng, 80), mixed(rng, 4)
    rows["kind"] = pd.Categorical(["u", "z", "v", None])
    rows["text"] = ["a", "c", "b", None]
    masker = Surrogate(background, of_frame, regressor=regressor, n_samples=1000)
    explained = shap.ExactExplainer(of_frame, masker)(rows)
    assert np.isfinite(explained.values).all()
    total = explained.base_values + explained.values.sum(axis=1)
    assert np.abs(total - of_frame(rows)).max() < 1e-12 * (1 + np.abs(explained.values).sum())


def test_a_category_that_the_background_lacks_counts_as_missing(seed):
    rng = np.random.default_rng([seed, 85])
    background = mixed(rng, 80)
    masker = Surrogate(background, of_frame, n_samples=1000)
    rows = pd.concat([background[:1]] * 2, ignore_index=True)
    rows["text"] = ["z", None]
    prepared = masker.prepare(shap.inputs.pair(masker.table, read(rows), as_frame=None), read(rows), n_threads=1)
    assert np.isnan(prepared.rows[:, 3]).all()
    assert np.array_equal(prepared.rows[0], prepared.rows[1], equal_nan=True)


def read(rows):
    return shap.inputs.read_table(rows, argument="rows")


def test_the_seed_decides(seed):
    rng = np.random.default_rng([seed, 86])
    background, rows = rng.normal(size=(100, 5)), rng.normal(size=(2, 5))
    found = [
        shap.ExactExplainer(model, Surrogate(background, model, n_samples=500, seed=own))(rows).values
        for own in (seed, seed, seed + 1)
    ]
    assert np.array_equal(found[0], found[1])
    assert not np.array_equal(found[0], found[2])
    forest = RandomForestRegressor(n_estimators=3)  # has a seed of its own, and none is set
    twice = [
        shap.ExactExplainer(model, Surrogate(background, model, regressor=forest, n_samples=200))(rows).values
        for _ in range(2)
    ]
    assert np.array_equal(*twice)
    assert forest.random_state is None
    assert not hasattr(forest, "estimators_")


def test_a_frame_in_another_order_is_the_same_table(seed):
    rng = np.random.default_rng([seed, 87])
    names = list("abcd")
    background = pd.DataFrame(rng.normal(size=(60, 4)), columns=names)
    rows = pd.DataFrame(rng.normal(size=(3, 4)), columns=names)
    fitted = DecisionTreeRegressor(max_depth=4, random_state=0).fit(background, model(background))

    def explain(order, look_first):
        masker = Surrogate(background[order], fitted, n_samples=400)
        if look_first:
            assert masker.msev_ >= 0.0
        return shap.ExactExplainer(fitted, masker)(rows).values

    want = explain(names, look_first=False)
    for order in (names, names[::-1], list("bdac")):
        assert np.array_equal(explain(order, look_first=True), want)


def test_pickles_need_no_model(seed):
    rng = np.random.default_rng([seed, 88])
    background, rows = rng.normal(size=(60, 4)), rng.normal(size=(3, 4))
    masker = Surrogate(background, lambda X: model(X), n_samples=300)  # noqa: PLW0108 - cannot be pickled
    want = shap.Game(model, masker, rows[0])(coalitions(4))
    assert np.array_equal(shap.Game(model, pickle.loads(pickle.dumps(masker)), rows[0])(coalitions(4)), want)
    fresh = pickle.loads(pickle.dumps(Surrogate(background, lambda X: model(X), n_samples=300)))  # noqa: PLW0108
    assert np.array_equal(shap.Game(model, fresh, rows[0])(coalitions(4)), want)


def test_its_own_error_is_that_of_rows_held_out(seed):
    rng = np.random.default_rng([seed, 89])
    column = rng.integers(0, 4, size=200).astype(float)
    known = Surrogate(np.stack([column, column], axis=1), lambda X: X[:, 0], regressor=DecisionTreeRegressor())
    assert known.msev_ == 0.0  # each of the two tells the other
    free = rng.normal(size=(200, 2))
    blind = Surrogate(free, lambda X: np.stack([X[:, 0], X[:, 1] * 0.0], axis=1), regressor=LinearRegression())
    first, second = blind.msev_
    # Half of the pairs do not know the first column, whose variance then is left: 20 rows are held out.
    assert abs(first - 0.5) < 5 * 0.5 * np.sqrt(2 / 20)
    assert second < 1e-20
    assert np.isnan(Surrogate(free[:9], lambda X: X[:, 0]).msev_)


def test_groups_and_a_single_column(seed):
    rng = np.random.default_rng([seed, 90])
    background = rng.normal(size=(50, 4))
    masker = Groups(Surrogate(background, model, n_samples=300), {"pair": [0, 1]})
    explained = shap.ExactExplainer(model, masker)(background[:3])
    assert explained.feature_names == ["pair", "Feature 2", "Feature 3"]
    assert np.abs(explained.base_values + explained.values.sum(axis=1) - model(background[:3])).max() < 1e-12
    alone = shap.ExactExplainer(lambda X: X[:, 0], Surrogate(background[:, :1], lambda X: X[:, 0]))
    assert np.abs(alone(background[:3, :1]).values - (background[:3, :1] - background[:, :1].mean())).max() < 1e-14


def test_the_unit_of_the_outputs_does_not_matter(seed):
    background = np.random.default_rng([seed, 87]).normal(size=(40, 4))
    values = []
    for unit in (1.0, 2.0**-700, 2.0**900):

        def scaled(X, unit=unit):
            return two_outputs(X) * unit

        values.append(shap.ExactExplainer(scaled, Surrogate(background, scaled, n_samples=300))(background[:2]).values)
        values[-1] /= unit
    assert np.array_equal(values[1], values[0])
    assert np.array_equal(values[2], values[0])


def test_columns_of_which_nothing_is_known_are_no_obstacle(seed):
    background = np.random.default_rng([seed, 88]).normal(size=(40, 3))
    background[:, 1] = np.nan
    for n_samples in (1, 300):
        masker = Surrogate(background, lambda X: X[:, 0], n_samples=n_samples)
        values = shap.ExactExplainer(lambda X: X[:, 0], masker)(background[:2])
        assert np.abs(values.base_values + values.values.sum(axis=1) - background[:2, 0]).max() < 1e-14


def test_what_cannot_be_learnt_is_refused(monkeypatch):
    table = np.eye(3)
    with pytest.raises(OptionError, match="`regressor` is 'forest', but must be a regressor"):
        Surrogate(table, model, regressor="forest")
    with pytest.raises(OptionError, match="must be a regressor"):
        Surrogate(table, model, regressor=HistGradientBoostingRegressor)
    with pytest.raises(OptionError, match="`n_samples` is 0"):
        Surrogate(table, model, n_samples=0)
    explainer = shap.ExactExplainer(two_outputs, Surrogate(np.eye(4), model, regressor=LinearRegression()))
    with pytest.raises(DimensionError, match="surrogate has 1 outputs, but the model that is explained has 2"):
        explainer(np.eye(4)[:1])
    numbers = np.array([[1.0, 1.0], [2.0, 0.0], [3.0, 1.0]], dtype=object)
    words = np.array([["x", 1.0]], dtype=object)
    masker = Surrogate(numbers, lambda X: np.ones(len(X)), regressor=LinearRegression())
    with pytest.raises(OptionError, match="column 0 of `X` holds no numbers"):
        shap.ExactExplainer(lambda X: np.ones(len(X)), masker)(words)
    monkeypatch.setattr("ferroshap.maskers.surrogate.find_spec", lambda _: None)
    with pytest.raises(OptionError, match="takes scikit-learn"):
        Surrogate(table, model)
