"""Never one model row more than was granted, whatever the budget and the batches."""

import numpy as np
import pytest

import ferroshap
from ferroshap.errors import BudgetError

N = 6


def made(make, case, Counted, **options):
    model = Counted(case.model)
    explainer = make(model, case.background, **options)
    assert model.n_rows == len(case.background)
    model.n_rows, model.batches = 0, []
    return explainer, model


@pytest.mark.parametrize("batch_size", [1, 7, 64, "auto"])
@pytest.mark.parametrize("rows_per_eval", [4, 100])
@pytest.mark.parametrize("main_effects", [False, True])
def test_permutation_keeps_its_budget(case, Counted, batch_size, rows_per_eval, main_effects):
    explainer, model = made(ferroshap.PermutationExplainer, case, Counted, rows_per_eval=rows_per_eval)
    for max_evals in range(3 * N + 1, 5 * N + 5):
        model.n_rows, model.batches = 0, []
        explanation = explainer(case.rows[:2], max_evals=max_evals, batch_size=batch_size, main_effects=main_effects)
        assert model.n_rows <= 2 * max_evals * explainer.rows_per_eval
        # The base value was paid for once, and the rows themselves are one model row each.
        assert model.n_rows <= 2 * ((max_evals - 2) * explainer.rows_per_eval + 1)
        assert np.all(explanation.n_evaluations <= max_evals)
        if batch_size != "auto":
            assert max(model.batches) <= batch_size


@pytest.mark.parametrize("batch_size", [1, 7, "auto"])
def test_kernel_keeps_its_budget(case, Counted, batch_size):
    explainer, model = made(ferroshap.KernelExplainer, case, Counted)
    for nsamples in range(N, 4 * N):
        model.n_rows, model.batches = 0, []
        explanation = explainer(case.rows[:2], nsamples=nsamples, batch_size=batch_size)
        assert model.n_rows <= 2 * (nsamples * 30 + 1)
        assert np.all(explanation.n_evaluations <= nsamples + 2)
        if batch_size != "auto":
            assert max(model.batches) <= batch_size


@pytest.mark.parametrize("batch_size", [1, 7, "auto"])
def test_sampling_counts_model_rows(case, Counted, batch_size):
    explainer, model = made(ferroshap.SamplingExplainer, case, Counted)
    for nsamples in range(N + 2, 6 * N):
        model.n_rows = 0
        explainer(case.rows[:2], nsamples=nsamples, batch_size=batch_size)
        assert model.n_rows <= 2 * nsamples


def test_exact_asks_about_every_coalition_once(case, Counted):
    explainer, model = made(ferroshap.ExactExplainer, case, Counted)
    for options in ({}, {"main_effects": True}):
        model.n_rows = 0
        explanation = explainer(case.rows[:2], **options)
        assert model.n_rows == 2 * ((2**N - 2) * 30 + 1)
        assert np.all(explanation.n_evaluations == 2**N)


def test_exact_refuses_more_than_it_may(case, Counted):
    explainer, model = made(ferroshap.ExactExplainer, case, Counted)
    with pytest.raises(BudgetError, match=r"`max_evals` is 63, but a row has 6 features .* 2\^6 = 64"):
        explainer(case.rows, max_evals=63)
    assert model.n_rows == 0
    assert isinstance(BudgetError(""), ValueError)
    explainer(case.rows, max_evals=64)


@pytest.mark.parametrize(
    "make,options,said",
    [
        (
            ferroshap.PermutationExplainer,
            {"max_evals": 2 * N},
            "`max_evals` is 12, but 6 features that vary need at least 13",
        ),
        (ferroshap.KernelExplainer, {"nsamples": N - 1}, "`nsamples` is 5, but 6 features that vary need at least 6"),
        (ferroshap.SamplingExplainer, {"nsamples": N + 1}, "`nsamples` is 7, but 6 features that vary need at least 8"),
    ],
)
def test_budgets_below_the_least_are_refused_by_name(case, Counted, make, options, said):
    explainer, model = made(make, case, Counted)
    with pytest.raises(BudgetError, match=said):
        explainer(case.rows, **options)
    assert model.n_rows == 0


@pytest.mark.parametrize("value", [0, -3, 2.5, "many", True])
def test_budgets_that_are_no_numbers_are_refused_by_name(case, value):
    for make, option in [
        (ferroshap.ExactExplainer, "max_evals"),
        (ferroshap.PermutationExplainer, "max_evals"),
        (ferroshap.KernelExplainer, "nsamples"),
        (ferroshap.SamplingExplainer, "nsamples"),
    ]:
        with pytest.raises(ValueError, match=f"`{option}` is {value!r}, but must be a positive integer or 'auto'"):
            make(case.model, case.background)(case.rows, **{option: value})


def test_d15_the_largest_batch_is_the_one_that_was_asked_for(case, Counted):
    explainer, model = made(ferroshap.ExactExplainer, case, Counted)
    explainer(case.rows, batch_size=64)
    assert max(model.batches) == 64
    with pytest.raises(ValueError, match="`batch_size` is 0, but must be"):
        explainer(case.rows, batch_size=0)


def test_d15_a_memory_limit_bounds_batches(case, Counted):
    explainer, model = made(ferroshap.ExactExplainer, case, Counted, memory_limit=10_000)
    explainer(case.rows)
    assert max(model.batches) * (N + 1) * 8 <= 10_000


@pytest.mark.parametrize("budget", range(N, 2 * N))
def test_tiny_budgets_are_better_than_saying_nothing(seed, budget):
    # Over many games, for a single one may be hard to guess.
    rng = np.random.default_rng([seed, 5])
    lost, null = 0.0, 0.0
    for _ in range(20):
        w = rng.normal(size=N)
        background, row = rng.normal(size=(10, N)), rng.normal(size=N)

        def model(X, w=w):
            return np.tanh((X * w).sum(axis=1)) + X[:, 0] * X[:, 1]

        exact = ferroshap.ExactExplainer(model, background).shap_values(row)
        found = ferroshap.KernelExplainer(model, background).shap_values(row, nsamples=budget)
        lost += ((found - exact) ** 2).sum()
        null += (exact**2).sum()
    assert lost <= null
