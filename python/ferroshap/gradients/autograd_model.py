"""Gradients of functions written with HIPS autograd's NumPy."""

import importlib
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.gradients.protocol import Arrays, Numbers
from ferroshap.gradients.reached import reached

FLOAT64 = np.dtype(np.float64)


class AutogradGradFn:
    """A function written with ``autograd.numpy``: all outputs of a point share one forward pass.

    Parameters
    ----------
    function : callable
        ``f(*inputs) -> (m,)`` or ``(m, outputs)``.
    background : tuple of ndarray, optional
        Not needed.

    Examples
    --------
    >>> import autograd.numpy as anp
    >>> squares = AutogradGradFn(lambda x: anp.sum(x**2, axis=1))
    >>> squares.gradient((np.array([[1.0, 2.0]]),), np.zeros((1, 1), dtype=np.int64))[1][0]
    array([[[2., 4.]]])
    """

    dtype = FLOAT64
    reads_integers = True

    def __init__(self, function: Any, background: Arrays = ()) -> None:
        """Keep the function."""
        del background
        self.function = function

    @staticmethod
    def recognises(model: Any) -> bool:
        """Tell whether a function reaches a module of autograd, by itself or by what it calls."""
        return callable(model) and bool(reached(model, _is_autograd))

    def forward(self, inputs: Arrays) -> NDArray[Any]:
        """Return the outputs."""
        return np.asarray(self.function(*inputs))

    def gradient(self, inputs: Arrays, outputs: Numbers) -> tuple[NDArray[Any], Arrays]:
        """Return the outputs chosen and their gradients."""
        make_vjp: Any = importlib.import_module("autograd").make_vjp
        if len(inputs) == 1:
            one, y = make_vjp(self.function)(inputs[0])
            vjp: Any = lambda wanted: (one(wanted),)  # noqa: E731 - what several inputs give
        else:
            vjp, y = make_vjp(lambda packed: self.function(*packed))(tuple(inputs))
        y = np.asarray(y)
        rows = np.arange(len(y))
        slopes = tuple(np.empty((len(y), outputs.shape[1], *z.shape[1:])) for z in inputs)
        for place in range(outputs.shape[1]):
            wanted = np.ones_like(y)
            if y.ndim == 2:
                wanted = np.zeros_like(y)
                wanted[rows, outputs[:, place]] = 1.0
            for slope, found in zip(slopes, vjp(wanted), strict=True):
                slope[:, place] = found
        return (y[:, None] if y.ndim == 1 else y[rows[:, None], outputs]), slopes


def _is_autograd(found: Any) -> bool:
    name = found.__name__ if isinstance(found, ModuleType) else getattr(found, "__module__", None)
    return isinstance(name, str) and name.partition(".")[0] == "autograd"
