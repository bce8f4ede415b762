"""`Model`: what the user predicts with, called on rows and checked."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from ferroshap.models.outputs import read_output
from ferroshap.serialisation import Serializable

FLOAT64 = np.dtype(np.float64)


class Model(Serializable):
    """The user's model as a function from rows to numbers.

    An exception that the model raises passes through as it is. The object pickles
    if the user's model does.

    Attributes
    ----------
    inner_model : object
        What the user passed; it is only called, never changed.
    function : callable
        What is called: the object itself or one of its methods.
    output_names : list of str or None
        The names of the classes, where each column of the output belongs to one.
    reference_names : list of str or None
        The columns that the model was fitted on, where the user named them.
    wants_frame : bool or None
        Whether the model was fitted on named columns (True) or on an array (False); None if it
        does not say.
    """

    _argument = "model"
    __slots__ = ("function", "inner_model", "output_names", "reference_names", "wants_frame")

    def __init__(
        self,
        model: object = None,
        function: Callable[[Any], object] | None = None,
        *,
        output_names: list[str] | None = None,
        reference_names: list[str] | None = None,
        wants_frame: bool | None = None,
    ) -> None:
        """Keep what `as_model` found out; without a function, what it finds out now."""
        if function is None:
            from ferroshap.models.recognition import as_model

            known: Any = as_model(model)
            model, function = known.inner_model, known.function
            output_names = known.output_names if output_names is None else output_names
            reference_names = known.reference_names if reference_names is None else reference_names
            wants_frame = known.wants_frame if wants_frame is None else wants_frame
        self.inner_model = model
        self.function = function
        self.output_names = output_names
        self.reference_names = reference_names
        self.wants_frame = wants_frame

    def __repr__(self) -> str:
        """Say what is called."""
        return f"<Model {described(self.function)}>"

    def __call__(self, rows: Any, n_rows: int | None = None) -> npt.NDArray[np.float64]:
        """Call the model on `n_rows` rows: outputs `(n_rows,)` or `(n_rows, outputs)`, C-contiguous.

        Without the number, it is that of the rows themselves.

        The array is the model's own if it is float64 already. NaN and infinity pass.

        Raises
        ------
        DimensionError
            Not one output a row, or more than two dimensions.
        InvalidModelError
            The output is not made of real numbers.
        """
        output = self.function(rows)
        if n_rows is None:
            n_rows = int(rows.shape[0]) if hasattr(rows, "shape") else len(rows)
        if (
            type(output) is np.ndarray
            and output.dtype is FLOAT64
            and 1 <= output.ndim <= 2
            and output.shape[0] == n_rows
            and output.flags.c_contiguous
        ):
            return output
        return read_output(output, n_rows, described(self.function))


def described(function: object) -> str:
    """Name a callable for a message.

    Examples
    --------
    >>> described(np.tanh), described(min)
    ('tanh', 'min')
    """
    owner = getattr(function, "__self__", None)
    if owner is not None and not isinstance(owner, type | ModuleType):
        return f"{type(owner).__name__}.{getattr(function, '__name__', '__call__')}"
    return str(getattr(function, "__qualname__", type(function).__name__))
