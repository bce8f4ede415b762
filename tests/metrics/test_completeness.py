"""Gap, relative error and randomisation: numbers with closed forms."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from ferroshap import Explanation
from ferroshap.errors import DimensionError, OptionError
from ferroshap.metrics import completeness_gap, randomisation_similarity, relative_rmse

AXES = ("row", "feature", "output")


def two_outputs(X):
    return np.stack([X.sum(axis=1), X.prod(axis=1)], axis=1)


def test_the_gap_is_that_before_correction():
    rows = np.array([[1.0, 2.0], [3.0, 4.0]])
    values = np.stack([rows, rows], axis=2)
    explanation = Explanation(values, np.array([[1.0, 2.0]] * 2), rows, axes=AXES)
    targets = two_outputs(rows) - [1.0, 2.0]
    expected = np.abs(values.sum(axis=1) - targets) / np.maximum(np.abs(targets), 1e-12)
    np.testing.assert_array_equal(completeness_gap(explanation, two_outputs), expected)
    assert expected[0, 1] == 3e12  # a target of 0
    np.testing.assert_array_equal(completeness_gap(explanation[1], two_outputs), expected[1])
    with pytest.raises(OptionError, match="no `gap`"):
        completeness_gap(explanation)
    kept = Explanation(values, np.array([[1.0, 2.0]] * 2), rows, gap=np.array([[0.3, -0.6], [0.0, 1.4]]), axes=AXES)
    np.testing.assert_allclose(completeness_gap(kept), [[0.1, 0.2], [0.0, 0.2]])
    np.testing.assert_allclose(completeness_gap(kept, two_outputs)[1], [0.0, 0.14])
    assert completeness_gap(kept[1, :, 1]) == pytest.approx(0.2)
    with pytest.raises(OptionError, match="no base values"):
        completeness_gap(Explanation(rows, data=rows), lambda X: X.sum(axis=1))


def test_relative_errors_pool_rows_and_features(seed):
    rng = np.random.default_rng([seed, 100])
    values, reference = rng.normal(size=(2, 4, 3, 5))
    expected = np.linalg.norm(values - reference) / np.linalg.norm(reference)
    np.testing.assert_allclose(relative_rmse(values, reference), expected, rtol=1e-14)
    explanations = [Explanation(side, data=np.zeros((4, 3)), axes=AXES) for side in (values, reference)]
    found = relative_rmse(*explanations)
    for output in range(5):
        one = np.linalg.norm((values - reference)[..., output]) / np.linalg.norm(reference[..., output])
        np.testing.assert_allclose(found[output], one, rtol=1e-14)
    np.testing.assert_allclose(relative_rmse(explanations[0][..., 2], reference[..., 2]), found[2], rtol=1e-14)
    assert relative_rmse(reference, reference) == 0.0
    assert relative_rmse(0 * values, 0 * values) == 0.0
    assert relative_rmse(values, 0 * values) == np.inf
    with pytest.raises(DimensionError, match="reference"):
        relative_rmse(values, reference[:2])


def test_similarity_is_spearman_s(seed):
    rng = np.random.default_rng([seed, 101])
    before, after = rng.integers(0, 9, (2, 3, 6, 7, 2)).astype(float)
    axes = ("row", "feature", "feature", "output")
    found = randomisation_similarity(Explanation(before, data=np.zeros((3, 6, 7)), axes=axes), after)
    assert found.shape == (3, 2)
    for row, output in np.ndindex(3, 2):
        expected = spearmanr(before[row, ..., output].ravel(), after[row, ..., output].ravel()).statistic
        np.testing.assert_allclose(found[row, output], expected, rtol=0, atol=1e-14)
    np.testing.assert_allclose(randomisation_similarity(before, np.exp(before)), 1.0, rtol=1e-14)
    np.testing.assert_allclose(randomisation_similarity(before, -before), -1.0, rtol=1e-14)


def test_similarity_of_constant_maps_is_unknown():
    assert np.isnan(randomisation_similarity(np.zeros((1, 4)), np.arange(4.0)[None]))
    one = Explanation(np.arange(4.0), data=np.zeros(4), axes=("feature",))
    assert randomisation_similarity(one, np.arange(4.0)) == 1.0
    with pytest.raises(DimensionError, match="randomised"):
        randomisation_similarity(one, np.zeros(5))
