"""The core: coalitions, samplers, estimators and masked batches, in Rust."""

from typing import TypeAlias, final

import numpy as np
from numpy.typing import NDArray

__version__: str

_Floats: TypeAlias = NDArray[np.float64]
_Words: TypeAlias = NDArray[np.uint64]
_Blocks: TypeAlias = NDArray[np.uint32]

def usable_threads() -> int:
    """Threads that this process may use at once: affinity and quotas are respected."""

def forget_pool() -> None:
    """Forget the thread pool, in a forked child."""

def choose_method(name: str, n_players: int, granted: int, n_blocks: int) -> str:
    """Name the method that would run: for "auto" the automatic choice, else what a named one gives way to."""

def unpack_coalitions(words: _Words, n_players: int) -> NDArray[np.bool_]:
    """Coalitions as a bool array ``(coalitions, players)``."""

def pack_coalitions(present: NDArray[np.bool_]) -> _Words:
    """Pack a bool array ``(coalitions, players)`` into words: player j is bit j % 64 of word j // 64."""

@final
class Filling:
    """A batch that is being filled on the pool."""

    def wait(self) -> None:
        """Return when it is filled."""

def fill_ahead(
    out: list[NDArray[np.generic]],
    background: list[NDArray[np.generic]],
    rows: list[NDArray[np.generic]],
    column_player: list[NDArray[np.int32]],
    words: _Words,
    block_starts: list[int],
    blocks: _Blocks,
    first: int,
    is_immediate: bool,
) -> Filling:
    """Begin to write the model rows of a batch from number `first` on, or write them here and now."""

def varying(background: NDArray[np.generic], rows: NDArray[np.generic]) -> NDArray[np.bool_]:
    """Tell for each row and column, flat, whether some background row has other bits."""

@final
class Average:
    """Weighted means of model outputs over the background, as they arrive in any cuts."""

    def __new__(cls, n_rows: int, block_starts: list[int], blocks: _Blocks, weights: _Floats) -> Average: ...
    def add(self, outputs: _Floats) -> None:
        """Take the outputs of the next model rows: ``(rows, outputs)``."""
    def worths(self) -> _Floats:
        """Return all worths, flat: evaluations, rows, outputs. Once."""

@final
class Estimator:
    """A method in progress: it is asked, told, and estimates at any moment."""

    def __new__(
        cls,
        method: str,
        n_players: int,
        n_outputs: int,
        budget: int,
        seed: int,
        row_key: int,
        endpoints: tuple[_Floats, _Floats, _Floats, _Floats] | None = None,
    ) -> Estimator: ...
    def ask(self, max: int) -> tuple[int, _Words, _Blocks]:  # noqa: A002 - the core's name
        """Return the next evaluations: the number of the first, coalitions, blocks of the background."""
    def tell(self, first: int, worths: _Floats) -> None:
        """Take the worths ``(evaluations, outputs)`` of the evaluations from number `first` on."""
    def estimate(self, n_threads: int) -> tuple[_Floats, _Floats, float, _Floats, _Floats, int, str]:
        """Return values and errors ``(players, outputs)``, df, base, gap, evaluations, status."""

def table_values(worths: _Floats, n_threads: int) -> _Floats:
    """Return the Shapley values ``(players, outputs)`` of worths ``(2**players, outputs)``."""

def table_interactions(worths: _Floats, index: str, order: int, memory_limit_bytes: int, n_threads: int) -> _Floats:
    """Return the interactions ``(sets, outputs)`` of the sets of 1 to `order` players, by size, then lexicographic."""
