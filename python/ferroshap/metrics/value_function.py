"""How well coalitions predict the model: a measure by which to choose among maskers."""

from dataclasses import dataclass, field
from math import comb
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap import _native, links
from ferroshap.errors import DimensionError, WorthError
from ferroshap.explainers.calls import positive
from ferroshap.explainers.names import Columns
from ferroshap.game import Reference, find_players
from ferroshap.game.rows import Rows
from ferroshap.inputs import Pairing, Table, read_table
from ferroshap.maskers import as_masker
from ferroshap.models import as_model
from ferroshap.seeds import Seed, as_seed
from ferroshap.threads import as_threads

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

#: The purpose number of this stream among those of the core's `random.rs`.
MEASURED = 14
#: Bytes of worths that are held at once.
WORTH_BYTES = 1 << 26
#: Rows that the model is asked about as they are, at once.
ROWS_AT_ONCE = 4096


@dataclass(frozen=True, kw_only=True)
class ValueFunctionError:
    """How far the worths of coalitions are from the model's output: the result of :func:`value_function_error`.

    Attributes
    ----------
    value : float, or ndarray of shape ``(n_outputs,)``
        The mean squared difference.
    std_error : float, or ndarray of shape ``(n_outputs,)``
        One standard error over the rows, the coalitions given; NaN for a single row.
    by_size : ndarray of shape ``(n_players - 1,)`` or ``(n_players - 1, n_outputs)``
        The same for the coalitions of 1, 2, ... players; NaN where none of that size was drawn.
    n_coalitions, n_rows : int
        What the mean was taken over.
    is_exact : bool
        Whether all coalitions were evaluated.
    """

    value: Any
    std_error: Any
    by_size: Floats = field(repr=False)
    n_coalitions: int
    n_rows: int
    is_exact: bool


@dataclass(frozen=True)
class Coalitions:
    """Coalitions ``(count, n_players)`` with weights of sum 1, the same for every size if all are there."""

    present: Bools
    weights: Floats
    is_exact: bool


@dataclass(frozen=True)
class SquaredErrors:
    """Squared differences, averaged over coalitions: ``(rows, outputs)`` and, over rows too, ``(sizes, outputs)``."""

    by_row: Floats
    by_size: Floats
    is_vector: bool


def value_function_error(
    model: Any,
    masker: Any,
    X: Any,
    *,
    link: str | links.Link = "identity",
    n_coalitions: int = 256,
    rng: Seed = None,
    batch_size: int | str = "auto",
    n_jobs: int | None = None,
) -> ValueFunctionError:
    r"""Measure how well the worths of coalitions predict the model's output (MSEv).

    .. math:: \frac1R \sum_r \frac1{n-1} \sum_{k=1}^{n-1} \binom nk^{-1} \sum_{|S|=k} \bigl(f(x_r) - v_r(S)\bigr)^2

    Lower is better: if the rows of `X` are drawn as the data are, the least that any masker can reach is the mean of
    :math:`\operatorname{Var}(f(X) \mid X_S)`, and it is reached by :math:`v(S) = E[f(X) \mid X_S = x_S]`. Take rows
    that the masker has not seen.

    All coalitions where there are at most `n_coalitions` of them; else that many, drawn by the seed, as many of one
    size as of any other.

    Parameters
    ----------
    model : callable, estimator or bound method
        ``f(rows) -> (rows,)`` or ``(rows, outputs)``.
    masker : masker or background data
        What is measured.
    X : table
        The rows to predict.
    link : str or link
        The scale on which differences are taken; worths are linked means.
    n_coalitions : int
        The most coalitions to evaluate, besides nobody and everybody.
    rng, batch_size, n_jobs
        Where the coalitions come from; the most model rows in one call of the model; threads.

    Returns
    -------
    ValueFunctionError

    Raises
    ------
    DimensionError
        Without rows, or for a single player: there is no coalition between nobody and everybody.

    References
    ----------
    Frye, de Mijolla, Begley, Cowton, Stanley, Feige (2021), "Shapley explainability on the data manifold"; Olsen,
    Glad, Jullum, Aas (2022), "Using Shapley values and variational autoencoders to explain predictive models with
    dependent mixed features". Differs from both: all sizes count alike, whatever the number of their coalitions.

    Examples
    --------
    A baseline of zeros misses what is absent:

    >>> value_function_error(lambda X: X.sum(axis=1), np.zeros((1, 2)), [[1.0, 3.0], [1.0, 1.0]])
    ValueFunctionError(value=3.0, std_error=2.0, n_coalitions=2, n_rows=2, is_exact=True)
    """
    problem = Problem(model, masker, X, link=link, n_jobs=n_jobs)
    coalitions = drawn_coalitions(
        problem.n_players, positive(n_coalitions, "n_coalitions", or_auto=False), as_seed(rng)
    )
    return result_of(problem.errors(coalitions, batch_size), coalitions)


