"""Explaining the rows of a table by playing their games, many rows at once."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ferroshap.errors import FerroshapError, WorthError
from ferroshap.estimators import Method, resolve
from ferroshap.game import MaskedGame, Players, Reference, find_players
from ferroshap.game.batches import batch_rows
from ferroshap.inputs import Pairing, Table
from ferroshap.progress import Progress, Report
from ferroshap.run import Loop, Outcome, Source

Floats = NDArray[np.float64]

#: Batches from which on a second thread fills them ahead: one row of 12 features at 500 evaluations is two, and
#: takes 1.9 times as long with help as its share of ten rows does, 1.2 times without.
BATCHES_TO_HELP = 4
#: How a set of rows ended: as its weakest row did.
WEAKEST_FIRST = ("INTERRUPTED", "BUDGET_SPENT", "CONVERGED", "EXACT")
#: Worths kept for rows that share a design: larger tables gain nothing by sharing more.
SHARED_BYTES = 1 << 26


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How rows are explained; nothing here but `method`, `budget`, and `seed` changes a bit.

    Attributes
    ----------
    method : Method
        The estimator.
    budget : callable
        From the number of players to the evaluations granted, endpoints included; refuses what is too little.
    seed : int
        Where randomness starts from.
    batch_size : int or "auto"
        The most model rows in one call.
    memory_bytes : int
        What batches and the worths of the rows explained together may take.
    n_threads : int
        Threads of the core.
    deadline_seconds : float or None
        Stop asking after that time.
    silent, report
        Whether to show progress, and whom to tell instead.
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


class RowsExplained:
    """Values of rows, filled in as their games are played.

    All arrays are ``(n_rows, n_features, n_outputs)`` or a prefix of that.
    """

    def __init__(self, reference: Reference, rows: Table, settings: Settings) -> None:
        """Encode the rows; the model is not asked yet."""
        self.reference = reference
        self.settings = settings
        self.n_rows = rows.n_rows
        self.pairing: Pairing = reference.pair(rows)
        row_bytes = sum(block.rows.shape[1] * block.rows.itemsize for block in self.pairing.blocks)
        row_bytes += 8 * reference.n_outputs
        self.batch_rows = batch_rows(settings.batch_size, row_bytes)
        if settings.batch_size == "auto":
            self.batch_rows = max(1, min(self.batch_rows, settings.memory_bytes // row_bytes))
        shape = (self.n_rows, self.pairing.n_columns, reference.n_outputs)
        self.full: Floats = np.zeros((self.n_rows, reference.n_outputs))
        self.values: Floats = np.zeros(shape)
        self.std_errors: Floats = np.zeros(shape)
        self.main_effects: Floats | None = None
        self.gap: Floats = np.zeros((self.n_rows, reference.n_outputs))
        self.n_evaluations = np.full(self.n_rows, 2, dtype=np.int64)
        self.interval_df: Floats = np.full(self.n_rows, np.nan)
        self.begun = np.zeros(self.n_rows, dtype=np.bool_)
        self.statuses: set[str] = set()

    @property
    def status(self) -> str:
        """The status of the weakest row."""
        return next((status for status in WEAKEST_FIRST if status in self.statuses), "EXACT")

    def play(self) -> None:
        """Play all games; an exception leaves what was reached in the arrays."""
        groups = find_players(self.pairing, self.n_rows)
        budgets = {group.n_players: self._granted(group) for group in groups}
        deadline = self.settings.deadline_seconds
        at = None if deadline is None else time.monotonic() + deadline
        total = sum(budgets[group.n_players] * len(group.rows) for group in groups)
        self._ask_about_rows()
        progress = Progress(total, silent=self.settings.silent, report=self.settings.report)
        try:
            for group in groups:
                if group.n_players == 0:
                    self.begun[group.rows] = True
                    continue
                for part, row_key in self._parts(group, budgets[group.n_players]):
                    self._play_part(part, budgets[group.n_players], row_key, at, progress)
        finally:
            progress.close()

    def game(self, part: Players) -> MaskedGame:
        """The games of some rows, as one."""
        n_evaluations = self.settings.budget(part.n_players) * len(part.rows)
        n_batches = n_evaluations * self.reference.blocks.largest // self.batch_rows
        # A few batches are filled sooner than another thread wakes up.
        n_threads = self.settings.n_threads if n_batches >= BATCHES_TO_HELP else 1
        return MaskedGame(
            self.reference, self.pairing, part, self.full, batch_size=self.batch_rows, n_threads=n_threads
        )

    def source(self, part: Players) -> Source:
        """Where the worths of some rows come from."""
        return self.game(part)

    def finish_part(self, part: Players, source: Source) -> None:
        """Do what remains once the values of some rows are known: nothing."""

    def scatter(self, target: Floats, part: Players, values: Floats) -> None:
        """Write ``(n_players, rows * outputs)`` into the features that the players stand for."""
        by_row = values.reshape(part.n_players, len(part.rows), -1).transpose(1, 0, 2)
        target[part.rows[:, None], part.features] = by_row

    def kept_worths(self, n_players: int, budget: int) -> int:
        """Worths that the method remembers for one row and output."""
        name = resolve(self.settings.method, n_players, budget, self.reference.blocks.n_blocks)
        return 2 * n_players if name == "permutation" else budget

    def _granted(self, group: Players) -> int:
        return self.settings.budget(group.n_players) if group.n_players else 0

    def _parts(self, group: Players, budget: int) -> Iterator[tuple[Players, int]]:
        """Cut rows with equally many players into those that share a design and fit into memory."""
        n_players, n_blocks = group.n_players, self.reference.blocks.n_blocks
        shares = self.settings.method.shared_design
        step = 1
        if shares and resolve(self.settings.method, n_players, budget, n_blocks) != "singles_first":
            row_bytes = 8 * self.reference.n_outputs
            row_bytes *= 2 * self.kept_worths(n_players, budget) + 4 * n_players + n_blocks
            step = max(1, min(self.settings.memory_bytes, SHARED_BYTES) // row_bytes)
        # Else which absences are asked depends on the worths, or the user wants independent errors.
        for first in range(0, len(group.rows), step):
            rows = slice(first, first + step)
            yield Players(group.rows[rows], group.features[rows]), 0 if shares else int(group.rows[first])

    def _play_part(self, part: Players, budget: int, row_key: int, deadline: float | None, progress: Progress) -> None:
        settings = self.settings
        source = self.source(part)
        loop = Loop(
            source,
            settings.method,
            budget=budget,
            seed=settings.seed,
            row_key=row_key,
            n_threads=settings.n_threads,
            deadline=deadline,
            progress=progress,
            progress_weight=len(part.rows),
        )
        try:
            while loop.step():
                pass
            self._take(part, loop)
            self.finish_part(part, source)
        except BaseException:
            # The model failed or Ctrl-C came: what was reached is kept, and their exception goes on.
            self._record_what_is_known(part, loop)
            raise

    def _take(self, part: Players, loop: Loop) -> None:
        """Keep what a loop says of some rows."""
        outcome = loop.estimate()
        self.scatter(self.values, part, outcome.values)
        self.scatter(self.std_errors, part, outcome.std_errors)
        self._record(part, outcome)

    def _record(self, part: Players, outcome: Outcome) -> None:
        rows = part.rows
        self.gap[rows] = outcome.gap.reshape(len(rows), -1)
        self.interval_df[rows] = outcome.interval_df
        self.n_evaluations[rows] = outcome.n_evaluations
        self.begun[rows] = True
        self.statuses.add(outcome.status)

    def _record_what_is_known(self, part: Players, loop: Loop) -> None:
        try:
            self._take(part, loop)
        except FerroshapError:
            # Nothing can be said of these rows yet.
            features = (part.rows[:, None], part.features)
            self.values[features] = self.std_errors[features] = np.nan
            self.begun[part.rows] = True

    def _ask_about_rows(self) -> None:
        """Find the worths of everybody: the model on the rows themselves."""
        columns = [block.rows for block in self.pairing.blocks]
        for first in range(0, self.n_rows, self.batch_rows):
            batch = slice(first, first + self.batch_rows)
            rows = self.pairing.build([words[batch] for words in columns])
            n_rows = min(self.batch_rows, self.n_rows - first)
            self.full[batch] = self.reference.worths_of(self.reference.outputs_of(rows, n_rows))
        if not np.isfinite(self.full).all():
            row, output = np.argwhere(~np.isfinite(self.full))[0]
            came = self.full[row, output]
            msg = f"`model` returned {came} (output {output}) for row {row} of `X`: outputs must be finite"
            raise WorthError(msg)
