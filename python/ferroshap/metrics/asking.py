"""The explained model, asked about many changed rows: in batches, one output for each map."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.errors import DimensionError, OptionError, WorthError
from ferroshap.explainers.calls import positive
from ferroshap.metrics.maps import Maps
from ferroshap.models import as_model

Floats = NDArray[np.float64]

#: The purpose number of this room's streams among those of the core's `random.rs`; the last word of the counter tells
#: what is measured.
MEASURED = 14
TIES, INFIDELITY, SENSITIVITY = 1, 2, 3

#: Bytes of one batch where nobody said how many rows it has.
BATCH_BYTES = 1 << 26


def stream(seed: int, row: int, what: int) -> np.random.Generator:
    """Return the random numbers of one row and one metric: what else is measured does not change them."""
    return np.random.Generator(np.random.Philox(key=[seed, MEASURED], counter=[0, 0, row, what]))


class Asked:
    """A model that is asked about changed rows of `maps`.

    Parameters
    ----------
    model : callable, estimator or bound method
        ``f(rows) -> (rows,)`` or ``(rows, outputs)``.
    maps : Maps
        Whose outputs are wanted.
    layout : {"NHWC", "NCHW"}
        Where the model wants the channels of images; `maps` have them last.
    batch_size : int or "auto"
        The most rows in one call.
    """

    def __init__(self, model: Any, maps: Maps, *, layout: str = "NHWC", batch_size: int | str = "auto") -> None:
        shape = maps.rows().shape[1:]
        if layout not in {"NHWC", "NCHW"} or (layout == "NCHW" and len(shape) != 3):
            msg = f"`layout={layout!r}` does not fit rows of shape {shape}: 'NHWC', or 'NCHW' for (H, W, C)"
            raise OptionError(msg)
        self.model = as_model(model)
        self.maps = maps
        self._is_first = layout == "NCHW"
        row_bytes = max(1, maps.rows()[0].nbytes)
        self.batch_rows = (
            max(1, BATCH_BYTES // row_bytes) if batch_size == "auto" else positive(batch_size, "batch_size")
        )

    def batches(self, count: int) -> Iterator[slice]:
        """Cut `count` rows into batches."""
        for first in range(0, count, self.batch_rows):
            yield slice(first, min(first + self.batch_rows, count))

    def __call__(self, rows: NDArray[Any]) -> Floats:
        """All outputs: ``(m, outputs)``; rows ``(m, *features)``."""
        if self._is_first:
            rows = np.ascontiguousarray(np.moveaxis(rows, -1, 1))
        outputs = self.model(rows, len(rows)).reshape(len(rows), -1)
        if not np.isfinite(outputs).all():
            msg = f"`model` returned {outputs[~np.isfinite(outputs).all(axis=1)][0]}: outputs must be finite"
            raise WorthError(msg)
        return outputs

    def columns(self, n_outputs: int) -> NDArray[np.int64]:
        """Which of the model's outputs each map explains: ``(N, K)``.

        Raises
        ------
        DimensionError
            Nobody says, and there are not as many outputs as maps.
        """
        n_rows, n_maps = len(self.maps.values), self.maps.values.shape[-1]
        known = self.maps.outputs
        if known is None or (known >= n_outputs).any():
            if n_maps != n_outputs:
                msg = (
                    f"`model` has {n_outputs} outputs, but `explanation` maps of {n_maps} without `output_indexes`: "
                    "pass a model that returns the explained outputs only"
                )
                raise DimensionError(msg)
            known = np.broadcast_to(np.arange(n_maps), (n_rows, n_maps))
        return known

    def of_maps(self, row: int, outputs: Floats) -> Floats:
        """The outputs of a row's maps, ``(m, K)``, out of all, ``(m, outputs)``."""
        return outputs[:, self.columns(outputs.shape[1])[row]]
