r"""`IsolationForest`: the mean path length, which its score is a function of.

A row's path in one tree has the length :math:`\mathrm{depth} + c(n)`, with :math:`n` the training rows in its leaf and

.. math:: c(n) = 2 (\ln(n - 1) + \gamma) - 2 (n - 1) / n,\quad c(2) = 1,\quad c(n \le 1) = 0

(Liu, Ting, Zhou (2008), "Isolation forest", equation 1), and
:math:`\mathrm{score\_samples} = -2^{-\mathrm{mean} / c(\mathrm{max\_samples})}`.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap import _native
from ferroshap.trees.sklearn.fitted import Raw, feature_names, fitted, library, quietly, rejects
from ferroshap.trees.sklearn.nodes import nodes
from ferroshap.trees.tree_model import TreeModel

Floats = NDArray[np.float64]

MODELS = ("sklearn:IsolationForest",)


def read(model: Any) -> TreeModel:
    """Make a forest whose leaves hold path lengths."""
    estimators = fitted(model, "estimators_")
    n_columns = int(model.n_features_in_)
    sees_all = estimators[0].n_features_in_ == n_columns and not model.bootstrap_features
    trees = []
    for one, columns in zip(estimators, model.estimators_features_, strict=True):
        tree = one.tree_
        length = (_depths(tree) + mean_path(tree.n_node_samples)) / len(estimators)
        trees.append(nodes(tree, length, None if sees_all else columns))
    forest = _native.forest_from_arrays(
        trees,
        n_columns=n_columns,
        offset=np.zeros(1),
        library=library(),
        cast="float32",
        names=feature_names(model) or (),
        transform=("other", 1.0),
    )
    return TreeModel(
        forest=forest,
        model=model,
        library=library(),
        raw=_mean_length(model),
        is_vector=True,
        feature_names=feature_names(model),
        rejects=rejects(model),
    )


def mean_path(n_rows: NDArray[Any]) -> Floats:
    """The mean length of an unsuccessful search among so many rows, `c(n)`."""
    n = np.maximum(np.asarray(n_rows, dtype=np.float64), 2.0)
    mean = 2.0 * (np.log(np.maximum(n - 1.0, 1.0)) + np.euler_gamma) - 2.0 * (n - 1.0) / n
    return np.where(np.asarray(n_rows) > 2, mean, np.where(np.asarray(n_rows) == 2, 1.0, 0.0))


def _depths(tree: Any) -> Floats:
    """The number of splits above each node, level by level."""
    depths = np.zeros(tree.node_count)
    level, depth = np.zeros(1, dtype=np.intp), 0
    while level.size:
        depths[level] = depth
        depth += 1
        children = np.concatenate([tree.children_left[level], tree.children_right[level]])
        level = children[children >= 0]
    return depths


def _mean_length(model: Any) -> Raw | None:
    """The mean length from the score; where single rows were drawn, the score knows nothing of it."""
    unit = float(mean_path(np.array([model.max_samples_]))[0])
    if unit == 0.0:
        return None
    score = quietly(model.score_samples)
    return lambda rows: -unit * np.log2(-score(rows))
