"""Keras 3 models as gradient functions, on whichever backend Keras runs."""

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from ferroshap.errors import InvalidModelError, OptionError
from ferroshap.gradients.jax_model import JaxGradFn
from ferroshap.gradients.reached import reached
from ferroshap.gradients.tensorflow_model import TensorFlowGradFn
from ferroshap.gradients.torch_model import TorchGradFn
from ferroshap.inputs.foreign import is_instance

BACKENDS = ("jax", "tensorflow", "torch")


class KerasGradFn:
    """The gradient function of a Keras model: that of its backend, with `training=False` in every call.

    Only Keras' public surface is met, and the model's variables are read at every call. A model of
    several inputs gets them as a list. A function that calls a model on its way (`lambda z:
    model(z)[:, 0]`) is taken as a function of the backend's tensors; on jax the model's weights are
    then constants from the first call on.

    Parameters
    ----------
    model : keras.Model, keras.Layer or callable
        Built: called once, or made of layers that begin with an `Input`.
    background : sequence, optional
        Not needed.

    Returns
    -------
    TorchGradFn, JaxGradFn or TensorFlowGradFn

    Raises
    ------
    InvalidModelError
        The model is not built.
    OptionError
        Keras runs on a backend whose gradients we do not know.
    """

    def __new__(cls, model: Any, background: Sequence[object] = ()) -> Any:
        """Make the adapter of the backend."""
        backend = sys.modules["keras"].config.backend()
        if backend not in BACKENDS:
            msg = f"Keras runs on {backend!r}, of which no gradients can be had here: use {', '.join(BACKENDS)}."
            raise OptionError(msg)
        if not _is_layer(model):
            return {"jax": JaxGradFn, "tensorflow": TensorFlowGradFn, "torch": TorchGradFn}[backend](model, background)
        if not model.built:
            msg = f"`model` is a {type(model).__name__} that is not built yet: call it on a batch first."
            raise InvalidModelError(msg)
        is_double = model.compute_dtype == "float64"
        if backend == "torch":
            torch = sys.modules["torch"]
            made: Any = TorchGradFn(_Call(model), background, dtype=torch.float64 if is_double else torch.float32)
        elif backend == "jax":
            dtype = np.float64 if is_double and sys.modules["jax"].config.jax_enable_x64 else np.float32
            made = JaxGradFn(_StatelessCall(model), background, state=_Variables(model), dtype=dtype)
        else:
            made = TensorFlowGradFn(_Call(model), background, dtype=np.float64 if is_double else np.float32)
        is_first = sys.modules["keras"].config.image_data_format() == "channels_first"
        made.layout = "NCHW" if is_first else "NHWC"
        return made

    @staticmethod
    def recognises(model: object) -> bool:
        """Tell whether a model is one of Keras, or a function that reaches one."""
        return callable(model) and bool(reached(model, _is_layer))


class _Call:
    """A model as a function of its inputs, never in training."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def __call__(self, *inputs: Any) -> Any:
        return self.model(inputs[0] if len(inputs) == 1 else list(inputs), training=False)


class _StatelessCall:
    """A model on jax as a pure function of its variables and inputs."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def __call__(self, variables: tuple[list[Any], list[Any]], *inputs: Any) -> Any:
        given = inputs[0] if len(inputs) == 1 else list(inputs)
        return self.model.stateless_call(*variables, given, training=False)[0]


class _Variables:
    """What a model on jax holds at the moment."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def __call__(self) -> tuple[list[Any], list[Any]]:
        trainable = [variable.value for variable in self.model.trainable_variables]
        return trainable, [variable.value for variable in self.model.non_trainable_variables]


def _is_layer(thing: object) -> bool:
    return is_instance(thing, "keras", "Layer")
