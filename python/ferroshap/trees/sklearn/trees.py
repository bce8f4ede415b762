"""A single tree: `DecisionTreeRegressor`, `DecisionTreeClassifier`, `ExtraTree*`.

Regressors are explained by `predict`, classifiers by `predict_proba`.
"""

from typing import Any

from ferroshap.trees.sklearn.fitted import fitted
from ferroshap.trees.sklearn.forests import mean_of_trees
from ferroshap.trees.tree_model import TreeModel

MODELS = ("sklearn:DecisionTreeClassifier", "sklearn:DecisionTreeRegressor")


def read(model: Any) -> TreeModel:
    """Make a forest of one tree."""
    return mean_of_trees(model, [fitted(model, "tree_")], library_rejects_of=model)
