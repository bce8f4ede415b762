"""Lists, tensors and frames of other libraries, brought to an array or a frame that we know."""

import importlib
import sys
from importlib.util import find_spec

import numpy as np

from ferroshap.errors import DimensionError, OptionError
from ferroshap.inputs.column import Native
from ferroshap.inputs.exactness import Array

ACCEPTED = (
    "a NumPy array, a pandas, polars or pyarrow table, a scipy.sparse matrix, a list of rows, "
    "or anything that NumPy reads as an array"
)
FRAME_MARKS = ("columns", "__dataframe__", "__arrow_c_stream__", "__narwhals_dataframe__", "__narwhals_lazyframe__")


def is_instance(data: object, library: str, name: str) -> bool:
    """Whether `data` is of a library's class, without importing the library: if it is, that is loaded.

    Examples
    --------
    >>> is_instance([1.0], "pandas", "DataFrame")
    False
    """
    cls = getattr(sys.modules.get(library), name, None)
    return isinstance(cls, type) and isinstance(data, cls)


def eager_frame(data: Native, argument: str) -> Native | None:
    """Turn a frame of any library that narwhals knows into one of ours; None if it is no frame.

    Raises
    ------
    OptionError
        The frame is lazy: how much work it stands for is for the user to decide.
    """
    if not any(hasattr(type(data), mark) for mark in FRAME_MARKS):
        return None
    narwhals = importlib.import_module("narwhals.stable.v2")
    frame = narwhals.from_native(data, pass_through=True)
    if isinstance(frame, narwhals.LazyFrame):
        msg = f"`{argument}` is a lazy frame ({type(data).__module__}.{type(data).__name__}): collect it first."
        raise OptionError(msg)
    if isinstance(frame, narwhals.DataFrame):
        native = frame.to_native()
        ours = any(is_instance(native, library, "DataFrame") for library in ("pandas", "polars"))
        if ours or is_instance(native, "pyarrow", "Table"):
            return native
        return frame.to_pandas() if frame.implementation.is_pandas_like() else frame.to_arrow()
    if hasattr(type(data), "__arrow_c_stream__") and not hasattr(type(data), "__array__"):
        library = "pyarrow" if find_spec("pyarrow") else "polars"
        return narwhals.from_arrow(data, backend=library).to_native()
    return None


def as_array(data: Native, argument: str) -> Array:
    """Read lists, tensors and whatever has `__dlpack__` or `__array__`; refuse all else."""
    if isinstance(data, list | tuple):
        return _of_rows(data, argument)
    if isinstance(data, np.ma.MaskedArray):
        msg = f"`{argument}` is a masked array: fill it first, for instance with `.filled(np.nan)`."
        raise OptionError(msg)
    if is_instance(data, "torch", "Tensor"):
        return tensor_to_numpy(data)
    if not hasattr(data, "__array__") and hasattr(data, "__dlpack__"):
        return np.from_dlpack(data)
    if not hasattr(data, "__array__") or isinstance(data, np.generic | type):
        msg = f"`{argument}` is {_described(data)}: pass {ACCEPTED}."
        raise OptionError(msg)
    return np.asarray(data)


def tensor_to_numpy(tensor: Native) -> Array:
    """Give a torch tensor's values on the host; bfloat16, which NumPy lacks, as float32."""
    values = tensor.detach().cpu()
    if str(values.dtype) == "torch.bfloat16":
        values = values.float()
    array: Array = values.numpy()
    return array


def _of_rows(rows: list[object] | tuple[object, ...], argument: str) -> Array:
    lengths = {len(row) if hasattr(row, "__len__") and not isinstance(row, str | bytes) else None for row in rows}
    if len(lengths) > 1:
        shown = ", ".join("a scalar" if n is None else str(n) for n in sorted(lengths, key=lambda n: (n is None, n)))
        msg = f"`{argument}` is a list of rows of different lengths ({shown}): all rows need the same columns."
        raise DimensionError(msg)
    try:
        values = np.asarray(rows)
    except ValueError:  # deeper raggedness: let every cell be an object
        values = _of_objects(rows, argument)
    if values.dtype.kind in "US":  # NumPy turned numbers beside text into text
        values = np.asarray(rows, object)
    return values


def _of_objects(rows: list[object] | tuple[object, ...], argument: str) -> Array:
    try:
        return np.asarray(rows, object)
    except ValueError:
        shapes = ", ".join(dict.fromkeys(str(np.shape(row)) if hasattr(row, "shape") else "a list" for row in rows))
        msg = f"`{argument}` holds parts of different shapes ({shapes}), which make no table: pass {ACCEPTED}."
        raise DimensionError(msg) from None


def _described(data: object) -> str:
    return "None" if data is None else f"a {type(data).__module__}.{type(data).__qualname__}"
