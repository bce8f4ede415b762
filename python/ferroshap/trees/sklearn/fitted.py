"""Questions that every fitted estimator answers: its version, its names, what it refuses, how to ask it quietly."""

import functools
import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.errors import InvalidModelError, NoTreesError

Floats = NDArray[np.float64]
Raw = Callable[[Any], Floats]

#: What an estimator that was fitted on a frame says of every array.
_NO_NAMES = "X does not have valid feature names"


def library() -> str:
    """The name and version of scikit-learn."""
    return f"scikit-learn {sys.modules['sklearn'].__version__}"


def fitted(model: Any, attribute: str) -> Any:
    """An attribute that `fit` sets.

    Raises
    ------
    InvalidModelError
        If it is not there.
    """
    try:
        return getattr(model, attribute)
    except AttributeError:
        msg = f"`model` is a {type(model).__name__} without `{attribute}`: fit it first"
        raise InvalidModelError(msg) from None


def feature_names(model: Any) -> list[str] | None:
    """The columns of the frame that the model was fitted on, if it was one."""
    names = getattr(model, "feature_names_in_", None)
    return None if names is None else [str(name) for name in names]


def class_names(classes: Any) -> list[str]:
    """Classes as the names of outputs; those of several targets say whose they are."""
    if isinstance(classes, list):
        return [f"target {i}: {name}" for i, several in enumerate(classes) for name in several]
    return [str(name) for name in classes]


def rejects(model: Any) -> str:
    """What `predict` refuses: infinite numbers, and NaN unless the trees learnt where to send it."""
    return "inf" if _allows_nan(model) else "nan inf"


def _allows_nan(model: Any) -> bool:
    if getattr(model, "monotonic_cst", None) is not None:
        return False
    try:
        return bool(model.__sklearn_tags__().input_tags.allow_nan)  # since 1.6
    except AttributeError:
        tags: dict[str, Any] = getattr(model, "_get_tags", dict)()
        return bool(tags.get("allow_nan", False))


def quietly(function: Callable[[Any], Any]) -> Raw:
    """The function without the warning that an array has no column names: we know which column is which."""

    @functools.wraps(function)
    def quiet(rows: Any) -> Floats:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=_NO_NAMES)
            outputs = function(rows)
        if isinstance(outputs, list):  # one array a target
            outputs = np.concatenate(outputs, axis=1)
        return np.asarray(outputs, dtype=np.float64)

    return quiet


def no_trees(model: Any, why: str) -> NoTreesError:
    """The error that sends a model to the agnostic route."""
    return NoTreesError(
        f"`model` is a {type(model).__name__} {why}: it is no weighted sum of trees; "
        "explain its prediction method as a function, with algorithm='permutation' or `PermutationExplainer`"
    )
