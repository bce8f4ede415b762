"""What else the worths of rows tell: how plausible their masked rows are, and how well they predict."""

from collections.abc import Iterator
from typing import cast

import numpy as np
from numpy.typing import NDArray

from ferroshap import _native
from ferroshap.errors import OptionError, PlausibilityWarning, warn_user
from ferroshap.explainers.masked_rows import Evaluations, Kept, choose, stream_of
from ferroshap.explainers.names import numbered
from ferroshap.explainers.rows import RowsExplained, Settings
from ferroshap.explainers.watched import BlockNumbers, Floats, Watched, Words
from ferroshap.game import AnyMaskedGame, Players, Reference
from ferroshap.inputs import Table
from ferroshap.maskers import Masker
from ferroshap.maskers.plausibility import MOST_BACKGROUND, MOST_MASKED, Plausibility, check_background, judged
from ferroshap.progress import Progress
from ferroshap.run.loop import N_ENDPOINTS


def check_marginal(masker: Masker) -> None:
    """Refuse to judge the plausibility of rows that are not filled from a background as a whole.

    Raises
    ------
    OptionError
        For a conditional masker, and for fewer than three background rows.
    """
    if masker.is_conditional:
        msg = (
            f"`plausibility` is True, which asks about marginal filling, but the masker is {masker!r}: "
            "leave it out, or compare maskers with metrics.compare_maskers"
        )
        raise OptionError(msg)
    check_background(masker.n_background)


class Squares:
    """Squared differences between worths and the model's output, by the size of the coalition.

    They are added in the order in which evaluations were asked for, so that batches change no bit.

    Parameters
    ----------
    part : Players
        Rows that share a design, in ascending order.
    full : ndarray of shape ``(n_rows, n_outputs)``
        The worths of everybody.
    """

    def __init__(self, part: Players, full: Floats) -> None:
        """Nothing has passed by yet."""
        self._part = part
        self._full = full[part.rows]
        self._sums = np.zeros((part.n_players + 1, *self._full.shape))
        self._counts = np.zeros((part.n_players + 1, len(part.rows)))

    def note(self, players: Players, sizes: NDArray[np.intp], worths: Floats) -> None:
        """Take the worths of coalitions of these sizes for some rows of the part."""
        places = np.searchsorted(self._part.rows, players.rows)
        squares = worths.reshape(len(worths), len(places), -1) - self._full[places]
        squares *= squares
        sums = self._sums[:, places]
        for size, square in zip(sizes.tolist(), squares, strict=True):
            sums[size] += square
        self._sums[:, places] = sums
        self._counts[:, places] += np.bincount(sizes, minlength=len(self._counts))[:, None]

    def mean(self) -> Floats:
        """Return the mean over sizes of the mean square at that size, ``(rows, outputs)``; NaN if there is none."""
        sums, counts = self._sums[1:-1], self._counts[1:-1, :, None]
        means = np.divide(sums, counts, out=np.zeros(sums.shape), where=counts > 0)
        n_sizes = np.count_nonzero(counts, axis=0)
        found: Floats = np.divide(means.sum(axis=0), n_sizes, out=np.full(means.shape[1:], np.nan), where=n_sizes > 0)
        return found


class Noted(Watched):
    """A game of which notes are taken."""

    def __init__(self, game: AnyMaskedGame, squares: Squares | None, evaluations: Evaluations | None) -> None:
        """Keep the game, and where to write."""
        super().__init__(game)
        self._squares = squares
        self._evaluations = evaluations

    def worths(self, words: Words, blocks: BlockNumbers) -> Floats:
        """Evaluate coalitions."""
        return self.finish(self.begin(words, blocks))

    def note(self, words: Words, blocks: BlockNumbers, worths: Floats) -> None:
        """Write down what passes by."""
        present = _native.unpack_coalitions(words, self.n_players)
        sizes = present.sum(axis=1)
        if self._squares is not None:
            self._squares.note(self.game.players, sizes, worths)
        if self._evaluations is not None:
            self._evaluations.note(present, sizes, blocks)


