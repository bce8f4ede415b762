"""Models of other runtimes as functions of rows: ONNX's sessions and graphs, and Keras without its progress line."""

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.errors import InvalidModelError
from ferroshap.inputs.foreign import is_instance

#: Element types of tensors that rows are cast to, as onnxruntime names them.
DTYPES = {
    "tensor(double)": np.float64,
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(int32)": np.int32,
    "tensor(int64)": np.int64,
}


class SessionOutputs:
    """The last output of numbers of an ONNX model with one input, for rows.

    Of a classifier that gives labels and probabilities, the probabilities. Maps of classes to probabilities, which
    converters make unless told otherwise (``zipmap``), become columns.

    Parameters
    ----------
    model : onnxruntime.InferenceSession or onnx.ModelProto
        With one input of numbers, rows first.

    Raises
    ------
    InvalidModelError
        When it has several inputs, or one of no numbers, or onnxruntime is not installed.
    """

    def __init__(self, model: Any) -> None:
        """Find input and output."""
        self._session = _session(model)
        inputs = self._session.get_inputs()
        if len(inputs) != 1 or inputs[0].type not in DTYPES:
            kinds = ", ".join(f"{one.name}: {one.type}" for one in inputs)
            msg = f"`model` is an ONNX model with the inputs {kinds}, but must have one of numbers: pass a function"
            raise InvalidModelError(msg)
        self._input, self._dtype = inputs[0].name, DTYPES[inputs[0].type]
        outputs = self._session.get_outputs()
        told = [one.name for one in outputs if one.type not in {"tensor(int64)", "tensor(string)"}]
        self._output = told[-1] if told else outputs[-1].name
        self.__qualname__ = "InferenceSession"

    def __call__(self, rows: Any) -> NDArray[Any]:
        """Return the output for rows."""
        given = np.ascontiguousarray(np.asarray(rows), dtype=self._dtype)
        (found,) = self._session.run([self._output], {self._input: given})
        if isinstance(found, list) and found and isinstance(found[0], dict):
            return np.array([list(row.values()) for row in found], dtype=np.float64)
        return np.asarray(found)


class SilentPredict:
    """``predict`` of a Keras model, without a line of progress for each batch that is asked for."""

    def __init__(self, model: Any) -> None:
        """Keep the model."""
        self._model = model
        self.__qualname__ = f"{type(model).__name__}.predict"

    def __call__(self, rows: Any) -> Any:
        """Predict."""
        return self._model.predict(rows, verbose=0)


def as_function(model: Any) -> Callable[[Any], object] | None:
    """Return a function of rows for a model of these runtimes; None for any other.

    Examples
    --------
    >>> as_function(np.tanh) is None
    True
    """
    if is_instance(model, "onnxruntime", "InferenceSession") or is_instance(model, "onnx", "ModelProto"):
        return SessionOutputs(model)
    owner = getattr(model, "__self__", None)
    if owner is not None and getattr(model, "__name__", "") == "predict" and is_instance(owner, "keras", "Model"):
        return SilentPredict(owner)
    return None


def _session(model: Any) -> Any:
    if not hasattr(model, "SerializeToString"):
        return model
    try:
        runtime = importlib.import_module("onnxruntime")
    except ImportError:
        msg = "`model` is an ONNX model, which needs onnxruntime to predict: pip install onnxruntime"
        raise InvalidModelError(msg) from None
    return runtime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
