"""Explaining the rows of a table by playing their games, many rows at once."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ferroshap import links
from ferroshap.errors import ConvergenceWarning, FerroshapError, WorthError, warn_user
from ferroshap.estimators import Method, asks_by_worths, keeps_no_worths
from ferroshap.explainers.row_keys import row_keys
from ferroshap.explainers.rows_memory import planned_batches, require_outputs
from ferroshap.explainers.turns import in_steps, in_turns
from ferroshap.game import AnyMaskedGame, Players, Reference, Rows, find_players
from ferroshap.game.batches import batch_rows
from ferroshap.inputs import Pairing, Table
from ferroshap.progress import Progress, Report
from ferroshap.run import Loop, Outcome, Source, Together
from ferroshap.run.advice import SPLIT_WITHOUT_ERROR, relative_half_width, too_few, too_uncertain
from ferroshap.run.deadline import as_deadline
from ferroshap.run.loop import resolved
from ferroshap.run.screening import screening_of

if TYPE_CHECKING:
    from ferroshap.executors.crew import Crew
    from ferroshap.maskers.plausibility import Plausibility

Floats = NDArray[np.float64]

#: Batches from which on a second thread fills them ahead: one row of 12 features at 500 evaluations is two, and
#: takes 1.9 times as long with help as its share of ten rows does, 1.2 times without.
BATCHES_TO_HELP = 4
#: Worths kept for rows that share a design: larger tables gain nothing by sharing more.
SHARED_BYTES = 1 << 26
#: Forecasts beyond are as good as this one, which an int64 holds.
MOST_FORECAST = 1 << 62


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
    tol : float or None
        Let each row stop as soon as its intervals of 90 % reach no further than this share of its values' range.
    row_key : None, int, sequence of int or "content"
        What tells rows apart that do not share a design.
    silent, report
        Whether to show progress, and whom to tell instead.
    crew : Crew or None
        Who evaluates coalitions; None: this process.
    """

    method: Method
    budget: Callable[[int], int]
    seed: int
    batch_size: int | str
    memory_bytes: int
    n_threads: int
    deadline_seconds: float | None = None
    tol: float | None = None
    row_key: Any = None
    silent: bool = False
    report: Report | None = None
    crew: "Crew | None" = None


