"""XGBoost's models: the wrappers of its scikit-learn interface, and `Booster`; raw margins.

A wrapper is explained as its `predict` works: after early stopping up to the best iteration, and with its own
``missing=``. A `Booster` predicts with all of its trees and takes NaN alone for missing, and so do we.
"""

import json
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap import _native
from ferroshap.errors import InvalidModelError
from ferroshap.trees.tree_model import TreeModel

Floats = NDArray[np.float64]

#: What this room reads: "root of the module:name of the class".
MODELS = (
    "xgboost:Booster",
    "xgboost:XGBModel",
    "xgboost:XGBClassifier",
    "xgboost:XGBRegressor",
    "xgboost:XGBRanker",
    "xgboost:XGBRFClassifier",
    "xgboost:XGBRFRegressor",
)


def read(model: Any) -> TreeModel:
    """Make a forest of a trained model, through its own UBJSON.

    Raises
    ------
    InvalidModelError
        If it has not been fitted, has no trees by design (`gblinear`), or cannot be read.
    """
    is_wrapper = hasattr(model, "get_booster")
    if is_wrapper and not model.__sklearn_is_fitted__():
        msg = f"`model` is a {type(model).__name__} that is not fitted: fit it first"
        raise InvalidModelError(msg)
    booster = model.get_booster() if is_wrapper else model
    forest = _native.read_forest(bytes(booster.save_raw("ubj")), "xgboost")
    missing = _missing(model) if is_wrapper else np.nan
    if not np.isnan(missing):
        forest = forest.with_missing(missing)
    n_rounds = _rounds(model) if is_wrapper else None
    if n_rounds is not None:
        forest = forest.first_trees(min(n_rounds * forest.trees_per_round, forest.n_trees))
    raw = _raw(model, booster)
    classes = getattr(model, "classes_", None) if hasattr(model, "predict_proba") else None
    if classes is not None and len(classes) != forest.n_outputs:
        classes = None  # of two classes the second's margin is explained
    # Only a DMatrix takes codes; and it refuses infinity, which `predict` of the wrappers does not.
    asks_matrix = not is_wrapper or any(described is not None for described in forest.categories)
    return TreeModel(
        forest=forest,
        model=model,
        library=f"xgboost {sys.modules['xgboost'].__version__}",
        raw=partial(raw, n_rounds=n_rounds or 0),
        is_vector=forest.n_outputs == 1,
        feature_names=booster.feature_names,
        output_names=None if classes is None else [str(name) for name in classes],
        frame_categories=_frame_categories(forest),
        rejects="inf" if asks_matrix else "",
        to_library=_to_library(forest, missing) if asks_matrix else None,
        loss=json.loads(booster.save_config())["learner"]["objective"]["name"],
        raw_of_first=raw,
    )


def _missing(model: Any) -> float:
    """The value that stands for missing besides NaN; the wrapper's `missing` may be None."""
    return np.nan if model.missing is None else float(model.missing)


def _rounds(model: Any) -> int | None:
    """Rounds that `predict` uses; None for all."""
    try:
        return int(model.best_iteration) + 1
    except AttributeError:  # trained without early stopping
        return None


def _raw(model: Any, booster: Any) -> Callable[..., Floats]:
    """The margin of the first rounds, 0 for all: of a wrapper by its own `predict`, else by the booster's."""

    def raw(rows: Any, n_rounds: int) -> Floats:
        is_matrix = isinstance(rows, sys.modules["xgboost"].DMatrix)
        options = {"output_margin": True, "iteration_range": (0, n_rounds), "validate_features": False}
        if model is not booster and not is_matrix:
            return np.asarray(model.predict(rows, **options), dtype=np.float64)
        # A frame says itself which columns are categories; of an array only the model knows it.
        types = None if hasattr(rows, "columns") else booster.feature_types
        matrix = rows if is_matrix else _matrix(rows, np.nan, types)
        return np.asarray(booster.predict(matrix, **options), dtype=np.float64)

    return raw


def _to_library(forest: _native.Forest, missing: float) -> Callable[[NDArray[Any]], Any]:
    """From numbers and codes to a DMatrix that knows which is which."""
    types = ["q" if described is None else "c" for described in forest.categories]

    def to_library(rows: NDArray[Any]) -> Any:
        return _matrix(rows, missing, types)

    return to_library


def _matrix(rows: Any, missing: float, types: list[str] | None) -> Any:
    matrix = sys.modules["xgboost"].DMatrix
    return matrix(rows, missing=missing, feature_types=types, enable_categorical=True)


def _frame_categories(forest: _native.Forest) -> list[list[Any] | None] | None:
    """The categories of the training frame, which versions since 3.1 keep; None where there are none."""
    by_column: list[list[Any] | None] = [
        None if described is None or not described["values"] else _values(described) for described in forest.categories
    ]
    return by_column if any(values is not None for values in by_column) else None


def _values(described: dict[str, Any]) -> list[Any]:
    return [int(text) for text in described["values"]] if described["is_numeric"] else list(described["values"])
