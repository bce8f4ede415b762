"""A differentiable model with its background: read, checked, and asked for its base values."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.errors import OptionError
from ferroshap.explainers.gradients.inputs import GivenInputs, as_floats, read_inputs
from ferroshap.gradients import as_grad_fn
from ferroshap.gradients.background import Kept, prepare
from ferroshap.gradients.batches import batch_points
from ferroshap.gradients.checks import N_CHECKED, check_finite_outputs, check_model, outputs_of
from ferroshap.gradients.protocol import Arrays, GradFn, explaining
from ferroshap.gradients.shapes import check_layout, input_shape
from ferroshap.maskers import Independent, Masker

Floats = NDArray[np.float64]


class GradientBase:
    """What all explained rows share.

    Attributes
    ----------
    grad_fn : GradFn
        The model.
    given : GivenInputs
        The background as the user gave it.
    shown : GivenInputs
        What paths run between: the same, or what an encoder makes of it, which may be more or fewer arrays.
    shapes : list of InputShape
        Of the inputs between which paths run.
    background : Background
        Made ready.
    base : ndarray of shape ``(n_outputs,)``
        The weighted mean of the background's outputs.
    is_vector : bool
        Whether the model returns one number a row.
    n_forward_rows : int
        Rows that were asked for so far.
    """

    def __init__(
        self, model: Any, data: Any, *, weights: Any, kept: Kept, layout: str | None, batch_size: int | None
    ) -> None:
        """Ask the model about the background."""
        if isinstance(data, Masker):
            data, weights = _rows_of(data, weights)
        self.given = read_inputs(data, "data")
        self.grad_fn: GradFn = as_grad_fn(model, self.given.arrays)
        self.batch_size = batch_size
        self.shown, inputs = self._between(self.given, "data")
        shapes = [values.shape[1:] for values in inputs]
        check_layout(layout, shapes)
        own = getattr(self.grad_fn, "layout", None)
        self.shapes = [input_shape(shape, layout, own) for shape in shapes]
        self.background = prepare(inputs, self.shapes, weights, kept, self.grad_fn)
        check_model(self.grad_fn, self.background.inputs)
        outputs = self.outputs(self.background.inputs, batch_size)
        check_finite_outputs(outputs, "data", self.background.index)
        self.is_vector = outputs.ndim == 1
        self.base: Floats = np.atleast_1d(self.background.weights @ outputs)
        self.n_forward_rows = self.background.n_rows + N_CHECKED

    def outputs(self, inputs: Arrays, batch_size: int | None) -> Floats:
        """Return the model's outputs, ``(rows,)`` or ``(rows, outputs)``."""
        with explaining(self.grad_fn):
            return outputs_of(self.grad_fn, inputs, batch_size or batch_points(inputs, 1))

    def read(self, X: Any) -> tuple[GivenInputs, Arrays, Arrays]:
        """Return the rows as they are shown, as they were given, and as what paths lead to."""
        given = read_inputs(X, "X", self.given)
        shown, rows = self._between(given, "X")
        return shown, given.arrays if hasattr(self.grad_fn, "encode") else rows, rows

    def on_device(self, device_plan: bool | None, smoothing: float) -> bool:
        """Tell whether sums stay on the model's device.

        Raises
        ------
        OptionError
            When they are to, but cannot.
        """
        can = hasattr(self.grad_fn, "accumulate") and smoothing == 0
        if device_plan and not can:
            cause = "noise is added on the host" if smoothing else "this model's gradients come to the host"
            msg = f"`device_plan` is True, but {cause}: leave it out"
            raise OptionError(msg)
        return can and getattr(self.grad_fn, "prefers_device", True) if device_plan is None else bool(device_plan)

    def _as_floats(self, arrays: Arrays, argument: str) -> Arrays:
        reads = bool(getattr(self.grad_fn, "reads_integers", False))
        return tuple(as_floats(array, self.grad_fn.dtype, argument, reads_integers=reads) for array in arrays)

    def _between(self, given: GivenInputs, argument: str) -> tuple[GivenInputs, Arrays]:
        """What paths run between, and what is shown of it: the inputs, or what an encoder makes of them.

        An encoder gets them as they came, for tokens are whole numbers to it.
        """
        encode = getattr(self.grad_fn, "encode", None)
        if encode is None:
            return given, self._as_floats(given.arrays, argument)
        with explaining(self.grad_fn):
            rows = self._as_floats(tuple(encode(given.arrays)), argument)
        nothing: list[Any] = [None] * len(rows)
        is_list = len(rows) > 1 or (given.is_list and len(given.arrays) == 1)
        return GivenInputs(rows, nothing, nothing, list(rows), is_list, given.is_single_row), rows


def _rows_of(masker: Masker, weights: Any) -> tuple[Any, Any]:
    """The background of a masker that has no more than that, and its weights.

    Raises
    ------
    OptionError
        For maskers that fill in another way, or group columns, and for weights beside their own.
    """
    if not isinstance(masker, Independent) or masker.units is not None:
        msg = f"`data` is {masker!r}, but paths begin at background rows: pass them, or maskers.Independent of them"
        raise OptionError(msg)
    if weights is not None:
        msg = f"`weights` were given beside {masker!r}, which has weights: give them to the masker alone"
        raise OptionError(msg)
    return masker.table.source, masker.weights


class Forward:
    """The outputs of a gradient function, called as any model is."""

    def __init__(self, grad_fn: GradFn) -> None:
        """Keep the function."""
        self.grad_fn = grad_fn

    def __call__(self, *rows: Any) -> NDArray[Any]:
        """Return the outputs of rows, one array for each input."""
        inputs = tuple(np.ascontiguousarray(values, self.grad_fn.dtype) for values in rows)
        with explaining(self.grad_fn):
            return self.grad_fn.forward(inputs)
