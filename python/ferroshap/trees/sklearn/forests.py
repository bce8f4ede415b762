"""Averages of trees: `RandomForest*` and `ExtraTrees*`, with one target or several.

Regressors are explained by `predict`, classifiers by `predict_proba`.
"""

import copy
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ferroshap import _native
from ferroshap.trees.sklearn.fitted import class_names, feature_names, fitted, library, quietly, rejects
from ferroshap.trees.sklearn.nodes import class_counts, means, nodes, shares
from ferroshap.trees.tree_model import TreeModel

MODELS = (
    "sklearn:RandomForestClassifier",
    "sklearn:RandomForestRegressor",
    "sklearn:ExtraTreesClassifier",
    "sklearn:ExtraTreesRegressor",
)


def read(model: Any) -> TreeModel:
    """Make a forest of a forest."""
    estimators = fitted(model, "estimators_")
    return mean_of_trees(model, [one.tree_ for one in estimators], library_rejects_of=estimators[0])


def mean_of_trees(model: Any, trees: Sequence[Any], *, library_rejects_of: Any) -> TreeModel:
    """The mean over trees of means or class shares."""
    is_classifier = hasattr(model, "predict_proba")
    n_classes = class_counts(model) if is_classifier else []
    n_outputs = sum(n_classes) if is_classifier else int(model.n_outputs_)
    values = [(shares(tree, n_classes) if is_classifier else means(tree)) / len(trees) for tree in trees]
    forest = _native.forest_from_arrays(
        [nodes(tree, value) for tree, value in zip(trees, values, strict=True)],
        n_columns=int(model.n_features_in_),
        offset=np.zeros(n_outputs),
        library=library(),
        cast="float32",
        names=feature_names(model) or (),
    )
    return TreeModel(
        forest=forest,
        model=model,
        library=library(),
        raw=quietly(_in_one_thread(model, "predict_proba" if is_classifier else "predict")),
        is_vector=not is_classifier and n_outputs == 1,
        feature_names=feature_names(model),
        output_names=class_names(model.classes_) if is_classifier else None,
        rejects=rejects(library_rejects_of),
        is_probability=is_classifier,
        loss=str(model.criterion),
    )


def _in_one_thread(model: Any, method: str) -> Callable[[Any], Any]:
    """A method of the model, for few rows: threads take longer to start than such rows to predict."""

    def predict(rows: Any) -> Any:
        alone = model
        if getattr(model, "n_jobs", None) not in {None, 1}:
            alone = copy.copy(model)  # shallow, and at every call: the user's model stays as it is
            alone.n_jobs = 1
        return getattr(alone, method)(rows)

    return predict
