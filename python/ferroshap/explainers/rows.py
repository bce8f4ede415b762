"""Explaining the rows of a table by playing their games, many rows at once."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ferroshap.errors import WorthError
from ferroshap.estimators import Method, resolve
from ferroshap.game import MaskedGame, Players, Reference, find_players
from ferroshap.inputs import Pairing, Table
from ferroshap.progress import Progress, Report
from ferroshap.run import Loop, Outcome

Floats = NDArray[np.float64]

#: How a set of rows ended: as its weakest row did.
WEAKEST_FIRST = ("INTERRUPTED", "BUDGET_SPENT", "EXACT")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How rows are explained; nothing here but `method`, `budget`, `seed` and the row keys changes a bit.

    Attributes
    ----------
    method : Method
        The estimator.
    budget : callable
        From the number of players to the evaluations granted, endpoints included.
    seed : int
        Where randomness starts from.
    batch_size : int or "auto"
        The most model rows in one call.
    memory_bytes : int
        What the worths of the rows explained together may take.
    n_threads : int
        Threads of the core.
    deadline_seconds : float or None
        Stop asking after that time.
    silent, report
        Whether to show progress, and whom to tell instead.
    main_effects : bool
        Also evaluate every player alone.
    """

    method: Method
    budget: Callable[[int], int]
    seed: int
    batch_size: int | str
    memory_bytes: int
    n_threads: int
    deadline_seconds: float | None = None
    silent: bool = False
    report: Report | None = None
    main_effects: bool = False


class RowsExplained:
    """Values of rows, filled in as their games are played.

    All arrays are ``(n_rows, n_features, n_outputs)`` or a prefix of that.
    """

    def __init__(self, reference: Reference, rows: Table, settings: Settings) -> None:
        """Ask the model about the rows themselves."""
        self.reference = reference
        self.settings = settings
        self.n_rows = rows.n_rows
        self.pairing: Pairing = reference.pair(rows)
        shape = (self.n_rows, self.pairing.n_columns, reference.n_outputs)
        self.full = self._model_on_rows()
        self.values: Floats = np.zeros(shape)
        self.std_errors: Floats = np.zeros(shape)
        self.main_effects: Floats | None = np.zeros(shape) if settings.main_effects else None
        self.gap: Floats = np.zeros((self.n_rows, reference.n_outputs))
        self.n_evaluations = np.full(self.n_rows, 2, dtype=np.int64)
        self.interval_df: Floats = np.full(self.n_rows, np.nan)
        self.begun = np.zeros(self.n_rows, dtype=np.bool_)
        self.statuses: set[str] = set()
        self.method_names: set[str] = set()

    @property
    def status(self) -> str:
        """The status of the weakest row."""
        return next((status for status in WEAKEST_FIRST if status in self.statuses), "EXACT")

    def play(self) -> None:
        """Play all games; an exception leaves what was reached in the arrays."""
        groups = find_players(self.pairing, self.n_rows)
        deadline = self.settings.deadline_seconds
        at = None if deadline is None else time.monotonic() + deadline
        total = sum(self.settings.budget(group.n_players) * len(group.rows) for group in groups if group.n_players)
        progress = Progress(total, silent=self.settings.silent, report=self.settings.report)
        try:
            for group in groups:
                if group.n_players == 0:
                    self.begun[group.rows] = True
                    self.statuses.add("EXACT")
                    continue
                for part, row_key in self._parts(group):
                    self._play_part(part, row_key, at, progress)
        finally:
            progress.close()

    def _parts(self, group: Players) -> Iterator[tuple[Players, int]]:
        """Cut rows with equally many players into those that share a design and fit into memory."""
        n_players, budget = group.n_players, self.settings.budget(group.n_players)
        name = resolve(self.settings.method, n_players, budget, self.reference.blocks.n_blocks)
        if name == "singles_first" or not self.settings.method.shared_design:
            # Which absences are asked depends on the worths, or the user wants independent errors.
            for position, row in enumerate(group.rows):
                key = 0 if self.settings.method.shared_design else int(row)
                yield Players(group.rows[position : position + 1], group.features[position : position + 1]), key
            return
        kept = n_players if name == "permutation" else budget
        row_bytes = 8 * self.reference.n_outputs * (2 * kept + 4 * n_players)
        step = max(1, self.settings.memory_bytes // row_bytes)
        for first in range(0, len(group.rows), step):
            yield Players(group.rows[first : first + step], group.features[first : first + step]), 0

    def _play_part(self, part: Players, row_key: int, deadline: float | None, progress: Progress) -> None:
        settings = self.settings
        budget = settings.budget(part.n_players) - (part.n_players if settings.main_effects else 0)
        game = MaskedGame(
            self.reference,
            self.pairing,
            part,
            self.full,
            batch_size=settings.batch_size,
            n_threads=settings.n_threads,
        )
        loop = Loop(
            game,
            settings.method,
            budget=budget,
            seed=settings.seed,
            row_key=row_key,
            n_threads=settings.n_threads,
            deadline=deadline,
            progress=progress,
            progress_weight=len(part.rows),
        )
        self.method_names.add(loop.method_name)
        try:
            while loop.step():
                pass
            if self.main_effects is not None:
                self._add_main_effects(game, part)
        finally:
            # Also when the model failed or Ctrl-C came: what was reached is kept.
            self._record(part, loop.estimate())

    def _record(self, part: Players, outcome: Outcome) -> None:
        rows = part.rows
        self._scatter(self.values, part, outcome.values)
        self._scatter(self.std_errors, part, outcome.std_errors)
        self.gap[rows] = outcome.gap.reshape(len(rows), -1)
        self.interval_df[rows] = outcome.interval_df
        self.n_evaluations[rows] = outcome.n_evaluations
        self.begun[rows] = True
        self.statuses.add(outcome.status)

    def _scatter(self, target: Floats, part: Players, values: Floats) -> None:
        """Write ``(n_players, rows * outputs)`` into the features that the players stand for."""
        by_row = values.reshape(part.n_players, len(part.rows), -1).transpose(1, 0, 2)
        target[part.rows[:, None], part.features] = by_row

    def _add_main_effects(self, game: MaskedGame, part: Players) -> None:
        n_players = part.n_players
        words = np.zeros((n_players, -(-n_players // 64)), dtype=np.uint64)
        players = np.arange(n_players)
        words[players, players // 64] = np.uint64(1) << (players % 64).astype(np.uint64)
        alone = game.worths(words, np.zeros(n_players, dtype=np.uint32))
        empty, _, _ = game.endpoints()
        if self.main_effects is not None:
            self._scatter(self.main_effects, part, alone - empty[:1])

    def _model_on_rows(self) -> Floats:
        """The worths of everybody: the model on the rows themselves, ``(n_rows, n_outputs)``."""
        columns = [block.rows for block in self.pairing.blocks]
        rows = self.pairing.build(columns)
        outputs = self.reference.outputs_of(rows, self.n_rows)
        full = self.reference.worths_of(outputs)
        if not np.isfinite(full).all():
            row, output = np.argwhere(~np.isfinite(full))[0]
            msg = f"`model` returned {full[row, output]} (output {output}) for row {row} of `X`: outputs must be finite"
            raise WorthError(msg)
        return full
