"""What values along a tree are, by the formulas of the textbooks, and which trees there are."""

import itertools
import pickle
import sys
from math import factorial

import numpy as np
import pandas as pd
import pytest
from tests.contract.games import Table, dense, drawn
from tests.contract.structures import balanced, chain

from ferroshap.errors import BudgetError, DimensionError, OptionError
from ferroshap.estimators import Owen, Permutation, as_method
from ferroshap.explainers import KernelExplainer, PermutationExplainer
from ferroshap.game import Game
from ferroshap.run import estimate

ROUNDING = 1e-12


def values_of(game, tree, budget=None, **options):
    n = game.n_players
    return estimate(game, Owen(tree=tree, **options), budget=budget or 2**n).values


def subsets(items):
    return itertools.chain.from_iterable(itertools.combinations(items, k) for k in range(len(items) + 1))


def owen_of_unions(worth, unions):
    """Owen (1977): the Shapley weights of the other unions, times those of the other members."""
    values = {}
    weight = [
        [factorial(t) * factorial(k - t - 1) / factorial(k) if t < k else 0 for t in range(k + 1)] for k in range(9)
    ]
    for union in unions:
        others = [other for other in unions if other is not union]
        for player in union:
            members = [member for member in union if member != player]
            value = 0.0
            for outside, inside in itertools.product(subsets(others), subsets(members)):
                present = sum(1 << member for member in [*itertools.chain(*outside), *inside])
                gain = worth[present | 1 << player] - worth[present]
                value += weight[len(unions)][len(outside)] * weight[len(union)][len(inside)] * gain
            values[player] = value
    return np.array([values[player] for player in sorted(values)])


def halved(worth, tree, around, values, weight=1.0):
    """A tree of pairs as PartitionExplainer defines it: each child without and with the other, half the weight each."""
    leaves = list(flat(tree))
    if len(leaves) == 1:
        values[leaves[0]] += weight * (worth[around | 1 << leaves[0]] - worth[around])
        return
    for child, other in [tree, tree[::-1]]:
        for beside in [around, around | sum(1 << player for player in flat(other))]:
            halved(worth, child, beside, values, weight / 2)


def flat(tree):
    return (tree,) if isinstance(tree, int) else itertools.chain.from_iterable(map(flat, tree))


def test_a_tree_without_groups_gives_shapley_values(seed):
    game, expected = drawn(dense, 6, seed)
    np.testing.assert_allclose(values_of(game, (3, 1, 0, 5, 4, 2)), expected, rtol=0, atol=ROUNDING * game.scale)
    one_group = values_of(game, ((3, 1, 0, 5, 4, 2),))
    np.testing.assert_allclose(one_group, expected, rtol=0, atol=ROUNDING * game.scale)


@pytest.mark.parametrize("unions", [((0, 1), (2, 3, 4), (5,)), ((4, 0), (1, 5), (3, 2)), ((0, 1, 2, 3, 4, 5),)])
def test_two_levels_give_the_values_of_a_coalition_structure(unions, seed):
    game, _ = drawn(dense, 6, seed)
    expected = owen_of_unions(game.worths, unions)
    for sampling in ["auto", "exact", "adaptive"]:
        values = values_of(game, unions, sampling=sampling)
        np.testing.assert_allclose(values, expected, rtol=0, atol=ROUNDING * game.scale)


@pytest.mark.parametrize("tree", [((0, 1), (2, 3)), (((5, 1), 0), ((2, 3), 4)), (0, (1, (2, (3, (4, 5)))))])
def test_a_tree_of_pairs_gives_what_partition_explainers_define(tree, seed):
    n = len(list(flat(tree)))
    game, _ = drawn(dense, n, seed)
    expected = np.zeros(n)
    halved(game.worths, tree, 0, expected)
    for sampling in ["exact", "adaptive"]:
        values = values_of(game, tree, sampling=sampling)
        np.testing.assert_allclose(values, expected, rtol=0, atol=ROUNDING * game.scale)


def test_groups_receive_what_they_receive_as_players(seed):
    game, _ = drawn(dense, 6, seed)
    values = values_of(game, ((0, 3), (1, (2, 5)), 4))
    merged = [
        sum(1 << p for i, group in enumerate([(0, 3), (1, 2, 5), (4,)]) if s >> i & 1 for p in group) for s in range(8)
    ]
    whole = values_of(Table(game.worths[merged]), (0, 1, 2))
    sums = [values[[0, 3]].sum(), values[[1, 2, 5]].sum(), values[4]]
    np.testing.assert_allclose(sums, whole, rtol=0, atol=ROUNDING * game.scale)


