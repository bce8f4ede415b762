"""Options of a `GradientExplainer`, brought to the form in which they are used, or refused."""

from dataclasses import replace
from typing import Any

import numpy as np

from ferroshap.errors import OptionError
from ferroshap.explainers.calls import Untouched, positive
from ferroshap.gradients import ExpectedGradients, Quadrature
from ferroshap.gradients.machine import Method

#: Defaults that are printed as shap's and mean what the method and the shapes say.
BATCH_SIZE = Untouched(50)
NSAMPLES = Untouched(200)


def as_method(method: Any) -> Method:
    """Return the method, the default one for None.

    Raises
    ------
    OptionError
        For anything else.
    """
    if method is None:
        return ExpectedGradients()
    if not isinstance(method, ExpectedGradients | Quadrature):
        msg = f"`method` is {method!r}, but must be gradients.ExpectedGradients(...) or gradients.Quadrature(...)"
        raise OptionError(msg)
    return method


def as_batch(batch_size: Any) -> int | None:
    """Return the most points of a batch; None to choose."""
    if batch_size is BATCH_SIZE or (isinstance(batch_size, str) and batch_size == "auto"):
        return None
    return positive(batch_size, "batch_size")


def as_smoothing(sigma: Any) -> float:
    """Return a standard deviation.

    Raises
    ------
    OptionError
        For what is none.
    """
    if isinstance(sigma, bool) or not isinstance(sigma, int | float | np.number) or not 0 <= sigma < np.inf:
        msg = f"`local_smoothing` is {sigma!r}, but must be a standard deviation, 0 or more"
        raise OptionError(msg)
    return float(sigma)


#: Points of one row: the core counts them in 32 bits.
MOST_SAMPLES = 2**32 - 1


def method_of_call(method: Method, nsamples: Any, tol: float | None) -> Method:
    """Return the method with the budget and tolerance of a call.

    Raises
    ------
    OptionError
        When the method has neither, and for numbers that are none.
    """
    if isinstance(method, Quadrature):
        if nsamples is not NSAMPLES or tol is not None:
            msg = f"`nsamples` and `tol` do not apply to {method!r}: give it more or fewer nodes"
            raise OptionError(msg)
        return method
    if nsamples is not NSAMPLES:
        budget = positive(nsamples, "nsamples", or_auto=False)
        if budget > MOST_SAMPLES:
            msg = f"`nsamples` is {nsamples!r}, but must be at most {MOST_SAMPLES}"
            raise OptionError(msg)
        method = replace(method, budget=budget)
    return method if tol is None else replace(method, tol=tol)


def points_of(method: Method, n_background: int) -> int:
    """Return the most points of one row."""
    return method.budget if isinstance(method, ExpectedGradients) else method.nodes * n_background
