"""The order of leaves: the best of all that the tree allows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ferroshap.clustering import column_distances, hclust_ordering, linkage, optimal_leaf_order
from ferroshap.clustering.row_order import MOST_ROWS
from ferroshap.errors import DimensionError, InvalidClusteringError, OptionError


def length(order, distances):
    order = np.asarray(order)
    return distances[order[:-1], order[1:]].sum()


def all_orders(clustering, cluster, n_points):
    """Every order that turning round sides can give: 2 ** (n - 1) of them."""
    if cluster < n_points:
        return [[cluster]]
    first, second = clustering[cluster - n_points, :2].astype(int)
    pairs = [(a, b) for a in all_orders(clustering, first, n_points) for b in all_orders(clustering, second, n_points)]
    return [a + b for a, b in pairs] + [b + a for a, b in pairs]


@given(
    seed=st.integers(0, 10**6),
    n_points=st.integers(2, 9),
    method=st.sampled_from(["single", "complete", "average"]),
    ties=st.booleans(),
)
def test_no_order_of_the_tree_is_shorter(seed, n_points, method, ties):
    rng = np.random.default_rng(seed)
    points = rng.integers(0, 4, (n_points, 2)).astype(float) if ties else rng.normal(size=(n_points, 2))
    distances = column_distances(points.T, "euclidean")
    clustering = linkage(distances, method)
    orders = all_orders(clustering, 2 * n_points - 2, n_points)
    found = optimal_leaf_order(clustering, distances)
    assert found.tolist() in orders
    shortest = min(length(order, distances) for order in orders)
    assert length(found, distances) <= shortest + n_points * 2**-52 * distances.sum()


@settings(max_examples=10)
@given(seed=st.integers(0, 10**6), n_points=st.integers(3, 120))
def test_scipys_optimal_order_is_not_shorter(seed, n_points):
    # Not "equal": what SciPy 1.17.1 calls optimal is longer than the best order, for 4 points already.
    hierarchy = pytest.importorskip("scipy.cluster.hierarchy")
    distance = pytest.importorskip("scipy.spatial.distance")
    rows = np.random.default_rng(seed).normal(size=(n_points, 3))
    condensed = distance.pdist(rows, "sqeuclidean")
    square = distance.squareform(condensed)
    theirs = hierarchy.leaves_list(hierarchy.optimal_leaf_ordering(hierarchy.complete(condensed), condensed))
    assert length(hclust_ordering(rows), square) <= length(theirs, square) + n_points * 2**-52 * square.sum()


@pytest.mark.parametrize("n_rows", [0, 1, 2, 3, 60, MOST_ROWS + 1, 5_000])
def test_an_order_of_rows_has_each_of_them_once(n_rows):
    rows = np.random.default_rng(n_rows).normal(size=(n_rows, 3))
    assert sorted(hclust_ordering(rows[:, :2])) == list(range(n_rows))
    assert np.array_equal(hclust_ordering(rows), hclust_ordering(rows.copy()))


def test_many_rows_are_ordered_nearly_as_well_as_few():
    centres = np.random.default_rng(0).normal(size=(6, 2)) * 100
    rows = centres[np.random.default_rng(1).integers(0, 6, 3_000)] + np.random.default_rng(2).normal(size=(3_000, 2))
    order = hclust_ordering(rows, "euclidean")
    steps = np.sqrt((np.diff(rows[order], axis=0) ** 2).sum(axis=1))
    assert np.count_nonzero(steps > 20) == 5  # each cloud is visited once


def test_equal_rows_are_no_trouble():
    assert sorted(hclust_ordering(np.ones((5, 2)))) == list(range(5))
    assert sorted(hclust_ordering(np.ones((3_000, 2)))) == list(range(3_000))


def test_the_first_row_can_be_put_first():
    rows = np.arange(6.0)[::-1, None]
    assert hclust_ordering(rows, anchor_first=True)[0] == 0


def test_a_large_product_of_minima_is_the_small_one():
    from ferroshap.clustering.leaf_order import _least_sums

    a, b = np.random.default_rng(0).normal(size=(70, 50)), np.random.default_rng(1).normal(size=(50, 90))
    assert np.array_equal(_least_sums(a, b), (a[:, :, None] + b[None]).min(axis=1))


def test_what_does_not_fit_is_refused():
    with pytest.raises(DimensionError, match="`X` has shape"):
        hclust_ordering(np.ones(3))
    with pytest.raises(OptionError, match="euclidian"):
        hclust_ordering(np.ones((3, 2)), "euclidian")
    with pytest.raises(InvalidClusteringError, match="3 players"):
        optimal_leaf_order([[0, 1, 1.0, 2]], [1.0, 2.0, 3.0])


@pytest.mark.parametrize("scale", [1e-300, 1e300])
def test_the_order_does_not_depend_on_the_scale(scale):
    rows = np.random.default_rng(0).normal(size=(30, 4))
    assert np.array_equal(hclust_ordering(rows * scale), hclust_ordering(rows))
