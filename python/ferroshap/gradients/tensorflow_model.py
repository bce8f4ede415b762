"""Functions of TensorFlow tensors, and Keras models on TensorFlow, as gradient functions."""

import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ferroshap.errors import DimensionError, InvalidModelError, OptionError
from ferroshap.gradients.reached import reached
from ferroshap.inputs.foreign import is_instance

Array = npt.NDArray[Any]

DETACHED = (
    "the model's output has no gradient with respect to its input: it leaves TensorFlow on the way (`.numpy()`, "
    "`tf.stop_gradient`), is piecewise constant (`argmax`, rounding), or looks its input up in a table (an embedding). "
    "Explain the score before that step, or the layers after the embedding with "
    "`GradientExplainer((encoder, head), background)`."
)


class TensorFlowGradFn:
    """A function of TensorFlow tensors as a gradient function, NumPy in and NumPy out.

    Compiled into one graph with a persistent tape, so that all outputs asked for share one forward.
    Variables are read at every call.

    Parameters
    ----------
    model : callable
        Called with one tensor `(rows, *shape)` an input; returns a tensor `(rows,)` or `(rows, outputs)`.
    background : sequence, optional
        Not needed.
    dtype : dtype, optional
        What the model wants its inputs in: float32 (default) or float64.
    """

    #: What images are in TensorFlow.
    layout: str | None = "NHWC"

    def __init__(self, model: Callable[..., Any], background: Sequence[object] = (), *, dtype: Any = None) -> None:
        """Compile nothing yet."""
        del background
        if "tensorflow" not in sys.modules:
            msg = "`model` was given as a TensorFlow function, but tensorflow has not been imported: import it."
            raise OptionError(msg)
        self.function = model
        self.dtype = np.dtype(np.float32 if dtype is None else dtype)
        self._compiled: Any = None

    def __repr__(self) -> str:
        """Name the function and its precision."""
        name = getattr(self.function, "__qualname__", type(self.function).__name__)
        return f"<TensorFlowGradFn {name}, {self.dtype}>"

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what was compiled."""
        return self.__dict__ | {"_compiled": None}

    @staticmethod
    def recognises(model: object) -> bool:
        """Tell whether a function reaches TensorFlow."""
        return callable(model) and bool(reached(model, _is_tensorflow))

    def forward(self, inputs: tuple[Array, ...]) -> Array:
        """Compute `f`, `(rows,)` or `(rows, outputs)`."""
        return np.asarray(self._checked(self.function(*self._tensors(inputs)), len(inputs[0])))

    def activations(self, inputs: tuple[Array, ...]) -> tuple[Array, ...]:
        """Compute what the function returns, of any shape and as many tensors as it likes: an encoder's activations."""
        found = self.function(*self._tensors(inputs, keeps_integers=True))
        several = isinstance(found, list | tuple)
        return tuple(np.asarray(array) for array in (found if several else (found,)))

    def gradient(self, inputs: tuple[Array, ...], outputs: npt.NDArray[np.int64]) -> tuple[Array, tuple[Array, ...]]:
        """Compute `y (rows, T)` and, for each input, `d y[r, t] / d input[r]` as `(rows, T, *shape)`."""
        tensorflow = sys.modules["tensorflow"]
        if self._compiled is None:
            self._compiled = tensorflow.function(self._differentiate, reduce_retracing=True)
        columns = tensorflow.constant(outputs)
        y, gradients = self._compiled(self._tensors(inputs), columns, outputs.shape[1])
        return y.numpy(), tuple(gradient.numpy() for gradient in gradients)

    def _differentiate(self, inputs: tuple[Any, ...], columns: Any, n_wanted: int) -> tuple[Any, tuple[Any, ...]]:
        tensorflow = sys.modules["tensorflow"]
        with tensorflow.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
            for tensor in inputs:
                tape.watch(tensor)
            out = self._checked(self.function(*inputs), None)
            if out.shape.rank == 1:
                chosen = [out] * n_wanted
            else:
                chosen = [tensorflow.gather(out, columns[:, t], batch_dims=1) for t in range(n_wanted)]
        found = [tape.gradient(one, list(inputs)) for one in chosen]
        if all(gradient is None for one in found for gradient in one):
            raise InvalidModelError(DETACHED)
        gradients = tuple(
            tensorflow.stack(
                [tensorflow.zeros_like(z) if one is None else tensorflow.convert_to_tensor(one) for one in of_input],
                axis=1,
            )
            for z, of_input in zip(inputs, zip(*found, strict=True), strict=True)
        )
        return tensorflow.stack(chosen, axis=1), gradients

    def _tensors(self, inputs: tuple[Array, ...], *, keeps_integers: bool = False) -> tuple[Any, ...]:
        constant = sys.modules["tensorflow"].constant
        return tuple(
            constant(array if keeps_integers and array.dtype.kind in "iub" else np.asarray(array, self.dtype))
            for array in inputs
        )

    def _checked(self, out: Any, n_rows: int | None) -> Any:
        """Refuse what is not one or several numbers a row; the number of rows is not known while tracing."""
        if not is_instance(out, "tensorflow", "Tensor"):
            msg = f"the model returned a {type(out).__name__}, not a tensor: compute with TensorFlow to the end."
            raise InvalidModelError(msg)
        if out.shape.rank not in {None, 1, 2} or (n_rows is not None and out.shape[0] != n_rows):
            msg = (
                f"the model returned a tensor of shape {tuple(out.shape)} for {n_rows or 'several'} rows: it must "
                "return (rows,) or (rows, outputs). Reduce or flatten it inside the function that you pass."
            )
            raise DimensionError(msg)
        return out


def _is_tensorflow(thing: object) -> bool:
    home = getattr(getattr(thing, "__spec__", None), "name", None) or type(thing).__module__
    declared = getattr(thing, "__module__", None)
    return any(isinstance(name, str) and name.partition(".")[0] == "tensorflow" for name in (home, declared))
