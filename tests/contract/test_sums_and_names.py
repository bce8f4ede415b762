"""Laws that hold at every budget: values add up, equal players get equal values, names do not matter."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.contract.games import KINDS, Table, dense, drawn, members

from ferroshap.run import estimate

#: Relative; sums of n values err by n roundings, which is below it up to 4,000 players.
EFFICIENCY = 1e-12


def budgets(record, n):
    """Budgets of every regime of an estimator: its least, around one order, with and without ridge, nearly all."""
    wanted = [record.least(n), 2 * n, 2 * n + 1, 2 * n + 2, 3 * n, 4 * n + 2, 9 * n, 2**n - 1, 2**n, 2**n + 7]
    return sorted({budget for budget in wanted if budget >= record.least(n)})


def test_values_add_up_to_what_everybody_gains(record, seed):
    for kind in [*KINDS, dense]:
        for n in [1, 2, 3, 4, 5, 9]:
            game, _ = drawn(kind, n, seed)
            for budget in budgets(record, n):
                result = estimate(game, record.method, budget=budget, rng=seed)
                missed = abs(result.values.sum() - game.total)
                scale = np.abs(result.values).sum() + game.scale
                assert missed <= EFFICIENCY * scale, (kind.__name__, n, budget)
                assert result.base_value == game.worths[0]


def test_values_of_every_output_add_up(record, seed):
    games = [drawn(kind, 6, seed)[0].worths for kind in KINDS]
    game = Table(np.stack(games, axis=1))
    for budget in budgets(record, 6):
        result = estimate(game, record.method, budget=budget, rng=seed)
        assert result.values.shape == (6, len(KINDS))
        scale = np.abs(result.values).sum(axis=0) + game.scale
        assert np.all(np.abs(result.values.sum(axis=0) - game.total) <= EFFICIENCY * scale), budget
        np.testing.assert_array_equal(result.base_value, game.worths[0])


def test_the_outputs_of_a_game_do_not_know_each_other(record, seed):
    games = [drawn(kind, 6, seed)[0] for kind in KINDS]
    together = Table(np.stack([game.worths for game in games], axis=1))
    for budget in budgets(record, 6):
        if budget < record.linear(6):
            continue  # what is asked next may depend on all outputs
        result = estimate(together, record.method, budget=budget, rng=seed)
        for output, game in enumerate(games):
            single = estimate(game, record.method, budget=budget, rng=seed)
            np.testing.assert_allclose(result.values[:, output], single.values, rtol=0, atol=1e-12 * game.scale)


@given(
    worths=st.lists(st.floats(-1e100, 1e100), min_size=16, max_size=16),
    budget=st.integers(6, 20),
    number=st.integers(0, 2**64 - 1),
)
def test_no_worths_give_garbage(record, worths, budget, number):
    game = Table(worths)
    if budget < record.least(4):
        return
    result = estimate(game, record.method, budget=budget, rng=number)
    spread = np.ptp(game.worths)
    assert np.isfinite(result.values).all()
    assert np.abs(result.values).max() <= 2 * 4 * spread + EFFICIENCY * game.scale
    assert abs(result.values.sum() - game.total) <= EFFICIENCY * (np.abs(result.values).sum() + game.scale)


def equal_and_null(seed):
    """Five players: 1 and 2 are alike, 4 adds nothing to anybody."""
    free = np.random.default_rng([seed, 5]).normal(size=(2, 3, 2))
    inside = members(5).astype(int)
    return Table(free[inside[:, 0], inside[:, 1] + inside[:, 2], inside[:, 3]])


def test_equal_players_get_equal_values_and_null_players_nothing(record, seed):
    game = equal_and_null(seed)
    if record.exact(5) == 2**5:
        values = estimate(game, record.method, budget=2**5, rng=seed).values
        assert abs(values[1] - values[2]) <= EFFICIENCY * game.scale
        assert abs(values[4]) <= EFFICIENCY * game.scale


def test_names_do_not_matter_where_all_is_known(record, seed):
    if record.exact(6) != 2**6:
        return
    game, _ = drawn(dense, 6, seed)
    order = np.random.default_rng(seed).permutation(6)
    values = estimate(game, record.method, budget=2**6, rng=seed).values
    renamed = estimate(game.renamed(order), record.method, budget=2**6, rng=seed).values
    np.testing.assert_allclose(renamed[order], values, rtol=0, atol=1e-12 * game.scale)


def test_values_are_linear_in_the_worths(record, seed):
    for kind, other in zip(KINDS, KINDS[1:] + KINDS[:1], strict=True):
        one, two = drawn(kind, 7, seed)[0], drawn(other, 7, seed)[0]
        mixed = Table(2.5 * one.worths - 0.75 * two.worths)
        for budget in budgets(record, 7):
            if budget < record.linear(7):
                continue
            parts = [estimate(game, record.method, budget=budget, rng=seed).values for game in (one, two, mixed)]
            np.testing.assert_allclose(2.5 * parts[0] - 0.75 * parts[1], parts[2], rtol=0, atol=1e-12 * mixed.scale * 7)
