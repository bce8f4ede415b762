"""A torch model cut at one of its layers, by a hook that replaces what the layer returns."""

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import numpy.typing as npt

from ferroshap.errors import InvalidModelError
from ferroshap.gradients.torch_model import TorchGradFn
from ferroshap.gradients.torch_modules import evaluating
from ferroshap.inputs.foreign import is_instance, tensor_to_numpy

Array = npt.NDArray[Any]

#: Rows of which it is checked that the layer's output is all that the rest of the model sees.
N_CHECKED = 4


class TorchCut:
    """The part of a torch model up to one layer, and the rest of it as `head`.

    The rest is the whole model, fed with some row, while a hook replaces the layer's output. Fed
    is one row where the model allows it, so that the layers before the cut cost next to nothing.

    Attributes
    ----------
    head : TorchGradFn
        From the layer's output on.
    """

    def __init__(self, model: Any, layer: Any) -> None:
        """Prepare the hooks; nothing is called yet."""
        self._model = TorchGradFn(model)
        self._layer = layer
        self._rest = _Rest(model, layer)
        self.head = TorchGradFn(self._rest)

    def explaining(self) -> AbstractContextManager[None]:
        """Hold the model in evaluation mode."""
        return evaluating(self._model.modules)

    def activations(self, inputs: tuple[Array, ...]) -> tuple[Array, ...]:
        """Compute what the layer returns, after checking that nothing else leads past it.

        Raises
        ------
        InvalidModelError
            The layer is used never or more than once, returns no single tensor, or is no cut.
        """
        torch = sys.modules["torch"]
        if not len(inputs[0]):
            return tuple(np.empty((0, *self._rest.shape), self._model.dtype) for _ in range(1))
        with self._model.recorded(), torch.no_grad():
            tensors = [self._model.tensor(array, is_ours=False, keeps_integers=True) for array in inputs]
            seen: list[Any] = []
            outputs = _with_hook(self._layer, seen.append, lambda: self._model.call(tensors))
            outputs = self._model.checked(outputs, len(inputs[0]))
            activations = _one_tensor(seen, self._layer)
            if self._rest.fed is None:
                self._rest.fed = [tensor[:1].clone() for tensor in tensors]
            self._rest.shape = tuple(activations.shape[1:])
            self._check_cut(activations[:N_CHECKED], outputs[:N_CHECKED])
        return (tensor_to_numpy(activations),)

    def _check_cut(self, activations: Any, outputs: Any) -> None:
        """Give the rest of the model activations of some rows, while it is fed with another."""
        tolerance = 1e-8 if self._model.dtype == np.float64 else max(1e-4, 16 * self._model.rounding)
        for feeds_one in (True, False):
            self._rest.feeds_one = feeds_one
            try:
                found = self._rest(activations.clone())
            except (RuntimeError, ValueError, IndexError):
                if not feeds_one:
                    raise
                continue
            if found.shape == outputs.shape and bool(
                ((found - outputs).abs() <= tolerance * outputs.abs().clamp(min=1)).all()
            ):
                return
        msg = (
            f"the layer {type(self._layer).__name__} is no cut through the model: with its output of one row and the "
            "input of another, the model does not return what it returns for the one, so something leads past the "
            "layer (a skip connection). Choose a layer after they meet, or pass (encoder, head), where `encoder` "
            "returns all tensors that `head` needs."
        )
        raise InvalidModelError(msg)


class _Rest:
    """The model as a function of what one of its layers returns."""

    def __init__(self, model: Any, layer: Any) -> None:
        self.model = model
        self.layer = layer
        self.fed: list[Any] | None = None
        self.feeds_one = True
        self.shape: tuple[int, ...] = ()

    def __call__(self, activations: Any) -> Any:
        rows = 1 if self.feeds_one else len(activations)
        fed = [tensor.expand(rows, *tensor.shape[1:]).clone() for tensor in self.fed or ()]

        def replaced(_returned: Any) -> Any:
            return activations

        return _with_hook(self.layer, replaced, lambda: self.model(*fed))


def is_layer_of(model: Any, layer: Any) -> bool:
    """Whether `layer` is a torch module inside another."""
    if not (is_instance(model, "torch.nn", "Module") and is_instance(layer, "torch.nn", "Module")):
        return False
    return layer is not model and any(part is layer for part in model.modules())


def _with_hook(layer: Any, meet: Callable[[Any], Any], call: Callable[[], Any]) -> Any:
    """Call something while `meet` gets what the layer returns, and may replace it."""
    met = 0

    def hook(_module: Any, _inputs: Any, returned: Any) -> Any:
        nonlocal met
        met += 1
        # A layer that works in place comes next: what is kept must not change under its hands.
        return meet(returned.clone() if hasattr(returned, "clone") else returned)

    handle = layer.register_forward_hook(hook)
    try:
        returned = call()
    finally:
        handle.remove()
    if met != 1:
        times = "is not called" if met == 0 else f"is called {met} times"
        msg = (
            f"the layer {type(layer).__name__} {times} by the model's forward: choose one that is called once, or pass "
            "(encoder, head)."
        )
        raise InvalidModelError(msg)
    return returned


def _one_tensor(seen: list[Any], layer: Any) -> Any:
    returned = seen[0]
    if not is_instance(returned, "torch", "Tensor"):
        msg = (
            f"the layer {type(layer).__name__} returns a {type(returned).__name__}, not one tensor: choose a layer "
            "that returns one, or pass (encoder, head), where `encoder` returns several tensors and `head` takes them."
        )
        raise InvalidModelError(msg)
    return returned
