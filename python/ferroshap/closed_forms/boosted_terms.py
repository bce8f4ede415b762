"""Explainable boosting machines of `interpret`: sums of tables of one feature, or two."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.errors import InvalidModelError
from ferroshap.inputs import Table

Floats = NDArray[np.float64]
Bins = NDArray[np.intp]

CLASSES = ("ExplainableBoostingClassifier", "ExplainableBoostingRegressor")


def is_boosted_terms(model: Any) -> bool:
    """Whether a model is interpret's explainable boosting machine, without importing it.

    Examples
    --------
    >>> is_boosted_terms(max)
    False
    """
    return any(c.__name__ in CLASSES and c.__module__.startswith("interpret.") for c in type(model).__mro__)


@dataclass(frozen=True, eq=False)
class Term:
    """One table, as what it adds to the values of its features.

    Attributes
    ----------
    features : tuple of int
        Its features, one or two.
    mean : ndarray of shape ``(n_outputs,)``
        Its mean over the background.
    shares : list of ndarray
        For each feature, its value by the bins of all: ``(bins[, bins], n_outputs)``.
    alone : list of ndarray
        For each feature, what it is worth alone, by its own bins: ``(bins, n_outputs)``.
    """

    features: tuple[int, ...]
    mean: Floats
    shares: list[Floats]
    alone: list[Floats]


@dataclass(frozen=True, eq=False)
class BoostedTerms:
    r"""A model :math:`c + \sum_t T_t`, each `T` a table over the bins of one feature or of a pair.

    A pair's Shapley value is shared half and half only once what the pair tells of each feature alone is taken out:

    .. math:: \phi_i = \tfrac12 \bigl( T(x_i, x_j) - E_b\,T(b_i, x_j) + E_b\,T(x_i, b_j) - E_b\,T(b_i, b_j) \bigr)

    Exact for features filled from the rows `b` as a whole. A table is all that is needed of them: how their weight is
    spread over the bins of each term.

    Attributes
    ----------
    base : ndarray of shape ``(n_outputs,)``
        The mean of the model over the background.
    is_vector : bool
        Whether the model returns one dimension.
    n_features : int
        Columns of the model.
    """

    base: Floats
    is_vector: bool
    n_features: int
    terms: list["Term"]
    bins: Any

    def values(self, rows: Table) -> tuple[Floats, Floats]:
        """Values of rows, and what each feature is worth alone: both ``(rows, features, outputs)``.

        One look into a table for each term and feature.
        """
        values = np.zeros((rows.n_rows, self.n_features, len(self.base)))
        alone = np.zeros(values.shape)
        known: dict[tuple[int, int], Bins] = {}
        for term in self.terms:
            at = places(self.bins, term.features, rows, known)
            for place, feature in enumerate(term.features):
                values[:, feature] += term.shares[place][at]
                alone[:, feature] += term.alone[place][at[place]]
        return values, alone

    def of_groups(self, rows: Table, groups: Sequence[NDArray[np.int64]]) -> Floats:
        """What each group of columns is worth alone: pairs inside it count whole."""
        found = np.zeros((rows.n_rows, len(groups), len(self.base)))
        known: dict[tuple[int, int], Bins] = {}
        for term in self.terms:
            at = places(self.bins, term.features, rows, known)
            for number, members in enumerate(groups):
                inside = [place for place, feature in enumerate(term.features) if feature in members]
                is_whole = len(inside) == len(term.features)
                for place in inside:
                    found[:, number] += term.shares[place][at] if is_whole else term.alone[place][at[place]]
        return found


def read_boosted_terms(model: Any, background: Table | None, weights: Floats | None) -> BoostedTerms:
    """Read a fitted model, and spread a background over its bins; without one, the rows it was trained on.

    Raises
    ------
    InvalidModelError
        When it is not fitted, or has a term of three features or more.
    """
    if not hasattr(model, "term_scores_"):
        msg = f"`model` is a {type(model).__name__} that is not fitted: call fit(X, y) first"
        raise InvalidModelError(msg)
    intercept = np.atleast_1d(np.asarray(model.intercept_, dtype=np.float64))
    base, terms = intercept.copy(), []
    known: dict[tuple[int, int], Bins] = {}
    for number, features in enumerate(model.term_features_):
        if len(features) > 2:
            msg = (
                f"`model` has a term of {len(features)} features, {model.term_names_[number]!r}, but tables of one or "
                "two have values in closed form: use PermutationExplainer or ExactExplainer"
            )
            raise InvalidModelError(msg)
        scores = np.asarray(model.term_scores_[number], dtype=np.float64)
        scores = scores.reshape(*scores.shape[: len(features)], len(intercept))
        if background is None or weights is None:
            spread = np.asarray(model.bin_weights_[number], dtype=np.float64)
        else:
            spread = np.zeros(scores.shape[: len(features)])
            np.add.at(spread, places(model.bins_, features, background, known), weights)
        terms.append(_term(tuple(int(feature) for feature in features), scores, spread / spread.sum()))
        base += terms[-1].mean
    is_vector = np.ndim(model.term_scores_[0]) == len(model.term_features_[0]) if terms else len(intercept) == 1
    return BoostedTerms(base, bool(is_vector), int(model.n_features_in_), terms, model.bins_)


def _term(features: tuple[int, ...], scores: Floats, spread: Floats) -> Term:
    """Take the mean out of a table, and of a pair's what each feature tells by itself."""
    if spread.ndim == 1:
        mean: Floats = spread @ scores
        return Term(features, mean, [scores - mean], [scores - mean])
    mean = np.einsum("ij,ijk->k", spread, scores)
    first = np.einsum("j,ijk->ik", spread.sum(axis=0), scores)  # the first feature known, the second absent
    second = np.einsum("i,ijk->jk", spread.sum(axis=1), scores)
    lead = (first[:, None] - second[None]) / 2
    half = (scores - mean) / 2
    return Term(features, mean, [half + lead, half - lead], [first - mean, second - mean])


def places(
    bins: Sequence[Sequence[Any]], features: Sequence[int], rows: Table, known: dict[tuple[int, int], Bins]
) -> tuple[Bins, ...]:
    """The bins of a term's features: coarser where a term has more of them."""
    found = []
    for feature in features:
        level = min(len(bins[feature]), len(features)) - 1
        if (feature, level) not in known:
            known[feature, level] = _binned(bins[feature][level], rows.display[:, feature])
        found.append(known[feature, level])
    return tuple(found)


def _binned(bins: Any, column: NDArray[Any]) -> Bins:
    """The bin of each cell: 0 where it is missing, the last for a category that was never seen."""
    if not isinstance(bins, dict):
        numbers = column.astype(np.float64)
        at = np.searchsorted(np.asarray(bins, dtype=np.float64), numbers, side="right") + 1
        return np.where(np.isnan(numbers), 0, at).astype(np.intp)
    unseen = max(itertools.chain(bins.values(), [0])) + 1
    return np.array([0 if _is_missing(cell) else bins.get(_spelled(cell), unseen) for cell in column], dtype=np.intp)


def _is_missing(cell: Any) -> bool:
    return cell is None or bool(cell != cell)  # noqa: PLR0124 - not a number


def _spelled(cell: Any) -> str:
    """As interpret spells categories: whole numbers without a point, booleans as words."""
    if isinstance(cell, float | np.floating) and float(cell).is_integer():
        return str(int(cell))
    return str(cell)
