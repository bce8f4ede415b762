"""A game that raises: its own error comes out, what was told stays, and going on ends as if nothing had been."""

import numpy as np
import pytest
from tests.contract.games import Table, dense, drawn
from tests.contract.test_same_bits import bits

from ferroshap.errors import UnknownOptionError, WorthError
from ferroshap.game import Game
from ferroshap.run import Run, estimate

N = 6


class Failing:
    """A game that raises `error` instead of evaluation number `at`, once."""

    def __init__(self, game, at, error):
        self.game, self.at, self.error = game, at, error
        self.n_players = game.n_players
        self.n_evaluations = 0

    def __call__(self, coalitions):
        if self.error is not None and self.n_evaluations + len(coalitions) > self.at:
            error, self.error = self.error, None
            raise error
        self.n_evaluations += len(coalitions)
        return self.game(coalitions)


class Own(Exception):  # noqa: N818 - the caller's, named as they like
    """The caller's own exception."""


def budgets(record):
    """One of each regime."""
    return sorted({max(record.least(N), wanted) for wanted in [0, 2 * N + 2, 3 * N + 1, 40, 2**N]})


@pytest.mark.parametrize("error", [Own("broken"), KeyboardInterrupt()], ids=["exception", "ctrl-c"])
def test_the_same_object_comes_out_and_the_run_goes_on(record, error, seed):
    table, _ = drawn(dense, N, seed)
    for budget in budgets(record):
        undisturbed = estimate(table, record.method, budget=budget, rng=seed, batch_size=5)
        for at in range(2, undisturbed.n_evaluations, 7):
            run = Run(Failing(table, at, error), record.method, budget=budget, rng=seed, batch_size=5)
            with pytest.raises(type(error)) as caught:
                run.finish()
            assert caught.value is error
            partial = run.estimate()
            assert partial.status == "INTERRUPTED"
            assert partial.n_evaluations <= at
            assert abs(partial.values.sum() - table.total) <= 1e-12 * (np.abs(partial.values).sum() + table.scale)
            assert bits(run.finish()) == bits(undisturbed), (budget, at)


@pytest.mark.parametrize("at", [0, 1])
def test_an_error_at_the_endpoints_comes_out_too(record, at):
    error = Own("broken")
    with pytest.raises(Own) as caught:
        Run(Failing(drawn(dense, N, 0)[0], at, error), record.method, budget=100)
    assert caught.value is error


def test_an_error_of_the_model_comes_out_too(record):
    error = Own("broken")
    background = np.zeros((1, N))

    def model(rows):
        if (rows.sum(axis=1) == 2).any():
            raise error
        return rows.sum(axis=1)

    with pytest.raises(Own) as caught:
        estimate(Game(model, background, np.ones(N)), record.method, budget=2**N)
    assert caught.value is error


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_worths_that_are_not_finite_are_refused_by_coalition(record, bad):
    worths = drawn(dense, N, 0)[0].worths.copy()
    alone = 1 << 3
    worths[alone] = bad  # asked by every estimator here that is given all coalitions' budget
    asked = []

    def game(coalitions):
        asked.append(coalitions)
        return worths[coalitions @ (1 << np.arange(N))]

    budget = 2**N if record.name != "permutation" else 400
    with pytest.raises(WorthError, match=rf"{bad}.*coalition \[3\].*finite"):
        estimate(game, record.method, n_players=N, budget=budget, rng=0)
    assert (asked[-1].sum(axis=1) == 1).any()


def test_a_bad_worth_leaves_the_run_usable(record):
    table, _ = drawn(dense, N, 0)
    worths = table.worths.copy()
    worths[1:-1] = np.nan
    run = Run(Table(worths), record.method, budget=2**N, rng=0, batch_size=4)
    with pytest.raises(WorthError):
        run.finish()
    partial = run.estimate()
    assert partial.n_evaluations == 2
    np.testing.assert_allclose(partial.values, table.total / N, rtol=0, atol=1e-12 * table.scale)
    assert np.isnan(partial.std_errors).all()


def test_an_unknown_option_is_refused_naming_the_nearest():
    with pytest.raises(UnknownOptionError, match="unexpected option 'budgets' for estimate; did you mean 'budget'"):
        estimate(lambda coalitions: coalitions.sum(axis=1), n_players=3, budgets=8)
