"""What peers get wrong on long paths: quadrature with a fixed number of points, 32-bit binomials, lost digits."""

import numpy as np
import pytest
from tests.trees.games import assert_adds_up

import ferroshap

F64 = 1e-12


def chain(depth, n_features, cover=0.999, seed=0):
    """A tree that is one path: each node splits on the next feature and sends `cover` of its rows on, to the left."""
    rng = np.random.default_rng(seed)
    n_nodes = 2 * depth + 1
    left, right = np.full(n_nodes, -1), np.full(n_nodes, -1)
    feature, threshold = np.full(n_nodes, -1), np.zeros(n_nodes)
    value, covers = rng.normal(size=n_nodes), np.ones(n_nodes)
    for level in range(depth):
        node = 2 * level
        left[node], right[node] = node + 2, node + 1
        feature[node] = level % n_features
        covers[node + 2], covers[node + 1] = covers[node] * cover, covers[node] * (1 - cover)
    return ferroshap.trees.from_arrays(
        children_left=left,
        children_right=right,
        feature=feature,
        threshold=threshold,
        value=value,
        cover=covers,
        n_columns=n_features,
    )


def chain_output(forest_rows, depth, n_features, seed=0):
    value = np.random.default_rng(seed).normal(size=2 * depth + 1)
    found = []
    for row in forest_rows:
        stops = [level for level in range(depth) if row[level % n_features] > 0]
        found.append(value[2 * stops[0] + 1] if stops else value[2 * depth])
    return np.array(found)


@pytest.mark.parametrize("n_features", [16, 32, 48])
def test_chains_of_near_certain_splits_add_up(n_features):
    """XGBoost 3.4.1: 1.7e-5, 2.1e-4 and 3.1e-3 off, for outputs of size 1 (eight points of an endpoint rule)."""
    rows = -np.abs(np.random.default_rng(1).normal(size=(40, n_features)))
    rows[::2, rows.shape[1] // 2] *= -1
    explainer = ferroshap.TreeExplainer(chain(n_features, n_features))
    assert_adds_up(explainer(rows), chain_output(rows, n_features, n_features), F64)


@pytest.mark.parametrize("depth", [55, 92, 100])
@pytest.mark.parametrize("n_features", [20, 100])
def test_deep_paths_add_up(depth, n_features):
    """shap: off by 0.04, 123 and 4.9e9 (#4042); methods of polynomials fail or refuse past thirty."""
    rows = np.random.default_rng(2).normal(size=(40, n_features)) - 2
    for background in (None, rows[20:]):
        explainer = ferroshap.TreeExplainer(chain(depth, n_features, 0.9), background)
        assert_adds_up(explainer(rows), chain_output(rows, depth, n_features), F64)


@pytest.mark.parametrize("n_features", [30, 31, 32, 60])
def test_more_than_thirty_features_on_a_path_over_a_background(n_features):
    """shap: wrong by factors of 20 to 1e9 (32-bit binomials, #3267)."""
    rng = np.random.default_rng(3)
    rows, background = rng.normal(size=(2, 30, n_features)) - 2
    explanation = ferroshap.TreeExplainer(chain(n_features, n_features), background)(rows)
    assert_adds_up(explanation, chain_output(rows, n_features, n_features), F64)
    np.testing.assert_allclose(
        explanation.base_values, chain_output(background, n_features, n_features).mean(), rtol=1e-12
    )


def test_a_chain_of_depth_4096_is_explained():
    """shap: overflows its buffers; recursion would overflow the stack."""
    rows = np.random.default_rng(4).normal(size=(5, 300)) - 3
    explanation = ferroshap.TreeExplainer(chain(4096, 300, 0.99))(rows)
    assert_adds_up(explanation, chain_output(rows, 4096, 300), 1e-11)
    explanation = ferroshap.TreeExplainer(chain(4096, 300, 0.99), rows[2:])(rows)
    assert_adds_up(explanation, chain_output(rows, 4096, 300), 1e-11)


def test_deeper_trees_are_refused_by_name():
    with pytest.raises(ferroshap.errors.InvalidModelError, match="4,?096|depth"):
        chain(5000, 10)


def test_covers_of_zero_on_the_rows_own_path():
    """shap: divides by them."""
    forest = ferroshap.trees.from_arrays(
        children_left=[1, -1, 3, -1, -1],
        children_right=[2, -1, 4, -1, -1],
        feature=[0, -1, 1, -1, -1],
        threshold=[0.0, 0, 0.0, 0, 0],
        value=[0, 1.0, 0, 2.0, 5.0],
        cover=[4.0, 4.0, 0.0, 0.0, 0.0],
    )
    rows = np.array([[1.0, 1.0], [1.0, -1.0], [-1.0, 0.0]])
    explanation = ferroshap.TreeExplainer(forest)(rows)
    # v({}) = 1, v({0}) = 3.5 (both children of the empty node count half), v({1}) = 1, v({0, 1}) = 5
    np.testing.assert_allclose(explanation.values[0], [3.25, 0.75], rtol=0, atol=1e-15)
    assert_adds_up(explanation, np.array([5.0, 2.0, 1.0]), F64)


def test_more_columns_than_sixteen_bits_number():
    """shap and others: 16-bit column numbers."""
    n_columns = 70_000
    forest = ferroshap.trees.from_arrays(
        children_left=[1, -1, -1],
        children_right=[2, -1, -1],
        feature=[69_999, -1, -1],
        threshold=[0.5, 0, 0],
        value=[0, 1.0, 3.0],
        cover=[4.0, 1.0, 3.0],
        n_columns=n_columns,
    )
    rows = np.zeros((2, n_columns), dtype=np.float32)
    rows[1, -1] = 1
    values = ferroshap.TreeExplainer(forest).shap_values(rows)
    assert values.shape == (2, n_columns)
    np.testing.assert_array_equal(values[:, :-1], 0)
    np.testing.assert_array_equal(values[:, -1], [-1.5, 0.5])
