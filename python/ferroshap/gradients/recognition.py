"""From what the user passes to a gradient function: a table of adapters, met where their framework is loaded."""

import importlib
import sys
from typing import Any

from ferroshap.errors import DimensionError, InvalidModelError
from ferroshap.gradients.functions import FunctionGradFn
from ferroshap.gradients.protocol import Arrays, GradFn
from ferroshap.models.model import described

#: (a module that is loaded whenever such a model exists, its adapter). An adapter offers ``recognises(model)`` and
#: is made of the model and the background; the first that recognises a model takes it.
ADAPTERS: list[tuple[str, str]] = [
    ("numpy", "ferroshap.gradients.layers:LayeredGradFn"),
    ("keras", "ferroshap.gradients.keras_model:KerasGradFn"),
    ("torch", "ferroshap.gradients.torch_model:TorchGradFn"),
    ("jax", "ferroshap.gradients.jax_model:JaxGradFn"),
    ("tensorflow", "ferroshap.gradients.tensorflow_model:TensorFlowGradFn"),
    ("sklearn", "ferroshap.gradients.mlp:MLPGradFn"),
    ("sklearn", "ferroshap.gradients.linear_model:LinearGradFn"),
    ("sklearn", "ferroshap.gradients.kernel_machine:KernelGradFn"),
    ("sklearn", "ferroshap.gradients.pipeline:PipelineGradFn"),
    ("autograd", "ferroshap.gradients.autograd_model:AutogradGradFn"),
]

#: Classes of networks: `Explainer(network, background)` takes their gradients by itself.
NETWORKS: list[tuple[str, str]] = [("torch", "nn.Module"), ("keras", "Model")]

#: Libraries whose models have no gradient that anybody could ask for.
BLACK_BOXES = {
    "catboost": "trees",
    "lightgbm": "trees",
    "onnxruntime": "an ONNX session, which gives no gradients of its inputs",
    "xgboost": "trees",
}

ROUTES = (
    "ferroshap.Explainer(model, background) explains any model, trees exactly; images by their segments: "
    "ferroshap.Explainer(f, ferroshap.maskers.Image(...))"
)


def as_grad_fn(model: Any, background: Arrays) -> GradFn:
    """Return the gradient function of a model.

    Parameters
    ----------
    model : GradFn, network, estimator, function, or pair of functions
        A function returns ``(outputs, gradients)``, or is written with a framework that differentiates; a pair is
        ``(f, grad_f)``.
    background : tuple of ndarray
        One for each input of the model, ``(n_background, *shape)``.

    Raises
    ------
    InvalidModelError
        When the model has no gradient.

    Examples
    --------
    >>> import numpy as np
    >>> grad_fn = as_grad_fn((lambda x: x.sum(axis=1), np.ones_like), (np.zeros((1, 2)),))
    >>> grad_fn.forward((np.array([[1.0, 2.0]]),))
    array([3.])
    """
    if isinstance(model, GradFn) and not isinstance(model, type):
        return model
    adapter = adapter_of(model)
    if adapter is not None:
        _check_is_table(model, background)
        made: GradFn = adapter(model, background)
        return made
    if isinstance(model, tuple) and len(model) == 2 and all(map(callable, model)):
        return FunctionGradFn(*model)
    kind = _black_box(model)
    if kind is not None:
        msg = f"`model` is of the class {type(model).__name__} ({kind}), which has no gradient to integrate: {ROUTES}"
        raise InvalidModelError(msg)
    if callable(model) and not isinstance(model, type):
        return FunctionGradFn(model)
    msg = (
        f"`model` is {model!r}, which has no gradient: pass a network, a function that returns (outputs, gradients), "
        f"a pair (f, grad_f), or an object with `dtype`, `forward` and `gradient`. {ROUTES}"
    )
    raise InvalidModelError(msg)


def _check_is_table(model: Any, background: Arrays) -> None:
    """Refuse other shapes than the rows that an estimator of scikit-learn was fitted on."""
    n_features = getattr(getattr(model, "__self__", model), "n_features_in_", None)
    shapes = [part.shape[1:] for part in background[:1]]  # none where only the kind of model is asked for
    if isinstance(n_features, int) and shapes and shapes[0] != (n_features,):
        msg = (
            f"`data` has rows of shape {shapes[0]}, but {type(model).__name__} was fitted on {n_features} features: "
            f"pass an array of shape (rows, {n_features})"
        )
        raise DimensionError(msg)


def adapter_of(model: Any) -> Any:
    """Return the adapter that recognises a model; None if none does.

    Examples
    --------
    >>> adapter_of(len) is None
    True
    """
    for module, path in ADAPTERS:
        if module in sys.modules:
            room, _, name = path.partition(":")
            adapter = getattr(importlib.import_module(room), name)
            if adapter.recognises(model):
                return adapter
    return None


def is_network(model: Any) -> bool:
    """Tell whether a model is of a framework that differentiates, so that gradients are what its user means.

    Examples
    --------
    >>> is_network(lambda x: x)
    False
    """
    for module, path in NETWORKS:
        found: Any = sys.modules.get(module)
        for name in path.split("."):
            found = getattr(found, name, None)
        if isinstance(found, type) and isinstance(model, found):
            return True
    return False


def _black_box(model: Any) -> str | None:
    """Say what kind of black box a model is; None if it is a plain callable, or nothing at all."""
    owner = getattr(model, "__self__", None)
    owner = model if owner is None or isinstance(owner, type) else owner
    for cls in type(owner).__mro__:
        library = cls.__module__.partition(".")[0]
        if library in BLACK_BOXES:
            return BLACK_BOXES[library]
    if hasattr(owner, "get_params") and hasattr(owner, "fit"):
        return f"an estimator without an adapter: {described(model)}" if callable(model) else "no adapter knows it"
    return None
