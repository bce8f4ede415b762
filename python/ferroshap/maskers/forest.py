"""Conditional filling by the leaves of trees: numbers, categories and gaps."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ferroshap import _native
from ferroshap.inputs import Column, Pairing, Table
from ferroshap.maskers.conditional import Conditional, counted
from ferroshap.maskers.selecting import SelectingRows, order_of_outputs
from ferroshap.seeds import Seed
from ferroshap.threads import as_threads

Floats = NDArray[np.float64]

#: What stands for a category that the background does not have.
UNSEEN = -1.0
#: What can be made again: neither pickled nor kept where columns change places.
MADE = ("_fitted", "_grown", "_features")


class Forest(Conditional):
    r"""Fill absent features from background rows in the same leaves of trees, as far as the present features tell.

    Trees are grown once on the background, without any model, so that their leaves hold rows that are
    alike in all columns. For a coalition the explained row goes down each tree: one side of the splits by
    present features, both sides of the others. Of the leaves that it reaches those count whose rows are like it in
    every present feature, where there are any. A background row counts the mean over the trees of its share of
    the weight that the tree reaches, where trees that reach less count more: in proportion to one over that weight.

    Parameters
    ----------
    data : array, frame or sparse matrix, ``(n_background, n_features)``
        The background. Numbers, booleans and dates are ordered; every other column holds categories. Missing numbers
        are a value of their own, and so are missing categories.
    n_samples : int
        The most rows that one evaluation takes. Of more, those above a limit stay as they are, and others stand for
        those where the model returns about the same, by a choice that is a function of the seed, the coalition and
        the row.
    n_trees : int
        How many trees.
    weights : array of shape ``(n_background,)``, optional
        Weights of the rows.
    seed : int, optional
        Where trees and that choice start from.

    Raises
    ------
    OptionError
        When `n_samples` or `n_trees` is no positive integer.

    Notes
    -----
    Each tree sees 63 % of the rows, and then holds all of them. A node of 20 rows or more is split by the best of
    ``sqrt(n_features)`` random columns: the one whose two sides leave the least variance, summed over all columns in
    standard units (categories count by their indicators, which together have variance 1); ten rows are left on each
    side. Categories are put in the order of their means along a random direction of all other columns, missing
    numbers go with the side that is better. A category that the background does not have, and a gap in a column
    that had none, tell nothing: both sides are followed. A tree that reaches more than `n_samples` rows lends
    some of them, at equal steps of weight. Growing costs ``n_trees * n_background * sqrt(n_features) *
    (n_features + log n_background)`` operations a level.

    A leaf is like a number that lies within its own, or no farther beyond than these are from each other on average,
    counted in ranks; it is like a category or a gap that it holds. Without this rule a split by an absent feature
    would lead to rows that cannot be, since the splits below it send every value somewhere.

    Compare Redelmeier, Jullum, Aas (2020), "Explaining predictive models with mixed features using Shapley values
    and conditional inference trees", which grows a tree for each coalition; and Cevid, Michel, Naef, Buhlmann,
    Meinshausen (2022), "Distributional random forests", whose splits judge all columns at once.

    Examples
    --------
    Where one feature tells all about another, they share what either does:

    >>> import ferroshap as shap
    >>> X = np.array([["day", "light"], ["night", "dark"]], dtype=object).repeat(100, axis=0)
    >>> shap.ExactExplainer(lambda rows: rows[:, 0] == "day", shap.maskers.Forest(X))(X[:1]).values
    array([[0.25, 0.25]])
    """

    def __init__(
        self, data: Any, *, n_samples: int = 100, n_trees: int = 50, weights: Any = None, seed: Seed = None
    ) -> None:
        """Read the background; the trees are grown when they are needed."""
        self._read_conditional(data, n_samples, weights, seed)
        self.n_trees = counted(n_trees, "n_trees")

    #: The background rows in the order in which they are thinned, once a model's outputs are known.
    _order: NDArray[np.intp] | None = None

    @cached_property
    def _features(self) -> list["_Feature"]:
        return [_Feature.of(column) for column in self.table.columns]

    @cached_property
    def _fitted(self) -> "_native.ConditionalForest":
        """The trees, with the background's rows in the order in which they are thinned."""
        return self._grown if self._order is None else self._grown.renumbered(self._order.tolist())

    @cached_property
    def _grown(self) -> "_native.ConditionalForest":
        values = np.column_stack([feature.values for feature in self._features])
        sizes = [feature.n_categories for feature in self._features]
        return _native.ConditionalForest(values, sizes, self.weights, self.n_trees, self.seed, as_threads(None))

    def learn(self, outputs: Floats) -> Self:
        """Give the masker for a model whose outputs on the background are these; its trees are the same."""
        twin, order = copy.copy(self), order_of_outputs(outputs)
        twin.__dict__.update(_order=order, _fitted=self._grown.renumbered(order.tolist()))
        return twin

    def prepare(self, pairing: Pairing, rows: Table, *, n_threads: int) -> SelectingRows:
        """Get ready to choose background rows for these rows."""
        native, n_samples, seed = self._fitted, self.n_samples, self.seed
        columns = zip(self._features, rows.columns, strict=True)
        explained = native.rows(np.column_stack([feature.of_rows(column) for feature, column in columns]), n_threads)

        def choose(words: NDArray[np.uint64], positions: list[int], n_threads: int) -> "_native.Selection":
            return native.draw(explained, words, positions, n_samples, seed, n_threads)

        return SelectingRows(pairing, choose, min(n_samples, self.n_background), self._order)

    def reordered(self, positions: Sequence[int] | NDArray[np.intp]) -> Self:
        """Give the same masker for a table whose columns are those at `positions`, in that order."""
        twin = super().reordered(positions)
        for name in MADE:
            twin.__dict__.pop(name, None)
        return twin

    def __getstate__(self) -> dict[str, Any]:
        """Give what a pickle needs: the trees are grown again."""
        return {name: value for name, value in self.__dict__.items() if name not in MADE}


@dataclass(frozen=True)
class _Feature:
    """A column as trees see it: numbers with NaN where one is missing, or codes of categories."""

    column: Column
    values: Floats
    n_categories: int

    @classmethod
    def of(cls, column: Column) -> "_Feature":
        numbers = _ordered(column)
        if numbers is not None:
            return cls(column, numbers, 0)
        encoding = column.encoding
        return cls(column, encoding.codes.astype(np.float64), len(encoding.index))

    def of_rows(self, rows: Column) -> Floats:
        """Values of other rows of the column; what the background does not know is marked."""
        if self.n_categories == 0:
            numbers = _ordered(rows)
            return np.full(len(rows.keys()), np.nan) if numbers is None else numbers
        index = self.column.encoding.index
        return np.array([index.get(key, UNSEEN) for key in rows.keys()], dtype=np.float64)  # noqa: SIM118 - no dict


def _ordered(column: Column) -> Floats | None:
    """The values in their order, NaN where one is missing; None for categories."""
    numbers = column.numbers()
    if numbers is not None:
        return np.asarray(numbers, dtype=np.float64)
    values = column.exchange()
    if values.dtype.kind not in "mM":
        return None
    gaps = np.isnat(values)
    ticks: Floats = values.astype(np.int64).astype(np.float64)
    ticks[gaps] = np.nan
    return ticks
