"""`Reservoir`: some rows, drawn evenly, to look at."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap import _native
from ferroshap.engines.reducers.blocks import Block, as_floats
from ferroshap.engines.reducers.kept_rows import KeptRows
from ferroshap.engines.reducers.reducer import Reducer
from ferroshap.errors import OptionError
from ferroshap.explanation import Explanation

_WEYL = np.uint64(0x9E3779B97F4A7C15)


class Reservoir(Reducer):
    """Some rows of a table, each as likely as any other, with their values, base values and data.

    Row ``k`` has the priority ``mix(k * 9E3779B97F4A7C15 + seed)``, a number that looks random and depends on nothing
    else; the rows with the `size` smallest priorities are kept. So the same rows are kept however the table was cut:
    ``k`` is the row's number in the whole table, or where the order is not known, made from the row's content (then
    equal rows are kept or let go together).

    Parameters
    ----------
    size : int
        Rows to keep; all of them if there are no more.
    seed : int
        Another seed keeps other rows.

    Raises
    ------
    OptionError
        When `size` is not positive, or `seed` not from 0 to ``2**64 - 1``.

    Examples
    --------
    >>> from ferroshap import Explanation
    >>> rows = Explanation(np.arange(2000.0).reshape(1000, 2), 0.0, feature_names=["age", "bmi"])
    >>> reservoir = Reservoir(3, seed=1).update(rows)
    >>> reservoir
    <Reservoir(size=3, seed=1): 1,000 rows x 2 features>
    >>> kept = reservoir.result()
    >>> kept.shape, kept.feature_names
    ((3, 2), ['age', 'bmi'])
    """

    def __init__(self, size: int = 2000, seed: int = 0) -> None:
        self.size = _checked("size", size, 1, 2**40)
        self.seed = _checked("seed", seed, 0, 2**64 - 1)

    def _options(self) -> dict[str, Any]:
        return {"size": self.size, "seed": self.seed}

    def _started(self, n_features: int, n_outputs: int) -> KeptRows:
        none = np.zeros(0, dtype=np.uint64)
        values = np.zeros((0, n_features, n_outputs))
        return KeptRows(self.size, 0, none, none, values, values[:, 0], values[:, :, 0], values)

    def _read(self, state: bytes, n_features: int, n_outputs: int) -> KeptRows:
        return KeptRows.from_bytes(state, n_features, n_outputs, self.size)

    def _absorb(self, state: KeptRows, block: Block, n_threads: int) -> None:
        keys = _keys(block, n_threads)
        priorities = _priorities(keys, self.seed)
        n_seen = len(priorities)
        # Only rows that could displace one are looked at any further.
        place = np.flatnonzero(priorities <= state.priorities[-1]) if state.n_rows >= self.size else np.arange(n_seen)
        if len(place) > self.size:
            last = np.partition(priorities[place], self.size - 1)[self.size - 1]
            place = place[priorities[place] <= last]
        found = KeptRows(
            self.size,
            n_seen,
            priorities[place],
            keys[place],
            block.values[place],
            block.base_values[place],
            None if block.data is None else as_floats(block.data[place], "Reservoir").astype(np.float64),
            None if block.error_std is None else np.reshape(block.error_std, block.values.shape)[place],
        )
        if state.n_rows == 0:  # nothing to fit to yet
            state.values, state.base_values = found.values[:0], found.base_values[:0]
            state.data = None if found.data is None else found.data[:0]
            state.error_std = None if found.error_std is None else found.error_std[:0]
        state.merge(found)

    def result(self) -> Explanation:
        """Return the kept rows in the order of their numbers, as `plots.beeswarm` and `report` take them.

        Returns
        -------
        Explanation
            ``(kept, features[, outputs])``. Categories are the codes that the model saw. Rows are named by their
            numbers.
        """
        state, features, outputs = self._seen()
        order = np.argsort(state.keys, kind="stable")
        single = len(outputs) == 1
        values, base, error_std = (
            None if part is None else part[order][..., 0] if single else part[order]
            for part in (state.values, state.base_values, state.error_std)
        )
        names: dict[str, Any] = {} if single else {"output_names": list(outputs)}
        return Explanation(
            values,
            base,
            None if state.data is None else state.data[order],
            feature_names=list(features),
            instance_names=[str(key) for key in state.keys[order].tolist()],
            error_std=error_std,
            axes=("row", "feature") if single else ("row", "feature", "output"),
            **names,
        )


def _keys(block: Block, n_threads: int) -> NDArray[np.uint64]:
    """Numbers that tell rows apart."""
    if block.row_keys is None:
        return np.arange(block.first_row, block.first_row + len(block.values), dtype=np.uint64)
    if isinstance(block.row_keys, str):
        data = np.zeros((len(block.values), 0)) if block.data is None else block.data
        return _native.content_keys(as_floats(data, "Reservoir"), n_threads)
    return np.asarray(block.row_keys).astype(np.uint64)


def _priorities(keys: NDArray[np.uint64], seed: int) -> NDArray[np.uint64]:
    """Scramble numbers of rows (the finaliser of SplitMix64; Steele, Lea, Flood 2014)."""
    words = keys * _WEYL + np.uint64(seed)
    words = (words ^ words >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ words >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    return words ^ words >> np.uint64(31)


def _checked(name: str, number: Any, least: int, most: int) -> int:
    if isinstance(number, bool) or not isinstance(number, int | np.integer) or not least <= number <= most:
        msg = f"`{name}` is {number!r}, but must be an integer from {least} to {most}"
        raise OptionError(msg)
    return int(number)
