"""The batches of a run that fit into its memory beside what its method remembers, planned before anything is asked."""

from typing import Any

from ferroshap.game import Game
from ferroshap.game.batches import batch_rows
from ferroshap.game.conditional import BATCHES
from ferroshap.run.callable_game import COALITIONS_PER_CALL, positive
from ferroshap.run.memory import NUMBER, method_bytes, require

REMEDIES = "lower `budget` or `batch_size`, or name estimators.Permutation(), which remembers no worths"


def planned_batch(
    game: Any, name: str, n_players: int, budget: int, batch_size: int | str, memory_bytes: int, n_beside: int = 1
) -> int | str:
    """Return the most model rows (for a callable: coalitions) in one call that the memory granted has room for.

    Parameters
    ----------
    game : Game or callable
        What is played; of a callable one output is assumed until it has answered.
    name : str
        The method, as the core calls it.
    n_players, budget : int
        Who plays, and the evaluations granted.
    batch_size : int or "auto"
        What the user wants.
    memory_bytes : int
        What is granted.
    n_beside : int
        Batches that are in this process at once.

    Raises
    ------
    MemoryLimitError
        Naming the sizes, when not even one model row fits; or not as many as were asked for.

    Examples
    --------
    >>> planned_batch(max, "leverage", 100, 1000, "auto", 1 << 30)
    4096
    """
    if isinstance(game, Game):
        n_outputs = game.reference.n_outputs
        row_bytes = sum(block.rows.shape[1] * block.rows.itemsize for block in game.pairing.blocks) + NUMBER * n_outputs
        most = batch_rows(batch_size, row_bytes)
        held = n_beside * (1 + BATCHES if game.reference.masker.is_conditional else 1)
    else:
        n_outputs = 1
        row_bytes = n_players + NUMBER * (n_outputs + -(-n_players // 64))
        most = COALITIONS_PER_CALL if batch_size == "auto" else positive(batch_size, "batch_size")
        held = n_beside
    # No batch is larger than all evaluations.
    one = 1 if batch_size == "auto" else min(most, budget)
    sizes = method_bytes(name, n_players, n_outputs, budget)
    spare = require(sizes | {"a batch of the model": one * held * row_bytes}, memory_bytes, REMEDIES)
    return max(1, min(most, one + spare // (held * row_bytes))) if batch_size == "auto" else batch_size
