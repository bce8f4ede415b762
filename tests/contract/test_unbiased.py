"""What holds on average over seeds: means meet the oracle within five standard errors over at least a thousand runs."""

import numpy as np
import pytest
from tests.contract.games import Table, dense, drawn, members, network, voting

from ferroshap.run import estimate

RUNS = 1000


def runs(record, game, budget, seed, first=0):
    """Values of a thousand runs, ``(runs, players)``; no two tests share a run."""
    starts = np.random.default_rng([seed, first]).integers(0, 2**63, size=RUNS)
    return np.array([estimate(game, record.method, budget=budget, rng=int(start)).values for start in starts])


def assert_means_vanish(errors, rounding):
    """Errors ``(runs, quantities)`` are zero on average."""
    standard_error = errors.std(axis=0, ddof=1) / np.sqrt(len(errors))
    assert np.all(np.abs(errors.mean(axis=0)) <= 5 * standard_error + rounding)


@pytest.mark.parametrize("kind", [dense, voting])
@pytest.mark.parametrize("n", [4, 7])
def test_means_meet_the_definition_where_claimed(record, n, kind, seed):
    game, truth = drawn(kind, n, seed)
    if record.unbiased(n) > 10_000:
        return
    # One order, two, a cycle and a half of balanced ones: all of them unbiased.
    for budget in {max(record.unbiased(n), wanted) for wanted in [2 * n, 4 * n, 8 * n]}:
        errors = runs(record, game, budget, seed, first=budget) - truth
        assert_means_vanish(errors, 1e-12 * game.scale)


def test_equal_players_get_equal_values_on_average(record, seed):
    """Players 1 and 2 are alike, 4 adds nothing to anybody."""
    free = np.random.default_rng([seed, 5]).normal(size=(2, 3, 2))
    inside = members(5).astype(int)
    game = Table(free[inside[:, 0], inside[:, 1] + inside[:, 2], inside[:, 3]])
    for budget in [record.least(5), 12, 17, 24]:
        if budget < record.least(5):
            continue
        values = runs(record, game, budget, seed, first=budget)
        assert_means_vanish(values[:, 1] - values[:, 2], 1e-12 * game.scale)
        if budget >= record.unbiased(5):
            assert_means_vanish(values[:, 4], 1e-12 * game.scale)


def test_null_players_get_nothing_within_their_error(record, seed):
    """Of biased estimators too, once they do not shrink: what is found is of the size of the error that is stated."""
    table, _ = drawn(network, 6, seed)
    game = Table(np.concatenate([table.worths, table.worths]))  # player 6 adds nothing
    for budget in [record.honest(7), 2 * record.honest(7)]:
        results = [estimate(game, record.method, budget=budget, rng=seed * RUNS + start) for start in range(RUNS)]
        found = np.sqrt(np.mean([result.values[6] ** 2 for result in results]))
        stated = np.sqrt(np.mean([result.std_errors[6] ** 2 for result in results]))
        assert found <= 2 * stated + 1e-12 * game.scale


def test_renaming_players_renames_values_on_average(record, seed):
    n = 6
    game, _ = drawn(dense, n, seed)
    order = np.random.default_rng(seed).permutation(n)
    for budget in [n + 2, 2 * n + 2, 3 * n, 4 * n + 2]:
        if budget < record.least(n):
            continue
        values = runs(record, game, budget, seed, first=2 * budget)
        renamed = runs(record, game.renamed(order), budget, seed, first=2 * budget + 1)[:, order]
        pooled = np.sqrt((values.var(axis=0, ddof=1) + renamed.var(axis=0, ddof=1)) / RUNS)
        assert np.all(np.abs(values.mean(axis=0) - renamed.mean(axis=0)) <= 5 * pooled + 1e-12 * game.scale), budget


def test_row_keys_draw_different_coalitions(record, seed):
    n = 8
    game, _ = drawn(network, n, seed)
    budget = 4 * n
    if budget < record.least(n) or record.exact(n) <= budget:
        return
    values = [estimate(game, record.method, budget=budget, rng=seed, row_key=key).values for key in range(3)]
    assert not np.array_equal(values[0], values[1])
    assert not np.array_equal(values[1], values[2])
    again = estimate(game, record.method, budget=budget, rng=seed, row_key=1).values
    np.testing.assert_array_equal(values[1], again)
