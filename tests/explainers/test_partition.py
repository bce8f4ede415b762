"""Owen values of real models against all orders that respect the tree."""

import math
import pickle

import numpy as np
import pytest
from tests.explainers.hierarchies import BINARY, FAMILIES, TREES, by_definition, close, game_of, owen

from ferroshap.clustering import leaves_of
from ferroshap.errors import BudgetError, InvalidClusteringError
from ferroshap.explainers import CoalitionExplainer, ExactExplainer, PartitionExplainer
from ferroshap.maskers import Independent, Partition

#: Coalitions that occur: 2 and, for each node with k children in c contexts, c * (2**k - 2).
COUNTS = {"binary": 2 + 2 + 4 + 4 + 8 + 8, "chain": 64, "families": 2 + 2 + 2 * 6 + 2 * 2 + 4 * 2, "flat": 64}


@pytest.mark.parametrize("name", TREES)
@pytest.mark.parametrize("model", ["model", "two_outputs"])
def test_values_are_the_mean_over_all_orders_of_the_tree(case, adds_up, name, model):
    function = getattr(case, model)
    masker = Partition(case.background, clustering=TREES[name])
    explanation = PartitionExplainer(function, masker)(case.rows)
    assert close(explanation, by_definition(function, case.background, case.rows, masker.tree))
    assert explanation.status == "EXACT"
    assert explanation.error_std is None
    assert (explanation.n_evaluations == COUNTS[name]).all()
    assert adds_up(explanation, function(case.rows))


def test_a_tree_of_one_family_gives_shapley_values(case):
    masker = Partition(case.background, clustering=TREES["flat"])
    shapley = ExactExplainer(case.model, case.background)(case.rows)
    assert np.allclose(PartitionExplainer(case.model, masker)(case.rows).values, shapley.values, atol=1e-12)


