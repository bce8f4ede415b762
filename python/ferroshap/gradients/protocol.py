"""What a differentiable model must answer: its outputs, and the gradients of some of them."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Arrays: TypeAlias = tuple[NDArray[Any], ...]
Numbers: TypeAlias = NDArray[np.int64]


@runtime_checkable
class GradFn(Protocol):
    """A model with a gradient, NumPy in and NumPy out.

    All that a user of an unknown framework writes. Optional members, each met if it is there: ``output_names``
    (list of str), ``layout`` ("NCHW" or "NHWC": how the model wants images), ``reads_integers`` (True: whole numbers
    are numbers to it, never tokens), ``function`` (what is called, for messages and pickles), ``explaining()``
    (a context manager around every use) and ``is_out_of_memory(error)``.

    Examples
    --------
    >>> class Product:
    ...     dtype = np.dtype(np.float64)
    ...
    ...     def forward(self, inputs):
    ...         return inputs[0].prod(axis=1)
    ...
    ...     def gradient(self, inputs, outputs):
    ...         (x,) = inputs
    ...         return x.prod(axis=1)[:, None], (x[:, ::-1][:, None],)  # of two features
    >>> isinstance(Product(), GradFn)
    True
    """

    #: What the model wants its inputs in: float32 or float64.
    dtype: np.dtype[Any]

    def forward(self, inputs: Arrays) -> NDArray[Any]:
        """Return the outputs of rows, ``(m,)`` or ``(m, outputs)``."""
        ...

    def gradient(self, inputs: Arrays, outputs: Numbers) -> tuple[NDArray[Any], Arrays]:
        """Return some outputs of rows, and their gradients by every input.

        Parameters
        ----------
        inputs : tuple of ndarray
            Each ``(m, *shape)``, C-contiguous; may be overwritten.
        outputs : ndarray of shape ``(m, T)``
            The outputs wanted of each row; zeros for a model of one number a row.

        Returns
        -------
        tuple
            Outputs ``(m, T)``, and for each input the gradients ``(m, T, *shape)``.
        """
        ...


@runtime_checkable
class DeviceGradFn(GradFn, Protocol):
    """A model whose gradients need not leave its device: only places and weights of the points come to it."""

    def load(self, rows: Arrays, background: Arrays, outputs: Numbers, n_maps: int) -> Any:
        """Move rows, background and `outputs` ``(rows, T)`` to the device; a handle to `n_maps` sums of each."""
        ...

    def accumulate(
        self,
        handle: Any,
        row: NDArray[np.uint32],
        background: NDArray[np.uint32],
        alpha: NDArray[np.float64],
        weight: NDArray[np.float64],
        replicate: NDArray[np.uint8],
        controls: NDArray[np.float64],
    ) -> None:
        """Add the points of one block to the sums; nothing is added when an error is raised.

        With ``d = x - b`` and ``h = gradient * d``: ``weight * h`` to the map of its replicate, ``weight * h * d * c``
        to a map for each of the controls ``c`` (``(m, K)``), and ``weight * h * h`` to the last.
        """
        ...

    def scale(self, handle: Any, factor: float, rows: Any) -> None:
        """Multiply the sums of some rows."""
        ...

    def sums(self, handle: Any) -> tuple[NDArray[np.float64], ...]:
        """Return the sums for every input: ``(rows, T, n_maps, d)``, the replicates' maps first."""
        ...


def explaining(grad_fn: GradFn) -> AbstractContextManager[Any]:
    """Bring a model into the state in which it is explained; it is as it was when the context ends."""
    made = getattr(grad_fn, "explaining", None)
    return nullcontext() if made is None else made()


def is_out_of_memory(grad_fn: GradFn, error: Exception) -> bool:
    """Tell whether an error says that a batch was too large for the memory, here or on a device.

    Examples
    --------
    >>> is_out_of_memory(None, MemoryError()), is_out_of_memory(None, RuntimeError("shapes differ"))
    (True, False)
    """
    known = getattr(grad_fn, "is_out_of_memory", None)
    if known is not None and known(error):
        return True
    name, text = type(error).__name__, str(error)
    return (
        isinstance(error, MemoryError)
        or name in {"OutOfMemoryError", "ResourceExhaustedError"}
        or (isinstance(error, RuntimeError) and ("out of memory" in text or "RESOURCE_EXHAUSTED" in text))
    )
