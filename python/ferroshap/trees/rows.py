"""From the user's table to the numbers that the core compares: without a copy where that is possible."""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ferroshap.errors import OptionError, nearest
from ferroshap.inputs import Table
from ferroshap.inputs.column import Column
from ferroshap.inputs.exactness import is_missing
from ferroshap.trees.tree_model import TreeModel

Floats = NDArray[np.float64]
Numbers = NDArray[Any]  # float32 or float64
#: What the core takes: numbers in either order, or (starts, columns, values) of compressed sparse rows.
NativeRows: TypeAlias = Numbers | tuple[NDArray[np.int64], NDArray[np.int64], Floats]

#: Libraries that take the numbers of an array for category codes; the others look categories up by value.
CODES_IN_ARRAYS = ("xgboost", "lightgbm")
#: The code of a category that no split knows.
UNKNOWN = -1.0
#: The largest number of single precision, in which the libraries compare that refuse infinity.
SINGLE = float(np.finfo(np.float32).max)
#: Numbers that single precision holds exactly.
NARROW = {np.dtype(name) for name in ("float32", "float16", "int8", "int16", "uint8", "uint16", "bool")}


class Categories:
    """The categories of one column, by value.

    Parameters
    ----------
    values : list
        The categories in the order of their codes.
    unknown : float or None
        The code of all others; None to refuse them.
    """

    def __init__(self, values: Iterable[Any], unknown: float | None) -> None:
        """Make the dictionary: a number may have been stored as text."""
        self._codes: dict[Hashable, float] = {}
        self._unknown = unknown
        self._known = list(values)
        for code, value in enumerate(self._known):
            self._codes.setdefault(_key(value), float(code))
            if isinstance(value, str) and _is_number(value):
                self._codes.setdefault(float(value), float(code))

    def codes(self, values: Iterable[Any], where: str) -> list[float]:
        """Codes of values; NaN for missing ones."""
        return [np.nan if is_missing(value) else self._code(value, where) for value in values]

    def _code(self, value: Any, where: str) -> float:
        code = self._codes.get(_key(value), self._unknown)
        if code is None:
            known = [str(category) for category in self._known]
            msg = (
                f"{where} has the category {value!r}, which the model was not trained with"
                f"{nearest(str(value), known)} Its library refuses it too: leave these rows out, or make it missing"
            )
            raise OptionError(msg)
        return code


class HashedCategories(Categories):
    """The categories of one column, where the model knows each by a key of its own: all others are unknown.

    Parameters
    ----------
    keys : list of str
        The keys in the order of their codes.
    key : callable
        Makes the key of a value.
    """

    def __init__(self, keys: Iterable[str], key: Callable[[Any], str]) -> None:
        """Make the dictionary; keys of values are made once each."""
        super().__init__([], None)
        self._by_key = {known: float(code) for code, known in enumerate(keys)}
        self._key = key

    def _code(self, value: Any, where: str) -> float:
        met = (type(value), value)  # True, 1 and 1.0 are equal to Python, but not to the model
        code = self._codes.get(met)
        if code is None:
            try:
                code = self._by_key.get(self._key(value), UNKNOWN)
            except TypeError as error:
                msg = f"{where} has the category {value!r}: {error}"
                raise OptionError(msg) from None
            self._codes[met] = code
        return code


