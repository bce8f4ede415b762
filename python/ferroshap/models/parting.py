"""What is behind the objects that only choose or transform: searches, frozen estimators, pipelines."""

from typing import TYPE_CHECKING, Any

from ferroshap.inputs.foreign import is_instance

if TYPE_CHECKING:
    from ferroshap.models.front import Front

#: Classes of scikit-learn that predict as an estimator does that they hold, and what they call it.
HOLDERS = {
    "FrozenEstimator": "estimator",
    "GridSearchCV": "best_estimator_",
    "HalvingGridSearchCV": "best_estimator_",
    "HalvingRandomSearchCV": "best_estimator_",
    "RandomizedSearchCV": "best_estimator_",
}


def parted(model: Any) -> "tuple[Front | None, Any]":
    """Part a model into the steps that transform, and the estimator, or its bound method, that predicts.

    Returns
    -------
    front : Front or None
        The steps before; None where there are none.
    model : object
        The last step, or its method of the same name where a bound method was given; whatever is no pipeline, itself.

    Raises
    ------
    MixedColumnsError
        When a step of a pipeline mixes columns.

    Examples
    --------
    >>> parted(len)
    (None, <built-in function len>)
    """
    method = None
    owner = getattr(model, "__self__", None)
    if owner is not None and _is_holder(owner):
        method, model = model.__name__, owner
    while (held := _held(model)) is not None:
        model = held
    if not _is_pipeline(model):
        return None, model if method is None else getattr(model, method)
    last = model.steps[-1][1]
    if isinstance(last, str) or last is None or not hasattr(last, "predict"):
        return None, model
    front = None
    if len(model.steps) > 1:
        from ferroshap.models.front import Front

        front = Front(model)
    return front, last if method is None else getattr(last, method)


def _held(model: Any) -> Any:
    """The estimator that answers for a search or a frozen estimator; None for any other."""
    attribute = HOLDERS.get(type(model).__name__)
    is_known = attribute is not None and type(model).__module__.startswith("sklearn.")
    return getattr(model, attribute, None) if attribute is not None and is_known else None


def _is_holder(model: Any) -> bool:
    return _is_pipeline(model) or _held(model) is not None


def _is_pipeline(model: Any) -> bool:
    """Whether a model is a pipeline of a class whose methods are known: a user's own may predict in another way."""
    is_known = type(model).__module__.partition(".")[0] in {"sklearn", "imblearn"}
    return is_known and is_instance(model, "sklearn.pipeline", "Pipeline")
