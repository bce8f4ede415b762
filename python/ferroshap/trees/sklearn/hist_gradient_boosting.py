"""`HistGradientBoostingRegressor` and `HistGradientBoostingClassifier`: raw margins, categories, missing values.

A model with categories reorders its columns: categories first, encoded in the order of their values, then the rest.
We speak of the columns as the user has them. A code that is known but not in a split's set goes right; a value that
was not seen in training is missing.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap import _native
from ferroshap.errors import InvalidModelError
from ferroshap.trees.sklearn.categories import Categories
from ferroshap.trees.sklearn.fitted import Raw, class_names, feature_names, fitted, library, quietly
from ferroshap.trees.tree_model import TreeModel

MODELS = ("sklearn:HistGradientBoostingClassifier", "sklearn:HistGradientBoostingRegressor")


def read(model: Any) -> TreeModel:
    """Make a forest of the predictors of each round and class."""
    rounds = fitted(model, "_predictors")
    is_classifier = hasattr(model, "predict_proba")
    offset = np.asarray(model._baseline_prediction, dtype=np.float64).reshape(-1)  # noqa: SLF001 - its only home
    categories = _categories(model)
    n_columns = int(model.n_features_in_)
    order = np.arange(n_columns) if categories is None else categories.order
    sets: list[NDArray[np.uint32]] = []
    trees = [
        {**_nodes(predictor, order, sets), "output": output}
        for round_ in rounds
        for output, predictor in enumerate(round_)
    ]
    transform = _transform(model, len(offset), is_classifier=is_classifier)
    forest = _native.forest_from_arrays(
        trees,
        n_columns=n_columns,
        offset=offset,
        library=library(),
        names=feature_names(model) or (),
        transform=transform,
        trees_per_round=len(offset),
        sets=sets,
        columns=None if categories is None else categories.columns(),
    )
    return TreeModel(
        forest=forest,
        model=model,
        library=library(),
        raw=quietly(model.decision_function if is_classifier else _margin(model, transform[0])),
        is_vector=len(offset) == 1,
        feature_names=feature_names(model),
        output_names=class_names(model.classes_) if len(offset) > 1 else None,
        frame_categories=None if categories is None else categories.values,
        to_library=None if categories is None else categories.decoded,
        loss=str(model.loss),
    )


def _nodes(predictor: Any, order: NDArray[np.intp], sets: list[NDArray[np.uint32]]) -> dict[str, Any]:
    """One tree for `forest_from_arrays`; its category sets join the others."""
    fields = predictor.nodes
    is_leaf = fields["is_leaf"] != 0
    is_categorical = (fields["is_categorical"] != 0) & ~is_leaf
    first = len(sets)
    sets.extend(np.ascontiguousarray(words, dtype=np.uint32) for words in predictor.raw_left_cat_bitsets)
    return {
        "children_left": np.where(is_leaf, -1, fields["left"].astype(np.int64)),
        "children_right": np.where(is_leaf, -1, fields["right"].astype(np.int64)),
        "feature": np.where(is_leaf, -1, order[np.where(is_leaf, 0, fields["feature_idx"])]),
        "threshold": np.where(is_categorical | is_leaf, 0.0, fields["num_threshold"]),
        "value": np.ascontiguousarray(fields["value"]),
        "cover": fields["count"].astype(np.float64),
        "nan_left": fields["missing_go_to_left"] != 0,
        "category_set": np.where(is_categorical, first + fields["bitset_idx"].astype(np.int64), -1),
    }


def _categories(model: Any) -> Categories | None:
    """The encoder of a model with categorical columns."""
    mask = getattr(model, "is_categorical_", None)
    if mask is None:
        return None
    preprocessor = getattr(model, "_preprocessor", None)
    if preprocessor is None:
        msg = f"`model` was fitted by {library()} with categories, which we read from 1.4 on: fit it again"
        raise InvalidModelError(msg)
    return Categories(np.asarray(mask), preprocessor.named_transformers_["encoder"].categories_, feature_names(model))


def _transform(model: Any, n_outputs: int, *, is_classifier: bool) -> tuple[str, float]:
    """From margins to predictions."""
    if is_classifier:
        return ("sigmoid" if n_outputs == 1 else "softmax", 1.0)
    return ("exp" if model.loss in {"poisson", "gamma"} else "identity", 1.0)


def _margin(model: Any, transform: str) -> Raw:
    """The raw margin of a regressor, which shows it only through its link."""
    if transform == "identity":
        return model.predict  # type: ignore[no-any-return]
    return lambda rows: np.log(model.predict(rows))
