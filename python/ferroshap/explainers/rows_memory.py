"""What explaining rows will take, planned before the model is asked about them."""

from collections.abc import Sequence
from typing import Any

from ferroshap.game import Players, Reference
from ferroshap.inputs import Pairing, Table
from ferroshap.run.memory import method_bytes, require

#: Values and errors, and one of them once more on its way into the Explanation.
OUTPUT_ARRAYS = 3
#: For each cell of the rows: whether it varies, its feature's number, its player's, and its number for people.
CELL_BYTES = 1 + 8 + 4 + 8
FEWER_ROWS = "explain fewer rows a call, or choose some outputs"
OTHER_METHODS = (
    "name estimators.Permutation(), which keeps no coalitions, group the features (maskers.Groups), or screen them "
    "(estimators.Screened())"
)


def require_outputs(reference: Reference, rows: Table, memory_bytes: int) -> None:
    """Refuse rows whose values alone do not fit into the limit.

    Raises
    ------
    MemoryLimitError
        Naming the sizes.
    """
    cells = rows.n_rows * reference.masker.n_players * reference.n_outputs
    require({"values and their errors": OUTPUT_ARRAYS * 8 * cells}, memory_bytes, FEWER_ROWS)


def planned_batches(
    reference: Reference,
    pairing: Pairing,
    groups: Sequence[Players],
    chosen: Sequence[tuple[str, int]],
    *,
    batch_rows: int,
    is_batch_named: bool,
    n_batches_held: int,
    memory_bytes: int,
) -> tuple[int, int]:
    """Model rows of a batch, and the bytes that rows explained side by side may take for what they keep.

    Parameters
    ----------
    groups : sequence of Players
        Rows by their number of players.
    chosen : sequence of (str, int)
        For each the method as the core names it, and its evaluations.
    batch_rows, is_batch_named, n_batches_held : int, bool, int
        The batch that sizes would choose, or the user chose; how many are in memory at once.

    Raises
    ------
    MemoryLimitError
        When one row's method, or one model row beside everything else, does not fit; naming the sizes.
    """
    n_rows = sum(len(group.rows) for group in groups)
    n_outputs, n_features = reference.n_outputs, reference.masker.n_players
    sizes: dict[str, int] = {
        "values and their errors": OUTPUT_ARRAYS * 8 * n_rows * n_features * n_outputs,
        "rows and background": pairing.n_bytes + sum(_cells(groups)),
    }
    for group, (name, budget) in zip(groups, chosen, strict=True):
        if group.n_players:
            for what, size in method_bytes(name, group.n_players, n_outputs, budget).items():
                sizes[what] = max(sizes.get(what, 0), size)
    row_bytes = n_batches_held * (pairing.row_bytes + 8 * n_outputs) + -(-n_features // 64) * 16
    one = batch_rows if is_batch_named else 1
    spare = require(sizes | {"a batch of the model": one * row_bytes}, memory_bytes, _remedies(sizes))
    if is_batch_named:
        return batch_rows, spare
    # Half of what is spare for batches, half for the worths of rows that share their coalitions.
    return max(1, min(batch_rows, spare // 2 // row_bytes)), spare // 2


def _cells(groups: Sequence[Players]) -> list[int]:
    """Bytes for the cells of the rows of each group."""
    return [CELL_BYTES * len(group.rows) * group.n_players for group in groups]


def _remedies(sizes: dict[str, Any]) -> str:
    kept = {"values and their errors", "rows and background"}
    return FEWER_ROWS if max(sizes, key=lambda what: sizes[what]) in kept else OTHER_METHODS
