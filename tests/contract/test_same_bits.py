"""Threads, batches and the order in which worths arrive change no bit of a result."""

import functools

import numpy as np
import pytest
from tests.contract.games import Table, Windows, dense, drawn, trees

from ferroshap import _native
from ferroshap.estimators import Exact, resolve
from ferroshap.run import estimate

FIELDS = ["values", "std_errors", "interval_df", "base_value", "n_evaluations", "status", "gap"]


def bits(result):
    """Every field of an estimate as bytes."""
    fields = [getattr(result, name) for name in FIELDS]
    return [field if isinstance(field, str) else np.asarray(field).tobytes() for field in fields]


@functools.cache
def games(seed):
    """Number of players and a game without memory: one and many words, one and many outputs."""
    one, two = drawn(dense, 9, seed)[0], drawn(trees, 9, seed)[0]
    return {
        "table": (9, lambda: Table(one.worths)),
        "outputs": (9, lambda: Table(np.stack([one.worths, two.worths, -one.worths], axis=1))),
        "windows": (70, lambda: Windows(70, seed, n_outputs=2)),
    }


def budgets(record, n):
    """A budget of each regime, and everything where that is little."""
    wanted = {record.least(n), 2 * n + 3, 3 * n, 5 * n, 20 * n, 2**n}
    return sorted(budget for budget in wanted if record.least(n) <= budget <= 2000)


@pytest.mark.parametrize("name", ["table", "outputs", "windows"])
def test_threads_and_batches_change_no_bit(record, name, seed):
    n, game = games(seed)[name]
    for budget in budgets(record, n):
        expected = bits(estimate(game(), record.method, budget=budget, rng=seed))
        for n_jobs, batch_size in [(1, 64), (2, 10**6), (7, 64), (2, 64), (7, 10**6), (1, 1), (7, 1)]:
            if batch_size * 400 < budget:
                continue  # a call for each coalition: small budgets show what it does
            options = {"n_jobs": n_jobs, "batch_size": batch_size, "budget": budget, "rng": seed}
            assert bits(estimate(game(), record.method, **options)) == expected, (budget, n_jobs, batch_size)


def test_many_pairs_have_the_same_bits_on_any_number_of_threads(record, seed):
    n = 300
    if record.least(n) > 5000:
        return
    results = [
        bits(estimate(Windows(n, seed), record.method, n_players=n, budget=5000, rng=seed, n_jobs=n_jobs))
        for n_jobs in [1, 2, 7]
    ]
    assert results[0] == results[1] == results[2]


def told_in_any_order(name, game, n, budget, seed, rng, most, options):
    """Ask ahead as far as the estimator gives, tell the batches shuffled."""
    endpoints = game(np.array([[False] * n, [True] * n])).reshape(2, -1)
    n_outputs = endpoints.shape[1]
    known = (endpoints[:1], endpoints[1], np.ones(1), endpoints[0]) if rng.random() < 0.5 else None
    granted = budget if known is None else budget - 2
    estimator = _native.Estimator(name, n, n_outputs, granted, seed, 0, known, 1, options)
    waiting = []
    while True:
        first, words, _ = estimator.ask(int(rng.integers(1, most)))
        if len(words):
            worths = game(_native.unpack_coalitions(words, n)).reshape(len(words), n_outputs)
            waiting.append((first, worths))
        if waiting and (len(words) == 0 or rng.random() < 0.3):
            estimator.tell(*waiting.pop(rng.integers(len(waiting))))
        elif len(words) == 0:
            break
    outcome = estimator.estimate(1)
    return outcome, (0 if known is None else 2)


def test_worths_may_arrive_in_any_order(record, seed):
    for name, (n, game) in games(seed).items():
        for budget in budgets(record, n):
            resolved = resolve(record.method, n, budget)
            result = estimate(game(), record.method, budget=budget, rng=seed)
            for shuffle in range(3):
                rng = np.random.default_rng([seed, shuffle])
                outcome, given = told_in_any_order(
                    resolved, game(), n, budget, seed, rng, most=2 + budget // 3, options=record.method.native_options
                )
                values, errors, df, base, gap, n_evaluations, status, _ = outcome
                shape = result.values.shape
                got = [values.reshape(shape), errors.reshape(shape), df[0], base, n_evaluations + given, status, gap]
                got = [part if isinstance(part, str) else np.asarray(part).tobytes() for part in got]
                assert got == bits(result), (name, budget, shuffle)


def test_a_seventeenth_player_is_folded_in_any_order(seed):
    """Above sixteen players all coalitions are folded as they come, not kept."""
    n = 17
    rng = np.random.default_rng(seed)
    game = Table(rng.normal(size=2**n))

    class Alone:
        method = Exact()

    result = estimate(game, Exact(), budget=2**n, rng=seed, n_jobs=2)
    outcome, given = told_in_any_order("exact", game, n, 2**n, seed, rng, most=30_000, options={})
    assert outcome[0].tobytes() == result.values.tobytes()
    assert outcome[5] + given == 2**n
    order = rng.permutation(n)
    renamed = estimate(game.renamed(order), Exact(), budget=2**n).values
    np.testing.assert_allclose(renamed[order], result.values, rtol=0, atol=1e-12 * game.scale)


@pytest.mark.parametrize("rng", [0, 7, 2**64 - 1, np.int64(3)])
def test_a_seed_gives_the_same_run_twice(record, rng):
    game, _ = drawn(dense, 6, 0)
    budget = max(30, record.least(6))
    first = estimate(game, record.method, budget=budget, rng=rng)
    assert first.seed == rng
    assert bits(first) == bits(estimate(game, record.method, budget=budget, rng=rng))


def test_a_generator_gives_its_next_number(record):
    game, _ = drawn(dense, 6, 0)
    budget = max(30, record.least(6))
    first = estimate(game, record.method, budget=budget, rng=np.random.default_rng(5))
    assert first.seed == int(np.random.default_rng(5).integers(0, 2**64, dtype=np.uint64))
    assert bits(first) == bits(estimate(game, record.method, budget=budget, rng=first.seed))


def test_global_random_state_is_neither_read_nor_written(record):
    game, _ = drawn(dense, 6, 0)
    np.random.seed(1)  # noqa: NPY002 - the state that must not matter
    before = np.random.get_state()[1].tobytes()  # noqa: NPY002
    budget = max(30, record.least(6))
    first = bits(estimate(game, record.method, budget=budget))
    assert np.random.get_state()[1].tobytes() == before  # noqa: NPY002
    np.random.seed(2)  # noqa: NPY002
    assert bits(estimate(game, record.method, budget=budget)) == first
