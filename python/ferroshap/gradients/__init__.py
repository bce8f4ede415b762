"""Expected Gradients of differentiable models, whatever framework they are made with."""

import importlib
from typing import TYPE_CHECKING, Any

from ferroshap.gradients.expected_gradients import ExpectedGradients
from ferroshap.gradients.protocol import DeviceGradFn, GradFn
from ferroshap.gradients.quadrature import Quadrature
from ferroshap.gradients.recognition import as_grad_fn

if TYPE_CHECKING:
    from ferroshap.gradients.autograd_model import AutogradGradFn
    from ferroshap.gradients.functions import FunctionGradFn
    from ferroshap.gradients.jax_model import JaxGradFn
    from ferroshap.gradients.keras_model import KerasGradFn
    from ferroshap.gradients.kernel_machine import KernelGradFn
    from ferroshap.gradients.layers import LayeredGradFn
    from ferroshap.gradients.linear_model import LinearGradFn
    from ferroshap.gradients.mlp import MLPGradFn
    from ferroshap.gradients.pipeline import PipelineGradFn
    from ferroshap.gradients.tensorflow_model import TensorFlowGradFn
    from ferroshap.gradients.torch_model import TorchGradFn

#: Adapters, imported when somebody names them.
ADAPTERS = {
    "AutogradGradFn": "autograd_model",
    "FunctionGradFn": "functions",
    "JaxGradFn": "jax_model",
    "KerasGradFn": "keras_model",
    "KernelGradFn": "kernel_machine",
    "LayeredGradFn": "layers",
    "LinearGradFn": "linear_model",
    "MLPGradFn": "mlp",
    "PipelineGradFn": "pipeline",
    "TensorFlowGradFn": "tensorflow_model",
    "TorchGradFn": "torch_model",
}

__all__ = [
    "AutogradGradFn",
    "DeviceGradFn",
    "ExpectedGradients",
    "FunctionGradFn",
    "GradFn",
    "JaxGradFn",
    "KerasGradFn",
    "KernelGradFn",
    "LayeredGradFn",
    "LinearGradFn",
    "MLPGradFn",
    "PipelineGradFn",
    "Quadrature",
    "TensorFlowGradFn",
    "TorchGradFn",
    "as_grad_fn",
]


def __getattr__(name: str) -> Any:
    """Import the adapters that are asked for."""
    if name in ADAPTERS:
        return getattr(importlib.import_module(f"ferroshap.gradients.{ADAPTERS[name]}"), name)
    msg = f"module 'ferroshap.gradients' has no attribute {name!r}"
    raise AttributeError(msg)
