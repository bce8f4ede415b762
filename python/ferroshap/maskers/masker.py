"""What all maskers have: a background, its weights, and what the players are."""

import copy
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ferroshap.errors import DimensionError, OptionError
from ferroshap.inputs import Table, read_table
from ferroshap.maskers.background import Summary, normalised_weights, sampled_rows
from ferroshap.maskers.calling import invariants_of, masked_rows
from ferroshap.maskers.dense_data import DenseData
from ferroshap.maskers.said import said
from ferroshap.maskers.units import Units
from ferroshap.serialisation import Serializable

Floats = NDArray[np.float64]


class Masker(Serializable):
    """What stands for absent features: rows of a background, or what is learnt from them.

    Not to be made directly. The worth of nobody is always the mean over the background; maskers differ
    in where absent features come from when others are present.

    Attributes
    ----------
    table : Table
        The background.
    weights : ndarray of shape ``(n_background,)``
        Weights of its rows; sum 1, none is zero.
    n_summarised : int or None
        Rows behind the background, where it is a summary of them.
    units : Units or None
        The players, where they are groups of columns; None where each column is one.
    tree : nested tuple of int, or None
        A hierarchy of the players, where there is one.
    """

    #: Whether absent features are filled given those that are present.
    is_conditional = False
    #: Whether what is explained are images, and players regions of them.
    takes_images = False
    #: Whether it is played by calling it for every coalition.
    takes_calls = False

    _argument = "masker"
    table: Table
    weights: Floats
    n_summarised: int | None = None
    units: Units | None = None
    tree: Any = None
    #: The tree in SciPy's linkage format, where there is one.
    clustering: Any = None
    #: Whether calls take changes of a mask instead of masks: never.
    supports_delta_masking = False
    _own_names: list[str] | None = None
    #: Inputs that a call takes beside the mask.
    n_arguments: Any = 1

    def _read(self, data: Any, weights: Any, max_samples: int | None = None) -> None:
        """Take a background and its weights, or some random rows of it; rows of weight zero are dropped."""
        if isinstance(data, Summary):
            self.n_summarised = data.n_summarised
        if hasattr(data, "group_names") and hasattr(data, "weights"):  # a summary
            weights = data.weights if weights is None else weights
            self.units = _units_of(data)
            source = getattr(data, "source", None)
            data = data.data if source is None else source
        table = read_table(data, argument="data")
        if table.n_rows == 0:
            msg = f"`data` has 0 rows and {table.n_columns} columns, but a background needs at least one row"
            raise DimensionError(msg)
        given = normalised_weights(weights, table.n_rows)
        if max_samples is not None:
            if isinstance(max_samples, bool) or not isinstance(max_samples, int | np.integer) or max_samples < 1:
                msg = f"`max_samples` is {max_samples!r}, but must be a positive integer or None (all rows)"
                raise OptionError(msg)
            kept = sampled_rows(table.n_rows, int(max_samples))
            table, given = table.take_rows(kept), given[kept] / given[kept].sum()
        if not given.all():
            kept = np.flatnonzero(given)
            table, given = table.take_rows(kept), given[kept]
        self.table = table
        self.weights = given

    @said
    def filler(self) -> "Masker":
        """The masker that fills absent features: this one, or the one inside."""
        return self

    @said
    def data(self) -> NDArray[Any]:
        """The background as an array, ``(n_background, n_features)``."""
        return self.table.display

    @property
    def dense_data(self) -> DenseData:
        """The background, its weights and the groups of its columns, as shap's old interface has them."""
        table, units = self.table, self.units
        names = self.feature_names or [f"Feature {number}" for number in range(self.n_players)]
        found = DenseData(table.display, names, None if units is None else units.columns, self.weights)
        found.source = table.source
        return found

    @said
    def n_background(self) -> int:
        """Rows in the background."""
        return self.table.n_rows

    @said
    def n_players(self) -> int:
        """Players: columns, or groups of them."""
        return self.table.n_columns if self.units is None else self.units.n_players

    @property
    def feature_names(self) -> list[str] | None:
        """Names of the players, where the background has any, or they were set."""
        if self._own_names is not None or not hasattr(self, "table"):
            return self._own_names
        return self.table.names if self.units is None else self.units.names

    @feature_names.setter
    def feature_names(self, names: Any) -> None:
        """Name the players.

        Raises
        ------
        DimensionError
            When there are not as many names.
        """
        if not hasattr(self, "table"):  # of a subclass that is called, which may name what it wants
            self._own_names = names
            return
        given = None if names is None else [str(name) for name in names]
        if given is not None and len(given) != self.n_players:
            msg = f"`feature_names` has {len(given)} names, but there are {self.n_players} players: one for each"
            raise DimensionError(msg)
        self._own_names = given

    @said
    def shape(self) -> Any:
        """Rows of the background, and players."""
        return self.n_background, self.n_players

    def __call__(self, mask: Any, x: Any) -> tuple[Any, ...]:
        """Return the background with the columns of the players in `mask` taken from the row `x`, as its only part.

        Raises
        ------
        InvalidMaskerError
            Of maskers that fill in another way.
        """
        return masked_rows(self, mask, x)

    def invariants(self, x: Any) -> NDArray[np.bool_]:
        """Return which players of which background rows have the very values of `x`: ``(n_background, n_players)``."""
        return invariants_of(self, x)

    def mask_shapes(self, x: Any) -> list[tuple[int, ...]]:
        """The shape of a row's values."""
        del x
        return [(self.n_players,)]

    def reordered(self, positions: Sequence[int] | NDArray[np.intp]) -> Self:
        """Give the same masker for a table whose columns are those at `positions`, in that order."""
        twin = copy.copy(self)
        twin.table = self.table.reorder(positions)
        if self._own_names is not None and self.units is None:
            twin._own_names = [self._own_names[position] for position in positions]  # noqa: SLF001 - ours
        if self.units is not None:
            twin.units = self.units.reordered(positions)
        return twin

    def __repr__(self) -> str:
        """Name the class and the size of the background."""
        return f"{type(self).__name__}({self.n_background} rows, {self.table.n_columns} columns)"


def _units_of(summary: Any) -> Units | None:
    """The groups of columns of a summary, such as shap's ``DenseData``; None where each is one column."""
    groups = getattr(summary, "groups", None)
    if groups is None or all(len(columns) == 1 for columns in groups):
        return None
    columns = [np.sort(np.asarray(members, dtype=np.int64)) for members in groups]
    names = [str(name) for name in summary.group_names]
    if sorted(np.concatenate(columns).tolist()) != list(range(np.shape(summary.data)[1])) or len(names) != len(columns):
        msg = "`data` is a summary whose groups do not hold every column once, each under one name"
        raise OptionError(msg)
    return Units(columns, names)
