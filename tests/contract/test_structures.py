"""The laws of every estimator, for those of values that know of groups or causes: with truths of their own."""

import itertools
import warnings

import numpy as np
import pytest
from tests.contract.games import KINDS, Table, dense, drawn, network, trees
from tests.contract.structures import STRUCTURES, truth
from tests.contract.test_budget import Cubed, check
from tests.contract.test_failure import Failing, Own
from tests.contract.test_same_bits import bits, told_in_any_order
from tests.contract.test_unbiased import assert_means_vanish
from tests.oracle import mean_gains

from ferroshap.errors import ConvergenceWarning
from ferroshap.estimators import resolve
from ferroshap.run import Run, estimate

#: Relative to the largest worth: means of at most 2 ** 9 differences of worths, each rounded.
ROUNDING = 1e-12
RUNS = 1000
every_structure = pytest.mark.parametrize("structure", STRUCTURES, ids=[structure.name for structure in STRUCTURES])


def budgets(structure, n):
    """Budgets of every regime: the least, one and a few orders, nearly all coalitions, all of them, more."""
    least, every = structure.least(n), min(structure.exact(n), 2**n)
    wanted = [least, least + 1, 2 * n, 3 * n, 4 * n + 2, 9 * n, every - 1, every, every + 7]
    return sorted({budget for budget in wanted if budget >= least})


@every_structure
@pytest.mark.parametrize("n", range(1, 9))
def test_all_coalitions_give_the_mean_over_the_orders(structure, n, seed):
    every = structure.exact(n)
    if every > 2**n:
        return
    for kind in [*KINDS, dense]:
        game, _ = drawn(kind, n, seed)
        for budget in [every, every + 5]:
            result = estimate(game, structure.method(n), budget=budget, rng=seed)
            np.testing.assert_allclose(
                result.values, truth(structure.name, kind, n, seed), rtol=0, atol=ROUNDING * game.scale
            )
            assert (result.status, result.n_evaluations) == ("EXACT", every)
            np.testing.assert_array_equal(result.std_errors, 0.0)


@every_structure
def test_exact_is_said_only_of_what_is_exact(structure, seed):
    n = 5
    for kind in [*KINDS, dense]:
        game, _ = drawn(kind, n, seed)
        for budget in range(structure.least(n), 40):
            result = estimate(game, structure.method(n), budget=budget, rng=seed)
            assert (result.status == "EXACT") == (budget >= structure.exact(n))


@every_structure
@pytest.mark.parametrize("n", range(1, 9))
def test_every_small_budget_is_kept_or_refused(structure, n, seed):
    worths = drawn(dense, n, seed)[0].worths
    every = min(structure.exact(n), 2**n)
    for budget in [*range(3 * n + 6), every - 1, every, every + 1, 10**4]:
        check(structure.record(n), Table(worths), n, budget, rng=seed)


@every_structure
@pytest.mark.parametrize("n", [21, 65])
def test_budgets_of_more_players_are_kept_or_refused(structure, n, seed):
    if structure.name == "precedence":
        return  # uniform orders are for 20 players at most
    for budget in range(0, 3 * n + 6, 7):
        check(structure.record(n), Cubed(n), n, budget, rng=seed, batch_size=1 + budget % 50)


@every_structure
def test_no_coalition_is_bought_twice_unless_orders_meet(structure, seed):
    n, asked = 7, []
    if structure.exact(n) > 2**n:
        return

    def game(coalitions):
        asked.extend(map(bytes, coalitions))
        return coalitions.sum(axis=1) ** 3.0

    estimate(game, structure.method(n), n_players=n, budget=structure.exact(n), rng=seed)
    assert len(set(asked)) == len(asked) == structure.exact(n)


@every_structure
def test_values_add_up_at_every_budget(structure, seed):
    for kind, n in itertools.product([*KINDS, dense], [1, 2, 3, 4, 5, 8]):
        game, _ = drawn(kind, n, seed)
        for budget in budgets(structure, n):
            result = estimate(game, structure.method(n), budget=budget, rng=seed)
            scale = np.abs(result.values).sum() + game.scale
            assert abs(result.values.sum() - game.total) <= ROUNDING * scale, (kind.__name__, n, budget)
            assert result.base_value == game.worths[0]


