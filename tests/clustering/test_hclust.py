"""`hclust` has shap's surface; columns that tell the same of a target are found redundant."""

import inspect

import numpy as np
import pandas as pd
import pytest
import scipy.cluster.hierarchy as reference
from scipy.spatial.distance import pdist

import ferroshap
from ferroshap.clustering import hclust
from ferroshap.errors import InvalidClusteringError, OptionError, PlausibilityWarning


def table(seed, n_rows=60):
    rng = np.random.default_rng([seed, 51])
    X = rng.normal(size=(n_rows, 6))
    X[:, 4] = X[:, 1] + 0.1 * rng.normal(size=n_rows)
    return X


def test_parameters_are_shap_s():
    parameters = inspect.signature(hclust).parameters.values()
    positional = [(p.name, p.default) for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
    assert positional[0][0] == "X"
    assert positional[1:] == [("y", None), ("linkage", "single"), ("metric", "auto"), ("random_state", 0)]
    assert ferroshap.clustering.hclust is hclust


@pytest.mark.parametrize("linkage", ["single", "complete", "average"])
@pytest.mark.parametrize("metric", ["auto", "correlation", "cityblock"])
def test_columns_are_clustered_as_scipy_clusters_them(seed, linkage, metric):
    X = table(seed)
    theirs = reference.linkage(pdist(X.T, "cosine" if metric == "auto" else metric), linkage)
    ours = hclust(X, linkage=linkage, metric=metric)
    assert np.array_equal(ours[:, [0, 1, 3]], theirs[:, [0, 1, 3]])
    assert np.allclose(ours[:, 2], theirs[:, 2], rtol=1e-12)
    assert np.array_equal(hclust(pd.DataFrame(X), linkage=linkage, metric=metric), ours)


def test_ward_is_for_euclidean_distances(seed):
    X = table(seed)
    ours, theirs = hclust(X, linkage="ward", metric="euclidean"), reference.ward(pdist(X.T))
    assert np.array_equal(ours[:, [0, 1, 3]], theirs[:, [0, 1, 3]])
    assert np.allclose(ours[:, 2], theirs[:, 2], rtol=1e-12)
    with pytest.raises(OptionError, match="must be 'euclidean', not 'cosine'"):
        hclust(X, linkage="ward")


def test_a_mixed_table_is_clustered_by_association(seed):
    X = table(seed)
    frame = pd.DataFrame(X, columns=list("abcdef"))
    frame["sign"] = np.where(X[:, 1] > 0, "plus", "minus")
    merges = hclust(frame, metric="association")
    assert merges[0, :2].tolist() == [1, 4]
    # What tells the sign is the cluster of columns 1 and 4.
    assert [6, 7] in merges[:, :2].tolist()


def test_one_column_has_nothing_to_merge_with():
    assert hclust([[1.0], [2.0]]).shape == (0, 4)


def test_a_target_that_is_not_looked_at_is_said_to_be(seed):
    with pytest.warns(PlausibilityWarning, match="`y` is not looked at by `metric='cosine'`"):
        hclust(table(seed), np.zeros(60), metric="cosine")


@pytest.mark.parametrize("linkage", ["single", "complete", "average"])
def test_columns_that_tell_the_same_of_a_target_are_redundant(seed, linkage):
    pytest.importorskip("xgboost")
    rng = np.random.default_rng([seed, 52])
    X = rng.normal(size=(400, 4))
    X[:, 3] = np.exp(X[:, 0])  # a monotone transform: stumps see the same splits
    y = np.sign(X[:, 0]) + 0.5 * X[:, 1] ** 2 + X[:, 2]
    merges = hclust(X, y, linkage)
    assert merges[0, :2].tolist() == [0, 3]
    assert merges[0, 2] < 0.05
    assert (merges[1:, 2] > 0.5).all()
    assert np.array_equal(hclust(X, y, linkage, random_state=0), merges)


def test_a_column_that_tells_nothing_of_the_target_is_named(seed):
    pytest.importorskip("xgboost")
    X = pd.DataFrame(np.random.default_rng([seed, 53]).normal(size=(80, 2)), columns=["a", "b"]).assign(still=1.0)
    with pytest.warns(PlausibilityWarning, match="tell nothing of `y`.*still"):
        assert hclust(X, X["a"] - X["b"])[-1, 2] == 1


def test_redundancy_needs_a_target_of_numbers(seed):
    pytest.importorskip("xgboost")
    X = table(seed)
    with pytest.raises(InvalidClusteringError, match="needs `y`"):
        hclust(X, metric="xgboost_distances_r2")
    with pytest.raises(ValueError, match="`y` has 3 numbers, but `X` has 60 rows"):
        hclust(X, [1, 2, 3])
    with pytest.raises(OptionError, match="encode the classes"):
        hclust(X, ["yes"] * 60)
    with pytest.raises(InvalidClusteringError, match="column 'job' of `X` holds no numbers"):
        hclust(pd.DataFrame({"job": list("abcdef")}), np.arange(6.0))
    with pytest.raises(InvalidClusteringError, match="`weights` were given"):
        hclust(X, np.arange(60.0), weights=np.ones(60))


def test_redundancy_needs_xgboost(seed, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "xgboost", None)
    with pytest.raises(InvalidClusteringError, match="needs xgboost: install it"):
        hclust(table(seed), np.arange(60.0))


def test_unknown_options_name_the_nearest(seed):
    with pytest.raises(OptionError, match="did you mean 'complete'"):
        hclust(table(seed), linkage="completes")
    with pytest.raises(OptionError, match="did you mean 'correlation'"):
        hclust(table(seed), metric="correlations")
