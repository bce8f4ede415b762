"""Every field is made to fit the values, or refused by name."""

from typing import Any

import numpy as np

from ferroshap.errors import DimensionError
from ferroshap.explanation.axes import Axes, checked_axes, inferred_axes
from ferroshap.explanation.fields import (
    BLOCK,
    BLOCKS,
    CLUSTERING,
    FEATURE_NAMES,
    FOLLOWS,
    INSTANCE_NAMES,
    LIKE_DATA,
    LIKE_VALUES,
    MAP,
    OF_MAPS,
    OUTPUT_LABELS,
    PER_ROW,
    PER_ROW_AND_OUTPUT,
    REPLICATES,
    SEGMENTS,
    STATUS,
)
from ferroshap.explanation.names import FeatureNames, NameTable

Shape = tuple[int, ...]


def roles(shape: tuple[int, ...], given: dict[str, Any], axes: Any) -> Axes:
    """Take the roles given, or infer them; read tables once and borrow their column names."""
    if "data" in given:
        given["data"], columns = as_table(given["data"])
        if columns is not None:
            given.setdefault("feature_names", columns)
    if axes is not None:
        return checked_axes(axes, len(shape))
    data, base = given.get("data"), given.get("base_values")
    return inferred_axes(
        shape,
        None if data is None else data.shape,
        None if base is None else np.shape(base),
        is_column=isinstance(given.get("feature_names"), str),
    )


def all_fitted(given: dict[str, Any], shape: tuple[int, ...], axes: Axes) -> dict[str, Any]:
    """Check every field; name the features if nobody did."""
    known = {name: fitted(name, value, shape, axes) for name, value in given.items()}
    sizes = lengths("feature", shape, axes)
    data = known.get("data")
    is_picture = data is not None and data.ndim - axes.count("row") > 1
    if sizes and "feature_names" not in known and len(set(sizes)) == 1 and len(sizes) < 3 and not is_picture:
        known["feature_names"] = FeatureNames((NameTable.numbered("Feature", sizes[0]),) * len(sizes))
    return known


def as_numbers(name: str, value: Any) -> np.ndarray:
    """Read an array of numbers, keeping its dtype.

    Raises
    ------
    DimensionError
        If it is ragged.
    TypeError
        If it holds anything but real numbers.
    """
    try:
        array = np.asarray(value)
    except ValueError:
        msg = f"`{name}` is ragged: all its rows must have the same length"
        raise DimensionError(msg) from None
    if array.dtype == object:
        try:
            array = array.astype(np.float64)
        except (TypeError, ValueError):
            msg = f"`{name}` holds objects that are no numbers: pass an array of numbers"
            raise TypeError(msg) from None
    if array.dtype.kind not in "biuf":
        msg = f"`{name}` has dtype {array.dtype}: pass real numbers"
        raise TypeError(msg)
    return array


def as_table(value: Any) -> tuple[np.ndarray, list[str] | None]:
    """Read data as an array (of objects if columns differ in kind), with column names where it has some."""
    if isinstance(value, (np.ndarray, list, tuple)) or np.isscalar(value):
        return np.asarray(value), None
    if hasattr(value, "__array__") and not hasattr(value, "columns"):
        return np.asarray(value), None
    from ferroshap.inputs import read_table

    table = read_table(value, argument="data", allow_single_row=True)
    display = table.display
    return (display[0] if table.is_single_row else display), table.names


