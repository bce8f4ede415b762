"""Which way a budget goes along a tree, what plans say of it, and which explainers follow a tree."""

import numpy as np
import pytest
from tests.explainers.hierarchies import BINARY, FAMILIES

import ferroshap
from ferroshap.errors import BudgetError, InvalidMaskerError, OptionError, UnknownOptionError
from ferroshap.explainers import CoalitionExplainer, ExactExplainer, PartitionExplainer, PermutationExplainer
from ferroshap.maskers import Partition


def sum_of_rows(X):
    return X.sum(axis=1)


def test_only_orders_take_a_large_background_in_blocks(seed, Counted):
    rng = np.random.default_rng([seed, 83])
    background, rows = rng.normal(size=(30, 8)), rng.normal(size=(3, 8))
    model = Counted(lambda X: X[:, 0] * X[:, 3] * X[:, 5] + X[:, 1] * X[:, 6] - X[:, 7])
    masker = Partition(background, clustering=[[[0, 1], [2, 3]], [[4, 5], [6, 7]]])  # 44 coalitions
    exact = PartitionExplainer(model, masker)(rows)
    assert PartitionExplainer(model, masker).rows_per_eval == 30
    orders = PartitionExplainer(model, masker, sampling="orders", rows_per_eval=7)
    assert orders.rows_per_eval == 6  # five blocks of equal size
    assert orders.plan.predicted_model_rows == 500 * 6
    model.n_rows = 0
    sampled = orders(rows, max_evals=20_000)
    assert model.n_rows <= 3 + 3 * 20_000 * 6
    assert np.allclose(sampled.base_values, exact.base_values)
    assert (np.abs(sampled.values - exact.values) <= 5 * sampled.error_std + 1e-12).all()
    both = PartitionExplainer(model, masker, rows_per_eval=7, max_evals=20)  # orders by default
    assert both.rows_per_eval == 6
    assert np.allclose(both(rows, max_evals=44).values, exact.values, atol=1e-12)


def test_more_coalitions_than_can_be_counted_are_refused_when_they_are_asked_for():
    n = 70
    rows = np.arange(n - 1.0)
    chain = np.column_stack([rows + 1, rows + n - 1, rows + 1, rows + 2])
    chain[0, :2] = 0, 1
    for masker, said in [(np.zeros((1, n)), "2\\^70"), (Partition(np.zeros((1, n)), clustering=chain), "about 2\\^70")]:
        explainer = ExactExplainer(sum_of_rows, masker)
        with pytest.raises(BudgetError, match=f"coalitions .*{said}"):
            explainer(np.ones((1, n)))
    explainer = PartitionExplainer(sum_of_rows, Partition(np.zeros((1, n)), clustering=chain))
    assert "about 2^70 coalitions" in explainer.plan.reason
    assert np.allclose(explainer(np.ones((1, n))).values, 1.0)


def test_plans_say_what_is_going_to_happen(case):
    exact = PartitionExplainer(case.model, Partition(case.background, clustering=BINARY)).plan
    assert exact.route == "partition"
    assert "28 coalitions" in exact.reason
    assert exact.predicted_model_rows == 28 * 30
    for sampling, said in [("adaptive", "clusters with most at stake are split"), ("auto", "random orders")]:
        masker = Partition(case.background, clustering=BINARY)
        sampled = PartitionExplainer(case.model, masker, max_evals=20, sampling=sampling).plan
        assert "28 coalitions" in sampled.reason
        assert said in sampled.reason
        assert sampled.predicted_model_rows == 20 * 30


def test_the_way_can_be_named(case):
    masker = Partition(case.background, clustering=BINARY)
    exact = PartitionExplainer(case.model, masker)(case.rows)
    orders = PartitionExplainer(case.model, masker, sampling="orders", max_evals=20_000)(case.rows)
    assert orders.status == "BUDGET_SPENT"
    assert (np.abs(orders.values - exact.values) <= 5 * orders.error_std + 1e-12).all()
    with pytest.raises(OptionError, match="`sampling='order'` is not known; did you mean 'orders'"):
        PartitionExplainer(case.model, masker, sampling="order")
    with pytest.raises(BudgetError, match="`max_evals` is 11, but a tree of 6 features needs at least 12"):
        PartitionExplainer(case.model, masker, sampling="orders", max_evals=11)


def test_unknown_options_are_refused_naming_the_nearest(case):
    with pytest.raises(UnknownOptionError, match="'max_eval' .*'max_evals'"):
        PartitionExplainer(case.model, case.background, max_eval=3)
    with pytest.raises(UnknownOptionError, match="'fixed_contexts' .*'fixed_context'"):
        PartitionExplainer(case.model, case.background)(case.rows, fixed_contexts=1)
    with pytest.raises(UnknownOptionError, match="'partition_trees' .*'partition_tree'"):
        CoalitionExplainer(case.model, case.background, partition_trees=FAMILIES)


def test_exact_and_permutation_explainers_follow_the_tree_of_a_masker(case):
    masker = Partition(case.background, clustering=BINARY)
    wanted = PartitionExplainer(case.model, masker)(case.rows)
    exact = ExactExplainer(case.model, masker)(case.rows)
    assert np.allclose(exact.values, wanted.values, atol=1e-12)
    assert (exact.n_evaluations == 28).all()
    effects = ExactExplainer(case.model, masker)(case.rows, main_effects=True).main_effects
    alone = PartitionExplainer(case.model, masker)(case.rows, main_effects=True).main_effects
    assert np.array_equal(effects, alone)
    with pytest.raises(BudgetError, match="`max_evals` is 27, but the coalitions of the tree of 6 features are 28"):
        ExactExplainer(case.model, masker)(case.rows, max_evals=27)
    with pytest.raises(OptionError, match="no form along a tree"):
        ExactExplainer(case.model, masker)(case.rows, interactions=2)
    sampled = PermutationExplainer(case.model, masker)(case.rows, max_evals=20_000)
    assert (np.abs(sampled.values - wanted.values) <= 5 * sampled.error_std + 1e-12).all()
    assert np.array_equal(sampled.clustering, masker.clustering)
    with pytest.raises(InvalidMaskerError, match="KernelExplainer with Auto .* know no tree"):
        ferroshap.KernelExplainer(case.model, masker)
    with pytest.raises(InvalidMaskerError, match="SamplingExplainer with Permutation .* know no tree"):
        ferroshap.SamplingExplainer(case.model, masker)


def test_rows_stop_when_their_errors_are_small_enough(seed):
    rng = np.random.default_rng([seed, 31])
    background, rows = rng.normal(size=(8, 14)), rng.normal(size=(3, 14))
    masker = Partition(background, clustering=[list(range(7)), list(range(7, 14))])

    def wild(X):
        return X @ np.arange(14.0) + np.tanh(X[:, 0] * X[:, 3] * X[:, 8])

    explainer = PartitionExplainer(wild, masker, sampling="orders")
    explained = explainer(rows, max_evals=4000, tol=0.05)
    assert set(explained.statuses) == {"CONVERGED"}
    assert (explained.n_evaluations < 4000).all()
    split = PartitionExplainer(wild, Partition(background, clustering="correlation"), sampling="adaptive")
    with pytest.raises(OptionError, match="`tol` is 0.05"):
        split(rows, max_evals=40, tol=0.05)
