"""torch models, and functions of torch tensors, as gradient functions."""

import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import numpy.typing as npt

from ferroshap.errors import DimensionError, InvalidModelError, OptionError, PrecisionWarning, warn_user
from ferroshap.gradients.reached import reached
from ferroshap.gradients.torch_backward import Backward
from ferroshap.gradients.torch_modules import evaluating, has_embedding, is_recurrent, recording
from ferroshap.gradients.torch_sums import TorchSums
from ferroshap.inputs.foreign import is_instance, tensor_to_numpy

Array = npt.NDArray[Any]

IN_PLACE = "requires grad is being used in an in-place operation"
TOKENS = (
    "the model looks its input up in a table (an embedding), so it has no gradient with respect to it: "
    "explain the layers after the embedding with `GradientExplainer((encoder, head), background)`, "
    "where `encoder` returns the embedding and `head` goes on from there."
)
SAID_BY_TORCH = {
    "scalar types: Long": TOKENS,
    "more than 1 value per channel when training": (
        "a BatchNorm of the model standardises by the batch it is given, so rows would look at each other: switch it "
        "to evaluation (`model.eval()`)."
    ),
}
BY_HAND = (
    "ferroshap called this function with torch tensors, because it closes over or names something of torch. If it "
    "takes NumPy arrays and returns (outputs, gradients), pass `ferroshap.gradients.FunctionGradFn(f)`."
)
DETACHED = (
    "the model's output has no gradient with respect to its input: it is detached (`.detach()`, `.item()`, "
    "`.numpy()`, `torch.no_grad()` inside) or piecewise constant (`argmax`, rounding, thresholds, trees). "
    "Explain the score before that step, or use `ferroshap.Explainer`, which needs no gradient."
)


