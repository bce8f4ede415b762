"""What players are worth alone, noted as the worths pass by."""

from collections.abc import Iterator

import numpy as np

from ferroshap import _native
from ferroshap.explainers.rows import RowsExplained, Settings
from ferroshap.explainers.watched import BlockNumbers, Floats, Watched, Words
from ferroshap.game import AnyMaskedGame, Players, Reference
from ferroshap.inputs import Table
from ferroshap.progress import Progress
from ferroshap.run import Source
from ferroshap.run.ahead import in_batches, worths_ahead


class Singles(Watched):
    """A game that remembers the worth of every player alone, so that none is paid for twice.

    Where the background is cut into blocks, a player alone is compared with nobody on one and
    the same block.

    Parameters
    ----------
    game : AnyMaskedGame
        The game; `n_extra` counts evaluations that only main effects needed.
    """

    def __init__(self, game: AnyMaskedGame) -> None:
        """Know nothing yet."""
        super().__init__(game)
        self.n_extra = 0
        self._empty = game.endpoints().empty
        self._effects: Floats = np.full((game.n_players, game.n_outputs), np.nan)
        self._is_known = np.zeros(game.n_players, dtype=np.bool_)

    def note(self, words: Words, blocks: BlockNumbers, worths: Floats) -> None:
        """Pick out the single players."""
        # One word that is not zero, and one bit in it.
        is_single = (np.count_nonzero(words, axis=1) == 1) & ~(words & (words - np.uint64(1))).any(axis=1)
        at = np.flatnonzero(is_single)
        if len(at):
            players = _native.unpack_coalitions(np.ascontiguousarray(words[at]), self.n_players).argmax(axis=1)
            self._effects[players] = worths[at] - self._empty[blocks[at]]
            self._is_known[players] = True

    def effects(self) -> Floats:
        r"""Return :math:`v(\{i\}) - v(\emptyset)`, ``(n_players, n_outputs)``, asking for what is not known yet."""
        missing = np.flatnonzero(~self._is_known)
        if len(missing):
            present = np.zeros((len(missing), self.n_players), dtype=np.bool_)
            present[np.arange(len(missing)), missing] = True
            words = _native.pack_coalitions(present)
            whole = np.zeros(len(missing), dtype=np.uint32)
            for _ in worths_ahead(self, in_batches(words, whole, self.evaluations_per_batch())):
                pass  # noted as they pass by
            self.n_extra += len(missing)
        return self._effects


class MainEffectsRows(RowsExplained):
    """Values of rows, and what every feature is worth alone; the budget pays for both."""

    may_play_together = False

    def __init__(self, reference: Reference, rows: Table, settings: Settings) -> None:
        """Know no main effects, which rows without players do not have."""
        super().__init__(reference, rows, settings)
        self.main_effects = np.zeros(self.values.shape)

    def source(self, part: Players) -> Singles:
        """The game, whose single players are noted."""
        return Singles(self.game(part))

    def finish_part(self, part: Players, source: Source) -> None:
        """Write the main effects down."""
        if isinstance(source, Singles) and self.main_effects is not None:
            self.scatter(self.main_effects, part, source.effects())
            self.n_evaluations[part.rows] += source.n_extra

    def _parts(self, group: Players, budget: int) -> Iterator[tuple[Players, int]]:
        return super()._parts(group, budget - self._spare(group.n_players))

    def _spare(self, n_players: int) -> int:
        """Evaluations kept for single players: among all coalitions they are, a sample may lack some."""
        return 0 if self.settings.method.native_name == "exact" else n_players

    def _play_part(
        self, part: Players, budget: int, row_key: int, deadline: float | None, progress: Progress
    ) -> Iterator[None]:
        if self.main_effects is not None:
            n_worths = len(part.rows) * self.reference.n_outputs
            self.scatter(self.main_effects, part, np.full((part.n_players, n_worths), np.nan))
        yield from super()._play_part(part, budget - self._spare(part.n_players), row_key, deadline, progress)
