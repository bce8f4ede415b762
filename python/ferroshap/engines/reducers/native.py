"""What reducers share whose state is in the core."""

from typing import Any

from ferroshap.engines.reducers.blocks import Block
from ferroshap.engines.reducers.reducer import Reducer, State


class _Native(Reducer):
    """A reducer whose state adds values, and comes back from bytes by itself."""

    #: The class of the state.
    _kind: Any

    def _started(self, n_features: int, n_outputs: int) -> State:
        state: State = self._kind(n_features * n_outputs)
        return state

    def _read(self, state: bytes, n_features: int, n_outputs: int) -> State:
        restored = self._kind.from_bytes(state)
        self._check_shape((restored.n_columns,), (n_features * n_outputs,))
        found: State = restored
        return found

    def _absorb(self, state: Any, block: Block, n_threads: int) -> None:
        state.add(block.values, n_threads)

    def _about(self) -> dict[str, Any]:
        """What every result says about itself."""
        _, features, outputs = self._seen()
        return {"feature_names": features, "output_names": outputs, "n_rows": self.n_rows}
