"""What the reducers of means and variances share: exact sums."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap import _native
from ferroshap.engines.reducers.blocks import Block
from ferroshap.engines.reducers.reducer import Reducer
from ferroshap.engines.reducers.results import shaped


class _Moments(Reducer):
    """Sums of values, of their absolute values and of their squares, exact to the last bit.

    A mean or a variance is rounded once, when it is asked for: it is the double nearest to the true one. NaN among the
    values makes NaN, infinities what IEEE arithmetic makes of them.
    """

    def _started(self, n_features: int, n_outputs: int) -> _native.Sums:
        return _native.Sums(n_features * n_outputs)

    def _read(self, state: bytes, n_features: int, n_outputs: int) -> _native.Sums:
        del n_features, n_outputs
        return _native.Sums.from_bytes(state)

    def _absorb(self, state: _native.Sums, block: Block, n_threads: int) -> None:
        state.add(block.values, n_threads)

    def _moment(self, name: str, ddof: int = 0) -> NDArray[np.float64]:
        state, features, outputs = self._seen()
        return shaped(state.moment(name, ddof), features, outputs)

    def _about(self) -> dict[str, Any]:
        """What every result says about itself."""
        _, features, outputs = self._seen()
        return {"feature_names": features, "output_names": outputs, "n_rows": self.n_rows}
