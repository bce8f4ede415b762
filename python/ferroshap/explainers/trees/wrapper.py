"""`TreeExplainer.model`: what the user passed, and what is explained of it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.explainers.trees.columns import TreeColumns
from ferroshap.explainers.trees.engine import TreeEngine
from ferroshap.explainers.trees.inputs import read_rows
from ferroshap.threads import as_threads
from ferroshap.trees.rows import RowReader


class ExplainedTrees:
    """A tree model as it is explained.

    Attributes
    ----------
    inner_model, original_model : object
        What the user passed; None in a pickle that was read back.
    num_outputs : int
        Outputs of the explained function.
    """

    def __init__(self, model: Any, columns: TreeColumns, reader: RowReader, engine: TreeEngine) -> None:
        """Share the explainer's parts."""
        self.inner_model = self.original_model = model
        self.num_outputs = engine.n_outputs
        self._columns = columns
        self._reader = reader
        self._engine = engine

    def predict(self, X: Any) -> NDArray[np.float64]:
        """Return the explained function on rows, ``(rows,)`` or ``(rows, outputs)``, from the trees themselves."""
        rows = read_rows(X, self._columns, self._reader)
        outputs = self._engine.outputs(rows.native, as_threads(None), None)
        return outputs[:, 0] if self._engine.is_vector else outputs

    def __getstate__(self) -> dict[str, Any]:
        """Leave the user's model behind: the forest holds all that is explained."""
        return self.__dict__ | {"inner_model": None, "original_model": None}

    def __repr__(self) -> str:
        """Name the model's class."""
        model = self.original_model
        return f"<ExplainedTrees of {self._engine.forest.library if model is None else type(model).__name__}>"
