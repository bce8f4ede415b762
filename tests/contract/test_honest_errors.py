"""Intervals of 90 % hold the truth as often as they say, over games of eight kinds; and errors shrink as budgets grow."""

import numpy as np
import pytest
from tests.contract.games import KINDS, MODELS, drawn

from ferroshap.run import Run, estimate

PLAYERS = 9
PAIRS = 100  # of game and seed, for each kind
#: Averaged over kinds; nominal is 0.90.
LEAST, MOST = 0.84, 0.97


def covered(record, kind, number, seed, budget):
    """Share of the players whose interval holds the oracle's value; None where errors are not stated."""
    game, truth = drawn(kind, PLAYERS, number)
    result = estimate(game, record.method, budget=budget, rng=seed * PAIRS + number)
    stated = np.isfinite(result.std_errors)
    assert stated.all() or not stated.any()
    if not stated.all():
        return None
    lower, upper = result.confidence_interval(0.9)
    rounding = 1e-12 * game.scale
    return np.mean((lower - rounding <= truth) & (truth <= upper + rounding))


@pytest.mark.parametrize("times", [1, 2, 4])
def test_intervals_hold_the_truth_as_often_as_they_say(record, times, seed):
    budget = times * record.honest(PLAYERS)
    if budget >= record.exact(PLAYERS):
        return
    shares = [[covered(record, kind, number, seed, budget) for number in range(PAIRS)] for kind in KINDS]
    shares = np.array(shares, dtype=float)  # (kinds, pairs)
    # Players of one run err together, so pairs are the sample: a mean of numbers in [0, 1] that vary no more
    # than this. Five of its standard errors, as for every sampled law.
    slack = 5 * shares.std(axis=1, ddof=1).mean() / np.sqrt(shares.size)
    assert LEAST - slack <= shares.mean() <= MOST + slack, dict(
        zip([kind.__name__ for kind in KINDS], shares.mean(axis=1).round(3), strict=True)
    )


def test_stated_errors_are_those_made(record, seed):
    """The mean stated variance is the mean squared error, within a factor that heavy tails leave."""
    budget = max(8 * PLAYERS, record.honest(PLAYERS))
    stated, made = [], []
    for kind in MODELS:
        for number in range(PAIRS):
            game, truth = drawn(kind, PLAYERS, number)
            result = estimate(game, record.method, budget=budget, rng=seed * PAIRS + number)
            stated.append(np.mean(result.std_errors**2) / np.mean(truth**2))
            made.append(np.mean((result.values - truth) ** 2) / np.mean(truth**2))
    if record.exact(PLAYERS) <= budget:
        assert not np.any(stated)
    else:
        assert 0.5 <= np.sqrt(np.mean(stated) / np.mean(made)) <= 2.0


def test_errors_are_unknown_where_nothing_can_tell(record):
    for n in [5, 9]:
        game, _ = drawn(MODELS[0], n, 0)
        for budget in range(max(record.least(n), n + 2), min(2 * n + 2, 2**n)):
            result = estimate(game, record.method, budget=budget, rng=0)
            if result.status == "EXACT":
                continue
            assert np.isnan(result.std_errors).all(), (n, budget)
            assert np.isnan(result.interval_df)
            lower, upper = result.confidence_interval()
            assert np.isnan(lower).all()
            assert np.isnan(upper).all()


def test_stated_errors_shrink_as_a_run_goes_on(record, seed):
    budget = 20 * PLAYERS
    if budget < record.least(PLAYERS):
        return
    first, last = [], []
    for kind in MODELS:
        for number in range(10):
            game, truth = drawn(kind, PLAYERS, number)
            stated = [
                snapshot.std_errors.mean() / np.abs(truth).mean()
                for snapshot in Run(game, record.method, budget=budget, rng=seed * PAIRS + number)
                if np.isfinite(snapshot.std_errors).all()
            ]
            first.append(stated[0])
            last.append(stated[-1])
    assert np.median(last) < 0.7 * np.median(first)
