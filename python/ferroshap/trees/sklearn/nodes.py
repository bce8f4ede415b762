"""The arrays of one fitted `tree_`, by name, as the core takes them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def nodes(tree: Any, value: Floats, columns: NDArray[np.intp] | None = None) -> dict[str, Any]:
    """One tree for `forest_from_arrays`.

    Rows are cast to single precision and compared with double thresholds; a row whose number is missing goes
    where `missing_go_to_left` says (before scikit-learn 1.3 there is no such array, and NaN is refused).

    Parameters
    ----------
    tree : sklearn.tree._tree.Tree
        The attribute ``tree_``.
    value : ndarray of shape ``(nodes,)`` or ``(nodes, outputs)``
        What its leaves add.
    columns : ndarray, optional
        The model's column for each column of the tree, where it has seen a selection.
    """
    feature = tree.feature
    if columns is not None:
        feature = np.where(feature >= 0, np.asarray(columns)[np.maximum(feature, 0)], feature)
    missing = getattr(tree, "missing_go_to_left", None)
    return {
        "children_left": tree.children_left,
        "children_right": tree.children_right,
        "feature": feature,
        "threshold": tree.threshold,
        "value": value,
        "cover": tree.weighted_n_node_samples,
        "nan_left": None if missing is None else missing != 0,
    }


def means(tree: Any) -> Floats:
    """What a regression tree says: ``(nodes, targets)``."""
    value: Floats = tree.value[:, :, 0]
    return value


def shares(tree: Any, n_classes: Sequence[int]) -> Floats:
    """Class shares of a classification tree ``(nodes, classes of all targets)``.

    Before scikit-learn 1.3 the nodes hold counts; targets with fewer classes than the largest are padded.
    """
    parts = []
    for target, count in enumerate(n_classes):
        counts = tree.value[:, target, :count]
        total = counts.sum(axis=1, keepdims=True)
        parts.append(counts / np.where(total > 0, total, 1.0))
    return np.concatenate(parts, axis=1)


def class_counts(model: Any) -> list[int]:
    """The number of classes of each target."""
    return [int(count) for count in np.atleast_1d(model.n_classes_)]
