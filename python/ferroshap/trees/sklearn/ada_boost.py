"""`AdaBoostClassifier` over trees: the sum of weighted votes, its `decision_function`.

Tree t with weight a_t adds a_t / sum(a) to the class that it votes for and -1 / (K - 1) times that to all others; with
two classes the decision is the second's sum less the first's. `AdaBoostRegressor` is a weighted median.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap import _native
from ferroshap.trees.sklearn.fitted import class_names, feature_names, fitted, library, no_trees, quietly, rejects
from ferroshap.trees.sklearn.nodes import nodes
from ferroshap.trees.tree_model import TreeModel

MODELS = ("sklearn:AdaBoostClassifier", "sklearn:AdaBoostRegressor")


def read(model: Any) -> TreeModel:
    """Make a forest whose leaves hold votes."""
    if not hasattr(model, "decision_function"):
        raise no_trees(model, "which returns the weighted median of its trees")
    estimators = fitted(model, "estimators_")
    if not all(hasattr(one, "tree_") for one in estimators):
        raise no_trees(model, f"over {type(estimators[0]).__name__} models")
    if getattr(model, "algorithm", "SAMME") == "SAMME.R":
        raise no_trees(model, "with algorithm='SAMME.R', whose logarithms of shares we do not read (SAMME is read)")
    n_classes = len(model.classes_)
    is_binary = n_classes == 2
    weights = np.asarray(model.estimator_weights_[: len(estimators)], dtype=np.float64)
    trees = []
    for one, weight in zip(estimators, weights / model.estimator_weights_.sum(), strict=True):
        votes = weight * _votes(one, model.classes_)
        trees.append(nodes(one.tree_, votes[:, 1] - votes[:, 0] if is_binary else votes))
    forest = _native.forest_from_arrays(
        trees,
        n_columns=int(model.n_features_in_),
        offset=np.zeros(1 if is_binary else n_classes),
        library=library(),
        cast="float32",
        names=feature_names(model) or (),
        transform=("sigmoid", 1.0) if is_binary else ("other", 1.0),  # softmax(decision / (K - 1))
    )
    return TreeModel(
        forest=forest,
        model=model,
        library=library(),
        raw=quietly(model.decision_function),
        is_vector=is_binary,
        feature_names=feature_names(model),
        output_names=None if is_binary else class_names(model.classes_),
        rejects=rejects(model),
    )


def _votes(estimator: Any, classes: NDArray[Any]) -> NDArray[np.float64]:
    """One at the class that a node votes for, ties to the first, -1 / (K - 1) at all others: ``(nodes, classes)``."""
    voted = estimator.classes_[estimator.tree_.value[:, 0, :].argmax(axis=1)]
    others = -1.0 / max(len(classes) - 1, 1)
    return np.where(voted[:, None] == classes[None, :], 1.0, others)