def fitted(name: str, value: Any, shape: Shape, axes: Axes) -> Any:
    """Bring one field into the form in which it is stored.

    Raises
    ------
    DimensionError
        If its lengths are not those of the axes that it follows.
    """
    if value is None:
        return None
    match FOLLOWS[name]:
        case fields if fields == LIKE_VALUES:
            array = as_numbers(name, value)
            return _same_shape(name, array, shape, axes)
        case fields if fields in {PER_ROW_AND_OUTPUT, MAP}:
            array = as_numbers(name, value)
            return _one_number(value, array) if array.ndim == 0 else _per_row_and_output(name, array, shape, axes)
        case fields if fields == PER_ROW:
            array = as_numbers(name, value)
            rows = lengths("row", shape, axes)
            return _one_number(value, array) if array.ndim == 0 else _same_shape(name, array, rows, ("row",))
        case fields if fields == STATUS:
            is_single = not isinstance(value, (list, tuple, np.ndarray)) or np.ndim(value) == 0
            rows = lengths("row", shape, axes)
            return value if is_single else _same_shape(name, np.asarray(value, dtype=str), rows, ("row",))
        case fields if fields == LIKE_DATA:
            return _data(name, as_table(value)[0], shape, axes)
        case fields if fields == INSTANCE_NAMES:
            return _names(name, value, lengths("row", shape, axes), "row")
        case fields if fields == FEATURE_NAMES:
            return feature_names(value, lengths("feature", shape, axes))
        case fields if fields == OUTPUT_LABELS:
            return _output_labels(name, value, shape, axes)
        case fields if fields == CLUSTERING:
            return _clustering(as_numbers(name, value), shape, axes)
        case fields if fields in OF_MAPS:
            return _of_maps(name, as_numbers(name, value), shape, axes)
        case _:
            return value


def lengths(role: str, shape: Shape, axes: Axes) -> Shape:
    """Lengths of the axes of one role."""
    return tuple(length for length, axis in zip(shape, axes, strict=True) if axis == role)


def feature_names(value: Any, sizes: Shape) -> FeatureNames | None:
    """One list for all feature axes, a list for each, or one string where a feature was picked."""
    if isinstance(value, FeatureNames):
        n_names = tuple(size if table is None else len(table) for table, size in zip(value.tables, sizes, strict=False))
        if len(value.tables) == len(sizes) and n_names == sizes:
            return value
        msg = f"`feature_names` has {' x '.join(map(str, n_names))} names, but `values` has {sizes} features"
        raise DimensionError(msg)
    if isinstance(value, NameTable):
        table = value
    elif isinstance(value, str):
        if sizes:
            msg = f"`feature_names` is {value!r}, but `values` has a feature axis of {sizes[0]}: give a list"
            raise DimensionError(msg)
        return FeatureNames((), value)
    else:
        value = list(value)
        if len(sizes) > 1 and len(value) == len(sizes) and not any(isinstance(part, str) for part in value):
            tables = (
                None if part is None else _table("feature_names", NameTable(part), (size,), "feature")
                for part, size in zip(value, sizes, strict=True)
            )
            return FeatureNames(tuple(tables))
        table = NameTable(value)
    if not sizes:
        return None  # the features were summed: their names have no axis to stand on
    if any(size != len(table) for size in sizes):
        counts = " x ".join(map(str, sizes))
        msg = f"`feature_names` has {len(table)} names, but `values` has {counts} features"
        raise DimensionError(msg)
    return FeatureNames((table,) * len(sizes))


def _names(name: str, value: Any, sizes: Shape, role: str) -> NameTable | str | None:
    if isinstance(value, str):
        if sizes:
            msg = f"`{name}` is {value!r}, but `values` has {sizes[0]} {role}s: give a list"
            raise DimensionError(msg)
        return value
    return _table(name, value if isinstance(value, NameTable) else NameTable(list(value)), sizes, role)


def _table(name: str, table: NameTable, sizes: Shape, role: str) -> NameTable:
    if sizes != (len(table),):
        have = sizes[0] if sizes else "no"
        msg = f"`{name}` has {len(table)} names, but `values` has {have} {role}s"
        raise DimensionError(msg)
    return table


def _output_labels(name: str, value: Any, shape: Shape, axes: Axes) -> Any:
    rows, outputs = lengths("row", shape, axes), lengths("output", shape, axes)
    if isinstance(value, (str, int, np.integer)):
        if outputs:
            msg = f"`{name}` is {value!r}, but `values` has {outputs[0]} outputs: give a list"
            raise DimensionError(msg)
        return value
    if isinstance(value, NameTable):
        return _names(name, value, outputs, "output")
    array = np.asarray(value) if name == "output_indexes" else np.asarray(value, dtype=object)
    if array.ndim == 2:
        return _same_shape(name, array, rows + outputs, ("row", "output"))
    if name == "output_names":
        if not outputs and rows == array.shape:
            return array  # an output was picked whose name differs from row to row
        return _names(name, array, outputs, "output")
    return _same_shape(name, array, outputs or rows, ("output",) if outputs else ("row",))


