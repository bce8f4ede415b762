"""The forms that the values of one output can have in a table: columns, lists, the largest alone, pairs."""

import json
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.engines.arrow.arrays import columns_of, floats, integers, kind_of, lists_of, named, nothing, text
from ferroshap.engines.arrow.largest import largest, rest_of
from ferroshap.engines.arrow.subject import names_of_terms
from ferroshap.export.libraries import met

Numbers = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Form(ABC):
    """How values of some terms, ``(rows, terms)``, stand in a table.

    Attributes
    ----------
    features : list of str
        The features.
    terms : ndarray of shape ``(terms, 2)`` or None
        Features with themselves and pairs, where interactions are laid out.
    dtype : str
        Of the values.
    has_errors : bool
        Whether there is room for errors.
    """

    features: list[str]
    terms: NDArray[np.int64] | None
    dtype: str
    has_errors: bool

    @property
    def names(self) -> list[str]:
        """Names of the terms."""
        return self.features if self.terms is None else names_of_terms(self.features, self.terms)

    @abstractmethod
    def fields(self, suffix: str) -> list[Any]:
        """Fields of the table; `suffix` tells outputs apart."""

    @abstractmethod
    def arrays(self, values: Numbers, errors: Numbers | None) -> list[Any]:
        """Columns of the table, one for each field."""

    def _field(self, name: str, kind: Any, metadata: dict[str, str] | None = None) -> Any:
        return met("pyarrow", "output_schema").field(name, kind, metadata=metadata)


class Columns(Form):
    """One column a term."""

    def fields(self, suffix: str) -> list[Any]:
        """``phi_<feature>``, and where asked for ``error_std_<feature>``."""
        kind = kind_of(self.dtype)
        words = ["phi", "error_std"] if self.has_errors else ["phi"]
        return [self._field(f"{word}_{name}{suffix}", kind) for word in words for name in self.names]

    def arrays(self, values: Numbers, errors: Numbers | None) -> list[Any]:
        """One a term."""
        arrays = columns_of(values, self.dtype)
        if self.has_errors:
            n_rows, n_terms = values.shape
            kind = kind_of(self.dtype)
            arrays += [nothing(n_rows, kind)] * n_terms if errors is None else columns_of(errors, self.dtype)
        return arrays


class Lists(Form):
    """All terms in one column of lists of a fixed size."""

    def fields(self, suffix: str) -> list[Any]:
        """``phi``, and where asked for ``error_std``; metadata of the field have the names of the features."""
        arrow = met("pyarrow", "output_schema")
        kind = arrow.list_(kind_of(self.dtype), len(self.names))
        metadata = {"features": json.dumps(self.names)}
        words = ["phi", "error_std"] if self.has_errors else ["phi"]
        return [self._field(f"{word}{suffix}", kind, metadata) for word in words]

    def arrays(self, values: Numbers, errors: Numbers | None) -> list[Any]:
        """One list a row."""
        arrays = [lists_of(values, self.dtype)]
        if self.has_errors:
            arrays.append(nothing(len(values), arrays[0].type) if errors is None else lists_of(errors, self.dtype))
        return arrays


@dataclass(frozen=True, eq=False)
class Largest(Form):
    """The terms with the largest values alone, and what the others add up to."""

    k: int

    def fields(self, suffix: str) -> list[Any]:
        """``feature_1``, ``value_1``, ... and ``rest``."""
        arrow = met("pyarrow", "output_schema")
        words = arrow.dictionary(arrow.int32(), arrow.string())
        kind = kind_of(self.dtype)
        fields = []
        for rank in range(1, self.k + 1):
            fields += [self._field(f"feature_{rank}{suffix}", words), self._field(f"value_{rank}{suffix}", kind)]
            if self.has_errors:
                fields.append(self._field(f"error_std_{rank}{suffix}", kind))
        return [*fields, self._field(f"rest{suffix}", kind)]

    def arrays(self, values: Numbers, errors: Numbers | None) -> list[Any]:
        """The names have one dictionary, the same in every batch: all features."""
        dictionary, kind = text(self.names), kind_of(self.dtype)
        places = largest(values, self.k)
        chosen = columns_of(np.take_along_axis(values, places, axis=1), self.dtype)
        uncertain = None if errors is None else columns_of(np.take_along_axis(errors, places, axis=1), self.dtype)
        arrays = []
        for rank in range(self.k):
            arrays += [named(places[:, rank], dictionary), chosen[rank]]
            if self.has_errors:
                arrays.append(nothing(len(values), kind) if uncertain is None else uncertain[rank])
        return [*arrays, floats(rest_of(values, places).astype(self.dtype))]


class Pairs(Form):
    """Terms that are not zero, as a list of structs a row."""

    def fields(self, suffix: str) -> list[Any]:
        """``interactions``: first, second, value, and where asked for error_std; of a main effect first is second."""
        return [self._field(f"interactions{suffix}", self._kind())]

    def arrays(self, values: Numbers, errors: Numbers | None) -> list[Any]:
        """One list a row, in the order of the terms."""
        rows, places = np.nonzero(values)
        return [self._lists(rows, places, values, errors)]

    def _kind(self) -> Any:
        arrow = met("pyarrow", "output_schema")
        words, kind = arrow.dictionary(arrow.int32(), arrow.string()), kind_of(self.dtype)
        members = [("first", words), ("second", words), ("value", kind)]
        return arrow.list_(arrow.struct([*members, *([("error_std", kind)] if self.has_errors else [])]))

    def _lists(self, rows: NDArray[np.intp], places: NDArray[np.intp], values: Numbers, errors: Numbers | None) -> Any:
        arrow = met("pyarrow", "explain_arrow")
        terms, dictionary = self.terms, text(self.features)
        chosen = terms[places] if terms is not None else np.repeat(places[:, None], 2, axis=1)
        members = [named(chosen[:, side], dictionary) for side in (0, 1)]
        members.append(floats(values[rows, places].astype(self.dtype)))
        kind = self._kind()
        if self.has_errors:
            uncertain = None if errors is None else floats(errors[rows, places].astype(self.dtype))
            members.append(nothing(len(rows), kind_of(self.dtype)) if uncertain is None else uncertain)
        structs = arrow.StructArray.from_arrays(members, fields=list(kind.value_type))
        starts = np.searchsorted(rows, np.arange(len(values) + 1))
        return arrow.ListArray.from_arrays(integers(starts), structs, type=kind)


@dataclass(frozen=True, eq=False)
class LargestPairs(Pairs):
    """The largest terms as a list of structs a row, and what the others add up to."""

    k: int

    def fields(self, suffix: str) -> list[Any]:
        """``interactions`` and ``rest``."""
        return [*super().fields(suffix), self._field(f"rest{suffix}", kind_of(self.dtype))]

    def arrays(self, values: Numbers, errors: Numbers | None) -> list[Any]:
        """The largest first."""
        places = largest(values, self.k)
        rows = np.repeat(np.arange(len(values)), self.k)
        rest = floats(rest_of(values, places).astype(self.dtype))
        return [self._lists(rows, places.reshape(-1), values, errors), rest]
