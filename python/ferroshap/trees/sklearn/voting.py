"""`VotingRegressor` and `VotingClassifier` with soft votes, over models that are sums of trees: their weighted mean."""

from typing import Any

import numpy as np

from ferroshap.trees.sklearn.composition import Part, weighted_sum
from ferroshap.trees.sklearn.fitted import fitted, no_trees
from ferroshap.trees.tree_model import TreeModel

MODELS = ("sklearn:VotingClassifier", "sklearn:VotingRegressor")


def read(model: Any) -> TreeModel:
    """Make one forest of all."""
    if getattr(model, "voting", "soft") != "soft":
        raise no_trees(model, f"with voting={model.voting!r}, which counts votes")
    estimators = fitted(model, "estimators_")
    used = [estimator != "drop" for _, estimator in model.estimators]
    weights = np.ones(len(used)) if model.weights is None else np.asarray(model.weights, dtype=np.float64)
    weights = weights[used]
    shares = weights / weights.sum()
    return weighted_sum(
        model, [Part(model=one, weight=float(share)) for one, share in zip(estimators, shares, strict=True)]
    )
