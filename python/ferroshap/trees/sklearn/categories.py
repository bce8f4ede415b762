"""Columns of categories that an `OrdinalEncoder` numbers before the trees see them."""

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Stands for a category that no model has seen.
_UNSEEN = "\x00 none of the categories"


class Categories:
    """Which columns are encoded, and how.

    Parameters
    ----------
    is_categorical : ndarray of bool
        For each of the user's columns.
    encoded : sequence of ndarray
        The categories of each encoded column in the order of their codes; NaN last where it was seen.
    names : list of str or None
        The names of the columns.

    Attributes
    ----------
    values : list
        For each column its categories without NaN, or None.
    order : ndarray of int
        The user's column for each column of the trees: encoded ones come first.
    """

    def __init__(self, is_categorical: NDArray[Any], encoded: Sequence[NDArray[Any]], names: list[str] | None) -> None:
        self.names = names
        self.order: NDArray[np.intp] = np.concatenate([np.flatnonzero(is_categorical), np.flatnonzero(~is_categorical)])
        self.values: list[list[Any] | None] = [None] * len(is_categorical)
        for column, categories in zip(self.order, encoded, strict=False):
            values = categories.tolist()
            if values and isinstance(values[-1], float) and np.isnan(values[-1]):
                values.pop()
            self.values[column] = values

    def columns(self) -> list[dict[str, Any] | None]:
        """What `forest_from_arrays` is told of each column."""
        return [
            None
            if values is None
            else {
                "codes": "known_or_missing",
                "known": len(values),
                "values": [str(value) for value in values],
                "is_numeric": _are_numbers(values),
            }
            for values in self.values
        ]

    def decoded(self, codes: NDArray[Any]) -> Any:
        """Rows as the model takes them: values for codes, a value never seen for codes that do not exist."""
        rows = np.asarray(codes, dtype=np.float64)
        if all(values is None or _are_numbers(values) for values in self.values):
            decoded: NDArray[Any] = rows.copy()
        else:
            decoded = rows.astype(object)
        for column, values in enumerate(self.values):
            if values is None:
                continue
            unseen = max(values, default=0.0) + 1.5 if _are_numbers(values) else _UNSEEN
            table = np.array([*values, unseen, np.nan], dtype=decoded.dtype)
            column_codes = rows[:, column]
            is_known = (column_codes >= 0) & (column_codes < len(values))
            place = np.where(is_known, np.nan_to_num(column_codes), len(values)).astype(np.intp)
            decoded[:, column] = table[np.where(np.isnan(column_codes), len(values) + 1, place)]
        pandas = sys.modules.get("pandas")
        if self.names is None or pandas is None:
            return decoded
        frame = pandas.DataFrame(decoded, columns=self.names)
        numbers = [name for name, values in zip(self.names, self.values, strict=True) if values is None]
        return frame.astype(dict.fromkeys(numbers, np.float64))


def _are_numbers(values: Sequence[Any]) -> bool:
    return all(isinstance(value, int | float | np.number) and not isinstance(value, bool) for value in values)
