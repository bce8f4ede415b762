"""The laws of many rows: a row's values do not depend on its neighbours, on threads or on batches."""

import numpy as np
import pytest
from tests.contract.games import members
from tests.oracle import shapley

from ferroshap.explainers import ExactExplainer, KernelExplainer, PermutationExplainer, SamplingExplainer

N = 6
CALLS = {
    "exact": (ExactExplainer, {}, {}),
    "permutation": (PermutationExplainer, {}, {"max_evals": 40}),
    "kernel": (KernelExplainer, {}, {"nsamples": 50}),
    "sampling": (SamplingExplainer, {}, {"nsamples": 100}),
}


def model(rows):
    """Two outputs, from products and sums alone: the same bits in any batch."""
    one = rows[:, 0] * rows[:, 1] + rows[:, 2] * rows[:, 3] * rows[:, 4] - rows[:, 5]
    return np.stack([one, rows[:, 5] * rows[:, 0] - one * one], axis=1)


def tables(seed):
    rng = np.random.default_rng([seed, 6])
    background, rows = rng.normal(size=(11, N)), rng.normal(size=(5, N))
    return background, rows


def explain(name, background, rows, n_jobs=1, batch_size="auto"):
    explainer_class, made_with, called_with = CALLS[name]
    explainer = explainer_class(model, background, n_jobs=n_jobs, **made_with)
    return explainer(rows, batch_size=batch_size, **called_with)


@pytest.mark.parametrize("name", CALLS)
def test_values_add_up_to_the_model(name, seed):
    background, rows = tables(seed)
    explanation = explain(name, background, rows)
    assert explanation.values.shape == (5, N, 2)
    outputs = model(rows)
    missed = np.abs(explanation.base_values + explanation.values.sum(axis=1) - outputs)
    assert np.all(missed <= 1e-12 * (np.abs(explanation.values).sum(axis=1) + np.abs(outputs)))


def test_exact_values_are_those_of_the_oracle(seed):
    background, rows = tables(seed)
    explanation = explain("exact", background, rows)
    for row, values in zip(rows, explanation.values, strict=True):
        masked = np.where(members(N)[:, None, :], row, background).reshape(-1, N)
        worths = model(masked).reshape(2**N, len(background), 2).mean(axis=1)
        for output in range(2):
            truth = shapley(worths[:, output].tolist(), N)
            np.testing.assert_allclose(values[:, output], truth, rtol=0, atol=1e-12 * np.abs(worths).max())


@pytest.mark.parametrize("name", CALLS)
def test_a_row_does_not_know_its_neighbours(name, seed):
    background, rows = tables(seed)
    together = explain(name, background, rows)
    for position in range(len(rows)):
        alone = explain(name, background, rows[position : position + 1])
        assert alone.values[0].tobytes() == together.values[position].tobytes()
        assert np.asarray(alone.base_values[0]).tobytes() == np.asarray(together.base_values[position]).tobytes()


@pytest.mark.parametrize("name", CALLS)
def test_threads_and_batches_change_no_bit_of_an_explanation(name, seed):
    background, rows = tables(seed)
    expected = explain(name, background, rows)
    for n_jobs in [1, 2, 7]:
        for batch_size in [1, 64, 10**6]:
            explanation = explain(name, background, rows, n_jobs, batch_size)
            assert explanation.values.tobytes() == expected.values.tobytes(), (n_jobs, batch_size)
            if expected.error_std is not None:
                assert np.asarray(explanation.error_std).tobytes() == np.asarray(expected.error_std).tobytes()


@pytest.mark.parametrize("name", CALLS)
def test_features_equal_to_the_whole_background_get_exactly_zero(name, seed):
    background, rows = tables(seed)
    background[:, 2] = rows[0, 2]
    timestamps = 1_700_000_000.0 + np.arange(11)
    background[:, 3], rows[:, 3] = timestamps, 1_700_000_020.0  # relative differences of 1e-8 are differences
    explanation = explain(name, background, rows)
    assert not explanation.values[0, 2].any()
    assert explanation.values[1:, 2].all()
    assert explanation.values[:, 3].all()


@pytest.mark.parametrize("name", ["permutation", "kernel"])
def test_budgets_count_model_rows(name, seed):
    background, rows = tables(seed)
    asked = []

    def counted(table):
        asked.append(len(table))
        return model(table)

    for budget in range(2 * N + 2, 70, 6):
        asked.clear()
        if name == "permutation":
            explanation = PermutationExplainer(counted, background)(rows, max_evals=budget)
        else:
            explanation = KernelExplainer(counted, background)(rows, nsamples=budget)
        assert np.all(explanation.n_evaluations <= budget + (2 if name == "kernel" else 0))
        bought = int((explanation.n_evaluations - 2).sum()) * len(background)
        assert sum(asked) == len(background) + len(rows) + bought