class NotedRows(RowsExplained):
    """Rows explained, with notes of what passes by; rows that stop by themselves still share their batches."""

    #: What is wanted.
    judges_plausibility = False
    measures_error = False
    #: Names of the columns.
    names: list[str] | None = None

    def __init__(self, reference: Reference, rows: Table, settings: Settings) -> None:
        """Nothing is noted yet."""
        super().__init__(reference, rows, settings)
        self._table = rows
        #: Of the rows that are being played: where notes of them are taken.
        self._notes: dict[int, tuple[Squares | None, Evaluations | None]] = {}
        self._kept: list[Kept] = []
        self._is_mixed = False
        self._stream = stream_of(settings.seed, 0, of_rows=False)
        self._looked_at = self._stream.choice(self.n_rows, min(self.n_rows, MOST_MASKED), replace=False, shuffle=False)
        if self.measures_error:
            self.msev = np.full((self.n_rows, reference.n_outputs), np.nan)

    def play(self) -> None:
        """Play all games, and look at what was noted."""
        super().play()
        if self.judges_plausibility:
            self.plausibility, self._is_mixed = self._judged()

    def game(self, part: Players, n_beside: int | None = None) -> AnyMaskedGame:
        """The games of some rows, whose worths are noted."""
        return cast("AnyMaskedGame", Noted(super().game(part, n_beside), *self._notes[int(part.rows[0])]))

    def warn(self) -> None:
        """Warn of errors, and once of rows that could not be."""
        super().warn()
        if self.plausibility is not None and self.plausibility.is_doubtful:
            warn_user(_warning(self.plausibility, is_mixed=self._is_mixed), PlausibilityWarning)

    def _play_part(
        self, part: Players, budget: int, row_key: int, deadline: float | None, progress: Progress
    ) -> Iterator[None]:
        squares = Squares(part, self.full) if self.measures_error else None
        is_looked_at = self.judges_plausibility and bool(np.isin(part.rows, self._looked_at).any())
        evaluations = Evaluations(part, self.settings.seed) if is_looked_at else None
        rows = part.rows.tolist()
        self._notes.update(dict.fromkeys(rows, (squares, evaluations)))
        try:
            yield from super()._play_part(part, budget, row_key, deadline, progress)
        finally:
            for row in rows:
                del self._notes[row]
            if squares is not None and self.msev is not None:
                self.msev[part.rows] = squares.mean()
            if evaluations is not None:
                self._kept.append(evaluations.kept())

    def _judged(self) -> tuple[Plausibility, bool]:
        """Choose masked rows by number among those of the evaluations kept, and judge them."""
        reference = self.reference
        n_rows, n_columns = reference.table.n_rows, reference.table.n_columns
        known = np.arange(n_rows)
        if n_rows > MOST_BACKGROUND:
            known = np.sort(self._stream.choice(n_rows, MOST_BACKGROUND, replace=False, shuffle=False))
        n_asked = self.n_evaluations - N_ENDPOINTS
        chosen = choose(self._kept, self._looked_at, n_asked, reference.blocks, n_columns, self._stream)
        return judged(
            reference.table,
            known,
            self._table,
            *chosen,
            self.names or numbered("Feature", n_columns),
            n_threads=self.settings.n_threads,
        )


def noted(
    rows_class: type[RowsExplained], names: list[str] | None, *, plausibility: bool, msev: bool
) -> type[RowsExplained]:
    """Make a class of rows that takes notes, too; columns are called by their `names`."""
    wanted = {"judges_plausibility": plausibility, "measures_error": msev, "names": names}
    return type(f"Noted{rows_class.__name__}", (NotedRows, rows_class), wanted)


def _warning(found: Plausibility, *, is_mixed: bool) -> str:
    remedy = "maskers.Forest" if is_mixed else "maskers.Gaussian"
    return (
        f"`masker` fills absent features whatever the others are: {found}. If such rows cannot exist, fill given what "
        f"is present: {remedy}"
    )
