"""Units and offsets of worths do not matter, up to the digits that doubles have."""

import numpy as np
import pytest
from tests.contract.games import KINDS, Table, dense, drawn
from tests.contract.test_sums_and_names import budgets

from ferroshap.run import estimate

N = 7
ROUNDING = 1e-12


@pytest.mark.parametrize("exponent", [-332, -40, 1, 332])
def test_scaled_worths_give_scaled_values(record, exponent, seed):
    """Powers of two, from 1e-100 to 1e100: scaling rounds nothing, so any digit lost is lost by the estimator."""
    for kind in [*KINDS, dense]:
        game, _ = drawn(kind, N, seed)
        scaled = Table(np.ldexp(game.worths, exponent))
        for budget in budgets(record, N):
            plain = estimate(game, record.method, budget=budget, rng=seed)
            result = estimate(scaled, record.method, budget=budget, rng=seed)
            values, errors = np.ldexp(result.values, -exponent), np.ldexp(result.std_errors, -exponent)
            np.testing.assert_allclose(values, plain.values, rtol=0, atol=ROUNDING * game.scale)
            np.testing.assert_allclose(errors, plain.std_errors, rtol=1e-9, atol=ROUNDING * game.scale)


@pytest.mark.parametrize("worth", [0.0, 1.0, -3e5, 1e100, 5e-324])
def test_constant_games_give_zeros(record, worth, seed):
    game = Table(np.full(2**N, worth))
    for budget in budgets(record, N):
        result = estimate(game, record.method, budget=budget, rng=seed)
        np.testing.assert_array_equal(result.values, 0.0)
        assert result.base_value == worth
        assert np.all((result.std_errors == 0.0) | np.isnan(result.std_errors))


def test_a_huge_offset_costs_no_digit(record, seed):
    """Worths are integers of 20 bits, the offset is 2 ** 32: every worth is held exactly."""
    rng = np.random.default_rng(seed)
    worths = rng.integers(-(2**20), 2**20, size=2**N).astype(float)
    game, lifted = Table(worths), Table(worths + 2.0**32)
    for budget in budgets(record, N):
        plain = estimate(game, record.method, budget=budget, rng=seed)
        result = estimate(lifted, record.method, budget=budget, rng=seed)
        np.testing.assert_allclose(result.values, plain.values, rtol=0, atol=ROUNDING * game.scale)
        np.testing.assert_allclose(result.std_errors, plain.std_errors, rtol=1e-9, atol=ROUNDING * game.scale)


@pytest.mark.parametrize("enormous", [1e8, 1e150])
def test_one_enormous_player_does_not_blur_the_sum(record, enormous, seed):
    game, _ = drawn(dense, N, seed)
    inside = np.arange(2**N) & 1
    lifted = Table(game.worths + enormous * inside)
    for budget in budgets(record, N):
        result = estimate(lifted, record.method, budget=budget, rng=seed)
        assert np.isfinite(result.values).all()
        scale = np.abs(result.values).sum() + lifted.scale
        assert abs(result.values.sum() - lifted.total) <= ROUNDING * scale
