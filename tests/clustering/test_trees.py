"""Trees of players from linkage arrays and from what users write, there and back."""

import copy

import numpy as np
import pytest
import scipy.cluster.hierarchy as reference

from ferroshap.clustering import (
    as_tree,
    leaves_of,
    linkage,
    linkage_from_tree,
    relabelled_linkage,
    relabelled_tree,
    tree_from_linkage,
)
from ferroshap.errors import InvalidClusteringError

NAMES = ["age", "sex", "bmi", "s1", "s2", "s6"]


def random_linkage(seed, n_players, method="average"):
    distances = np.random.default_rng([seed, 61]).random(n_players * (n_players - 1) // 2)
    return linkage(distances, method)


def clusters_of(tree):
    """All sets of players that some node of a tree holds."""
    found, ahead = set(), [tree]
    while ahead:
        node = ahead.pop()
        found.add(frozenset(leaves_of(node)))
        ahead.extend(node if isinstance(node, tuple) else ())
    return found


@pytest.mark.parametrize("n_players", [1, 2, 5, 30])
def test_a_linkage_array_and_its_tree_have_the_same_clusters(seed, n_players):
    table = random_linkage(seed, n_players)
    tree = tree_from_linkage(table, n_players)
    assert sorted(leaves_of(tree)) == list(range(n_players))
    if n_players == 1:
        assert tree == 0
        return
    nodes = reference.to_tree(table, rd=True)[1]
    assert clusters_of(tree) == {frozenset(node.pre_order()) for node in nodes}
    back = linkage_from_tree(tree)
    assert reference.is_valid_linkage(back)
    assert clusters_of(tree_from_linkage(back)) == clusters_of(tree)
    assert back[-1, 2] == 1


def test_a_chain_of_many_players_is_walked_without_recursion():
    n_players = 3_000
    rows = np.arange(n_players - 1.0)
    # Each merge takes the next player and the cluster before.
    chain = np.column_stack([rows + 1, rows + n_players - 1, rows + 1, rows + 2])
    chain[0, :2] = 0, 1
    tree = tree_from_linkage(chain)
    assert sorted(leaves_of(tree)) == list(range(n_players))
    assert np.array_equal(linkage_from_tree(tree)[:, :2], chain[:, :2])
    moved = relabelled_tree(tree, np.arange(n_players)[::-1])
    assert leaves_of(moved) == [n_players - 1 - leaf for leaf in leaves_of(tree)]


def test_players_are_renamed_in_trees_and_linkage_arrays_alike(seed):
    table, numbers = random_linkage(seed, 12), np.random.default_rng([seed, 62]).permutation(12)
    renamed = relabelled_linkage(table, numbers)
    assert reference.is_valid_linkage(renamed)
    expected = clusters_of(relabelled_tree(tree_from_linkage(table), numbers))
    assert clusters_of(tree_from_linkage(renamed)) == expected
    assert expected == {frozenset(int(numbers[p]) for p in c) for c in clusters_of(tree_from_linkage(table))}
    assert relabelled_tree(0, [7]) == 7


@pytest.mark.parametrize("nested", [(0, 1, 2), ((0, 1), (2, (3, 4, 5)))])
def test_a_tree_of_larger_families_has_no_linkage_array(nested):
    assert linkage_from_tree(nested) is None


@pytest.mark.parametrize(
    "nested,tree",
    [
        ({"who": ["age", "sex"], "blood": {"lipids": ["s1", "s2"], "glucose": "s6"}}, ((0, 1), ((3, 4), 5), 2)),
        ([[0, 1], [2, 3, (4, 5)]], ((0, 1), (2, 3, (4, 5)))),
        ({"who": ["age", "sex"]}, ((0, 1), 2, 3, 4, 5)),
        ([["age", "sex"]], ((0, 1), 2, 3, 4, 5)),
        (["age", "sex"], (0, 1, 2, 3, 4, 5)),
        ([[["age"]], {"b": [1]}], (0, 1, 2, 3, 4, 5)),
        ({"all": [0, 1, 2, 3, 4, 5]}, (0, 1, 2, 3, 4, 5)),
        ((np.array([0, 5]), [np.int64(1), "bmi"], [3, "s2"]), ((0, 5), (1, 2), (3, 4))),
    ],
)
def test_nested_names_and_positions_are_read(nested, tree):
    before = copy.deepcopy(nested)
    assert as_tree(nested, NAMES, 6) == tree
    assert str(nested) == str(before)


def test_one_player_is_a_tree():
    assert as_tree({"only": "x"}, ["x"], 1) == 0
    assert tree_from_linkage(np.zeros((0, 4)), 1) == 0
    assert linkage_from_tree(0).shape == (0, 4)


@pytest.mark.parametrize(
    "nested,said",
    [
        ({"who": ["age", "sexx"]}, "names 'sexx', which is no column; did you mean 'sex'"),
        ({"who": ["age", "sex"], "again": [["age", "bmi"], "sex"]}, "names 'age', 'sex' more than once"),
        ([[0, 1], ["age"]], "names 'age' more than once"),
        ([[0, 6]], "names position 6, but columns are 0 to 5"),
        ([[0, -1]], "names position -1"),
        ([[True, 2]], "names position True"),
        ({"who": ["age", "sex"], "none": []}, "`clustering` at 'none' holds no columns"),
        ([], "`clustering` holds no columns"),
        ({"who": ["age", 1.5]}, "`clustering` at 'who' holds 1.5"),
        ([{"age", "sex"}], "in lists, tuples or dicts"),
        (7, "`clustering` holds 7"),
    ],
)
def test_nesting_that_does_not_fit_the_table_is_refused_by_name(nested, said):
    with pytest.raises(InvalidClusteringError, match=said):
        as_tree(nested, NAMES, 6)


def test_names_need_a_table_that_has_some():
    with pytest.raises(InvalidClusteringError, match="no column has a name, so pass positions"):
        as_tree([["age", "sex"]], None, 2)
    with pytest.raises(InvalidClusteringError, match="column 1 more than once"):
        as_tree([[0, 1], 1], None, 2)


@pytest.mark.parametrize(
    "table,said",
    [
        (np.zeros((2, 3)), r"shape \(2, 3\), but a linkage array of 3 players has \(2, 4\)"),
        (np.zeros((3, 4)), r"shape \(3, 4\)"),
        ([[0, 1, 0.1, 2], [1, 3, 0.2, 3]], "merges cluster 1 in row 0 and again in row 1"),
        (
            [[0, 3, 0.1, 2], [1, 2, 0.2, 3]],
            "row 0 of `clustering` merges cluster 3, but so far there are clusters 0 to 2",
        ),
        ([[0, -1, 0.1, 2], [1, 2, 0.2, 3]], "merges cluster -1"),
        ([[0, 1.5, 0.1, 2], [2, 3, 0.2, 3]], "whole numbers"),
        ([[0, 1, np.nan, 2], [2, 3, 0.2, 3]], "finite"),
        ([["a", 1, 0.1, 2], [2, 3, 0.2, 3]], "does not hold numbers"),
    ],
)
def test_what_is_no_linkage_array_is_refused(table, said):
    with pytest.raises(InvalidClusteringError, match=said):
        tree_from_linkage(table, 3)
