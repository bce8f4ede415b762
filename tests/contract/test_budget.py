"""A budget is kept to the evaluation, counted by the game itself, or refused by name before it is overspent."""

import numpy as np
import pytest
from tests.contract.games import Table, dense, drawn, members

from ferroshap.errors import BudgetError, OptionError
from ferroshap.game import Game
from ferroshap.run import Run, estimate


class Cubed:
    """A cheap game of any number of players."""

    def __init__(self, n_players):
        self.n_players = n_players
        self.n_evaluations = 0

    def __call__(self, coalitions):
        self.n_evaluations += len(coalitions)
        return coalitions.sum(axis=1) ** 3.0


def check(record, game, n, budget, **options):
    """One budget is kept, or refused by name."""
    if budget < record.least(n):
        with pytest.raises((BudgetError, OptionError), match="`budget`"):
            estimate(game, record.method, budget=budget, **options)
        assert game.n_evaluations <= 2  # the endpoints, at most
        return
    result = estimate(game, record.method, budget=budget, **options)
    assert game.n_evaluations <= budget
    assert result.n_evaluations == game.n_evaluations


@pytest.mark.parametrize("n", range(1, 10))
def test_every_small_budget_is_kept_or_refused(record, n, seed):
    worths = drawn(dense, n, seed)[0].worths
    for budget in [*range(3 * n + 6), 2**n - 1, 2**n, 2**n + 1]:
        check(record, Table(worths), n, budget, rng=seed)
    if record.exact(n) == 2**n:
        check(record, Table(worths), n, 10**9, rng=seed)  # asks for all coalitions, and no more


@pytest.mark.parametrize("n", [16, 20, 65])
def test_every_small_budget_of_more_players_is_kept_or_refused(record, n, seed):
    for budget in range(3 * n + 6):
        check(record, Cubed(n), n, budget, rng=seed, batch_size=1 + budget % 50)


@pytest.mark.parametrize("budget", [-1, 0, 1])
def test_a_budget_below_the_endpoints_costs_no_evaluation_too_many(record, budget):
    game = Cubed(9)
    with pytest.raises((BudgetError, OptionError), match="`budget`"):
        estimate(game, record.method, budget=budget)
    assert game.n_evaluations <= max(budget, 0)


def test_asking_goes_on_from_where_it_stopped(record, seed):
    """Snapshots cost nothing: what a run asks for is what it was granted."""
    n = 8
    for budget in [record.least(n), 2 * n + 2, 5 * n + 3, 2**n]:
        if budget < record.least(n):
            continue
        game = Table(drawn(dense, n, seed)[0].worths)
        run = Run(game, record.method, budget=budget, rng=seed)
        counts = [snapshot.n_evaluations for snapshot in run]
        assert counts == sorted(counts)
        assert counts[-1] == game.n_evaluations <= budget
        assert all(snapshot.n_evaluations == game.n_evaluations for snapshot in run)


class CountingModel:
    """A model that counts the rows it is asked about."""

    def __init__(self):
        self.n_rows = 0

    def __call__(self, rows):
        self.n_rows += len(rows)
        return np.tanh(rows).sum(axis=1) + rows[:, 0] * rows[:, 1]


@pytest.mark.parametrize("n_background", [1, 7])
def test_a_model_is_asked_about_no_row_more(record, n_background, seed):
    n = 6
    rng = np.random.default_rng(seed)
    background, row = rng.normal(size=(n_background, n)), rng.normal(size=n)
    for budget in range(2, 2**n + 3, 3):
        model = CountingModel()
        game = Game(model, background, row)
        if budget < record.least(n):
            with pytest.raises(BudgetError, match="`budget`"):
                estimate(game, record.method, budget=budget, rng=seed)
            continue
        result = estimate(game, record.method, budget=budget, rng=seed)
        # The background once for v({}), the row itself for v(N), and every background row for each other coalition.
        assert model.n_rows == n_background + 1 + (result.n_evaluations - 2) * n_background
        assert result.n_evaluations <= budget


def test_no_coalition_is_bought_twice(record, seed):
    n = 7
    if record.name == "permutation":
        return  # orders share prefixes
    asked = []

    def game(coalitions):
        asked.extend(map(bytes, coalitions))
        return coalitions.sum(axis=1) ** 3.0

    estimate(game, record.method, n_players=n, budget=2**n, rng=seed)
    assert sorted(asked) == sorted(map(bytes, members(n)))
