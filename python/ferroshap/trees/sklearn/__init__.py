"""Models of scikit-learn, and of those who inherit from it: arrays read by name, never a pickle."""

import importlib
from typing import Any

from ferroshap.errors import NoTreesError
from ferroshap.trees.tree_model import TreeModel

_FAMILIES = {
    "trees": ("DecisionTreeClassifier", "DecisionTreeRegressor"),  # ExtraTree* inherit
    "forests": ("RandomForestClassifier", "RandomForestRegressor", "ExtraTreesClassifier", "ExtraTreesRegressor"),
    "gradient_boosting": ("GradientBoostingClassifier", "GradientBoostingRegressor"),
    "hist_gradient_boosting": ("HistGradientBoostingClassifier", "HistGradientBoostingRegressor"),
    "isolation_forest": ("IsolationForest",),
    "ada_boost": ("AdaBoostClassifier", "AdaBoostRegressor"),
    "bagging": ("BaggingClassifier", "BaggingRegressor"),
    "voting": ("VotingClassifier", "VotingRegressor"),
}
_FAMILY = {name: family for family, names in _FAMILIES.items() for name in names}

#: What this room reads: "root of the module:name of the class", the class itself or one that it inherits from.
MODELS = tuple(f"sklearn:{name}" for name in _FAMILY)


def read(model: Any) -> TreeModel:
    """Make a forest of a fitted estimator.

    Parameters
    ----------
    model : estimator
        Of one of the classes that `MODELS` names, or of a child of one.

    Returns
    -------
    TreeModel
        The forest, and what the estimator itself says of rows.

    Raises
    ------
    InvalidModelError
        If it is not fitted.
    NoTreesError
        If it is no weighted sum of trees: a vote, a median, an ensemble of something else.
    """
    for parent in type(model).__mro__:
        if parent.__module__.partition(".")[0] == "sklearn" and parent.__name__ in _FAMILY:
            family = importlib.import_module(f"{__name__}.{_FAMILY[parent.__name__]}")
            tree_model: TreeModel = family.read(model)
            return tree_model
    msg = f"`model` is a {type(model).__name__}, which is none of scikit-learn's trees: explain it as a function"
    raise NoTreesError(msg)
