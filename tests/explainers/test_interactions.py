"""Interactions of rows from samples: the matrices of the exact route, with errors, at any budget."""

import numpy as np
import pytest

import ferroshap
from ferroshap.errors import BudgetError, OptionError
from ferroshap.estimators import EvenGP, Leverage

WISHES = [2, "sii"]


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(4)
    return rng.normal(size=(20, 8)), rng.normal(size=(4, 8))


def model(rows):
    return rows[:, 0] * rows[:, 1] + np.sin(rows[:, 2] + rows[:, 3]) + 0.1 * rows.sum(axis=1)


def two_outputs(rows):
    return np.stack([model(rows), np.tanh(rows @ np.arange(8.0) / 4)], axis=1)


@pytest.mark.parametrize("wish", WISHES)
@pytest.mark.parametrize("function", [model, two_outputs], ids=["one output", "two outputs"])
def test_the_whole_budget_gives_the_exact_matrices(table, wish, function):
    background, rows = table
    exact = ferroshap.ExactExplainer(function, background)(rows, interactions=wish)
    found = ferroshap.KernelExplainer(function, background)(rows, interactions=wish, nsamples=2**8)
    assert found.status == "EXACT"
    assert found.axes == exact.axes
    # Half-sums and half-differences of 2^8 worths below 10, rounded twice more than in the table.
    assert np.abs(found.values - exact.values).max() < 1e-12
    assert not found.error_std.any()


@pytest.mark.parametrize("wish", WISHES)
def test_samples_come_near_with_honest_errors(table, wish):
    background, rows = table
    exact = ferroshap.ExactExplainer(two_outputs, background)(rows, interactions=wish)
    found = ferroshap.KernelExplainer(two_outputs, background)(rows, interactions=wish, nsamples=100)
    assert found.shape == found.error_std.shape == (4, 8, 8, 2)
    assert (found.status, set(found.n_evaluations)) == ("BUDGET_SPENT", {102})
    assert np.abs(found.values - exact.values).max() < 0.05 * np.abs(exact.values).max()
    misses = np.abs(found.values - exact.values)
    assert (misses <= 4.0 * found.error_std + 1e-12).mean() > 0.9
    outputs = two_outputs(rows)
    assert np.abs(found.values.sum(axis=(1, 2)) + found.base_values - outputs).max() < 1e-12
    assert np.array_equal(found.values, found.values.transpose(0, 2, 1, 3))
    if wish == "sii":
        values = ferroshap.KernelExplainer(two_outputs, background, method="odd_gp")(rows, nsamples=100).values
        assert np.abs(found.values.sum(axis=2) - values).max() < 1e-12


def test_rows_have_the_bits_they_have_alone(table):
    background, rows = table
    explainer = ferroshap.KernelExplainer(model, background, interactions="sii", nsamples=60)
    together = explainer(rows)
    for row in range(len(rows)):
        alone = explainer(rows[row : row + 1])
        assert np.array_equal(alone.values[0], together.values[row])
        assert np.array_equal(alone.error_std[0], together.error_std[row])


def test_permutation_explainer_takes_the_method_by_name(table):
    background, rows = table
    kernel = ferroshap.KernelExplainer(model, background)(rows, interactions=2, nsamples=60)
    other = ferroshap.PermutationExplainer(model, background, method=EvenGP())(rows, interactions=2, max_evals=62)
    assert np.array_equal(kernel.values, other.values)
    with pytest.raises(OptionError, match="EvenGP"):
        ferroshap.PermutationExplainer(model, background)(rows, interactions=2)


def test_features_that_do_not_vary_have_zeros(table):
    background, rows = table
    background = background.copy()
    background[:, 3] = rows[0, 3]
    found = ferroshap.KernelExplainer(model, background)(rows, interactions="sii", nsamples=60)
    assert not found.values[0, 3].any()
    assert not found.error_std[0, 3].any()
    assert found.values[1, 3].any()


def test_blocks_of_the_background_are_taken_together(table):
    background, rows = table
    cut = ferroshap.KernelExplainer(model, background, rows_per_eval=5)(rows, interactions=2, nsamples=60)
    whole = ferroshap.KernelExplainer(model, background)(rows, interactions=2, nsamples=60)
    assert np.array_equal(cut.values, whole.values)


def test_what_does_not_fit_together_is_refused(table):
    background, rows = table
    explainer = ferroshap.KernelExplainer(model, background)
    with pytest.raises(OptionError, match="interactions"):
        explainer(rows, interactions="SII")
    with pytest.raises(OptionError, match="l1_reg"):
        explainer(rows, interactions=2, l1_reg="num_features(3)")
    with pytest.raises(OptionError, match="tol"):
        explainer(rows, interactions=2, tol=0.1)
    with pytest.raises(OptionError, match="values alone"):
        ferroshap.KernelExplainer(model, background, method=Leverage())(rows, interactions=2)
    with pytest.raises(BudgetError, match="at least 16"):
        explainer(rows, interactions=2, nsamples=15)
    assert explainer(rows, interactions=1, nsamples=30).shape == (4, 8)


def test_a_model_that_fails_leaves_what_was_reached(table):
    background, rows = table
    calls = []

    def failing(matrix):
        calls.append(len(matrix))
        if len(calls) > 6:
            msg = "no more"
            raise RuntimeError(msg)
        return model(matrix)

    explainer = ferroshap.KernelExplainer(failing, background, method=EvenGP(shared_design=False))
    with pytest.raises(RuntimeError, match="no more"):
        explainer(rows, interactions="sii", nsamples=60, batch_size=400)
    assert explainer.partial.status == "INTERRUPTED"
    assert explainer.partial.shape[1:] == (8, 8)
