"""What adapters of scikit-learn's estimators share: which method is meant, and whether we agree with it."""

from typing import Any

import numpy as np

from ferroshap.errors import InvalidModelError
from ferroshap.gradients.protocol import Arrays, GradFn
from ferroshap.models import as_model

#: Rows on which an adapter is compared with the estimator itself.
N_COMPARED = 3


def owner_and_method(model: Any) -> tuple[Any, str]:
    """Return the estimator that a model is, or whose bound method it is, and the name of the method explained.

    Examples
    --------
    >>> from sklearn.linear_model import LinearRegression
    >>> owner_and_method(LinearRegression().predict), owner_and_method(LinearRegression())
    ((LinearRegression(), 'predict'), (LinearRegression(), 'predict'))
    """
    function = getattr(as_model(model), "function", model) if hasattr(model, "fit") else model
    owner = getattr(function, "__self__", None)
    return (model, "") if owner is None else (owner, function.__name__)


def is_of(model: Any, *names: str) -> bool:
    """Tell whether a model, or the owner of a bound method, is of one of these classes of scikit-learn.

    Examples
    --------
    >>> from sklearn.linear_model import LinearRegression
    >>> is_of(LinearRegression().predict, "LinearRegression"), is_of(len, "LinearRegression")
    (True, False)
    """
    owner = getattr(model, "__self__", None)
    owner = model if owner is None or isinstance(owner, type) else owner
    return any(
        cls.__name__ in names and cls.__module__.partition(".")[0] == "sklearn" for cls in type(owner).__mro__[:-1]
    )


def check_method(method: str, accepted: tuple[str, ...], model: Any) -> None:
    """Refuse a method whose output has steps, such as the labels that a classifier predicts.

    Raises
    ------
    InvalidModelError
        Naming the methods that have a gradient.
    """
    if method not in accepted:
        msg = (
            f"`model` is {type(model).__name__}.{method}, which is piecewise constant, so its gradient is 0: "
            f"pass its {' or '.join(accepted)}"
        )
        raise InvalidModelError(msg)


def check_agreement(grad_fn: GradFn, model: Any, method: str, background: Arrays) -> None:
    """Compare an adapter with the estimator's own method on some rows of the background.

    Raises
    ------
    InvalidModelError
        When they differ: the estimator overrides something that the adapter does not know of.
    """
    if not background or background[0].ndim != 2 or not method:
        return
    rows = np.asarray(background[0][:N_COMPARED], grad_fn.dtype)
    own = np.asarray(as_model(getattr(model, method)).function(rows), dtype=np.float64)
    ours = np.asarray(grad_fn.forward((rows,)), dtype=np.float64)
    tolerance = 1e-4 if grad_fn.dtype == np.float32 else 1e-8
    if own.shape != ours.shape or not np.allclose(own, ours, rtol=tolerance, atol=tolerance):
        msg = (
            f"{type(model).__name__}.{method} returns other numbers than its weights give: it is no plain estimator of "
            "its class. Pass a function that returns (outputs, gradients)"
        )
        raise InvalidModelError(msg)
