"""`maskers.Partition`: whatever fills absent columns, the players have a tree, which follows them."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest

import ferroshap
from ferroshap.clustering import hclust, leaves_of, tree_from_linkage
from ferroshap.errors import InvalidClusteringError, InvalidMaskerError
from ferroshap.maskers import Groups, Independent, Partition

NAMES = ["age", "sex", "bmi", "s1", "s2", "s6"]


def frame(seed, n_rows=40):
    rng = np.random.default_rng([seed, 71])
    X = rng.normal(size=(n_rows, 6))
    X[:, 4] = X[:, 3] + 0.1 * rng.normal(size=n_rows)
    return pd.DataFrame(X, columns=NAMES)


@pytest.mark.parametrize("metric", ["correlation", "cosine", "euclidean", "association"])
def test_a_metric_clusters_the_columns_of_the_background(seed, metric):
    masker = Partition(frame(seed), clustering=metric)
    assert np.allclose(masker.clustering, hclust(frame(seed), metric=metric), rtol=1e-12)
    assert masker.tree == tree_from_linkage(masker.clustering)
    assert masker.clustering[0, :2].tolist() == [3, 4]


def test_the_default_is_shap_s():
    import inspect

    parameters = inspect.signature(Partition).parameters.values()
    assert [(p.name, p.default) for p in parameters][1:] == [
        ("max_samples", None),
        ("clustering", "correlation"),
        ("weights", None),
    ]


def test_trees_come_as_arrays_dicts_and_lists(seed):
    data = frame(seed)
    table = hclust(data, linkage="complete", metric="correlation")
    assert np.array_equal(Partition(data, clustering=table).clustering, table)
    nested = Partition(data, clustering={"who": ["age", "sex"], "blood": {"lipids": ["s1", "s2"], "glucose": "s6"}})
    assert nested.tree == ((0, 1), ((3, 4), 5), 2)
    assert nested.clustering is None
    binary = Partition(data, clustering=[[["age", "sex"], "bmi"], [["s1", "s2"], "s6"]])
    assert binary.tree == tree_from_linkage(binary.clustering)
    assert binary.clustering[:, 2].tolist() == [1 / 3, 1 / 3, 2 / 3, 2 / 3, 1]


def test_the_background_is_read_as_by_independent(seed):
    data, weights = frame(seed), np.arange(40.0)
    for given in ({}, {"weights": weights}, {"max_samples": 7}):
        masker, plain = Partition(data, **given), Independent(data, **given)
        assert np.array_equal(masker.data, plain.data)
        assert np.array_equal(masker.weights, plain.weights)
        assert (masker.n_background, masker.feature_names) == (plain.n_background, plain.feature_names)
    summary = ferroshap.kmeans(data, 5)
    assert Partition(summary).n_summarised == Independent(summary).n_summarised == 40


def test_weights_are_felt_by_clusters():
    data = np.array([[0.0, 0.0, 0.0], [1.0, 1.0, 0.0], [0.0, 1.0, 1.0], [1.0, 0.0, 1.0], [2.0, 5.0, 2.0]])
    assert (
        Partition(data[[0, 1]].repeat(3, 0)[:, [0, 2, 1]]).tree
        == Partition(data[[0, 1]][:, [0, 2, 1]], weights=[3, 1]).tree
    )
    pairs = {
        tuple(Partition(data, weights=weights).clustering[0, :2])
        for weights in ([9, 9, 0, 0, 1], [9, 0, 9, 0, 1], [9, 0, 0, 9, 1])
    }
    assert pairs == {(0, 1), (1, 2), (0, 2)}


def test_the_filling_is_that_of_the_masker_given(seed):
    inner = Independent(frame(seed))
    masker = Partition(inner, clustering="cosine")
    assert masker.filler is inner
    assert masker.units is None
    assert not masker.is_conditional


def test_over_groups_the_leaves_are_the_groups(seed):
    groups = Groups(frame(seed), {"blood": ["s1", "s2", "s6"]})
    assert groups.feature_names == ["age", "sex", "bmi", "blood"]
    nested = Partition(groups, clustering=[["blood", "age"], ["sex", "bmi"]])
    assert nested.tree == ((0, 3), (1, 2))
    assert nested.n_players == 4
    clustered = Partition(groups)
    assert clustered.clustering.shape == (3, 4)
    assert nested.filler is groups.inner
    # The distance of two groups is the least between their columns.
    apart = 1.0 - np.corrcoef(frame(seed).T)
    assert clustered.clustering[0, 2] == pytest.approx(
        min(apart[np.ix_([0, 1, 2], [3, 4, 5])].min(), apart[0, 1], apart[0, 2], apart[1, 2])
    )
    with pytest.raises(InvalidClusteringError, match="'s1', which is no player"):
        Partition(groups, clustering=[["s1", "age"]])


def test_the_tree_follows_columns_that_are_reordered(seed):
    data, positions = frame(seed), np.random.default_rng([seed, 72]).permutation(6)
    for clustering in (
        "correlation",
        [[["age", "bmi"], "s6"], [["s1", "sex"], "s2"]],
        {"a": NAMES[:3], "b": NAMES[3:]},
    ):
        masker = Partition(data, clustering=clustering)
        moved = masker.reordered(positions)
        named = [moved.table.names[leaf] for leaf in leaves_of(moved.tree)]
        if masker.clustering is None:
            assert named == [NAMES[leaf] for leaf in leaves_of(masker.tree)]
        else:
            assert moved.tree == tree_from_linkage(moved.clustering)
            again = Partition(data.iloc[:, positions], clustering=moved.clustering)
            assert again.tree == tree_from_linkage(moved.clustering)
            assert np.array_equal(moved.clustering[:, 2:], masker.clustering[:, 2:])
        back = moved.reordered(np.argsort(positions))
        assert back.tree == masker.tree
        assert (back.clustering is None) or np.array_equal(back.clustering, masker.clustering)
        assert back.table.names == NAMES


def test_groups_keep_their_places_when_columns_are_reordered(seed):
    groups = Groups(frame(seed), {"blood": ["s1", "s2", "s6"]})
    masker = Partition(groups, clustering=[["blood", "age"], ["sex", "bmi"]])
    moved = masker.reordered([5, 3, 1, 0, 2, 4])
    assert moved.tree == masker.tree
    assert [sorted(moved.table.names[c] for c in columns) for columns in moved.units.columns][3] == ["s1", "s2", "s6"]
    assert moved.inner.table.names == moved.table.names


@pytest.mark.parametrize("clustering", ["correlation", {"who": ["age", "sex", "bmi"]}])
def test_pickles_and_copies_have_the_same_tree(seed, clustering):
    masker = Partition(frame(seed), clustering=clustering)
    for twin in (pickle.loads(pickle.dumps(masker)), copy.deepcopy(masker), copy.copy(masker)):
        assert twin.tree == masker.tree
        assert np.array_equal(twin.weights, masker.weights)
        assert (twin.clustering is None) == (masker.clustering is None)


def test_a_chain_of_many_columns_survives_a_pickle():
    n = 1_500
    rows = np.arange(n - 1.0)
    chain = np.column_stack([rows + 1, rows + n - 1, rows + 1, rows + 2])
    chain[0, :2] = 0, 1
    masker = pickle.loads(pickle.dumps(Partition(np.zeros((2, n)), clustering=chain)))
    assert leaves_of(masker.tree) == leaves_of(tree_from_linkage(chain))
    assert np.array_equal(masker.reordered(np.arange(n)[::-1]).clustering[:, 2:], chain[:, 2:])


def test_one_column_is_a_tree():
    masker = Partition(np.zeros((3, 1)))
    assert masker.tree == 0
    assert masker.clustering.shape == (0, 4)


@pytest.mark.parametrize(
    "clustering,said",
    [
        (7, "`clustering` is 7"),
        (np.zeros((2, 4)), r"shape \(2, 4\), but a linkage array of 6 players has \(5, 4\)"),
        ({"who": ["age", "sexx"]}, "did you mean 'sex'"),
        ([["age", "sex"], ["age", "bmi"]], "'age' more than once: a column has one place"),
    ],
)
def test_trees_that_do_not_fit_are_refused_by_name(seed, clustering, said):
    with pytest.raises(InvalidClusteringError, match=said):
        Partition(frame(seed), clustering=clustering)


def test_a_table_with_words_needs_a_metric_that_takes_them(seed):
    data = frame(seed).assign(job=np.where(frame(seed)["age"] > 0, "young", "old"))
    with pytest.raises(InvalidClusteringError, match="'job' of `data` holds no numbers, which 'correlation' needs"):
        Partition(data)
    assert Partition(data, clustering="association").n_players == 7
    with pytest.raises(ValueError, match="`metric='correlations'` is not known; did you mean 'correlation'"):
        Partition(data, clustering="correlations")


def test_a_masker_has_its_own_background(seed):
    inner = Independent(frame(seed))
    with pytest.raises(InvalidMaskerError, match=r"`max_samples` and a masker.*maskers.Independent\(data, max_samples"):
        Partition(inner, 5)
    with pytest.raises(InvalidMaskerError, match="`weights` and a masker"):
        Partition(inner, weights=np.ones(40))
    with pytest.raises(InvalidMaskerError, match="whose players have a tree already"):
        Partition(Partition(inner))
    assert repr(Partition(inner)) == "Partition(Independent(40 rows, 6 columns), 6 players)"
