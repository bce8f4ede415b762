"""Where an estimator's record says that it is exact, it equals the oracle; there, and only there, it may say so."""

import numpy as np
import pytest
from tests.contract.games import KINDS, Windows, additive, dense, drawn, two_additive
from tests.contract.records import every

from ferroshap.run import estimate

#: Relative to the largest worth: sums of 2 ** 8 terms, each at most twice that, rounded, are four times below;
#: the fits solve a system besides, whose condition is that of a few players.
ROUNDING = 1e-12
#: A fit on as many pairs as players is as exact as its worst conditioned direction.
FIT_ROUNDING = 1e-10
SIZES = [*range(4, 17), 33]


@pytest.mark.parametrize("n", range(1, 9))
def test_the_full_budget_gives_the_definition(record, n, seed):
    if record.exact(n) != every(n) and n > 3:
        return
    for kind in [*KINDS, dense]:
        game, truth = drawn(kind, n, seed)
        result = estimate(game, record.method, budget=2**n, rng=seed)
        np.testing.assert_allclose(result.values, truth, rtol=0, atol=ROUNDING * game.scale)
        assert result.status == "EXACT"
        assert result.n_evaluations == 2**n
        np.testing.assert_array_equal(result.std_errors, 0.0)


def test_exact_is_said_only_of_what_is_exact(record, seed):
    for kind in [*KINDS, dense]:
        game, truth = drawn(kind, 5, seed)
        for budget in range(record.least(5), 40):
            result = estimate(game, record.method, budget=budget, rng=seed)
            if result.status == "EXACT":
                np.testing.assert_allclose(result.values, truth, rtol=0, atol=ROUNDING * game.scale)


@pytest.mark.parametrize("n", SIZES)
def test_additive_games_are_exact(record, n, seed):
    check_exact_from(record.additive(n), record, additive, n, seed)


@pytest.mark.parametrize("n", SIZES)
def test_two_additive_games_are_exact(record, n, seed):
    check_exact_from(record.two_additive(n), record, two_additive, n, seed)


def check_exact_from(least, record, kind, n, seed):
    """Three budgets from `least` on give the closed form of the kind."""
    if least > 4096:
        return
    rng = np.random.default_rng([seed, n])
    alone, pair = rng.normal(size=n), np.zeros((n, n)) if kind is additive else rng.normal(size=(n, n))
    pair = np.triu(pair, 1)
    truth = alone + (pair + pair.T).sum(axis=0) / 2

    def game(coalitions):
        inside = coalitions.astype(float)
        return 1.5 + inside @ alone + np.einsum("si,ij,sj->s", inside, pair, inside)

    scale = 1.5 + np.abs(alone).sum() + np.abs(pair).sum()
    for budget in [least, least + 1, least + n, 2 * least + 3]:
        result = estimate(game, record.method, n_players=n, budget=budget, rng=seed)
        np.testing.assert_allclose(result.values, truth, rtol=0, atol=FIT_ROUNDING * scale, err_msg=f"budget {budget}")


def test_many_players_of_an_additive_game_are_exact(record, seed):
    n = 300
    if record.additive(n) > 2000:
        return
    gains = np.random.default_rng(seed).normal(size=n)
    budget = max(record.additive(n), 2 * n + 2)
    result = estimate(lambda s: s @ gains, record.method, n_players=n, budget=budget, rng=seed)
    np.testing.assert_allclose(result.values, gains, rtol=0, atol=FIT_ROUNDING * np.abs(gains).sum())


def test_the_oracle_and_a_closed_form_agree():
    worths = Windows(9, 0)
    game, truth = drawn(additive, 6, 0)
    alone = game.worths[1 << np.arange(6)] - game.worths[0]
    np.testing.assert_allclose(truth, alone, rtol=0, atol=2**6 * 2**-53 * 2 * game.scale)
    # Everybody in a ring of equal windows: a rotation of the table's numbers is all that differs.
    assert worths(np.zeros((1, 9), dtype=bool)).shape == (1, 1)
