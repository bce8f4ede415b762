"""Which method of which object predicts, and what the object says about its columns and classes."""

import sys
from collections.abc import Callable
from typing import Any

from ferroshap.errors import InvalidModelError
from ferroshap.inputs.foreign import is_instance
from ferroshap.inputs.matching import is_automatic
from ferroshap.models.model import Model

METHODS = ("predict_proba", "decision_function", "predict")
#: Models of ours with names for their outputs.
OURS = (("detector", "Detector"), ("pinned_target", "PinnedTarget"), ("soft_target", "SoftTarget"))
FITTED_NAMES = ("feature_names_in_", "feature_names_")  # scikit-learn and its kin, CatBoost


def as_model(model: object, *, argument: str = "model") -> Model:
    """Make a `Model` of anything that predicts.

    Parameters
    ----------
    model : object
        A function, a bound method, or an estimator with `predict_proba`, `decision_function`
        or `predict`: the first of these that it has is explained. Other callables are called.
    argument : str
        The caller's name for it, used in messages.

    Raises
    ------
    InvalidModelError
        The object is no model.

    Examples
    --------
    >>> model = as_model(lambda rows: rows.sum(axis=1))
    >>> import numpy as np
    >>> model(np.ones((2, 3)), 2)
    array([3., 3.])
    """
    if isinstance(model, Model):
        return model
    function = _foreign(model) or _predicting_function(model)
    if function is None:
        raise InvalidModelError(_refusal(model, argument))
    estimator = getattr(function, "__self__", model)
    names = _column_names(estimator)
    return Model(
        model,
        function,
        output_names=names_of_outputs(model) or _class_names(estimator, getattr(function, "__name__", "")),
        reference_names=names,
        wants_frame=_wants_frame(estimator, names),
    )


def _foreign(model: Any) -> Callable[[Any], object] | None:
    """What stands for a model of another runtime."""
    if not {"keras", "onnx", "onnxruntime"} & sys.modules.keys():
        return None
    from ferroshap.models.sessions import as_function

    return as_function(model)


def _predicting_function(model: Any) -> Callable[[Any], object] | None:
    """The method or the callable itself; None if there is none."""
    if isinstance(model, type):
        return None
    # An estimator of scikit-learn's kind that can also be called is meant as an estimator.
    methods = () if callable(model) and not hasattr(model, "get_params") else METHODS
    candidates = (*(getattr(model, method, None) for method in methods), model)
    return next((candidate for candidate in candidates if callable(candidate)), None)


def _refusal(model: object, argument: str) -> str:
    accepted = f"a function of rows, or an object with one of {', '.join(f'`{name}`' for name in METHODS)}"
    if isinstance(model, type):
        return f"`{argument}` is the class {model.__name__}, not an object of it: pass {accepted}."
    came = (
        repr(model)
        if model is None or isinstance(model, str | bytes | int | float)
        else f"of the class {type(model).__name__}"
    )
    return f"`{argument}` is {came}, which does not predict: pass {accepted}."


def _column_names(estimator: Any) -> list[str] | None:
    """The names that the user gave the columns of the training table; None if a library made them up."""
    for attribute in (*FITTED_NAMES, "feature_names"):  # the last is XGBoost's Booster
        names: Any = getattr(estimator, attribute, None)
        if hasattr(names, "__len__") and not isinstance(names, str):
            listed = [str(name) for name in names]
            return None if is_automatic(listed) else listed
    return None


def _wants_frame(estimator: Any, names: list[str] | None) -> bool | None:
    """Whether the estimator was fitted on named columns.

    False for one that saw an array: scikit-learn warns at each call when it then gets names.
    Not for a pipeline, whose steps may choose columns by position and dtype.
    """
    if names is not None and any(hasattr(estimator, attribute) for attribute in FITTED_NAMES):
        return True
    return False if hasattr(estimator, "n_features_in_") and not hasattr(estimator, "steps") else None


def names_of_outputs(model: Any) -> list[str] | None:
    """What our own models call their outputs.

    Models of Keras have names too, but one a tensor, not one a column.

    Examples
    --------
    >>> names_of_outputs(np.sum) is None
    True
    """
    if any(is_instance(model, f"ferroshap.models.{room}", name) for room, name in OURS):
        return list(model.output_names)
    return None


def _class_names(estimator: Any, method: str) -> list[str] | None:
    """The classes' names where each output column belongs to one class."""
    classes: Any = getattr(estimator, "classes_", None)
    if not hasattr(classes, "__len__"):
        return None
    if any(hasattr(label, "__len__") and not isinstance(label, str | bytes) for label in classes):
        return None  # several targets: a list of arrays of classes
    a_column_each = method in {"predict_proba", "predict_log_proba"} or (
        # Two classes share one column; of "one versus one", a column belongs to a pair.
        method == "decision_function"
        and len(classes) > 2
        and getattr(estimator, "decision_function_shape", None) != "ovo"
    )
    return [str(label) for label in classes] if a_column_each else None
