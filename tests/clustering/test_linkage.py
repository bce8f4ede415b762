"""Clusters merge as SciPy merges them where distances differ, and by the order of the points where they do not."""

import numpy as np
import pytest
import scipy.cluster.hierarchy as reference
from scipy.spatial.distance import pdist, squareform

from ferroshap.clustering import linkage
from ferroshap.clustering.trees import checked_linkage
from ferroshap.errors import DimensionError, InvalidClusteringError, OptionError

METHODS = ["single", "complete", "average", "ward"]


@pytest.mark.parametrize("n_points", [1, 2, 3, 17, 60])
@pytest.mark.parametrize("method", METHODS)
def test_distances_without_ties_give_scipy_s_merges(seed, method, n_points):
    distances = pdist(np.random.default_rng([seed, n_points]).normal(size=(n_points, 4)))
    ours = linkage(distances, method)
    if n_points == 1:
        assert ours.shape == (0, 4)
        return
    theirs = reference.linkage(distances, method)
    assert np.array_equal(ours[:, [0, 1, 3]], theirs[:, [0, 1, 3]])
    # A merge's distance is a combination of at most n others, each computed by some five roundings.
    assert np.allclose(ours[:, 2], theirs[:, 2], rtol=5 * n_points * 2.0**-53, atol=0)
    assert np.array_equal(linkage(squareform(distances), method), ours)


def by_definition(distances, method):
    """Merge the two nearest clusters, their distance taken from all pairs of members."""
    clusters = {point: [point] for point in range(len(distances))}
    of_pairs = {"single": np.min, "complete": np.max, "average": np.mean}[method]
    heights = []
    while len(clusters) > 1:
        names = list(clusters)
        apart = {
            (a, b): of_pairs(distances[np.ix_(clusters[a], clusters[b])])
            for k, a in enumerate(names)
            for b in names[k + 1 :]
        }
        a, b = min(apart, key=apart.get)
        heights.append(apart[a, b])
        clusters[a] += clusters.pop(b)
    return heights


@pytest.mark.parametrize("method", METHODS[:3])
def test_distances_of_merges_are_those_of_the_definition(seed, method):
    distances = squareform(pdist(np.random.default_rng([seed, 5]).normal(size=(14, 3))))
    assert np.allclose(linkage(distances, method)[:, 2], by_definition(distances, method), rtol=1e-13)


@pytest.mark.parametrize("method", METHODS)
def test_ties_are_settled_the_same_way_every_time_and_give_a_tree(seed, method):
    points = np.random.default_rng([seed, 2]).integers(0, 3, size=(40, 2)).astype(float)
    distances = pdist(points)  # many pairs at the same few distances
    merges = linkage(distances, method)
    assert np.array_equal(merges, linkage(distances, method))
    assert np.array_equal(checked_linkage(merges, 40), merges)
    assert (np.diff(merges[:, 2]) >= 0).all()


def test_equal_distances_merge_the_first_points_first():
    assert linkage(np.ones(6)).tolist() == [[0, 1, 1, 2], [2, 4, 1, 3], [3, 5, 1, 4]]


def test_what_was_given_is_left_as_it_was(seed):
    square = squareform(pdist(np.random.default_rng([seed, 3]).normal(size=(6, 2))))
    before = square.copy()
    linkage(square, "average")
    assert np.array_equal(square, before)


@pytest.mark.parametrize(
    "distances,method,error,said",
    [
        (np.ones(4), "single", DimensionError, "4 numbers"),
        (np.ones((2, 3)), "single", DimensionError, r"\(2, 3\)"),
        (np.ones((0, 0)), "single", DimensionError, r"\(0, 0\)"),
        (np.array([[0.0, 1.0], [2.0, 0.0]]), "single", InvalidClusteringError, "not symmetric"),
        ([1.0, np.nan, 2.0], "single", InvalidClusteringError, "finite"),
        ([1.0, -1.0, 2.0], "single", InvalidClusteringError, "not negative"),
        ([["a"]], "single", InvalidClusteringError, "one number for each pair"),
        (np.ones(3), "singles", OptionError, "did you mean 'single'"),
    ],
)
def test_what_are_no_distances_is_refused_by_name(distances, method, error, said):
    with pytest.raises(error, match=said):
        linkage(distances, method)
