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
    from ferroshap.gradients.mlp import MLPGradFn

#: Adapters, imported when somebody names them.
ADAPTERS = {
    "AutogradGradFn": "autograd_model",
    "FunctionGradFn": "functions",
    "MLPGradFn": "mlp",
}

__all__ = [
    "AutogradGradFn",
    "DeviceGradFn",
    "ExpectedGradients",
    "FunctionGradFn",
    "GradFn",
    "MLPGradFn",
    "Quadrature",
    "as_grad_fn",
]


def __getattr__(name: str) -> Any:
    """Import the adapters that are asked for."""
    if name in ADAPTERS:
        return getattr(importlib.import_module(f"ferroshap.gradients.{ADAPTERS[name]}"), name)
    msg = f"module 'ferroshap.gradients' has no attribute {name!r}"
    raise AttributeError(msg)
