"""Gradients in activation space: a model cut in two, explained from the cut on."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack
from typing import Any

import numpy as np
import numpy.typing as npt

from ferroshap.errors import InvalidModelError
from ferroshap.gradients.protocol import GradFn, explaining
from ferroshap.gradients.recognition import adapter_of, as_grad_fn
from ferroshap.gradients.torch_layer import TorchCut, is_layer_of
from ferroshap.inputs.foreign import is_instance

Array = npt.NDArray[Any]


class LayeredGradFn:
    r"""A model `f = head(encoder(x))`, explained by the activations that `encoder` returns.

    .. math:: \phi_j = E[(e_j(x) - e_j(b)) \, \partial_j \mathrm{head}(e(b) + \alpha (e(x) - e(b)))]

    The path runs in activation space, so the values add up to `f(x) - E f(b)`, whatever layers lie
    before the cut: they need no gradient. The encoder may look tokens up in an embedding, and it may
    return several tensors, one explanation for each (so a skip connection around the cut is one more
    tensor).

    Parameters
    ----------
    model : tuple
        `(encoder, head)`: two models of one framework, or functions of NumPy arrays and a `GradFn`.
        `head` gets what `encoder` returns, one argument a tensor. In torch also `(model, layer)`, a
        module and one of its submodules: the cut is what the layer returns, and must be all that the rest
        of the model sees.
    background : sequence, optional
        Not needed.

    Raises
    ------
    InvalidModelError
        The layer is no cut, returns several tensors, or is used more than once.
    """

    #: The encoder may read tokens.
    reads_integers = True

    def __init__(self, model: tuple[Any, Any], background: Sequence[object] = ()) -> None:
        """Find adapters for both parts."""
        del background
        first, second = model
        self.function = second
        self._encoder: Any
        if is_layer_of(first, second):
            self._encoder = TorchCut(first, second)
            self.head: GradFn = self._encoder.head
        else:
            if _is_keras_layer_of(first, second):
                msg = (
                    "`model` is a Keras model and one of its layers: pass (encoder, head), two models, for instance "
                    "`keras.Model(model.inputs, layer.output)` and a model of the layers that follow."
                )
                raise InvalidModelError(msg)
            adapter = adapter_of(first)
            self._encoder = first if adapter is None else adapter(first, ())
            self.head = as_grad_fn(second, ())
        self.dtype = self.head.dtype

    @staticmethod
    def recognises(model: object) -> bool:
        """Tell whether a model is a pair of which one at least cannot be a function of outputs or gradients."""
        return isinstance(model, tuple) and len(model) == 2 and any(_is_part(part) for part in model)

    def __getattr__(self, name: str) -> Any:
        """Offer what the head's adapter offers besides: a device mode, names of outputs."""
        if name.startswith("_") or "head" not in self.__dict__:
            raise AttributeError(name)
        return getattr(self.head, name)

    def explaining(self) -> AbstractContextManager[Any]:
        """Hold both parts in the state in which they are explained."""
        stack = ExitStack()
        for part in (self._encoder, self.head):
            stack.enter_context(explaining(part))
        return stack

    def encode(self, inputs: tuple[Array, ...]) -> tuple[Array, ...]:
        """Compute the activations: what the path runs through, a tuple with one array a tensor."""
        if hasattr(self._encoder, "activations"):
            found = self._encoder.activations(inputs)
        else:
            returned = self._encoder(*inputs)
            found = returned if isinstance(returned, list | tuple) else (returned,)
        return tuple(np.ascontiguousarray(array, self.dtype) for array in found)

    def forward(self, inputs: tuple[Array, ...]) -> Array:
        """Compute the head's outputs of activations."""
        return self.head.forward(inputs)

    def gradient(self, inputs: tuple[Array, ...], outputs: npt.NDArray[np.int64]) -> tuple[Array, tuple[Array, ...]]:
        """Compute the head's outputs and gradients by the activations."""
        return self.head.gradient(inputs, outputs)


def _is_part(part: object) -> bool:
    is_module = is_instance(part, "torch.nn", "Module") or is_instance(part, "keras", "Layer")
    return is_module or (isinstance(part, GradFn) and not isinstance(part, type))


def _is_keras_layer_of(model: Any, layer: Any) -> bool:
    if not (is_instance(model, "keras", "Model") and is_instance(layer, "keras", "Layer")):
        return False
    return any(part is layer for part in model.layers)