@pytest.mark.parametrize("linearized", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
def test_links_and_weights_are_those_of_the_definition(case, logit, linearized, weighted):
    weights = np.random.default_rng(1).random(30) if weighted else None
    masker = Partition(case.background, clustering=FAMILIES, weights=weights)
    explainer = PartitionExplainer(case.probability, masker, link="logit", linearize_link=linearized)
    wanted = by_definition(
        case.probability, case.background, case.rows, masker.tree, weights=weights, link=logit, linearized=linearized
    )
    explanation = explainer(case.rows)
    assert close(explanation, wanted)
    assert np.allclose(explanation.base_values + explanation.values.sum(axis=1), logit(case.probability(case.rows)))


def recursive_halves(worth, tree, n_players):
    """Values of a binary tree by splitting: each child without and with its sibling, at half the weight."""
    values = [0.0] * n_players
    everybody = frozenset(range(n_players))
    ahead = [(tree, frozenset(), worth(frozenset()), worth(everybody), 1.0)]
    while ahead:
        node, context, f0, f1, weight = ahead.pop()
        if not isinstance(node, tuple):
            values[node] = values[node] + weight * (f1 - f0)
            continue
        left, right = node
        joined = [context | frozenset(leaves_of(side)) for side in node]
        f10, f01 = worth(joined[0]), worth(joined[1])
        ahead += [(left, context, f0, f10, weight / 2), (right, context, f0, f01, weight / 2)]
        ahead += [(left, joined[1], f01, f1, weight / 2), (right, joined[0], f10, f1, weight / 2)]
    return np.array(values)


def test_binary_trees_agree_with_the_recursion_that_shap_runs(case):
    masker = Partition(case.background)
    explanation = PartitionExplainer(case.two_outputs, masker)(case.rows)
    wanted = [recursive_halves(game_of(case.two_outputs, case.background, x), masker.tree, 6) for x in case.rows]
    assert close(explanation, np.stack(wanted))


@pytest.mark.parametrize("max_evals", range(4, 40, 3))
@pytest.mark.parametrize("name", ["binary", "chain"])
@pytest.mark.parametrize("sampling", ["auto", "adaptive"])
def test_values_add_up_and_the_budget_is_kept_whatever_it_is(case, adds_up, Counted, name, max_evals, sampling):
    model = Counted(case.two_outputs)
    explainer = PartitionExplainer(model, Partition(case.background, clustering=TREES[name]), sampling=sampling)
    model.n_rows = 0
    explanation = explainer(case.rows, max_evals=max_evals)
    assert (explanation.n_evaluations <= max_evals).all()
    assert model.n_rows <= 5 * (1 + (max_evals - 2) * 30)
    assert adds_up(explanation, case.two_outputs(case.rows))
    is_exact = max_evals >= COUNTS[name]
    assert explanation.status == ("EXACT" if is_exact else "BUDGET_SPENT")
    if is_exact:
        masker = Partition(case.background, clustering=TREES[name])
        assert close(explanation, by_definition(case.two_outputs, case.background, case.rows, masker.tree))


def test_the_least_budget_splits_the_root_and_less_is_refused(case):
    explainer = PartitionExplainer(case.model, Partition(case.background, clustering=BINARY))
    values = explainer(case.rows, max_evals=4).values
    # The two clusters share equally among their three members.
    assert (values[:, [0, 3, 1]] == values[:, [0]]).all()
    assert (values[:, [2, 5, 4]] == values[:, [2]]).all()
    with pytest.raises(BudgetError, match="`max_evals` is 3"):
        explainer(case.rows, max_evals=3)
    with pytest.raises(BudgetError, match="`max_evals` is 3"):
        PartitionExplainer(case.model, Partition(case.background, clustering=BINARY), max_evals=3)


HALVES = [[[[0, 1], [2, 3]], [[4, 5], 6]], [[[7, 8], [9, 10]], [[11, 12], 13]]]


@pytest.mark.parametrize("sampling", ["auto", "adaptive"])
def test_bits_do_not_depend_on_threads_batches_or_rows_beside(sampling):
    wide = np.random.default_rng(3).normal(size=(20, 14))
    rows = np.random.default_rng(4).normal(size=(4, 14))

    def model(X):
        return np.stack([X[:, 0] * X[:, 5] * X[:, 9] + X[:, 13], X[:, 1] ** 2 * X[:, 2]], axis=1)

    wide[:, 3] = rows[0, 3]  # for one row, masked rows come again
    for clustering, max_evals, n_spent in [
        (HALVES, 4, 4),
        (HALVES, 30, 30 if sampling == "adaptive" else 28),
        (HALVES, 100, 100 if sampling == "adaptive" else 80),
        (HALVES, 5_000, 140),
        ([list(range(7)), [7, 8, 9, 10], [11, 12, 13]], 600, None),
    ]:
        masker = Partition(wide, clustering=clustering)
        first = PartitionExplainer(model, masker, n_jobs=1, sampling=sampling)(rows, max_evals=max_evals)
        for n_jobs, batch_size in [(2, "auto"), (1, 1), (2, 57)]:
            again = PartitionExplainer(model, masker, n_jobs=n_jobs, sampling=sampling)(
                rows, max_evals=max_evals, batch_size=batch_size
            )
            assert again.values.tobytes() == first.values.tobytes()
        one = PartitionExplainer(model, masker, sampling=sampling)(rows[2:3], max_evals=max_evals)
        assert one.values.tobytes() == first.values[2:3].tobytes()
        assert n_spent is None or (first.n_evaluations == n_spent).all()
        assert (first.n_evaluations <= max_evals).all()


def test_rows_that_are_split_by_their_worths_share_calls_of_the_model(case, Counted):
    model = Counted(case.model)
    explainer = PartitionExplainer(model, Partition(case.background, clustering=TREES["chain"]), sampling="adaptive")
    model.batches.clear()
    explainer(case.rows, max_evals=40)
    # The rows themselves, and of each wave all rows at once: 1, 4 and some more splits.
    assert model.batches[0] == 5
    assert max(model.batches) > 16 * 30
    assert len(model.batches) < 10


def test_coalition_explainer_takes_families_of_any_size(case):
    explainer = CoalitionExplainer(case.two_outputs, case.background, partition_tree=FAMILIES, output_names=["a", "b"])
    explanation = explainer(case.rows)
    assert close(explanation, by_definition(case.two_outputs, case.background, case.rows, explainer.masker.tree))
    assert explanation.output_names == ["a", "b"]
    assert explainer.plan.route == "coalition"
    own = CoalitionExplainer(case.two_outputs, Partition(case.background, clustering=FAMILIES))
    assert np.array_equal(own(case.rows).values, explanation.values)
    with pytest.raises(InvalidClusteringError, match="`partition_tree` is None.*PartitionExplainer"):
        CoalitionExplainer(case.model, case.background)
    # As in shap's own example: the tree given stands for the masker's.
    both = CoalitionExplainer(case.two_outputs, Partition(case.background), partition_tree=FAMILIES)
    assert np.array_equal(both(case.rows).values, explanation.values)
    named = {"three": list("ace"), "two": {"a": "b", "b": ["f", "d"]}}
    names = CoalitionExplainer(case.two_outputs, case.background, feature_names=list("abcdef"), partition_tree=named)
    assert np.array_equal(names(case.rows).values, explanation.values)
    with pytest.raises(InvalidClusteringError, match="`partition_tree` names 'g', which is no column"):
        CoalitionExplainer(case.model, case.background, feature_names=list("abcdef"), partition_tree=[["a", "g"]])


def test_any_masker_lends_its_filling(case):
    inner = Independent(case.background, weights=np.arange(1.0, 31.0))
    explanation = PartitionExplainer(case.model, inner)(case.rows)
    again = PartitionExplainer(case.model, case.background, weights=np.arange(1.0, 31.0))(case.rows)
    assert np.array_equal(explanation.values, again.values)
    assert np.array_equal(explanation.values, PartitionExplainer(case.model, Partition(inner))(case.rows).values)


def test_a_linear_model_has_its_shapley_values_under_every_tree(case):
    weights = np.arange(1.0, 7.0)
    for tree in TREES.values():
        masker = Partition(case.background, clustering=tree)
        values = PartitionExplainer(lambda X: X @ weights, masker)(case.rows).values
        assert np.allclose(values, weights * (case.rows - case.background.mean(axis=0)), atol=1e-11)


def test_main_effects_are_what_features_are_worth_alone(case, Counted):
    model = Counted(case.two_outputs)
    for max_evals in (30, 500):
        explainer = PartitionExplainer(model, Partition(case.background, clustering=BINARY))
        explanation = explainer(case.rows, max_evals=max_evals, main_effects=True)
        for row, x in enumerate(case.rows):
            worth = game_of(case.two_outputs, case.background, x)
            alone = np.array([worth(frozenset([k])) - worth(frozenset()) for k in range(6)])
            assert np.allclose(explanation.main_effects[row], alone, atol=1e-12)
        assert (explanation.n_evaluations <= max_evals).all()


def test_outputs_can_be_chosen_and_rows_come_single(case):
    explainer = PartitionExplainer(case.two_outputs, Partition(case.background, clustering=BINARY))
    every = explainer(case.rows)
    assert np.array_equal(explainer(case.rows, outputs=[1]).values, every.values[..., [1]])
    assert np.array_equal(explainer(case.rows[0]).values, every.values[0])
    assert explainer(case.rows[:0]).shape == (0, 6, 2)
    assert np.array_equal(explainer.shap_values(case.rows), every.values)


def test_errors_are_zero_where_exact_and_unknown_where_clusters_were_not_split(case):
    explainer = PartitionExplainer(case.model, Partition(case.background, clustering=BINARY))
    assert (explainer(case.rows, error_bounds=True).error_std == 0).all()
    split = PartitionExplainer(case.model, Partition(case.background, clustering=BINARY), sampling="adaptive")
    assert np.isnan(split(case.rows, error_bounds=True, max_evals=24).error_std).all()
    assert split(case.rows, max_evals=24).error_std is None
    assert explainer(case.rows, max_evals=24).error_std is None  # nearly every coalition: split as well
    chain = PartitionExplainer(case.model, Partition(case.background, clustering=TREES["chain"]))
    assert np.isfinite(chain(case.rows, max_evals=40).error_std).all()


def test_masked_rows_that_come_again_are_asked_about_once_and_change_no_bit(seed, Counted):
    rng = np.random.default_rng([seed, 82])
    background, rows = rng.integers(0, 2, size=(40, 8)).astype(float), rng.integers(0, 2, size=(6, 8)).astype(float)
    model = Counted(lambda X: X[:, 0] * X[:, 3] * X[:, 5] + X[:, 1] * X[:, 6] - X[:, 7])
    masker = Partition(background, clustering=[[[0, 1], [2, 3]], [[4, 5], [6, 7]]])
    explainer = PartitionExplainer(model, masker, sampling="adaptive")
    for max_evals in (20, 500):  # some clusters split, and all coalitions
        model.n_rows = 0
        together = explainer(rows, max_evals=max_evals)
        assert model.n_rows < 6 + 40 * (together.n_evaluations - 2).sum()
        alone = explainer(rows, max_evals=max_evals, batch_size=39)  # fewer than the background: nothing is looked up
        assert together.values.tobytes() == alone.values.tobytes()


def test_one_feature_receives_everything(case):
    masker = Partition(case.background[:, :1])
    for sampling in ("auto", "adaptive", "orders"):
        explainer = PartitionExplainer(lambda X: X[:, 0] ** 3, masker, sampling=sampling)
        values = explainer(case.rows[:, :1], max_evals=2).values
        assert np.allclose(values, case.rows[:, :1] ** 3 - (case.background[:, :1] ** 3).mean(), atol=1e-12)
    with pytest.raises(BudgetError, match="`max_evals` is 1, but a tree of 1 features needs at least 2"):
        explainer(case.rows[:, :1], max_evals=1)


def test_large_families_are_estimated_by_orders_along_the_tree(seed):
    rng = np.random.default_rng([seed, 81])
    background, rows = rng.normal(size=(1, 32)), rng.normal(size=(1, 32))
    masker = Partition(background, clustering=[list(range(16)), list(range(16, 32))])

    def model(X):
        return X[:, 0] * X[:, 16] * X[:, 17] + X[:, 1] * X[:, 2] + X.sum(axis=1)

    explanation = PartitionExplainer(model, masker)(rows, max_evals=40_000)
    assert explanation.status == "BUDGET_SPENT"
    # Features that only add something may leave the tree, or play as one: what the others gain stays the same.
    playing = [0, 1, 2, 16, 17]
    units = [*([k] for k in playing), [k for k in range(32) if k not in playing]]
    wanted = owen(game_of(model, background, rows[0], units=units), ((0, 1, 2), (3, 4), 5), 6)[:5, 0]
    gap = np.abs(explanation.values[0, playing] - wanted)
    assert (gap <= 5 * explanation.error_std[0, playing] + 1e-12).all()


def test_what_was_reached_is_kept_when_the_model_fails(case):
    class Failing:
        n_calls = 0

        def __call__(self, X):
            self.n_calls += 1
            if self.n_calls > 40:
                raise ZeroDivisionError
            return case.model(X)

    for max_evals in (20, 500):
        explainer = PartitionExplainer(Failing(), Partition(case.background, clustering=BINARY))
        with pytest.raises(ZeroDivisionError):
            explainer(case.rows, batch_size=10, max_evals=max_evals)
        assert explainer.partial.status == "INTERRUPTED"
        assert 1 <= len(explainer.partial.values) <= 5


def test_a_deadline_ends_the_run(case):
    explainer = PartitionExplainer(case.model, Partition(case.background, clustering=BINARY))
    for max_evals in (20, 500):
        assert explainer(case.rows, deadline_seconds=0.0, max_evals=max_evals).status == "INTERRUPTED"


def test_explainers_survive_a_pickle(case):
    for explainer in (
        PartitionExplainer(case.two_outputs, case.background, max_evals=20),
        CoalitionExplainer(case.two_outputs, case.background, partition_tree=FAMILIES),
    ):
        twin = pickle.loads(pickle.dumps(explainer))
        assert type(twin) is type(explainer)
        assert twin(case.rows).values.tobytes() == explainer(case.rows).values.tobytes()
        assert twin.plan == explainer.plan


def test_a_long_chain_survives_a_pickle():
    n = 1_200
    background = np.zeros((1, n))
    rows = np.arange(n - 1.0)
    chain = np.column_stack([rows + 1, rows + n - 1, rows + 1, rows + 2])
    chain[0, :2] = 0, 1
    explainer = PartitionExplainer(sum_of_rows, Partition(background, clustering=chain))
    twin = pickle.loads(pickle.dumps(explainer))
    x = np.ones((1, n))
    explanation = twin(x)
    assert np.array_equal(explanation.values, explainer(x).values)
    assert math.isclose(explanation.values.sum(), n, rel_tol=1e-12)


def sum_of_rows(X):
    return X.sum(axis=1)


def test_families_are_named_as_the_masker_names_its_columns():
    """`masker.feature_names = names`, and then a tree of those names: the way of the incumbent's own examples."""
    background, rows = np.random.default_rng(8).normal(size=(2, 6, 4))
    masker = Partition(background)
    masker.feature_names = ["a", "b", "c", "d"]
    families = {"left": ["a", "b"], "right": ["c", "d"]}

    def model(x):
        return x[:, 0] * x[:, 1] + x[:, 2] * x[:, 3] * x[:, 0]

    by_masker = CoalitionExplainer(model, masker, partition_tree=families)(rows)
    by_argument = CoalitionExplainer(model, background, feature_names=["a", "b", "c", "d"], partition_tree=families)(
        rows
    )
    np.testing.assert_array_equal(by_masker.values, by_argument.values)
    assert list(by_masker.feature_names) == ["a", "b", "c", "d"]