@pytest.mark.parametrize("n", [2, 4, 8, 16, 64, 256])
def test_a_balanced_tree_of_pairs_needs_two_thirds_of_a_square(n):
    def game(coalitions):
        return np.sqrt(coalitions.sum(axis=1))

    every, tree = (2 * n * n + 4) // 3, balanced(list(range(n)))
    result = estimate(game, Owen(tree=tree), n_players=n, budget=10**6)
    assert (result.status, result.n_evaluations) == ("EXACT", every)
    if n > 2:
        assert estimate(game, Owen(tree=tree), n_players=n, budget=every - 1).status == "BUDGET_SPENT"
        with pytest.raises(BudgetError, match=f"at least {every} evaluations"):
            estimate(game, Owen(tree=tree, sampling="exact"), n_players=n, budget=every - 1)


@pytest.mark.parametrize("n", [3, 7, 12])
def test_a_chain_needs_all_coalitions(n):
    result = estimate(lambda s: s.sum(axis=1) ** 2.0, Owen(tree=chain(list(range(n)))), n_players=n, budget=2**n)
    assert (result.status, result.n_evaluations) == ("EXACT", 2**n)


def test_trees_may_be_written_as_users_have_them():
    written = [((0, 2), (1, 3)), [[0, 2], [1, 3]], (np.array([0, 2]).tolist(), (np.int64(1), 3))]
    methods = [Owen(tree=tree) for tree in written]
    # The merges of SciPy: players 0 and 2, 1 and 3, then both.
    methods.append(Owen(tree=np.array([[0, 2, 0.1, 2], [1, 3, 0.2, 2], [4, 5, 0.9, 4]])))
    assert len(set(methods)) == 1
    assert all(method.tree == ((0, 2), (1, 3)) for method in methods)
    assert Owen(tree=(0, 1)) != Owen(tree=(1, 0))
    assert repr(methods[0]) == "Owen(tree=((0, 2), (1, 3)), sampling='auto', shared_design=True)"


def test_deep_trees_need_no_deep_stack():
    n = 20 * sys.getrecursionlimit() // 2
    merges = np.zeros((n - 1, 4))
    merges[:, 0] = np.arange(1, n)
    merges[1:, 1] = n + np.arange(n - 2)
    method = Owen(tree=merges)
    assert pickle.loads(pickle.dumps(method)) == method
    assert hash(method) == hash(Owen(tree=merges))
    assert repr(method) == f"Owen(tree=<{n} players>, sampling='auto', shared_design=True)"
    result = estimate(lambda s: s @ np.arange(n), method, n_players=n, budget=200)
    assert abs(result.values.sum() - n * (n - 1) / 2) <= 1e-12 * n**2


@pytest.mark.parametrize(
    "tree, said",
    [
        (((0, 1), 1), "player 1 more than once"),
        (((0, 1), 3), "player 3 among them"),
        ((0, ()), "a group without players"),
        ((0, -1), "-1, but must be nested tuples"),
        ((0, True), "True, but must be nested tuples"),
        ("ab", "'ab', but must be nested tuples"),
        (None, "`tree` is missing"),
        (np.zeros((3, 3)), r"shape \(3, 3\)"),
        (np.array([[0, 1, 0.1, 2], [0, 3, 0.2, 3]]), "merges 0 and 3 in row 1"),
        (np.array([[0, 5, 0.1, 2]]), "merges 0 and 5 in row 0"),
    ],
)
def test_what_is_no_tree_is_refused_by_name(tree, said):
    with pytest.raises(OptionError, match=said):
        Owen(tree=tree)


def test_trees_of_other_players_are_refused():
    with pytest.raises(DimensionError, match="`tree` is of 3 players, but the game has 4"):
        estimate(lambda s: s.sum(axis=1), Owen(tree=(0, 1, 2)), n_players=4)
    with pytest.raises(OptionError, match=r"`tree` is missing.*Owen\(tree="):
        as_method("owen")
    with pytest.raises(OptionError, match="did you mean 'adaptive'"):
        Owen(tree=(0, 1), sampling="adaptve")


@pytest.mark.parametrize(
    "options, n, said",
    [
        ({"precedence": [(0, 1), (1, 2), (2, 0)]}, 3, "a circle, 0 before 1 before 2 before 0"),
        ({"precedence": [(1, 1)]}, 3, "a circle, 1 before 1"),
        ({"precedence": [(0, 3)]}, 3, r"\(0, 3\) in a game of 3 players"),
        ({"precedence": [(0, 1)], "law": "uniform"}, 21, "sequential above 20"),
    ],
)
def test_precedences_that_nobody_can_keep_are_refused_by_name(options, n, said):
    with pytest.raises(OptionError, match=said):
        estimate(lambda s: s.sum(axis=1), Permutation(**options), n_players=n)


