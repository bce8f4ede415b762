"""The base value of a tree explainer, which is a function of the label where a loss is explained."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.explainers.expected import as_expected_value
from ferroshap.explainers.trees.engine import TreeEngine
from ferroshap.explainers.trees.inputs import read_labels
from ferroshap.threads import as_threads

Floats = NDArray[np.float64]


class ExpectedLoss:
    """``expected_value(y)``: the mean loss over the background, if `y` were true of every row."""

    def __init__(self, engine: TreeEngine, classes: list[str] | None) -> None:
        """Share the explainer's engine."""
        self._engine = engine
        self._classes = classes

    def __call__(self, y: Any) -> Any:
        """Return one number for one label, an array for an array."""
        labels = read_labels(y, np.size(y), self._classes)
        losses = self._engine.base(as_threads(None), labels)[:, 0]
        return float(losses[0]) if np.ndim(y) == 0 else losses


def expected_value(engine: TreeEngine, n_threads: int, classes: list[str] | None) -> Any:
    """Return a float, ``(outputs,)``, or a function of labels."""
    if engine.output.needs_labels:
        return ExpectedLoss(engine, classes)
    return as_expected_value(engine.base(n_threads), is_vector=engine.is_vector)
