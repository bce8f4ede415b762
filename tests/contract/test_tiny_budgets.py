"""Below two evaluations a player an estimate may be poor, but not worse than saying zero for everybody.

No estimator but zero itself keeps that for every single game: the law is one of mean squares over games of a kind.
"""

import numpy as np
import pytest
from tests.contract.games import KINDS, drawn

from ferroshap.run import estimate

GAMES = 30


@pytest.mark.parametrize("n", [4, 5, 8, 10])
@pytest.mark.parametrize("kind", KINDS)
def test_not_worse_than_all_zeros(record, kind, n, seed):
    budgets = range(record.least(n), 2 * n)
    missed, squares = np.zeros(len(budgets)), 0.0
    for number in range(seed * GAMES, (seed + 1) * GAMES):
        game, truth = drawn(kind, n, number)
        values = [estimate(game, record.method, budget=budget, rng=number).values for budget in budgets]
        missed += [np.sum((value - truth) ** 2) for value in values]
        squares += np.sum(truth**2)
    assert np.all(missed <= squares), dict(zip(budgets, (missed / squares).round(2), strict=True))
