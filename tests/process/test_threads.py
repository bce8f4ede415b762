"""The number of threads, and who else computes at the same time, never change a bit."""

ANSWER = """
import hashlib, sys
from concurrent.futures import ThreadPoolExecutor
import numpy as np
import ferroshap

rng = np.random.default_rng(0)
worths = rng.normal(size=(2**18, 2))
background, rows = rng.normal(size=(120, 25)), rng.normal(size=(9, 25))

def game(coalitions):
    return np.sin(coalitions @ np.arange(1.0, 61.0))

def model(table):
    return np.tanh(table @ np.linspace(-1.0, 1.0, 25)) + table[:, 0] * table[:, 1]

def answer(n_jobs=None):
    parts = [ferroshap.shapley_values(worths, n_jobs=n_jobs)]
    for method in [ferroshap.estimators.Leverage(), ferroshap.estimators.Permutation()]:
        estimate = ferroshap.estimate(game, method, n_players=60, budget=3_000, rng=0, n_jobs=n_jobs)
        parts += [estimate.values, estimate.std_errors]
    explanation = ferroshap.KernelExplainer(model, background, n_jobs=n_jobs)(rows, nsamples=300, silent=True)
    parts += [explanation.values, explanation.base_values]
    return hashlib.sha256(b"".join(np.ascontiguousarray(part).tobytes() for part in parts)).hexdigest()
"""


def test_the_number_of_threads_changes_no_bit(child):
    by_argument = child(ANSWER + "print(*[answer(n_jobs) for n_jobs in [1, 2, 7, -1]])").finish()
    by_variable = [
        child(ANSWER + "print(answer())", FERROSHAP_NUM_THREADS=number).finish()[0] for number in ["1", "2", "7"]
    ]
    assert len(set(by_argument + by_variable)) == 1


def test_threads_that_call_at_the_same_time_get_the_same_bits(child):
    alone, *together = child(
        ANSWER
        + "with ThreadPoolExecutor(4) as pool:\n"
        + "    print(answer(), *pool.map(lambda _: answer(), range(8)))"
    ).finish()
    assert set(together) == {alone}


def test_a_malformed_number_of_threads_is_refused_by_name(child):
    code = ANSWER + (
        "try:\n"
        "    answer()\n"
        "except ferroshap.errors.OptionError as error:\n"
        "    print('FERROSHAP_NUM_THREADS' in str(error))\n"
    )
    assert child(code, FERROSHAP_NUM_THREADS="many").finish() == ["True"]


def test_the_model_may_call_ferroshap_again(child):
    code = (
        ANSWER
        + """
weights = np.linspace(0.0, 1.0, 6)

def inner(table):
    return table @ weights

inside = ferroshap.ExactExplainer(inner, background[:5, :6])

def outer(table):
    # A model that is worth the largest share of its row: it explains before it answers.
    return inside(table, silent=True).values.max(axis=1)

explanation = ferroshap.ExactExplainer(outer, background[:3, :6])(rows[:2, :6], silent=True)
gap = explanation.base_values + explanation.values.sum(axis=1) - outer(rows[:2, :6])
assert np.abs(gap).max() < 1e-12, gap

def game(coalitions):
    return ferroshap.shapley_values(worths)[0, 0] * coalitions.sum(axis=1)

estimate = ferroshap.estimate(game, ferroshap.estimators.Leverage(), n_players=12, budget=60, rng=0)
assert np.allclose(estimate.values, ferroshap.shapley_values(worths)[0, 0], rtol=1e-12, atol=0)
print("well")
"""
    )
    assert child(code).finish() == ["well"]
