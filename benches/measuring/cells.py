"""Cells of a benchmark: some rows of one model against one background, each a game whose values are known.

Up to 14 players a game is the table of its 2^n worths, kept on disk, and its values are the definition. Beyond that
the values of trees and of the Gaussian process have closed forms; those of the network and of the probability come
from a million evaluations, whose own standard error is kept beside them.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

import numpy as np

import ferroshap
import measuring
from measuring import data, models
from measuring.games import Table, all_coalitions

#: Tables, values and errors, to draw figures again without measuring again. Git ignores it.
KEPT = measuring.REPOSITORY / "target" / "accuracy"
MOST_ENUMERATED = 14
LARGE_RUN = 2**20
BACKGROUNDS = [1, 25, 100]
TIMES = (2, 3, 4, 8, 16, 32)  # evaluations a player; the first and two more are the star


@dataclass(frozen=True)
class Cell:
    """Games of one kind, by number."""

    name: str
    n_players: int
    game: Callable  # number -> game
    times: tuple = TIMES

    def budgets(self):
        """Budgets by the number of evaluations a player; none at which every coalition could be asked."""
        granted = {times: times * self.n_players + 2 * (times == 2) for times in self.times}
        return {times: budget for times, budget in granted.items() if budget < 2**self.n_players}

    def known(self, number):
        """Game, values, and the values' own squared error over their square."""
        path = KEPT / "games" / f"{self.name.replace(' ', '_')}_{number}.npz"
        if path.exists():
            kept = np.load(path)
        else:
            kept = self._solved(self.game(number))
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_suffix(f".{os.getpid()}.npz")
            np.savez(part, **kept)
            part.replace(path)  # whole or not at all, whoever else is at work on the same cell
        game = Table(kept["table"]) if "table" in kept else self.game(number)
        return game, kept["values"], float(kept["error"])

    def _solved(self, game):
        if self.n_players <= MOST_ENUMERATED:
            table = game(all_coalitions(self.n_players))
            return {"table": table, "values": Table(table).exact_values(), "error": 0.0}
        values = game.exact_values() if hasattr(game, "exact_values") else None
        if values is not None:
            return {"values": values, "error": 0.0}
        method = ferroshap.estimators.Leverage()
        found = ferroshap.estimate(game, method, budget=LARGE_RUN, rng=2**32 - 1)
        error = np.sum(found.std_errors**2) / np.sum(found.values**2)
        return {"values": found.values, "error": error}


@cache
def fitted(data_set, kind):
    """Return a model trained on a table."""
    return models.KINDS[kind](data.load(data_set))


def grid():
    """Every table with every model against every background, where the values can be known."""
    for data_set in data.NAMES:
        if data_set in data.missing():
            continue
        n_players = data.load(data_set).table.shape[1]
        for kind in models.KINDS:
            for size in BACKGROUNDS:
                if n_players > MOST_ENUMERATED and kind in {"MLP", "SVM"} and size > 1:
                    continue  # tens of millions of rows of the model for the truth of each explained row
                yield Cell(f"{data_set} {kind} {size}", n_players, partial(explained, data_set, kind, size))


def explained(data_set, kind, size, number):
    """Row `number` from the end of the table; the background is taken from its start."""
    table = data.load(data_set).table
    return fitted(data_set, kind).game(table[-1 - number], table[:size])