@pytest.mark.parametrize("precedence", [3, [(0, 1, 2)], [(0, -1)], [("a", 1.5)], ["ab"], [0, 1]])
def test_what_are_no_pairs_is_refused(precedence):
    with pytest.raises(OptionError, match="`precedence` holds"):
        Permutation(precedence=precedence)
    with pytest.raises(OptionError, match="did you mean 'uniform'"):
        Permutation(precedence=[(0, 1)], law="uniforms")


def test_players_who_cannot_matter_keep_their_place(seed):
    """A null player parts its neighbours' group: with him removed, the tree would be another."""
    rng = np.random.default_rng(seed)
    background, row = rng.normal(size=(5, 4)), rng.normal(size=4)
    background[:, 1] = row[1]

    def model(rows):
        return rows[:, 0] * rows[:, 2] * rows[:, 3] + rows[:, 0] * rows[:, 1]

    game = Game(model, background, row)
    for method in [Owen(tree=((0, 1), (2, 3))), Permutation(precedence=[(1, 3), (0, 2)])]:
        result = estimate(game, method, budget=16)
        table = Table(game((np.arange(16)[:, None] >> np.arange(4) & 1).astype(bool)))
        np.testing.assert_allclose(
            result.values, estimate(table, method, budget=16).values, rtol=0, atol=1e-12 * table.scale
        )
        assert abs(result.values[1]) <= 1e-12 * table.scale
        assert result.status == "EXACT"


def test_rows_are_explained_along_a_tree(seed):
    """Splitting asks what a row's own worths suggest: each row plays alone."""
    rng = np.random.default_rng(seed)
    background, rows = rng.normal(size=(4, 8)), rng.normal(size=(3, 8))

    def model(table):
        return np.tanh(table[:, :4].sum(axis=1)) * table[:, 4] + table[:, 5] * table[:, 6] * table[:, 7]

    background[:, 2] = rows[0, 2]
    tree = balanced(list(range(8)))
    for method in [
        Owen(tree=tree),
        Owen(tree=tree, sampling="adaptive"),
        Owen(tree=tree, sampling="orders"),
        Permutation(precedence=[(0, 1), (1, 5), (3, 4)]),
    ]:
        explainer = PermutationExplainer(model, background, method=method)
        for max_evals in [20, 40, 200]:
            together = explainer(rows, max_evals=max_evals)
            for position, row in enumerate(rows):
                alone = explainer(row[None], max_evals=max_evals)
                assert alone.values.tobytes() == together.values[position].tobytes()
                result = estimate(Game(model, background, row), method, budget=max_evals)
                np.testing.assert_allclose(together.values[position], result.values, rtol=0, atol=1e-12)
                assert result.n_evaluations == together.n_evaluations[position] <= max_evals


def test_causes_may_be_called_by_name(seed):
    rng = np.random.default_rng(seed)
    names = ["income", "age", "sex"]
    background, row = rng.normal(size=(5, 3)), rng.normal(size=3)

    def model(rows):
        return np.prod(np.asarray(rows, dtype=float), axis=1)

    table = {name: background[:, column] for column, name in enumerate(names)}
    named, numbered = Permutation(precedence=[("age", "income")]), Permutation(precedence=[(1, 0)])
    by_name = PermutationExplainer(model, background, method=named, feature_names=names)
    assert by_name.method == numbered
    values = by_name(row[None], max_evals=8).values
    assert (
        values.tobytes()
        == PermutationExplainer(model, background, method=numbered)(row[None], max_evals=8).values.tobytes()
    )
    assert KernelExplainer(model, background, feature_names=names, method=named).method == numbered
    game = Game(
        lambda rows: model(np.column_stack([rows[name] for name in names])),
        pd.DataFrame(table),
        dict(zip(names, row, strict=True)),
    )
    np.testing.assert_array_equal(estimate(game, named, budget=8).values, estimate(game, numbered, budget=8).values)
    with pytest.raises(OptionError, match="names 'agee', but no player is called that; did you mean 'age'"):
        estimate(game, Permutation(precedence=[("agee", "sex")]), budget=8)
    with pytest.raises(OptionError, match="a game knows numbers of players alone"):
        estimate(lambda s: s.sum(axis=1), named, n_players=3)
