"""Gradients as plain functions: one that returns both, or a pair."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.errors import DimensionError, InvalidModelError
from ferroshap.gradients.protocol import Arrays, Numbers
from ferroshap.models.model import described

FLOAT64 = np.dtype(np.float64)


class FunctionGradFn:
    """A function ``grad_fn(*inputs) -> (outputs, gradients)``, or a pair ``(f, grad_f)`` of functions.

    Outputs are ``(m,)`` with gradients shaped as the input, or ``(m, outputs)`` with gradients
    ``(m, outputs, *shape)``: all outputs at once. Of several inputs the gradients come in a tuple.

    Parameters
    ----------
    function : callable
        The function, or `f` of a pair.
    slope : callable, optional
        `grad_f` of a pair, which returns the gradients alone.

    Examples
    --------
    >>> square = FunctionGradFn(lambda x: ((x**2).sum(axis=1), 2 * x))
    >>> square.forward((np.array([[1.0, 2.0]]),))
    array([5.])
    """

    dtype = FLOAT64
    reads_integers = True

    def __init__(self, function: Any, slope: Any = None) -> None:
        """Keep the functions."""
        self.function = function
        self.slope = slope

    def forward(self, inputs: Arrays) -> NDArray[Any]:
        """Return the outputs."""
        outputs = self.function(*inputs)
        if self.slope is None:
            outputs, _ = _pair(outputs, self.function)
        return np.asarray(outputs)

    def gradient(self, inputs: Arrays, outputs: Numbers) -> tuple[NDArray[Any], Arrays]:
        """Return the outputs chosen and their gradients."""
        if self.slope is None:
            y, slopes = _pair(self.function(*inputs), self.function)
        else:
            y, slopes = self.function(*inputs), self.slope(*inputs)
        y = np.asarray(y)
        slopes = (slopes,) if len(inputs) == 1 and not isinstance(slopes, tuple | list) else slopes
        found = tuple(np.asarray(slope) for slope in slopes)
        if len(found) != len(inputs):
            msg = f"{described(self.slope or self.function)} returned {len(found)} gradients for {len(inputs)} inputs"
            raise InvalidModelError(msg)
        for place, (slope, z) in enumerate(zip(found, inputs, strict=True)):
            wanted = y.shape + z.shape[1:]
            if slope.shape != wanted:
                which = "" if len(inputs) == 1 else f" by input {place}"
                msg = (
                    f"{described(self.slope or self.function)} returned a gradient{which} of shape {slope.shape} for "
                    f"outputs {y.shape} of rows {z.shape}: it must be {wanted}"
                )
                raise DimensionError(msg)
        if y.ndim == 1:
            return y[:, None], tuple(slope[:, None] for slope in found)
        rows = np.arange(len(y))[:, None]
        return y[rows, outputs], tuple(slope[rows, outputs] for slope in found)


def _pair(returned: Any, function: Any) -> tuple[Any, Any]:
    if isinstance(returned, tuple) and len(returned) == 2:
        return returned
    msg = (
        f"`model` is the function {described(function)}, which returned a {type(returned).__name__} where "
        "(outputs, gradients) are needed: return both, or pass a pair (f, grad_f). A model without a gradient is "
        "explained by sampling: ferroshap.Explainer(f, background); images by their segments: "
        "ferroshap.Explainer(f, ferroshap.maskers.Image(...))"
    )
    raise InvalidModelError(msg)