class RowReader:
    """Reads tables for one model."""

    def __init__(self, model: TreeModel) -> None:
        """Look the model's categories up."""
        self._model = model.detached()
        self._library = model.library
        self._rejects = model.rejects
        self._is_category = [described is not None for described in model.forest.categories]
        in_frames = model.frame_categories
        if in_frames is not None:
            self._is_category = [
                known or values is not None for known, values in zip(self._is_category, in_frames, strict=True)
            ]
        stored = [None if described is None else described["values"] for described in model.forest.categories]
        values: list[list[Any] | None] = in_frames or stored
        self._categories = {
            column: Categories(known, _code_of_unknown(model.library, len(known)))
            for column, known in enumerate(values)
            if known
        }
        key = model.category_key
        if key is not None:
            self._categories = {
                column: HashedCategories(described["values"], key)
                for column, described in enumerate(model.forest.categories)
                if described is not None
            }
        self._is_plain = not self._categories or model.library.startswith(CODES_IN_ARRAYS)

    @property
    def has_categories(self) -> bool:
        """Whether some column is one of categories."""
        return any(self._is_category)

    def __call__(self, table: Table) -> NativeRows:
        """Read a table whose columns stand in the model's order.

        Raises
        ------
        OptionError
            For text, dates or categories that the model does not know, and NaN or infinity where
            its library refuses them.
        """
        in_order = self._model.categories_in_order
        if in_order is not None and table.kind == "pandas":
            return RowReader(_placed(self._model, in_order, table))(table)
        rows = self._read(table)
        if self._rejects:
            _refuse(rows, self._rejects, table, self._library)
        return rows

    def _read(self, table: Table) -> NativeRows:
        source = table.source
        if table.kind == "sparse":
            starts, columns = source.indptr.astype(np.int64, copy=False), source.indices.astype(np.int64, copy=False)
            return _aligned(starts), _aligned(columns), _aligned(source.data.astype(np.float64, copy=False))
        if table.kind == "array" and self._is_plain and source.dtype.kind in "biuf":
            return _contiguous(source)
        if table.kind == "pandas" and not any(self._is_category):
            dtypes = set(source.dtypes)
            if len(dtypes) == 1 and dtypes <= {np.dtype("float32"), np.dtype("float64")}:
                return _contiguous(source.to_numpy())
        columns = [self._column(position, column, table) for position, column in enumerate(table.columns)]
        dtype = np.float32 if all(column.dtype in NARROW for column in columns) else np.float64
        rows: Numbers = np.empty((table.n_rows, len(columns)), dtype, order="F")
        for position, column in enumerate(columns):
            rows[:, position] = column
        return rows

    def _column(self, position: int, column: Column, table: Table) -> NDArray[Any]:
        """One column as numbers or category codes."""
        name = position if table.names is None else repr(table.names[position])
        where = f"column {name} of `{table.argument}`"
        categories = self._categories.get(position)
        if categories is not None and not (self._is_plain and table.kind == "array" and _are_numbers(column)):
            return _codes(column, categories, where)
        pandas_categories = getattr(getattr(column.native, "dtype", None), "categories", None)
        if self._is_category[position] and pandas_categories is not None and table.kind == "pandas":
            codes = column.native.cat.codes.to_numpy()  # the frame's own: all that this model knows of
            return np.where(codes < 0, np.nan, codes)
        numbers = column.numbers()
        if numbers is None:
            numbers = _from_objects(column)
        if numbers is None:
            what = "compares category codes" if self._is_category[position] else "compares numbers"
            msg = (
                f"{where} holds {column.dtype_name} values, but the model {what} in it: "
                "pass the table as the model was trained on it"
            )
            raise OptionError(msg)
        return numbers


def _placed(model: TreeModel, in_order: list[list[Any]], table: Table) -> TreeModel:
    """The model with its lists of categories at the table's categorical columns, first to first."""
    kinds = [getattr(getattr(column.native, "dtype", None), "categories", None) is not None for column in table.columns]
    if sum(kinds) != len(in_order):
        msg = (
            f"`{table.argument}` has {sum(kinds)} categorical columns, but the model was trained on {len(in_order)}: "
            "pass the table as the model was trained on it"
        )
        raise OptionError(msg)
    lists = iter(in_order)
    by_column = [next(lists) if is_category else None for is_category in kinds]
    return replace(model, frame_categories=by_column, categories_in_order=None)


def n_rows_of(rows: NativeRows) -> int:
    """Count rows."""
    return len(rows[0]) - 1 if isinstance(rows, tuple) else len(rows)


def first_rows(rows: NativeRows, count: int) -> NativeRows:
    """Take the first rows."""
    return rows if n_rows_of(rows) <= count else rows_between(rows, 0, count)


def rows_between(rows: NativeRows, first: int, last: int) -> NativeRows:
    """Take some rows out of the middle."""
    if not isinstance(rows, tuple):
        return np.ascontiguousarray(rows[first:last])
    starts, columns, values = rows
    begin, end = int(starts[first]), int(starts[last])
    return starts[first : last + 1] - begin, columns[begin:end], values[begin:end]


