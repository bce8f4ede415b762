"""`memory_limit` of a run: planned before the game is asked, kept by its batches, and no bit depends on it."""

import numpy as np
import pytest
from tests.contract.test_same_bits import bits

from ferroshap.errors import MemoryLimitError, OptionError
from ferroshap.estimators import EvenGP, Leverage, Permutation
from ferroshap.game import Game
from ferroshap.run import Run, estimate

N = 20


def model(rows):
    return rows[:, 0] * rows[:, 1] + rows[:, 2]


def game_of(seed, function=model):
    rng = np.random.default_rng(seed)
    return Game(function, rng.normal(size=(50, N)), rng.normal(size=N))


def test_what_cannot_fit_is_refused_before_the_game_is_asked():
    asked = []

    def game(coalitions):
        asked.append(coalitions)
        return coalitions.sum(axis=1)

    with pytest.raises(MemoryLimitError, match=r"`memory_limit` is .* at least .*worths.*Permutation\(\)"):
        Run(game, Leverage(), n_players=100, budget=100_000, memory_limit="1 MiB")
    with pytest.raises(MemoryLimitError, match="a batch of the model"):
        Run(game, Permutation(), n_players=100, budget=100_000, batch_size=50_000, memory_limit="2 MiB")
    assert not asked


def test_interactions_of_many_evaluations_need_no_more_than_they_hold():
    game = np.random.default_rng(0).normal(size=(30, 30))
    found = estimate(
        lambda s: np.einsum("ij,jk,ik->i", 1.0 * s, game, 1.0 * s),
        EvenGP(),
        n_players=30,
        budget=6_000,
        memory_limit="300 MiB",
    )
    assert found.interactions is not None
    with pytest.raises(MemoryLimitError, match="matrices of pairs of players"):
        estimate(lambda s: s.sum(axis=1), EvenGP(), n_players=150, budget=40_000, memory_limit="1 GiB")


def test_batches_are_cut_to_what_is_left_and_no_bit_changes(seed):
    asked = []

    def counted(rows):
        asked.append(len(rows))
        return model(rows)

    game = game_of(seed, counted)
    free = bits(estimate(game, Permutation(), budget=400, rng=seed))
    largest = max(asked[1:])
    asked.clear()
    limited = estimate(game, Permutation(), budget=400, rng=seed, memory_limit=200_000)
    assert bits(limited) == free
    assert max(asked) < largest
    assert max(asked) * (N + 1) * 8 <= 200_000


@pytest.mark.parametrize("bad", [0, -1, "much", True, 1.5])
def test_a_limit_that_is_none_is_refused(bad):
    with pytest.raises(OptionError, match="`memory_limit` is"):
        estimate(lambda coalitions: coalitions.sum(axis=1), n_players=3, memory_limit=bad)
