"""Apparent interactions: windowed correlations of one feature's values with the others' data."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ferroshap.errors import DimensionError
from ferroshap.explanation import Explanation
from ferroshap.explanation.apparent import approximate_interactions, potential_interactions


def scored_by_definition(feature, phi, columns, own):
    """The definition in a loop, window by window."""
    order = np.argsort(feature, kind="stable")
    width = max(1, min(len(order) // 10, 50))
    scores = np.zeros(columns.shape[1])
    for j in range(columns.shape[1]):
        for start in range(0, len(order), width):
            rows = order[start : start + width]
            x, y = phi[rows], columns[rows, j]
            if j != own and np.std(x) > 1e-9 and np.std(y) > 1e-9:
                scores[j] += abs(np.corrcoef(x, y)[0, 1])
    return scores


@given(seed=st.integers(0, 10**6), n_rows=st.integers(1, 300), n_features=st.integers(1, 6))
def test_the_order_is_that_of_the_definition(seed, n_rows, n_features):
    rng = np.random.default_rng(seed)
    X, phi = rng.normal(size=(n_rows, n_features)), rng.normal(size=(n_rows, n_features))
    scores = scored_by_definition(X[:, 0], phi[:, 0], X, 0)
    order = approximate_interactions(0, phi, X)
    assert sorted(order) == list(range(n_features))
    # Each correlation errs by a few roundings; scores sum at most n_rows of them.
    assert np.all(np.diff(scores[order]) <= n_rows * 64 * 2**-52)


def test_a_partner_is_found_by_value_by_absence_and_by_word():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(600, 4))
    phi = rng.normal(size=(600, 4)) * 0.1
    partner = rng.random(600) < 0.5
    phi[:, 1] = X[:, 1] * partner
    absent, word = X.copy(), X.astype(object)
    absent[partner, 3] = np.nan
    word[:, 3] = np.where(partner, "yes", "no")
    for data in (absent, word):
        assert approximate_interactions(1, phi, data)[0] == 3


def test_constants_and_the_feature_itself_come_last():
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.normal(size=200), np.full(200, 1e9 + 0.1), rng.normal(size=200)])
    phi = rng.normal(size=(200, 3))
    assert approximate_interactions(0, phi, X).tolist() == [2, 0, 1]


def test_large_numbers_keep_their_digits():
    rng = np.random.default_rng(0)
    seconds = rng.integers(0, 86_400, 500).astype(float)
    X = np.column_stack([rng.normal(size=500), 1.7e9 + seconds, rng.normal(size=500)])
    phi = np.column_stack([(seconds - 43_200) * X[:, 0], X[:, 1], X[:, 2]])
    assert approximate_interactions(0, phi, X)[0] == 1


def test_names_ranks_and_frames_are_understood():
    pandas = pytest.importorskip("pandas")
    rng = np.random.default_rng(0)
    X = rng.normal(size=(100, 3))
    phi = X * [1.0, 5.0, 2.0]
    wanted = approximate_interactions(1, phi, X)
    frame = pandas.DataFrame(X, columns=list("abc"))
    assert np.array_equal(approximate_interactions("b", phi, frame), wanted)
    assert np.array_equal(approximate_interactions("rank(0)", phi, X), wanted)
    assert np.array_equal(approximate_interactions("q", phi, X, feature_names=list("pqr")), wanted)
    with pytest.raises(ValueError, match=r"'bb'.*did you mean 'b'"):
        approximate_interactions("bb", phi, frame)
    with pytest.raises(ValueError, match="`index` is 3"):
        approximate_interactions(3, phi, X)
    with pytest.raises(DimensionError, match="two tables"):
        approximate_interactions(0, phi[:, 0], X)


def test_more_rows_than_are_looked_at_give_the_same_partner():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(25_000, 4))
    phi = X.copy()
    phi[:, 0] = X[:, 0] * X[:, 2]
    assert approximate_interactions(0, phi, X)[0] == 2


def test_explanations_know_their_own_column():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 3))
    sv = Explanation(np.column_stack([X[:, 0] * X[:, 2], X[:, 1], X[:, 2]]), 0.0, X)
    assert np.array_equal(potential_interactions(sv[:, 0], sv), approximate_interactions(0, sv.values, X))
    with pytest.raises(DimensionError, match="has no data"):
        potential_interactions(Explanation(np.ones(3), feature_names="a"), Explanation(np.ones((3, 2))))
    with pytest.raises(DimensionError, match="one column"):
        potential_interactions(sv, sv)


@pytest.mark.parametrize("scale", [1e-300, 1.0, 1e308])
def test_the_scale_of_a_column_does_not_matter(scale):
    rng = np.random.default_rng(0)
    X = rng.uniform(-1.0, 1.0, size=(200, 4))
    phi = np.stack([X[:, 0] * X[:, 2], X[:, 1], X[:, 2], X[:, 3]], axis=1)
    scaled = X * np.array([1.0, 1.0, scale, 1.0])
    assert approximate_interactions(0, phi, scaled)[0] == 2
    assert np.array_equal(approximate_interactions(0, phi, scaled), approximate_interactions(0, phi, X))
