"""What models return, brought to float64 or refused."""

from typing import Any

import numpy as np
import numpy.typing as npt

from ferroshap.errors import DimensionError, InvalidModelError
from ferroshap.inputs.foreign import is_instance, tensor_to_numpy


def read_output(output: object, n_rows: int, model: str) -> npt.NDArray[np.float64]:
    """Give a model's output as float64, `(n_rows,)` or `(n_rows, outputs)`, C-contiguous.

    Parameters
    ----------
    output : object
        An array, a list, a Series, a frame, a sparse matrix or a tensor.
    n_rows : int
        How many rows the model was given.
    model : str
        What the model is called in messages.

    Examples
    --------
    >>> read_output([True, False], 2, "vote")
    array([1., 0.])
    >>> read_output(["yes", "no"], 2, "SVC.predict")
    Traceback (most recent call last):
    ...
    ferroshap.errors.InvalidModelError: SVC.predict returned text ('yes'), which cannot be averaged:
    explain numbers, for instance `predict_proba`.
    """
    values = _as_numpy(output, model)
    is_one_array = isinstance(output, list | tuple) and len(output) == 1 and isinstance(output[0], np.ndarray)
    if is_one_array and values.shape[1:2] == (n_rows,) != (1,):
        values = values[0]  # one array in a list, as runtimes with several outputs give it
    if values.ndim not in {1, 2}:
        msg = (
            f"{model} returned an array of shape {values.shape} for {n_rows} rows: "
            f"it must return ({n_rows},) or ({n_rows}, outputs)."
        )
        raise DimensionError(msg)
    if len(values) != n_rows:
        msg = (
            f"{model} returned {len(values)} outputs for {n_rows} rows: "
            "it must return one for each row, in their order."
        )
        raise DimensionError(msg)
    if values.dtype.kind not in "biuf":
        values = _numbers(values, model)
    return np.ascontiguousarray(values, np.float64)


def _as_numpy(output: Any, model: str) -> npt.NDArray[Any]:
    """Take the values out of whatever holds them, with no change of dtype."""
    if output is None:
        msg = f"{model} returned None: it must return one number for each row."
        raise InvalidModelError(msg)
    if is_instance(output, "torch", "Tensor"):
        output = tensor_to_numpy(output)
    elif is_instance(output, "scipy.sparse", "spmatrix") or is_instance(output, "scipy.sparse", "sparray"):
        output = output.toarray()
    elif isinstance(output, np.ma.MaskedArray):
        output = np.ma.filled(output.astype(float), np.nan)
    elif isinstance(output, list | tuple) and any(is_instance(item, "torch", "Tensor") for item in output):
        output = [_as_numpy(item, model) for item in output]
    try:
        return np.asarray(output)
    except (ValueError, TypeError) as error:
        msg = f"{model} returned a {type(output).__name__} that is no array ({error}): return a number a row."
        raise InvalidModelError(msg) from error


def _numbers(values: npt.NDArray[Any], model: str) -> npt.NDArray[np.float64]:
    """Read objects as numbers, missing ones as NaN; refuse text, complex numbers, dates and all else."""
    first = next((item for item in values.flat if isinstance(item, str | bytes)), None)
    if first is not None:
        shown = str(first) if isinstance(first, str) else bytes(first)  # without NumPy's own type in the message
        msg = (
            f"{model} returned text ({shown!r}), which cannot be averaged: "
            "explain numbers, for instance `predict_proba`."
        )
        raise InvalidModelError(msg)
    if values.dtype == object:
        try:
            plain = [np.nan if _is_missing(item) else float(item) for item in values.flat]
            return np.array(plain).reshape(values.shape)
        except (TypeError, ValueError):
            pass
    msg = f"{model} returned {values.dtype} values: return real numbers."
    raise InvalidModelError(msg)


def _is_missing(item: object) -> bool:
    return item is None or type(item).__name__ == "NAType"