class TorchGradFn:
    """A torch model as a gradient function: NumPy in, NumPy out, or everything on its device.

    The gradient of output `k` of row `r` is taken by reverse differentiation of the sum over rows,
    so the rows of a batch must not influence each other (no batch statistics). All outputs asked for
    share one forward. Nothing of the model is touched: no `.grad`, no `requires_grad`, and every
    `training` flag comes back to what it was.

    Parameters
    ----------
    model : torch.nn.Module or callable
        Called with one tensor `(rows, *shape)` an input; returns a tensor `(rows,)` or `(rows, outputs)`.
        The modules and tensors that a function closes over or names are found, for dtype, device and
        mode (`ferroshap.gradients.reached` says where it looks); by them, or because it names torch, it
        is recognised when it is passed to `GradientExplainer` as it is.
    background : sequence, optional
        Not needed.
    dtype, device : optional
        What the model wants its input in, where its parameters, buffers or tensors do not say it
        (then torch's default dtype, on the CPU).

    Attributes
    ----------
    dtype : numpy.dtype
        What arrays are handed over in: float64 for a float64 model, else float32. Models in half
        precision get their own dtype, and their gradients come back as float32.
    rounding : float
        Of what the model computes with.
    prefers_device : bool
        Whether interpolation and sums are better left where the model is; not so on the CPU, where
        NumPy and torch share memory.

    Examples
    --------
    A function of tensors (not run here, for torch is not installed everywhere)::

        grad_fn = TorchGradFn(lambda z: (z**2).sum(1))
        y, (g,) = grad_fn.gradient((np.array([[1.0, 2.0]], np.float32),), np.zeros((1, 1), np.int64))
        # y == [[5.0]], g == [[[2.0, 4.0]]]
    """

    #: What images are in torch.
    layout = "NCHW"

    def __init__(
        self,
        model: Callable[..., Any],
        background: Sequence[object] = (),
        *,
        dtype: Any = None,
        device: Any = None,
    ) -> None:
        """Find modules, dtype and device."""
        del background
        if "torch" not in sys.modules:
            msg = "`model` was given as a torch model, but torch has not been imported: import it, or pass a `GradFn`."
            raise OptionError(msg)
        self.function = model
        self.modules: list[Any] = reached(model, _is_module)
        found_dtype, found_device = self._found()
        self.tensor_dtype = found_dtype if dtype is None else dtype
        self.device = found_device if device is None else sys.modules["torch"].device(device)
        if not self.tensor_dtype.is_floating_point:
            msg = f"`dtype` is {self.tensor_dtype}, but gradients need a floating-point input: pass torch.float32."
            raise OptionError(msg)
        self.dtype = np.dtype(np.float64 if self.tensor_dtype.itemsize == 8 else np.float32)
        if self.tensor_dtype.itemsize < 4:
            msg = (
                f"the model computes in {self.tensor_dtype}, whose gradients carry 2 to 3 digits, and values are sums "
                "of such gradients: `model.float()` gives more."
            )
            warn_user(msg, PrecisionWarning)
        self.rounding = float(sys.modules["torch"].finfo(self.tensor_dtype).eps)
        self.prefers_device = self.device.type != "cpu"
        self._without_cudnn = self.device.type == "cuda" and is_recurrent(self.modules)
        self._must_copy = False
        self._backward = Backward()

    def __repr__(self) -> str:
        """Name model, dtype and device."""
        name = getattr(self.function, "__qualname__", type(self.function).__name__)
        return f"<TorchGradFn {name}, {self.tensor_dtype}, {self.device}>"

    @staticmethod
    def recognises(model: object) -> bool:
        """Tell whether a model is a torch module, or a function that reaches modules, tensors or torch itself."""
        return callable(model) and bool(reached(model, _is_torch))

    def explaining(self) -> AbstractContextManager[None]:
        """Hold every module in evaluation mode; restore each flag on the way out, also after an error."""
        return evaluating(self.modules)

    @staticmethod
    def is_out_of_memory(error: Exception) -> bool:
        """Tell torch's way of saying so on the CPU, where it is a plain RuntimeError."""
        return isinstance(error, RuntimeError) and "allocate" in str(error) and "memory" in str(error)

    def forward(self, inputs: tuple[Array, ...]) -> Array:
        """Compute `f`, `(rows,)` or `(rows, outputs)`, without recording gradients."""
        with self.recorded(), sys.modules["torch"].no_grad():
            tensors = [self.tensor(array, is_ours=False) for array in inputs]
            return tensor_to_numpy(_widened(self.checked(self.call(tensors), len(inputs[0]))))

    def activations(self, inputs: tuple[Array, ...]) -> tuple[Array, ...]:
        """Compute what the model returns, of any shape and as many tensors as it likes: an encoder's activations.

        Integer inputs stay integers, as token numbers must; images of bytes do not.
        """
        with self.recorded(), sys.modules["torch"].no_grad():
            tensors = [self.tensor(array, is_ours=False, keeps_integers=True) for array in inputs]
            found = self.call(tensors)
        several = isinstance(found, list | tuple)
        return tuple(tensor_to_numpy(tensor) for tensor in (found if several else (found,)))

    def gradient(self, inputs: tuple[Array, ...], outputs: npt.NDArray[np.int64]) -> tuple[Array, tuple[Array, ...]]:
        """Compute `y (rows, T)` and, for each input, `d y[r, t] / d input[r]` as `(rows, T, *shape)`."""
        with self.recorded():
            leaves = [self.tensor(array, is_ours=True) for array in inputs]
            y, gradients = self.differentiate(leaves, self.columns(outputs))
        return tensor_to_numpy(y), tuple(np.ascontiguousarray(tensor_to_numpy(gradient)) for gradient in gradients)

    def load(
        self,
        rows: tuple[Array, ...],
        background: tuple[Array, ...],
        outputs: npt.NDArray[np.int64],
        n_maps: int,
    ) -> TorchSums:
        """Move rows and background to the device, and make room for the sums there."""
        return TorchSums(self, rows, background, outputs, n_maps)

    def accumulate(
        self,
        handle: TorchSums,
        row: Array,
        background: Array,
        alpha: Array,
        weight: Array,
        replicate: Array,
        controls: Array,
    ) -> None:
        """Add the points of one block; nothing is added when memory runs out."""
        handle.accumulate(row, background, alpha, weight, replicate, controls)

    def scale(self, handle: TorchSums, factor: float, rows: Any) -> None:
        """Multiply what some rows have summed up."""
        handle.scale(factor, rows)

    def sums(self, handle: TorchSums) -> tuple[npt.NDArray[np.float64], ...]:
        """Bring the sums to the host: float64 `(rows, T, n_maps, d)` an input."""
        return handle.to_host()

    def recorded(self) -> AbstractContextManager[None]:
        """Record gradients on this model's device, whatever mode the caller is in."""
        return recording(self.device, without_cudnn=self._without_cudnn)

    def columns(self, outputs: npt.NDArray[np.int64]) -> Any:
        """Move the numbers of the outputs wanted to the device."""
        return sys.modules["torch"].tensor(outputs, device=self.device)

    def tensor(self, array: Array, *, is_ours: bool, keeps_integers: bool = False) -> Any:
        """Give an array as a tensor on the model's device, in its dtype; a copy unless it `is_ours` to overwrite."""
        torch = sys.modules["torch"]
        if keeps_integers and array.dtype.kind in "iub" and not (array.dtype == np.uint8 and array.ndim >= 3):
            return torch.tensor(array, device=self.device)
        if is_ours and array.flags.writeable and array.flags.c_contiguous:
            return torch.from_numpy(array).to(self.device, self.tensor_dtype)
        return torch.tensor(np.ascontiguousarray(array), device=self.device, dtype=self.tensor_dtype)

    def differentiate(self, leaves: list[Any], columns: Any) -> tuple[Any, list[Any]]:
        """Compute outputs `(rows, T)` and gradients `(rows, T, *shape)` as tensors on the device, inside `recorded`.

        Gradients of a model in half precision are widened to float32.
        """
        for leaf in leaves:
            leaf.requires_grad_()
        out = self._outputs(leaves)
        gradients = self._backward(out, leaves, columns) if out.requires_grad else []
        if all(gradient is None for gradient in gradients):
            raise InvalidModelError(TOKENS if has_embedding(self.modules) else DETACHED)
        out = out.detach()
        y = out.gather(1, columns) if out.ndim == 2 else out[:, None].expand(-1, columns.shape[1])
        return _widened(y), [
            _widened(leaf.new_zeros(*columns.shape, *leaf.shape[1:]) if gradient is None else gradient)
            for leaf, gradient in zip(leaves, gradients, strict=True)
        ]

    def call(self, tensors: list[Any]) -> Any:
        """Call the model as the user would."""
        try:
            return self.function(*tensors)
        except (RuntimeError, TypeError, IndexError, ValueError) as error:
            for sign, meaning in SAID_BY_TORCH.items():
                if sign in str(error):
                    raise InvalidModelError(meaning) from error
            if not _is_module(self.function):
                error.add_note(BY_HAND)
            raise

    def _outputs(self, leaves: list[Any]) -> Any:
        """Call the model on leaves, or on copies of them where its first layer works in place."""
        n_rows = len(leaves[0])
        if not self._must_copy:
            try:
                return self.checked(self.call(leaves), n_rows)
            except RuntimeError as error:
                if IN_PLACE not in str(error):
                    raise
            self._must_copy = True
        return self.checked(self.call([leaf.clone() for leaf in leaves]), n_rows)

    def checked(self, out: Any, n_rows: int) -> Any:
        """Refuse what is not one or several numbers a row."""
        if not _is_tensor(out):
            remedy = "compute with torch operations to the end"
            if isinstance(out, tuple) and len(out) == 2 and all(isinstance(part, np.ndarray) for part in out):
                remedy = "if these are outputs and gradients, pass `ferroshap.gradients.FunctionGradFn(f)`"
            elif isinstance(out, dict | list | tuple):
                remedy = "choose one of its parts, for instance `lambda z: model(z).logits` or `lambda z: model(z)[0]`"
            msg = f"the model returned a {type(out).__name__}, not a tensor: {remedy}."
            raise InvalidModelError(msg)
        if out.ndim not in {1, 2} or len(out) != n_rows:
            msg = (
                f"the model returned a tensor of shape {tuple(out.shape)} for {n_rows} rows: it must return "
                f"({n_rows},) or ({n_rows}, outputs). Reduce or flatten it inside the function that you pass."
            )
            raise DimensionError(msg)
        return out

    def _found(self) -> tuple[Any, Any]:
        """Give dtype and device of the first parameter, buffer or loose tensor of floats that the model reaches."""
        torch = sys.modules["torch"]
        parameters = [tensor for module in self.modules for tensor in module.parameters()]
        buffers = [tensor for module in self.modules for tensor in module.buffers()]
        loose: list[Any] = reached(self.function, _is_tensor)
        for tensor in [*parameters, *buffers, *loose]:
            if tensor.is_floating_point():
                return tensor.dtype, tensor.device
        return torch.get_default_dtype(), torch.device("cpu")


def _is_module(thing: object) -> bool:
    return is_instance(thing, "torch.nn", "Module")


def _is_tensor(thing: object) -> bool:
    return is_instance(thing, "torch", "Tensor")


def _is_torch(thing: object) -> bool:
    if _is_module(thing) or _is_tensor(thing):
        return True
    home = getattr(getattr(thing, "__spec__", None), "name", None) or getattr(thing, "__module__", None)
    return isinstance(home, str) and home.partition(".")[0] == "torch"


def _widened(tensor: Any) -> Any:
    return tensor.float() if tensor.dtype.itemsize < 4 else tensor
