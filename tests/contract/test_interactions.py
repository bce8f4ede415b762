"""Interactions from samples: exact where they must be, honest elsewhere, and the same however they are asked."""

import numpy as np
import pytest
from tests.contract.games import MODELS, Table, Windows, drawn, members, two_additive

import ferroshap
from ferroshap.errors import BudgetError, OptionError
from ferroshap.estimators import Auto, EvenGP, OddGP
from ferroshap.tables import INDICES, interaction_values

SHARED_OUT = ["k-SII", "STII", "FSII"]


def sampled(game, index, budget, **options):
    return ferroshap.estimate(game, EvenGP(index=index), n_players=game.n_players, budget=budget, **options)


@pytest.mark.parametrize("index", INDICES)
@pytest.mark.parametrize("n", [1, 2, 3, 4, 7])
def test_all_coalitions_give_the_table_s_interactions(index, n):
    game = drawn(MODELS[2], n, 0)[0]
    found = sampled(game, index, 2**n).interactions
    exact = interaction_values(game.worths, index)
    assert found.sets == exact.sets
    assert (found.index, found.order) == (index, 2)
    assert (found.status, exact.status) == ("EXACT", "EXACT")
    assert found.n_evaluations == exact.n_evaluations == 2**n
    # Sums of 2^7 worths, each rounded twice more.
    assert np.abs(found.values - exact.values).max() <= 4 * 2**n * 2.0**-52 * game.scale
    assert not found.std_errors.any()
    assert not found.matrix_errors().any()
    assert all(np.array_equal(end, found.values) for end in found.confidence_interval())


@pytest.mark.parametrize("index", INDICES)
def test_games_of_pairs_are_exact(index, seed):
    n = 8
    game = Table(two_additive(np.random.default_rng(seed), members(n)))
    exact = interaction_values(game.worths, index)
    found = sampled(game, index, 2 * (1 + n * (n - 1) // 2 + 8) + 2, rng=seed).interactions
    assert np.abs(found.values - exact.values).max() <= 1e-10 * game.scale
    assert found.status == "BUDGET_SPENT"


@pytest.mark.parametrize("index", INDICES)
def test_values_are_those_of_odd_gp_and_rows_of_the_matrix_sum_to_them(index):
    game = drawn(MODELS[2], 9, 1)[0]
    found = sampled(game, index, 72)
    assert np.array_equal(found.values, ferroshap.estimate(game, OddGP(), n_players=9, budget=72).values)
    matrix = found.interactions.matrix()
    assert np.array_equal(matrix, matrix.T)
    if index in {"SII", "k-SII", "FSII"}:
        assert np.abs(matrix.sum(axis=1) - found.values).max() <= 1e-12 * game.scale
    errors = found.interactions.matrix_errors()
    assert errors.shape == (9, 9)
    assert np.array_equal(errors[0, 1:], found.interactions.std_errors[9:17] / 2)
    if index in SHARED_OUT:
        assert abs(found.interactions.values.sum() - game.total) <= 1e-12 * game.scale
        assert np.array_equal(np.diag(errors), found.interactions.std_errors[:9])


@pytest.mark.parametrize("kind", MODELS, ids=lambda kind: kind.__name__)
def test_errors_shrink_and_intervals_hold_the_truth(kind, seed):
    inside, relative = [], []
    for number in range(4):
        game = drawn(kind, 10, number)[0]
        exact = interaction_values(game.worths, "SII")
        for budget in (80, 320):
            found = sampled(game, "SII", budget, rng=seed).interactions
            low, high = found.confidence_interval(0.9)
            slack = 1e-9 * game.scale
            inside.append(((low - slack <= exact.values) & (exact.values <= high + slack)).mean())
            miss = (found.values - exact.values)[10:]
            relative.append((miss @ miss) / (exact.values[10:] @ exact.values[10:]))
    assert np.mean(relative[1::2]) < 0.5 * np.mean(relative[::2])
    # Eight fits of 55 sets that err together: their share has a spread of about 0.05.
    assert np.mean(inside) > 0.65


@pytest.mark.parametrize("index", ["SII", "FSII"])
def test_large_budgets_fit_least_squares(index):
    game = Windows(16, 3)
    exact = interaction_values(game(members(16)), index)
    misses = []
    for budget in (4001, 16000):
        found = sampled(game, index, budget)
        assert found.n_evaluations <= budget
        miss = (found.interactions.values - exact.values)[16:]
        misses.append(float((miss**2).sum() / (exact.values[16:] ** 2).sum()))
        low, high = found.interactions.confidence_interval(0.9)
        assert ((low <= exact.values) & (exact.values <= high)).mean() > 0.75
    assert misses[1] < misses[0]


def test_players_that_cannot_matter_have_no_interactions():
    background = np.array([[1.0, 5.0, 0.0, 2.0, 0.0, 1.0]])
    row = np.array([0.0, 5.0, 1.0, 3.0, 2.0, -1.0])

    def model(rows):
        return rows[:, 0] * rows[:, 2] + np.sin(rows[:, 3] * rows[:, 4]) + rows[:, 1] * rows[:, 5]

    game = ferroshap.Game(model, ferroshap.maskers.Independent(background), row)
    found = ferroshap.estimate(game, EvenGP(), budget=20).interactions
    touching = np.array([1 in players for players in found.sets])
    assert not found.values[touching].any()
    assert not found.std_errors[touching].any()
    assert found.values[~touching].any()
    nothing = ferroshap.Game(model, ferroshap.maskers.Independent(row[None]), row)
    empty = ferroshap.estimate(nothing, EvenGP(), budget=20).interactions
    assert (empty.values.shape, empty.status) == ((21,), "EXACT")
    assert not empty.values.any()


def test_auto_estimates_interactions_when_an_index_is_named():
    game = drawn(MODELS[1], 8, 0)[0]
    wanted = sampled(game, "SII", 64).interactions
    found = ferroshap.estimate(game, Auto(index="SII"), n_players=8, budget=64).interactions
    assert np.array_equal(found.values, wanted.values)


def test_several_outputs_have_interactions_each():
    game = Windows(10, 0, n_outputs=3)
    found = ferroshap.estimate(game, EvenGP(index="STII"), n_players=10, budget=60).interactions
    assert found.values.shape == found.std_errors.shape == (55, 3)
    assert found.matrix().shape == found.matrix_errors().shape == (10, 10, 3)


def test_what_is_not_known_is_refused_by_name():
    with pytest.raises(OptionError, match="did you mean 'SII'"):
        EvenGP(index="sii")
    with pytest.raises(BudgetError, match="22"):
        ferroshap.estimate(lambda s: s.sum(axis=1), EvenGP(), n_players=10, budget=21)
    with pytest.raises(BudgetError, match="interactions"):
        ferroshap.estimate(lambda s: s.sum(axis=1), EvenGP(), n_players=120, budget=4000)
    with pytest.raises(OptionError, match="at most 150"):
        ferroshap.estimate(lambda s: s.sum(axis=1), EvenGP(), n_players=151, budget=100_000)
    assert ferroshap.estimate(lambda s: s.sum(axis=1), OddGP(), n_players=10, budget=60).interactions is None
