"""From filled blocks back to the container that the model expects."""

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from ferroshap.inputs.column import Column, Native
from ferroshap.inputs.exactness import Array

Assembly: TypeAlias = Callable[[Sequence[Array]], Any]


@dataclass(frozen=True, eq=False, slots=True)
class Recipe:
    """Where one column of the model's table comes from.

    `block` and `place` say which filled array and which of its columns; `dictionary`
    holds the values that codes point to, or is None where the words are the values.
    """

    block: int
    place: int
    dictionary: Column | None

    def words(self, filled: Sequence[Array]) -> Array:
        """The column's words or codes, `(m,)`."""
        return filled[self.block][:, self.place]

    def decoded(self, filled: Sequence[Array]) -> Native:
        """The column in its own library's form; words stay as they are."""
        words = self.words(filled)
        return words if self.dictionary is None else self.dictionary.take(words)


@dataclass(frozen=True, eq=False)
class ObjectAssembly:
    """Gives an array of the columns' common dtype: objects, unless all are text or long doubles."""

    recipes: Sequence[Recipe]

    def __call__(self, filled: Sequence[Array]) -> Array:
        """Put the decoded columns side by side, `(m, columns)`."""
        columns = [recipe.decoded(filled) for recipe in self.recipes]
        coded = all(recipe.dictionary is not None for recipe in self.recipes)
        alike = coded and len({column.dtype.kind for column in columns}) == 1
        dtype = np.result_type(*columns) if alike else np.dtype(object)
        rows = np.empty((len(filled[0]), len(columns)), dtype)
        for position, column in enumerate(columns):
            rows[:, position] = column
        return rows


@dataclass(frozen=True, eq=False)
class FrameAssembly:
    """Gives a frame of a library with the user's labels; `recipes` is None for one block of words."""

    kind: str
    labels: Any
    recipes: Sequence[Recipe] | None = None

    def __call__(self, filled: Sequence[Array]) -> Native:
        """Build the frame of `m` rows; a pandas frame of one block looks at that block without a copy."""
        library = importlib.import_module(self.kind)
        if self.recipes is None and self.kind == "pandas":
            return library.DataFrame(filled[0], columns=self.labels, copy=False)
        if self.recipes is None:
            columns = [filled[0][:, place] for place in range(filled[0].shape[1])]
        else:
            columns = [recipe.decoded(filled) for recipe in self.recipes]
        return _ASSEMBLIES[self.kind](library, self.labels, columns)


def _pandas(library: Native, labels: Native, columns: Sequence[Native]) -> Native:
    # A dict is gathered into one piece of memory for each dtype; its keys are numbers because
    # labels may be anything.
    frame = library.DataFrame(dict(enumerate(columns)))
    frame.columns = labels
    return frame


def _polars(library: Native, labels: Sequence[str], columns: Sequence[Native]) -> Native:
    series = [
        library.Series(label, np.ascontiguousarray(column)) if isinstance(column, np.ndarray) else column.alias(label)
        for label, column in zip(labels, columns, strict=True)
    ]
    return library.DataFrame(series)


def _pyarrow(library: Native, schema: Native, columns: Sequence[Native]) -> Native:
    arrays = [
        library.array(np.ascontiguousarray(column)) if isinstance(column, np.ndarray) else column for column in columns
    ]
    fields = [field.with_type(array.type) for field, array in zip(schema, arrays, strict=True)]
    return library.Table.from_arrays(arrays, schema=library.schema(fields, schema.metadata))


_ASSEMBLIES: dict[str, Callable[[Native, Any, Sequence[Native]], Native]] = {
    "pandas": _pandas,
    "polars": _polars,
    "pyarrow": _pyarrow,
}
