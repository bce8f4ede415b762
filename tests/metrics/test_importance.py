"""Global importance: means of absolute values, with errors that hold."""

import numpy as np
import pytest

import ferroshap
from ferroshap import Explanation, global_importance
from ferroshap.errors import DimensionError, OptionError


def drawn(seed, n_rows=40, n_features=3, error=0.0):
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=(n_rows, n_features)) * [2.0, 0.5, 0.0]
    errors = np.full(truth.shape, error)
    return truth, Explanation(truth + errors * rng.normal(size=truth.shape), 0.0, error_std=errors)


def test_it_is_the_mean_size_of_the_values_with_the_error_of_a_mean(seed):
    truth, explanation = drawn(seed)
    importance = global_importance(explanation)
    sizes = np.abs(truth)
    np.testing.assert_allclose(importance.values, sizes.mean(axis=0), rtol=1e-14)
    np.testing.assert_allclose(importance.std_errors, sizes.std(axis=0, ddof=1) / np.sqrt(len(sizes)), rtol=1e-13)
    assert importance.names == ["Feature 0", "Feature 1", "Feature 2"]
    assert not importance.noise.any()
    lower, upper = importance.confidence_interval(0.9)
    assert np.all(lower <= importance.values)
    assert np.all(importance.values <= upper)


def test_intervals_of_means_hold_the_mean_of_the_population(seed):
    """Two features with effects, 400 samples of 40 rows: five binomial errors of 0.015 around nominal."""
    expected = np.array([2.0, 0.5]) * np.sqrt(2 / np.pi)
    held = []
    for number in range(400):
        lower, upper = global_importance(drawn([seed, number])[1]).confidence_interval(0.9)
        held.append((lower[:2] <= expected) & (expected <= upper[:2]))
    assert np.all(np.abs(np.mean(held, axis=0) - 0.9) <= 5 * 0.015)


def test_errors_of_values_are_counted_and_what_they_add_is_told(seed):
    _, explanation = drawn(seed, n_rows=4000, error=0.3)
    importance = global_importance(explanation)
    spread = np.abs(explanation.values).std(axis=0, ddof=1) / np.sqrt(4000)
    np.testing.assert_allclose(importance.std_errors, np.hypot(spread, 0.3), rtol=1e-12)
    # No effect at all: |error| has mean 0.3 sqrt(2 / pi), of which 0.3 (sqrt(4 / pi) - sqrt(2 / pi)) can be seen.
    seen = 0.3 * (np.sqrt(4 / np.pi) - np.sqrt(2 / np.pi))
    assert abs(importance.noise[2] - seen) < 5 * 0.3 / np.sqrt(4000)
    assert 0 < importance.noise[0] < importance.noise[1] < importance.noise[2]


def test_the_most_important_come_first_and_outputs_have_a_column_each():
    values = np.array([[[1.0, -1.0], [4.0, 0.0]], [[-1.0, 3.0], [0.0, 0.0]]])
    explanation = Explanation(values, np.zeros((2, 2)), feature_names=["a", "b"], error_std=np.zeros(values.shape))
    importance = global_importance(explanation)
    np.testing.assert_array_equal(importance.values, [[1.0, 2.0], [2.0, 0.0]])
    assert importance.sorted().names == ["a", "b"]  # three in sum, against two
    assert global_importance(explanation[:, :, 0]).sorted().names == ["b", "a"]


def test_unknown_errors_stay_unknown():
    assert np.isnan(global_importance(Explanation([[1.0], [2.0]], 0.0)).std_errors).all()
    one = global_importance(Explanation([[1.0, 2.0]], 0.0, error_std=np.zeros((1, 2))))
    assert np.isnan(one.std_errors).all()
    assert np.isnan(one.interval_df)


def test_what_has_no_rows_is_refused():
    with pytest.raises(DimensionError, match="rows and then features"):
        global_importance(Explanation([1.0, 2.0], 0.0))
    with pytest.raises(OptionError, match="must be an Explanation"):
        global_importance(np.ones((2, 2)))


def test_an_explainer_s_rows_go_in_as_they_come(seed):
    rng = np.random.default_rng(seed)
    background, rows = rng.normal(size=(20, 4)), rng.normal(size=(30, 4))
    explanation = ferroshap.ExactExplainer(lambda X: X @ np.array([3.0, 0.0, 1.0, 0.5]), background)(rows)
    assert global_importance(explanation).sorted().names[0] == "Feature 0"
