"""Some of the masked rows that an explanation evaluated, chosen by number."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ferroshap.game import Players
from ferroshap.game.blocks import Blocks
from ferroshap.maskers.plausibility import MOST_MASKED

Bools = NDArray[np.bool_]
Rows = NDArray[np.intp]

#: The purpose number of these streams among those of the core's `random.rs`.
MASKED = 12


def stream_of(seed: int, row: int, *, of_rows: bool) -> np.random.Generator:
    """Return the random numbers of a row's evaluations, or those that choose among all."""
    return np.random.Generator(np.random.Philox(key=[seed, MASKED], counter=[0, int(of_rows), row, 0]))


@dataclass(frozen=True, eq=False)
class Kept:
    """Some of the evaluations of rows that share a design.

    Attributes
    ----------
    part : Players
        The rows.
    numbers : ndarray of int64
        Where the evaluations stood among all that were asked for, ascending.
    blocks : ndarray of uint32
        Their blocks of the background.
    present : bool ndarray of shape ``(evaluations, n_players)``
        Their coalitions.
    """

    part: Players
    numbers: NDArray[np.int64]
    blocks: NDArray[np.uint32]
    present: Bools


class Evaluations:
    """Keeps some of the evaluations that pass by: those with the least of one random number each.

    Whatever the batches, the same ones are kept, and of the first ``m`` as many as of any others.

    Parameters
    ----------
    part : Players
        Rows that share a design.
    seed : int
        Where the random numbers start from.
    """

    def __init__(self, part: Players, seed: int) -> None:
        """Nothing has passed by yet."""
        self._stream = stream_of(seed, int(part.rows[0]), of_rows=True)
        self._n_seen = 0
        self._ranks = np.empty(0)
        nothing = np.empty((0, part.n_players), dtype=np.bool_)
        self._kept = Kept(part, np.empty(0, dtype=np.int64), np.empty(0, dtype=np.uint32), nothing)

    def note(self, present: Bools, sizes: Rows, blocks: NDArray[np.uint32]) -> None:
        """Take coalitions; nobody and everybody have no masked rows."""
        kept = self._kept
        ranks = self._stream.random(len(present))
        inside = np.flatnonzero((sizes > 0) & (sizes < present.shape[1]))
        ranks = np.concatenate([self._ranks, ranks[inside]])
        least = np.sort(np.argsort(ranks, kind="stable")[:MOST_MASKED])
        self._ranks = ranks[least]
        self._kept = Kept(
            kept.part,
            np.concatenate([kept.numbers, self._n_seen + inside])[least],
            np.concatenate([kept.blocks, blocks[inside]])[least],
            np.concatenate([kept.present, present[inside]])[least],
        )
        self._n_seen += len(present)

    def kept(self) -> Kept:
        """Return those kept so far."""
        return self._kept


def choose(
    kept: Sequence[Kept],
    rows: Rows,
    n_asked: NDArray[np.int64],
    blocks: Blocks,
    n_columns: int,
    stream: np.random.Generator,
) -> tuple[Rows, Rows, Bools]:
    """Choose at most 256 of the masked rows of the explained rows `rows`, all alike probable.

    Masked rows are numbered by explained row, evaluation and background row. Where rows stopped by
    themselves, only the evaluations of their own count: the first ``n_asked[row]``.

    Returns
    -------
    tuple of ndarray
        Explained row and background row of each, and which columns come from the former: bool ``(count, n_columns)``.
    """
    found: list[tuple[int, int, Kept, int]] = []  # explained row, its place in the part, the notes, evaluations
    for notes in kept:
        for place in np.flatnonzero(np.isin(notes.part.rows, rows)):
            row = int(notes.part.rows[place])
            found.append((row, int(place), notes, int(np.searchsorted(notes.numbers, n_asked[row]))))
    found.sort(key=lambda entry: entry[0])
    counts = [blocks.sizes[notes.blocks[:n_own]] for _, _, notes, n_own in found]
    ends = np.cumsum(np.concatenate([np.zeros(1, dtype=np.int64), *counts]))
    entry_of = np.repeat(np.arange(len(found)), [n_own for *_, n_own in found])
    first_of = np.cumsum([0, *(n_own for *_, n_own in found)])
    total = int(ends[-1])
    numbers = np.arange(total)
    if total > MOST_MASKED:
        numbers = np.sort(stream.choice(total, MOST_MASKED, replace=False, shuffle=False))
    at = np.searchsorted(ends, numbers, side="right") - 1
    drawn, filling = np.empty(len(numbers), dtype=np.intp), np.empty(len(numbers), dtype=np.intp)
    present = np.zeros((len(numbers), n_columns), dtype=np.bool_)
    for k, (number, place) in enumerate(zip(numbers, at, strict=True)):
        row, own, notes, _ = found[entry_of[place]]
        evaluation = place - first_of[entry_of[place]]
        drawn[k] = row
        filling[k] = blocks.starts[notes.blocks[evaluation]] + number - ends[place]
        present[k] = _columns(notes.part, own, notes.present[evaluation], n_columns)
    return drawn, filling, present


def _columns(part: Players, place: int, coalition: Bools, n_columns: int) -> Bools:
    """The columns of a coalition of the players of one row."""
    owners = np.arange(n_columns) if part.owners is None else part.owners
    units = np.zeros(int(owners.max()) + 1, dtype=np.bool_)
    units[part.features[place][coalition]] = True
    columns: Bools = units[owners]
    return columns