class RowsExplained:
    """Values of rows, filled in as their games are played.

    All arrays are ``(n_rows, n_features, n_outputs)`` or a prefix of that.
    """

    #: Whether rows may share batches though each stops by itself: their sources remember nothing.
    may_play_together = True
    #: Whether parts may be in progress side by side, where workers evaluate them.
    may_take_turns = True
    #: How plausible the masked rows are, where that was asked for.
    plausibility: "Plausibility | None" = None
    #: How far worths are from the model's outputs, ``(n_rows, n_outputs)``, where that was asked for.
    msev: Floats | None = None

    def __init__(self, reference: Reference, rows: Table, settings: Settings) -> None:
        """Encode the rows; the model is not asked yet."""
        self.reference = reference
        self.settings = settings
        self.n_rows = rows.n_rows
        require_outputs(reference, rows, settings.memory_bytes)
        self.row_keys = row_keys(settings.row_key, rows)
        self.pairing: Pairing = reference.pair(rows)
        self._rows = Rows(reference, self.pairing, rows, n_threads=settings.n_threads)
        #: Parts that are played side by side, so that each of them is asked in fewer tasks.
        self._n_beside = 1
        #: What workers know of this call.
        self.call = None if settings.crew is None else self._rows.call(settings.crew)
        row_bytes = self.pairing.row_bytes + 8 * reference.n_outputs
        self.batch_rows = batch_rows(settings.batch_size, row_bytes)
        #: Bytes that rows explained side by side may take for what they keep.
        self.shared_bytes = min(settings.memory_bytes, SHARED_BYTES)
        shape = (self.n_rows, reference.masker.n_players, reference.n_outputs)
        self.full: Floats = np.zeros((self.n_rows, reference.n_outputs))
        self.values: Floats = np.zeros(shape)
        self.std_errors: Floats = np.zeros(shape)
        self.main_effects: Floats | None = None
        self.gap: Floats = np.zeros((self.n_rows, reference.n_outputs))
        self.n_evaluations = np.full(self.n_rows, 2, dtype=np.int64)
        self.interval_df: Floats = np.full(self.n_rows, np.nan)
        self.begun = np.zeros(self.n_rows, dtype=np.bool_)
        self.statuses = np.full(self.n_rows, "EXACT", dtype="U12")
        self.is_rough = np.zeros(self.n_rows, dtype=np.bool_)
        self.n_players = np.zeros(self.n_rows, dtype=np.int64)
        #: Who was screened out of each row's game, where anybody was.
        self.screenings = np.full(self.n_rows, None, dtype=object)
        #: How far the widest interval reaches, as a share of the range of the values; NaN where errors are unknown.
        self.reach: Floats = np.zeros(self.n_rows)
        #: Evaluations that should do, 0 where nothing can be said.
        self.forecast = np.zeros(self.n_rows, dtype=np.int64)

    def play(self) -> None:
        """Play all games; an exception leaves what was reached in the arrays."""
        masker, method = self.reference.masker, self.settings.method
        everyone = masker.is_conditional or method.needs_every_player
        groups = find_players(self.pairing, self.n_rows, masker.units, everyone=everyone)
        budgets = {group.n_players: self._granted(group) for group in groups}
        self._plan_memory(groups, budgets)
        at = as_deadline(self.settings.deadline_seconds)
        total = sum(budgets[group.n_players] * len(group.rows) for group in groups)
        moved = self.reference.moved = links.Moved()
        progress = Progress(total, silent=self.settings.silent, report=self.settings.report)
        try:
            self._ask_about_rows()
            sender = None if self.call is None or not self.may_take_turns else self.call.sender
            plays = self._plays(groups, budgets, at, progress)
            in_turns(plays, lambda: sender is not None and sender.room > 0, 1 if sender is None else sender.most_away)
        finally:
            progress.close()
            self.reference.moved = None
        moved.warn()

    def _plays(
        self, groups: list[Players], budgets: dict[int, int], deadline: float | None, progress: Progress
    ) -> Iterator[Iterator[None]]:
        """Begin to play part after part."""
        for group in groups:
            self.n_players[group.rows] = group.n_players
            if group.n_players == 0:
                self.begun[group.rows] = True
                continue
            size = 0
            for part, row_key in self._parts(group, budgets[group.n_players]):
                size = max(size, len(part.rows))
                self._n_beside = -(-len(group.rows) // size) if self.may_take_turns else 1
                yield self._play_part(part, budgets[group.n_players], row_key, deadline, progress)

    def _plan_memory(self, groups: list[Players], budgets: dict[int, int]) -> None:
        """Make batches as small as the limit wants, or refuse what does not fit into it."""
        chosen = [
            (self._chosen(group.n_players, budgets[group.n_players])[0], budgets[group.n_players])
            if group.n_players
            else ("", 0)
            for group in groups
        ]
        self.batch_rows, shared = planned_batches(
            self.reference,
            self.pairing,
            groups,
            chosen,
            batch_rows=self.batch_rows,
            is_batch_named=self.settings.batch_size != "auto",
            n_batches_held=max(2, self._rows.batches_held),  # one is filled while the model reads another
            memory_bytes=self.settings.memory_bytes,
        )
        self.shared_bytes = min(self.shared_bytes, shared)

    def game(self, part: Players, n_beside: int | None = None) -> AnyMaskedGame:
        """The games of some rows, as one; `n_beside` such games are asked about side by side: as many as parts."""
        n_evaluations = self.settings.budget(part.n_players) * len(part.rows)
        n_batches = n_evaluations * self._rows.most_model_rows // self.batch_rows
        # A few batches are filled sooner than another thread wakes up.
        n_threads = self.settings.n_threads if n_batches >= BATCHES_TO_HELP else 1
        game = self._rows.game(part, self.full, batch_size=self.batch_rows, n_threads=n_threads)
        if self.call is None:
            return game
        return self.call.elsewhere(game, self.settings.budget(part.n_players) * (n_beside or self._n_beside))

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
        return 2 * n_players if keeps_no_worths(*self._chosen(n_players, budget)) else budget

    def warn(self) -> None:
        """Warn once if errors are larger than was asked for, or so few evaluations cannot tell."""
        spent = self.statuses == "BUDGET_SPENT"
        unknown = spent & np.isnan(self.reach)
        if self.settings.tol is None:
            unknown &= self.is_rough
        if unknown.any():
            row = int(np.flatnonzero(unknown)[0])
            n_players, n_evaluations = int(self.n_players[row]), int(self.n_evaluations[row])
            is_split = not self.is_rough[row] and asks_by_worths(*self._chosen(n_players, n_evaluations))
            said = SPLIT_WITHOUT_ERROR if is_split else too_few(n_evaluations, n_players)
            warn_user(self._of_rows(unknown) + said, ConvergenceWarning)
        large = spent & ~np.isnan(self.reach)
        if self.settings.tol is not None and large.any():
            # All coalitions are enough for anybody.
            forecasts = np.minimum(self.forecast[large], 1 << np.minimum(self.n_players[large], 62))
            predicted = int(forecasts.max()) if forecasts.all() else None
            reach = float(self.reach[large].max())
            warn_user(self._of_rows(large) + too_uncertain(reach, self.settings.tol, predicted), ConvergenceWarning)

    def _of_rows(self, which: NDArray[np.bool_]) -> str:
        return "" if self.n_rows == 1 else f"{np.count_nonzero(which)} of {self.n_rows} rows: "

    def _granted(self, group: Players) -> int:
        return self.settings.budget(group.n_players) if group.n_players else 0

    def _parts(self, group: Players, budget: int) -> Iterator[tuple[Players, int]]:
        """Cut rows with equally many players into those that share a design and fit into memory."""
        n_players, n_blocks = group.n_players, self.reference.blocks.n_blocks
        shares = self.settings.method.shared_design
        step = 1
        is_alone = self.settings.tol is not None and not self.may_play_together
        if shares and not is_alone and not asks_by_worths(*self._chosen(n_players, budget)):
            row_bytes = 8 * self.reference.n_outputs
            row_bytes *= 2 * self.kept_worths(n_players, budget) + 4 * n_players + n_blocks
            if self.settings.tol is not None:  # each row keeps its coalitions
                row_bytes += 8 * -(-n_players // 64) * budget
            step = max(1, self.shared_bytes // row_bytes)
        # Else what is asked next depends on the worths, or the user wants independent errors.
        for first in range(0, len(group.rows), step):
            rows = slice(first, first + step)
            yield (
                group.part(rows),
                0 if shares else int(self.row_keys[group.rows[first]]),
            )

    def _chosen(self, n_players: int, budget: int) -> tuple[str, dict[str, Any]]:
        settings = self.settings
        return resolved(settings.method, n_players, budget, self.reference.blocks.n_blocks, settings.tol)

    def _play_part(
        self, part: Players, budget: int, row_key: int, deadline: float | None, progress: Progress
    ) -> Iterator[None]:
        """Play the games of some rows, with a pause wherever others may begin."""
        settings = self.settings
        if settings.tol is not None and len(part.rows) > 1:
            yield from self._play_together(part, settings.tol, budget, row_key, deadline, progress)
            return
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
            tol=settings.tol,
        )
        try:
            yield from in_steps(loop)
            self._take(part, loop)
            self.is_rough[part.rows] = loop.method_name == "singles_first"
            self.finish_part(part, source)
        except BaseException:
            # The model failed, or Ctrl-C came: what was reached is kept, and their exception goes on.
            loop.withdraw()
            self._record_what_is_known(part, loop)
            raise

    def _play_together(
        self, part: Players, tol: float, budget: int, row_key: int, deadline: float | None, progress: Progress
    ) -> Iterator[None]:
        """Each row stops by itself; the batches of those that go on are shared."""
        settings = self.settings
        runs = Together(
            lambda at: self.source(part.part(at)),
            len(part.rows),
            settings.method,
            budget=budget,
            tol=tol,
            seed=settings.seed,
            row_key=row_key,
            n_threads=settings.n_threads,
            deadline=deadline,
            progress=progress,
        )
        try:
            yield from in_steps(runs)
        finally:
            # If the model failed or Ctrl-C came, what was reached is kept too, and their exception goes on.
            runs.withdraw()
            for row, outcome in enumerate(runs.outcomes()):
                self._record(part.part(slice(row, row + 1)), outcome)

    def _take(self, part: Players, loop: Loop) -> None:
        """Keep what a loop says of some rows."""
        self._record(part, loop.estimate())
        if loop.method_name == "screened":  # whose runs are of one row each
            is_vector = self.reference.is_vector
            self.screenings[part.rows[0]] = screening_of(loop.screening(), part.features[0], is_vector=is_vector)

    def _record(self, part: Players, outcome: Outcome) -> None:
        self.scatter(self.values, part, outcome.values)
        self.scatter(self.std_errors, part, outcome.std_errors)
        self._note(part, outcome)

    def _note(self, part: Players, outcome: Outcome) -> None:
        rows = part.rows
        self.gap[rows] = outcome.gap.reshape(len(rows), -1)
        self.interval_df[rows] = outcome.interval_df
        self.n_evaluations[rows] = outcome.n_evaluations
        self.begun[rows] = True
        self.statuses[rows] = outcome.status
        values, errors = (a.reshape(part.n_players, len(rows), -1) for a in (outcome.values, outcome.std_errors))
        if self.settings.tol is None:
            self.reach[rows] = np.where(np.isnan(errors).any(axis=(0, 2)), np.nan, 0.0)
        else:
            df = outcome.interval_df
            self.reach[rows] = [relative_half_width(values[:, k], errors[:, k], df[k]) for k in range(len(rows))]
        self.forecast[rows] = min(outcome.predicted_budget or 0, MOST_FORECAST)

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
        for first in range(0, self.n_rows, self.batch_rows):
            batch = slice(first, first + self.batch_rows)
            rows = self.pairing.given(batch)
            n_rows = min(self.batch_rows, self.n_rows - first)
            self.full[batch] = self.reference.worths_of(self.reference.outputs_of(rows, n_rows))
        if not np.isfinite(self.full).all():
            row, output = np.argwhere(~np.isfinite(self.full))[0]
            came = self.full[row, output]
            msg = f"`model` returned {came} (output {output}) for row {row} of `X`: outputs must be finite"
            raise WorthError(msg)