@every_structure
def test_constant_games_give_zeros_and_offsets_cost_no_digit(structure, seed):
    n = 6
    worths = np.random.default_rng(seed).integers(-(2**20), 2**20, size=2**n).astype(float)
    for budget in budgets(structure, n):
        for worth in [0.0, 1.0, 1e100, 5e-324]:
            result = estimate(Table(np.full(2**n, worth)), structure.method(n), budget=budget, rng=seed)
            np.testing.assert_array_equal(result.values, 0.0)
        plain, lifted = (
            estimate(Table(worths + offset), structure.method(n), budget=budget, rng=seed) for offset in (0, 2.0**32)
        )
        np.testing.assert_allclose(lifted.values, plain.values, rtol=0, atol=ROUNDING * 2**20)


@every_structure
def test_a_null_player_gets_nothing_where_all_is_known_and_in_any_order(structure, seed):
    n, table = 7, drawn(network, 6, seed)[0]
    game = Table(np.concatenate([table.worths, table.worths]))  # player 6 adds nothing
    for budget in {structure.unbiased(n), 2 * structure.unbiased(n), min(structure.exact(n), 2**n)}:
        values = estimate(game, structure.method(n), budget=budget, rng=seed).values
        assert abs(values[6]) <= ROUNDING * game.scale


@every_structure
def test_outputs_do_not_know_each_other_and_values_are_linear(structure, seed):
    n = 7
    one, two = drawn(trees, n, seed)[0], drawn(network, n, seed)[0]
    mixed = 2.5 * one.worths - 0.75 * two.worths
    together = Table(np.stack([one.worths, two.worths, mixed], axis=1))
    for budget in {structure.unbiased(n), 2 * structure.unbiased(n) + 3}:
        values = estimate(together, structure.method(n), budget=budget, rng=seed).values
        tolerance = ROUNDING * 7 * np.abs(together.worths).max()
        np.testing.assert_allclose(2.5 * values[:, 0] - 0.75 * values[:, 1], values[:, 2], rtol=0, atol=tolerance)
        for output, game in enumerate([one, two]):
            single = estimate(game, structure.method(n), budget=budget, rng=seed).values
            np.testing.assert_allclose(values[:, output], single, rtol=0, atol=tolerance)


@every_structure
def test_threads_and_batches_change_no_bit(structure, seed):
    n = 8
    one, two = drawn(dense, n, seed)[0], drawn(trees, n, seed)[0]
    for worths, budget in itertools.product(
        [one.worths, np.stack([one.worths, two.worths], axis=1)], budgets(structure, n)
    ):
        expected = bits(estimate(Table(worths), structure.method(n), budget=budget, rng=seed))
        for n_jobs, batch_size in [(1, 1), (2, 7), (7, 64), (2, 10**6)]:
            options = {"n_jobs": n_jobs, "batch_size": batch_size, "budget": budget, "rng": seed}
            assert bits(estimate(Table(worths), structure.method(n), **options)) == expected, (budget, batch_size)


@every_structure
def test_worths_may_arrive_in_any_order(structure, seed):
    n = 8
    game, method = drawn(dense, n, seed)[0], structure.method(n)
    for budget, shuffle in itertools.product(budgets(structure, n), range(3)):
        result = estimate(game, method, budget=budget, rng=seed)
        outcome, given = told_in_any_order(
            resolve(method, n, budget), game, n, budget, seed, np.random.default_rng([seed, shuffle]),
            most=2 + budget // 3, options=method.native_options,
        )  # fmt: skip
        assert outcome[0][:, 0].tobytes() == result.values.tobytes(), (budget, shuffle)
        assert outcome[1][:, 0].tobytes() == result.std_errors.tobytes()
        assert (outcome[5] + given, outcome[6]) == (result.n_evaluations, result.status)