class Problem:
    """A masker, a model and rows whose columns are those that the model wants."""

    def __init__(self, model: Any, masker: Any, X: Any, *, link: str | links.Link, n_jobs: int | None) -> None:
        """Ask the model about the background."""
        wrapped = as_model(model)
        self._columns = Columns(as_masker(masker), wrapped, None, "masker")
        masker = self._columns.masker
        self._n_threads = as_threads(n_jobs)
        self.reference = Reference(wrapped, masker, links.resolve(link), linearize_link=False)
        rows, _ = self._columns.match(read_table(X, argument="X", allow_single_row=True))
        if rows.n_rows == 0:
            msg = "`X` has 0 rows, but a mean is taken over at least one"
            raise DimensionError(msg)
        self.rows: Table = rows
        self.n_players: int = masker.n_players
        if self.n_players < 2:
            msg = f"`masker` has {self.n_players} player: there is no coalition between nobody and everybody"
            raise DimensionError(msg)
        #: Names of the players in their order, where there are some.
        self.names: list[str] | None = masker.feature_names

    def errors(self, coalitions: Coalitions, batch_size: int | str) -> SquaredErrors:
        """Play the games of some rows at a time."""
        n_outputs = self.reference.n_outputs
        sizes = coalitions.present.sum(axis=1)
        words = _native.pack_coalitions(np.ascontiguousarray(coalitions.present))
        blocks = np.zeros(len(words), dtype=np.uint32)
        step = max(1, WORTH_BYTES // (8 * len(words) * n_outputs))
        by_row = np.empty((self.rows.n_rows, n_outputs))
        by_size = np.zeros((self.n_players - 1, n_outputs))
        counts = np.bincount(sizes, minlength=self.n_players)[1:]
        for first in range(0, self.rows.n_rows, step):
            part = self.rows.take_rows(slice(first, first + step))
            pairing = self.reference.pair(part)
            full = self._full(pairing, part.n_rows)
            players = find_players(pairing, part.n_rows, self.reference.masker.units, everyone=True)[0]
            game = Rows(self.reference, pairing, part, n_threads=self._n_threads).game(
                players, full, batch_size=batch_size, n_threads=self._n_threads
            )
            per_batch = game.evaluations_per_batch()
            batches = np.split(np.arange(len(words)), range(per_batch, len(words), per_batch))
            worths = np.concatenate([game.worths(words[batch], blocks[batch]) for batch in batches])
            squares = (worths.reshape(len(words), part.n_rows, n_outputs) - full) ** 2
            by_row[first : first + step] = (coalitions.weights[:, None, None] * squares).sum(axis=0)
            np.add.at(by_size, sizes - 1, squares.sum(axis=1))
        with np.errstate(invalid="ignore"):
            by_size /= counts[:, None] * self.rows.n_rows
        return SquaredErrors(by_row, by_size, self.reference.is_vector)

    def _full(self, pairing: Pairing, n_rows: int) -> Floats:
        """The worths of everybody."""
        parts = []
        for first in range(0, n_rows, ROWS_AT_ONCE):
            batch = slice(first, first + ROWS_AT_ONCE)
            parts.append(self.reference.outputs_of(pairing.given(batch), min(ROWS_AT_ONCE, n_rows - first)))
        full = self.reference.worths_of(np.concatenate(parts))
        if not np.isfinite(full).all():
            row = int(np.argwhere(~np.isfinite(full))[0, 0])
            msg = f"`model` returned {full[row]} for row {row} of `X`: outputs must be finite"
            raise WorthError(msg)
        return full


def drawn_coalitions(n_players: int, n_coalitions: int, seed: int) -> Coalitions:
    """All coalitions between nobody and everybody, or `n_coalitions` of them, their sizes as even as can be."""
    if n_players < 63 and 2**n_players - 2 <= n_coalitions:
        words = np.arange(1, 2**n_players - 1, dtype=np.uint64)[:, None]
        present = _native.unpack_coalitions(words, n_players)
        weights = np.array([1.0 / ((n_players - 1) * comb(n_players, size)) for size in present.sum(axis=1).tolist()])
        return Coalitions(present, weights, is_exact=True)
    stream = np.random.Generator(np.random.Philox(key=[seed, MEASURED]))
    each, rest = divmod(n_coalitions, n_players - 1)
    sizes = np.repeat(np.arange(1, n_players), each)
    sizes = np.concatenate([sizes, 1 + stream.choice(n_players - 1, rest, replace=False)])
    ranks = stream.random((n_coalitions, n_players)).argsort(axis=1).argsort(axis=1)
    weights = np.full(n_coalitions, 1.0 / n_coalitions)
    return Coalitions(ranks < sizes[:, None], weights, is_exact=False)


def result_of(errors: SquaredErrors, coalitions: Coalitions) -> ValueFunctionError:
    """Sum up what was measured; a model of one dimension gets numbers."""
    value, std_error = mean_of_rows(errors.by_row)
    return ValueFunctionError(
        value=float(value[0]) if errors.is_vector else value,
        std_error=float(std_error[0]) if errors.is_vector else std_error,
        by_size=errors.by_size[:, 0] if errors.is_vector else errors.by_size,
        n_coalitions=len(coalitions.present),
        n_rows=len(errors.by_row),
        is_exact=coalitions.is_exact,
    )


def mean_of_rows(by_row: Floats) -> tuple[Floats, Floats]:
    """The mean over rows and its standard error."""
    n_rows = len(by_row)
    spread = by_row.std(axis=0, ddof=1) / np.sqrt(n_rows) if n_rows > 1 else np.full(by_row.shape[1:], np.nan)
    return by_row.mean(axis=0), spread
