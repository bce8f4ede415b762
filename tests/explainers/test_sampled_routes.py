"""Sampled values against exact ones: unbiased over the whole background, errors that can be believed."""

import numpy as np
import pytest

import ferroshap
from ferroshap.errors import BudgetError

RUNS = 1000


def five_errors(runs, truth):
    """The mean of many runs within five of its standard errors of the truth."""
    runs = np.array(runs)
    error = np.abs(runs.mean(axis=0) - truth)
    return np.all(error <= 5 * runs.std(axis=0, ddof=1) / np.sqrt(len(runs)) + 1e-12)


BLOCKS = {
    # Five blocks and seven orders; thirty blocks of one row and thirty orders.
    "permutation": lambda case, **o: ferroshap.PermutationExplainer(
        case.model, case.background, rows_per_eval=7, max_evals=85, **o
    ),
    "sampling": lambda case, **o: ferroshap.SamplingExplainer(case.model, case.background, nsamples=302, **o),
}


@pytest.mark.parametrize("make", BLOCKS.values(), ids=BLOCKS)
def test_d04_orders_on_every_block_give_values_of_the_whole_background(seed, case, make):
    exact = ferroshap.ExactExplainer(case.model, case.background).shap_values(case.rows[0])
    # Each block has its turn, so nothing of the sum is left to be shared out.
    runs = [make(case, seed=seed * RUNS + run).shap_values(case.rows[0]) for run in range(RUNS)]
    assert five_errors(runs, exact)


@pytest.mark.parametrize("make", BLOCKS.values(), ids=BLOCKS)
def test_rows_of_unequal_weight_are_drawn_without_bias_but_for_the_gap(seed, case, make):
    weights = np.arange(30.0)
    exact = ferroshap.ExactExplainer(case.model, case.background, weights=weights).shap_values(case.rows[0])
    runs = [make(case, weights=weights, seed=seed * RUNS + run)(case.rows[0]) for run in range(RUNS)]
    values = np.array([run.values for run in runs])
    gaps = np.array([run.gap for run in runs])
    standard_error = values.std(axis=0, ddof=1) / np.sqrt(RUNS)
    # What the drawn rows miss of the base value is shared out; nobody's share is more than all of it.
    assert np.all(np.abs(values.mean(axis=0) - exact) <= 5 * standard_error + np.abs(gaps).mean())
    assert abs(gaps.mean()) <= 5 * gaps.std(ddof=1) / np.sqrt(RUNS)


def test_permutation_with_one_block_is_unbiased_and_its_errors_are_honest(seed, case):
    exact = ferroshap.ExactExplainer(case.model, case.background).shap_values(case.rows[0])
    found = [
        ferroshap.PermutationExplainer(case.model, case.background, seed=seed * RUNS + run)(case.rows[0], max_evals=102)
        for run in range(RUNS)
    ]
    values = np.array([explanation.values for explanation in found])
    assert five_errors(values, exact)
    # D14: `error_std` is the standard error of a value: its mean square is the variance over runs, but for the one degree
    # of freedom of ten that is their mean over features. (102 evaluations are ten orders.)
    stated = np.array([explanation.error_std for explanation in found])
    made = values.var(axis=0, ddof=1)
    variance = (9 * made + made.mean()) / 10
    spread = (stated**2).std(axis=0, ddof=1) / np.sqrt(RUNS) + variance * np.sqrt(2 / RUNS) * 3
    assert np.all(np.abs((stated**2).mean(axis=0) - variance) <= 5 * spread + 1e-12)


SAMPLED = {
    "permutation": lambda f, b, **o: ferroshap.PermutationExplainer(f, b, max_evals=50, **o),
    "permutation in blocks": lambda f, b, **o: ferroshap.PermutationExplainer(f, b, max_evals=50, rows_per_eval=4, **o),
    "kernel": lambda f, b, **o: ferroshap.KernelExplainer(f, b, nsamples=50, **o),
    "sampling": lambda f, b, **o: ferroshap.SamplingExplainer(f, b, nsamples=50, **o),
    "chosen": lambda f, b, **o: ferroshap.Explainer(f, np.hstack([b, np.zeros((30, 5))]), max_evals=50, **o),
}


