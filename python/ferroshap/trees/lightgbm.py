"""LightGBM's models: `LGBMRegressor`, `LGBMClassifier`, `LGBMRanker` and `Booster`, raw scores.

Under ``boosting="rf"`` LightGBM's raw score is the sum over rounds although its prediction is made of their average;
we explain the average, as `predict` does. After early stopping the best iteration is explained, as `predict` does too.
"""

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
    "lightgbm:Booster",
    "lightgbm:LGBMModel",
    "lightgbm:LGBMClassifier",
    "lightgbm:LGBMRegressor",
    "lightgbm:LGBMRanker",
)


def read(model: Any) -> TreeModel:
    """Make a forest of a trained model, through its own text.

    Raises
    ------
    InvalidModelError
        If it has not been fitted, or its text cannot be read.
    """
    booster = model
    if not hasattr(model, "model_to_string"):
        if not model.__sklearn_is_fitted__():
            msg = f"`model` is a {type(model).__name__} that is not fitted: fit it first"
            raise InvalidModelError(msg)
        booster = model.booster_
    text = booster.model_to_string()  # up to the best iteration
    forest = _native.read_forest(text.encode(), "lightgbm")
    rounds = forest.n_trees // max(forest.trees_per_round, 1)
    header = text.partition("\nTree=")[0]
    is_average = "\naverage_output\n" in header
    raw = _raw(booster, is_average=is_average)
    classes = getattr(model, "classes_", None) if hasattr(model, "predict_proba") else None
    if classes is not None and len(classes) != forest.n_outputs:
        classes = None  # of two classes the second's score is explained
    by_column = _frame_categories(booster, forest)
    return TreeModel(
        forest=forest,
        model=model,
        library=f"lightgbm {sys.modules['lightgbm'].__version__}",
        raw=partial(raw, n_rounds=max(rounds, 1)),
        is_vector=forest.n_outputs == 1,
        feature_names=forest.names,
        output_names=None if classes is None else [str(name) for name in classes],
        frame_categories=by_column,
        categories_in_order=(booster.pandas_categorical or None) if by_column is None else None,
        is_mean_of_rounds=is_average,
        loss=header.partition("\nobjective=")[2].partition("\n")[0],
        raw_of_first=raw,
    )


def _raw(booster: Any, *, is_average: bool) -> Callable[..., Floats]:
    """The raw score of the first rounds, divided by their number where the prediction is."""

    def raw(rows: Any, n_rounds: int) -> Floats:
        scores = np.asarray(booster.predict(rows, raw_score=True, num_iteration=n_rounds), dtype=np.float64)
        return scores / n_rounds if is_average else scores

    return raw


def _frame_categories(booster: Any, forest: _native.Forest) -> list[list[Any] | None] | None:
    """The categories of the training frame; None where it had none, or had ordered ones among them.

    The model has them in the order of the frame's categorical columns, but does not say which columns these
    were. Ordered ones are columns of numbers to the trees, so then the count does not fit.
    """
    lists = booster.pandas_categorical
    columns = [column for column, described in enumerate(forest.categories) if described is not None]
    if not lists or len(lists) != len(columns):
        return None
    by_column: list[list[Any] | None] = [None] * forest.n_columns
    for column, values in zip(columns, lists, strict=True):
        by_column[column] = list(values)
    return by_column