def _per_row_and_output(name: str, array: np.ndarray, shape: Shape, axes: Axes) -> Any:
    """One number, or one for each row and output; one for each output is repeated for all rows."""
    rows, outputs = lengths("row", shape, axes), lengths("output", shape, axes)
    if array.shape == rows + outputs:
        return array
    if not outputs and array.shape == (*rows, 1):
        return array[..., 0] if rows else array[0]
    if rows and array.shape == outputs:
        return np.broadcast_to(array, rows + outputs)
    if outputs and array.shape == rows:
        return np.broadcast_to(array[:, None], rows + outputs)
    roles = tuple(axis for axis in axes if axis != "feature")
    return _same_shape(name, array, rows + outputs, roles)


def _one_number(value: Any, array: np.ndarray) -> Any:
    """Keep a Python number as it is; an array without axes becomes a number."""
    return value if isinstance(value, (int, float)) else array[()]


def _data(name: str, array: np.ndarray, shape: Shape, axes: Axes) -> np.ndarray:
    """The data have one feature axis where interactions have two; pictures may have channels where maps have none."""
    rows, features = lengths("row", shape, axes), lengths("feature", shape, axes)
    accepted = {rows + features, rows + features[:1]}
    has_channels = len(features) == 2 and array.ndim == len(rows) + 3 and array.shape[:-1] == rows + features
    if array.shape in accepted or has_channels:
        return array
    if array.shape == (1, *features[:1]) and not rows:
        return np.asarray(array[0])
    if rows == (1,) and array.shape == features:
        return np.asarray(array[None])
    roles = ("row",) * len(rows) + ("feature",) * len(features)
    return _same_shape(name, array, rows + features, roles)


def _clustering(array: np.ndarray, shape: Shape, axes: Axes) -> np.ndarray:
    rows, features = lengths("row", shape, axes), lengths("feature", shape, axes)
    merges = (max(features[0] - 1, 0) if features else 0, 4)
    if array.shape in {merges, rows + merges}:
        return array
    msg = f"`clustering` has shape {array.shape}, but {features} features need {merges}"
    raise DimensionError(msg)


def _of_maps(name: str, array: np.ndarray, shape: Shape, axes: Axes) -> np.ndarray:
    """Fields that have their own number of axes between rows and outputs; one segmentation may serve all rows."""
    rows, features, outputs = (lengths(role, shape, axes) for role in ("row", "feature", "output"))
    follows, sides = FOLLOWS[name], ("pixel row", "pixel column")
    if len(features) < 2 and follows != REPLICATES:
        msg = f"`{name}` belongs to maps of pixels, but `values` has {len(features)} feature axes"
        raise DimensionError(msg)
    if follows == SEGMENTS:
        if array.dtype.kind not in "iu":
            msg = f"`{name}` has dtype {array.dtype}: pass the whole number of each pixel's segment, -1 for none"
            raise TypeError(msg)
        if rows and array.shape == features[:2]:
            array = np.broadcast_to(array, rows + array.shape)
        return _same_shape(name, array, rows + features[:2], (*("row",) * len(rows), *sides))
    if follows == REPLICATES:
        n_replicates = array.shape[len(rows)] if array.ndim > len(rows) else 0
        between, roles = (n_replicates, *features), ("replicate", *("feature",) * len(features))
    elif follows == BLOCKS:
        between, roles = tuple(-(-size // BLOCK) for size in features[:2]), ("block row", "block column")
    else:
        between, roles = features[:2], sides
    return _same_shape(name, array, rows + between + outputs, (*("row",) * len(rows), *roles, "output"))


def _same_shape(name: str, array: np.ndarray, wanted: Shape, roles: tuple[str, ...]) -> np.ndarray:
    """Refuse an array of another shape, naming the first axis that differs."""
    if array.shape == wanted:
        return array
    text = f"`{name}` has shape {array.shape}, but `values` needs {wanted}"
    if array.ndim == len(wanted):
        axis = next(i for i, (a, b) in enumerate(zip(array.shape, wanted, strict=True)) if a != b)
        text = f"`{name}` has {array.shape[axis]} {roles[axis]}s, but `values` has {wanted[axis]}"
    raise DimensionError(text)
