"""`BaggingRegressor` and `BaggingClassifier` over models that are sums of trees: their mean.

Each model may have seen a selection of the columns, and a classifier's a selection of the classes.
"""

from typing import Any

from ferroshap.trees.sklearn.composition import Part, weighted_sum
from ferroshap.trees.sklearn.fitted import fitted
from ferroshap.trees.tree_model import TreeModel

MODELS = ("sklearn:BaggingClassifier", "sklearn:BaggingRegressor")


def read(model: Any) -> TreeModel:
    """Make one forest of all."""
    estimators = fitted(model, "estimators_")
    parts = [
        Part(
            model=one,
            weight=1.0 / len(estimators),
            columns=[int(column) for column in columns],
            # The models have seen the classes by number.
            outputs=[int(number) for number in one.classes_] if hasattr(model, "classes_") else None,
        )
        for one, columns in zip(estimators, model.estimators_features_, strict=True)
    ]
    return weighted_sum(model, parts)
