"""SAGE: Shapley values of a model's performance, judged by the definition over all coalitions."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from tests.contract.games import members
from tests.oracle import shapley

import ferroshap
from ferroshap.errors import DimensionError, OptionError, WorthError
from ferroshap.metrics import sage

N = 4


def model(rows):
    return rows[:, 0] * rows[:, 1] + np.sin(rows[:, 2]) - 0.5 * rows[:, 0]


def setting(seed, n_rows=25):
    rng = np.random.default_rng([seed, 44])
    X, background = rng.normal(size=(n_rows, N)), rng.normal(size=(7, N))
    return X, model(X) + 0.3 * rng.normal(size=n_rows), background


def by_definition(predict, X, losses, background):
    """Values of the game of minus the mean loss, one coalition after the other."""
    worths = []
    for inside in members(X.shape[1]):
        means = np.array([np.mean(predict(np.where(inside, row, background)), axis=0) for row in X])
        worths.append(-np.mean(losses(means)))
    return np.array(shapley(worths, X.shape[1])), worths


def test_values_are_those_of_the_definition(seed):
    X, y, background = setting(seed)
    expected, worths = by_definition(model, X, lambda p: (y - p) ** 2, background)
    importance = sage(model, X, y, masker=background, method="exact", budget=16, rows_per_eval=None)
    np.testing.assert_allclose(importance.values, expected, rtol=0, atol=1e-12)
    assert importance.estimate.status == "EXACT"
    assert not importance.std_errors.any()
    assert abs(importance.estimate.base_value - worths[0]) < 1e-12
    assert abs(importance.estimate.base_value + importance.values.sum() - worths[-1]) < 1e-12


def test_classes_are_known_by_name_and_judged_by_cross_entropy(seed):
    X, y, background = setting(seed)
    named = np.array(["no", "perhaps", "yes"])[np.digitize(y, [-0.5, 0.5])]
    fitted = LogisticRegression().fit(X, named)
    numbers = np.searchsorted(fitted.classes_, named)
    expected, _ = by_definition(fitted.predict_proba, X, lambda p: -np.log(p[np.arange(len(p)), numbers]), background)
    importance = sage(fitted, X, named, loss="log_loss", masker=background, budget=16, rows_per_eval=None)
    np.testing.assert_allclose(importance.values, expected, rtol=0, atol=1e-12)
    other = sage(fitted.predict_proba, X, numbers, loss="log_loss", masker=background, budget=16, rows_per_eval=None)
    np.testing.assert_array_equal(other.values, importance.values)


def test_a_loss_of_one_s_own_is_asked_about_rows(seed):
    X, y, background = setting(seed)
    expected, _ = by_definition(model, X, lambda p: np.abs(y - p), background)
    options = {"masker": background, "budget": 16, "rows_per_eval": None}
    importance = sage(model, X, y, loss=lambda answers, predictions: np.abs(answers - predictions), **options)
    np.testing.assert_allclose(importance.values, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("budget", [8, 20, 80])
def test_blocks_of_rows_estimate_all_rows(budget, seed):
    """Orders on rotating blocks are unbiased; pairs on blocks, with all their stars, are consistent."""
    X, y, background = setting(seed)
    expected, worths = by_definition(model, X, lambda p: (y - p) ** 2, background)
    runs = []
    for start in range(300):
        importance = sage(
            model,
            X,
            y,
            masker=background,
            budget=budget,
            rows_per_eval=9,
            rng=1000 * seed + start,
            silent=True,
            method="permutation",
        )
        assert abs(importance.values.sum() - (worths[-1] - worths[0])) < 1e-12
        runs.append(importance.values)
    errors = np.array(runs) - expected
    standard_error = errors.std(axis=0, ddof=1) / np.sqrt(len(errors))
    assert np.all(np.abs(errors.mean(axis=0)) <= 5 * standard_error + 1e-12)


def test_pairs_that_met_all_blocks_of_rows_are_exact(seed):
    X, y, background = setting(seed)
    expected, _ = by_definition(model, X, lambda p: (y - p) ** 2, background)
    importance = sage(model, X, y, masker=background, method="leverage", budget=3 * 14 + 2 + 20, rows_per_eval=9)
    np.testing.assert_allclose(importance.values, expected, rtol=0, atol=1e-12)
    assert importance.estimate.status == "EXACT"


def test_a_feature_that_never_varies_is_worth_nothing(seed):
    X, y, background = setting(seed)
    X[:, 1] = background[:, 1] = 2.0
    importance = sage(model, X, y, masker=background, budget=30)
    assert importance.values[1] == importance.std_errors[1] == 0.0
    assert sage(model, X[:1], y[:1], masker=X[:1], budget=30).values.tolist() == [0.0] * N


def test_the_rows_stand_for_absent_features_unless_others_are_given():
    X, y, _ = setting(0)
    own = sage(model, X, y, budget=16, rows_per_eval=None)
    given = sage(model, X, y, masker=X, budget=16, rows_per_eval=None)
    np.testing.assert_allclose(own.values, given.values, atol=1e-12)


def test_a_tolerance_ends_the_run(seed):
    X, y, background = setting(seed)
    wide = np.hstack([X, X, X]), np.hstack([background, background, background])
    importance = ferroshap.sage(model, wide[0], y, masker=wide[1], tol=0.2, budget=4000, rng=seed)
    assert importance.estimate.status in {"CONVERGED", "EXACT"}
    assert importance.estimate.n_evaluations < 4000
    assert importance.sorted().values[0] == importance.values.max()


def test_what_does_not_fit_is_refused_by_name():
    X, y, background = setting(0)
    with pytest.raises(OptionError, match="did you mean 'log_loss'"):
        sage(model, X, y, loss="logloss")
    with pytest.raises(DimensionError, match="`y` has shape"):
        sage(model, X, y[:-1], masker=background)
    with pytest.raises(OptionError, match="class of each row"):
        sage(model, X, y, loss="log_loss", masker=background)
    with pytest.raises(DimensionError, match="one number a row"):
        sage(model, X, y, loss=lambda _y, _p: 1.0, masker=background)
    with pytest.raises(WorthError, match="losses must be finite"):
        sage(model, X, y, loss=lambda y, p: np.where(p > 0, np.inf, y), masker=background)


def test_groups_of_columns_have_one_value(seed):
    X, y, background = setting(seed)
    masker = ferroshap.maskers.Groups(background, {"first": [0, 2]})
    importance = sage(model, X, y, masker=masker, method="exact", budget=8, rows_per_eval=None)
    _, worths = by_definition(model, X, lambda p: (y - p) ** 2, background)
    players = [[0, 2], [1], [3]]
    grouped = [
        worths[sum(1 << column for bit in range(3) if number >> bit & 1 for column in players[bit])]
        for number in range(8)
    ]
    np.testing.assert_allclose(importance.values, shapley(grouped, 3), rtol=0, atol=1e-12)
    assert importance.names == ["first", "Feature 1", "Feature 3"]