@every_structure
def test_the_same_error_comes_out_and_the_run_goes_on(structure, seed):
    n = 6
    table, error = drawn(dense, n, seed)[0], Own("broken")
    for budget in budgets(structure, n):
        undisturbed = estimate(table, structure.method(n), budget=budget, rng=seed, batch_size=5)
        for at in range(2, undisturbed.n_evaluations, 7):
            run = Run(Failing(table, at, error), structure.method(n), budget=budget, rng=seed, batch_size=5)
            with pytest.raises(Own) as caught:
                run.finish()
            assert caught.value is error
            partial = run.estimate()
            assert partial.status == "INTERRUPTED"
            scale = np.abs(partial.values).sum() + table.scale
            assert abs(partial.values.sum() - table.total) <= ROUNDING * scale
            assert bits(run.finish()) == bits(undisturbed), (budget, at)


@every_structure
def test_orders_are_unbiased_and_splitting_says_that_its_error_is_unknown(structure, seed):
    n = 6
    game, _ = drawn(dense, n, seed)
    expected = truth(structure.name, dense, n, seed)
    for budget in {structure.least(n), 2 * n, 4 * n, 6 * n}:
        starts = np.random.default_rng([seed, budget]).integers(0, 2**63, size=RUNS)
        if budget < structure.least(n):
            continue
        first = estimate(game, structure.method(n), budget=budget, rng=0)
        if budget < structure.unbiased(n):
            if getattr(structure.method(n), "sampling", None) == "adaptive":
                assert np.isnan(first.std_errors).all()
                assert "share equally" in first.warnings[0]
            continue
        runs = [estimate(game, structure.method(n), budget=budget, rng=int(start)).values for start in starts]
        assert_means_vanish(np.array(runs) - expected, ROUNDING * game.scale)


@every_structure
def test_intervals_of_orders_hold_the_truth_as_often_as_they_say(structure, seed):
    """As for all estimators: 84 to 97 % at a nominal 90 %, averaged over kinds of games."""
    n, number_of_games = 8, 30
    for n_units in [3, 6]:
        budget = 2 + n_units * structure.unit(n)
        if budget >= structure.exact(n) or budget < structure.unbiased(n):
            continue
        shares = []
        for kind, number in itertools.product(KINDS, range(number_of_games)):
            game, _ = drawn(kind, n, number)
            result = estimate(game, structure.method(n), budget=budget, rng=seed * number_of_games + number)
            lower, upper = result.confidence_interval(0.9)
            rounding = ROUNDING * game.scale
            expected = truth(structure.name, kind, n, number)
            shares.append(np.mean((lower - rounding <= expected) & (expected <= upper + rounding)))
        slack = 5 * np.std(shares, ddof=1) / np.sqrt(len(shares))
        assert 0.84 - slack <= np.mean(shares) <= 0.97 + slack, (n_units, np.mean(shares))


@every_structure
def test_row_keys_draw_different_orders(structure, seed):
    n = 8
    game, _ = drawn(network, n, seed)
    budget = 4 * n
    if budget < structure.unbiased(n):
        return
    values = [estimate(game, structure.method(n), budget=budget, rng=seed, row_key=key).values for key in (0, 1, 1)]
    assert not np.array_equal(values[0], values[1])
    np.testing.assert_array_equal(values[1], values[2])


@every_structure
def test_a_tolerance_ends_runs_that_know_their_errors(structure, seed):
    n = 8
    game, method = drawn(trees, n, seed)[0], structure.method(n)
    budget = min(structure.exact(n) - 1, 600)
    if budget < structure.least(n):
        return
    results = []
    for tol in [10.0, 0.3, 0.01]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            result = estimate(game, method, budget=budget, tol=tol, rng=seed)
            again = estimate(game, method, budget=budget, tol=tol, rng=seed, batch_size=3, n_jobs=2)
        assert bits(result) == bits(again)
        assert (result.status == "CONVERGED") <= bool(np.isfinite(result.std_errors).all())
        results.append(result)
    paid = [result.n_evaluations for result in results]
    assert paid == sorted(paid)
    if structure.name == "owen orders":
        assert (results[0].status, results[0].n_evaluations < budget) == ("CONVERGED", True)


def test_the_oracle_of_orders_gives_shapley_values_of_free_orders(seed):
    game, expected = drawn(dense, 5, seed)
    free = [(order, 1 / 120) for order in itertools.permutations(range(5))]
    np.testing.assert_allclose(mean_gains(game.worths.tolist(), free), expected, rtol=0, atol=ROUNDING * game.scale)
