"""`GradientBoostingRegressor` and `GradientBoostingClassifier`: raw margins, one tree a round and class.

The margin of a classifier is its `decision_function`.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap import _native
from ferroshap.trees.sklearn.fitted import (
    Raw,
    class_names,
    feature_names,
    fitted,
    library,
    no_trees,
    quietly,
)
from ferroshap.trees.sklearn.nodes import means, nodes
from ferroshap.trees.tree_model import TreeModel

MODELS = ("sklearn:GradientBoostingClassifier", "sklearn:GradientBoostingRegressor")


def read(model: Any) -> TreeModel:
    """Make a forest of the rounds, and take what they start from by difference."""
    rounds = fitted(model, "estimators_")  # (rounds, classes)
    is_classifier = hasattr(model, "predict_proba")
    n_outputs = rounds.shape[1]
    trees = [
        {**nodes(one.tree_, model.learning_rate * means(one.tree_)[:, 0]), "output": output}
        for round_ in rounds
        for output, one in enumerate(round_)
    ]
    raw = quietly(model.decision_function if is_classifier else model.predict)
    forest = _native.forest_from_arrays(
        trees,
        n_columns=int(model.n_features_in_),
        offset=np.zeros(n_outputs),
        library=library(),
        cast="float32",
        names=feature_names(model) or (),
        transform=_transform(model, n_outputs) if is_classifier else ("identity", 1.0),
        trees_per_round=n_outputs,
    )
    return TreeModel(
        forest=forest.with_offset(_offset(model, forest, raw)),
        model=model,
        library=library(),
        raw=raw,
        is_vector=n_outputs == 1,
        feature_names=feature_names(model),
        output_names=class_names(model.classes_) if n_outputs > 1 else None,
        rejects="nan inf",
        loss=str(model.loss),
    )


def _transform(model: Any, n_outputs: int) -> tuple[str, float]:
    if n_outputs > 1:
        return ("softmax", 1.0)
    return ("sigmoid", 2.0 if model.loss == "exponential" else 1.0)


def _offset(model: Any, forest: _native.Forest, raw: Raw) -> NDArray[np.float64]:
    """What the rounds start from: the margin less the trees, on two rows.

    Versions differ in how they centre the log priors of several classes: hence by difference. An initial model
    that looks at its rows is no constant, and two rows alone could not tell: its class says so first.
    """
    initial = model.init_
    is_constant = isinstance(initial, str) or type(initial).__name__ in {"DummyClassifier", "DummyRegressor"}
    rows = np.zeros((2, forest.n_columns), dtype=np.float32)
    rows[1] = [0.0 if thresholds is None else thresholds[-1] for thresholds in forest.all_thresholds()]
    starts = raw(rows).reshape(2, -1) - forest.predict(rows, 1)
    rounding = 1e-9 * max(1.0, float(np.abs(starts).max()))
    if not is_constant or np.abs(starts[0] - starts[1]).max() > rounding:
        raise no_trees(model, f"whose `init` is a {type(initial).__name__}, which looks at its rows")
    offset: NDArray[np.float64] = starts[0]
    return offset