@pytest.mark.parametrize("make", SAMPLED.values(), ids=SAMPLED)
def test_values_add_up_and_carry_their_errors(case, make, adds_up):
    rows = np.hstack([case.rows, np.ones((5, 5))]) if make is SAMPLED["chosen"] else case.rows
    explanation = make(case.model, case.background)(rows)
    assert adds_up(explanation, case.model(rows))
    assert explanation.status == "BUDGET_SPENT"
    assert explanation.error_std.shape == explanation.shape
    assert np.all(explanation.n_evaluations <= 52)
    assert explanation.seed == 0
    assert np.abs(explanation.gap).max() < np.abs(case.model(rows)).max() * 100


@pytest.mark.parametrize("make", list(SAMPLED.values())[:4], ids=list(SAMPLED)[:4])
def test_d04_the_base_value_is_the_mean_over_the_whole_background(case, make):
    explainer = make(case.model, case.background)
    assert explainer.expected_value == pytest.approx(case.model(case.background).mean(), rel=1e-14)
    assert explainer.plan.n_background == 30


def test_d22_the_default_budget_follows_the_number_of_features():
    rng = np.random.default_rng(0)
    wide = rng.normal(size=(3, 400))
    explainer = ferroshap.PermutationExplainer(lambda X: X.sum(axis=1), wide)
    explanation = explainer(rng.normal(size=(1, 400)))
    assert explanation.n_evaluations[0] <= 2 * 400 + 1
    assert explainer.plan.details["evaluations"] == 801
    with pytest.raises(BudgetError, match="`max_evals` is 500, but 400 features that vary need at least 801"):
        explainer(wide, max_evals=500)
    narrow = ferroshap.PermutationExplainer(lambda X: X.sum(axis=1), wide[:, :20])
    assert narrow.plan.details["evaluations"] == 500
    assert narrow(wide[:1, :20], max_evals="auto").n_evaluations[0] <= 10 * 41


def test_d22_wide_data_runs_with_main_effects_too():
    wide = np.random.default_rng(0).normal(size=(3, 400))
    explanation = ferroshap.PermutationExplainer(lambda X: X.sum(axis=1), wide)(wide + 1.0, main_effects=True)
    assert np.allclose(explanation.values, 1.0 + wide - wide.mean(axis=0))
    assert np.allclose(explanation.main_effects, explanation.values)


def test_d28_the_black_box_door_is_a_permutation_explainer_that_runs_the_best_estimator():
    background = np.random.default_rng(0).normal(size=(20, 15))
    explainer = ferroshap.Explainer(lambda X: X.prod(axis=1), background)
    assert isinstance(explainer, ferroshap.PermutationExplainer)
    assert explainer.method == ferroshap.estimators.Auto()
    assert explainer.plan.details["estimator"] == "sparse_odd"
    assert "'sparse_odd'" in explainer.plan.reason
    named = ferroshap.Explainer(lambda X: X.prod(axis=1), background, algorithm="permutation")
    assert named.method == ferroshap.estimators.Permutation()
    kernel = ferroshap.KernelExplainer(lambda X: X.prod(axis=1), background)
    assert kernel.method == ferroshap.estimators.Auto()


def test_a_named_regression_estimates_the_whole_background_from_blocks(case):
    # Eight blocks of three or four rows: every coalition on each of them, and then nothing is left to estimate.
    options = {"method": "leverage", "rows_per_eval": 4}
    explainer = ferroshap.KernelExplainer(case.model, case.background, nsamples=8 * 62, **options)
    explanation = explainer(case.rows)
    exact = ferroshap.ExactExplainer(case.model, case.background).shap_values(case.rows)
    assert np.allclose(explanation.values, exact, rtol=0, atol=1e-12)
    assert explanation.status == "EXACT"
    assert explainer.plan.details["estimator"] == "leverage"
    # Where the stars of all blocks would take more than half of the budget, orders on rotating blocks err less.
    small = ferroshap.KernelExplainer(case.model, case.background, nsamples=62, **options)
    assert small.plan.details["estimator"] == "permutation"