def as_dense(rows: NativeRows, n_columns: int, absent: float) -> Numbers:
    """Fill in what a sparse matrix does not store."""
    if not isinstance(rows, tuple):
        return rows
    starts, columns, values = rows
    dense = np.full((len(starts) - 1, n_columns), absent)
    dense[np.repeat(np.arange(len(dense)), np.diff(starts)), columns] = values
    return dense


def _contiguous(source: NDArray[Any]) -> Numbers:
    """Floats in one piece of memory, in whichever order they have."""
    if source.dtype.char not in "fd":
        return source.astype(np.float32 if source.dtype in NARROW else np.float64, order="K")
    flags = source.flags
    return _aligned(source if flags.c_contiguous or flags.f_contiguous else np.ascontiguousarray(source))


def _aligned(source: NDArray[Any]) -> NDArray[Any]:
    """Numbers at addresses that the core may borrow: where messages are read in place, they begin anywhere."""
    return source if source.flags.aligned else source.copy(order="K")


def _codes(column: Column, categories: Categories, where: str) -> Floats:
    """Category codes of a column; those of a categorical of pandas are looked up once each."""
    native = column.native
    in_order = getattr(getattr(native, "dtype", None), "categories", None)
    if in_order is not None and hasattr(native, "cat") and hasattr(in_order, "tolist"):
        used = native.cat.codes.to_numpy()
        present = set(np.unique(used).tolist())
        known = [
            categories.codes([value], where)[0] if code in present else np.nan
            for code, value in enumerate(in_order.tolist())
        ]
        codes: Floats = np.array([*known, np.nan])[used]  # code -1: missing
        return codes
    values, places = column.distinct()
    found: Floats = np.array([*categories.codes(values, where), np.nan])[places]  # place -1: missing
    return found


def _from_objects(column: Column) -> Floats | None:
    """Numbers that came as objects, as a frame of mixed columns holds them; None where some is no number."""
    if str(column.dtype_name) not in {"object", "category"}:
        return None
    values = [np.nan if is_missing(value) else value for value in column.objects().tolist()]
    if not all(isinstance(value, int | float | np.number | np.bool_) for value in values):
        return None
    return np.array(values, dtype=np.float64)


def _are_numbers(column: Column) -> bool:
    return getattr(column.native, "dtype", np.dtype(object)).kind in "biuf"


def _code_of_unknown(library: str, n_known: int) -> float | None:
    """What each library makes of a category that it has not seen."""
    if library.startswith("xgboost"):
        return None
    return np.nan if library.startswith("lightgbm") else float(n_known)


def _key(value: Any) -> Hashable:
    """One key for all numbers of a value, whatever their type."""
    if isinstance(value, int | float | np.number | np.bool_):
        return float(value)
    key: Hashable = str(value) if isinstance(value, str) else value
    return key


def _is_number(text: str) -> bool:
    return text.removeprefix("-").isdigit()


def _refuse(rows: NativeRows, rejects: str, table: Table, library: str) -> None:
    """Refuse what the library itself refuses."""
    values = rows[2] if isinstance(rows, tuple) else rows
    with np.errstate(all="ignore"):
        # Without an array of booleans; NaN is neither.
        if not values.size or (values.max() <= SINGLE and values.min() >= -SINGLE):
            return
        single = values.astype(np.float32, copy=False)
    for name, is_bad in (("nan", np.isnan), ("inf", np.isinf)):
        bad = is_bad(single)
        if name in rejects.split() and bad.any():
            at = np.argwhere(bad)[0]
            where = f"entry {at[0]}" if isinstance(rows, tuple) else f"row {at[0]}, column {at[1]}"
            found = values[tuple(at)]
            word = f"{float(found)!r}, infinite in single precision," if np.isfinite(found) else "an infinite number"
            word = "NaN" if name == "nan" else word
            msg = f"`{table.argument}` has {word} in {where}, which {library} refuses: replace it first"
            raise OptionError(msg)
