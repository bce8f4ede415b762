"""What maskers share that draw by regression: rows that stand for the distribution, shifted to what is known."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ferroshap import _native
from ferroshap.errors import DimensionError, InvalidMaskerError, MemoryLimitError, OptionError
from ferroshap.inputs import Pairing, Table, read_table
from ferroshap.inputs.assembly import FrameAssembly
from ferroshap.maskers.conditional import Conditional, Words
from ferroshap.memory import available_bytes
from ferroshap.seeds import Seed

Floats = NDArray[np.float64]

#: Bytes that are taken without a look at what is free.
ALWAYS_THERE = 1 << 28


class Shifted(Conditional):
    """Numeric columns, and how they go together.

    Not to be made directly. Columns of integers, booleans and single precision become columns of double precision
    for the model too: what regression expects of them need not be a whole number.
    """

    _fitted: "_native.Shift | None" = None
    #: Mean and covariance, where they were given in place of rows.
    _moments: tuple[Floats, Floats] | None = None

    def _read_shifted(self, data: Any, n_samples: int, weights: Any, seed: Seed) -> None:
        """Take a background of numbers, or a mean, which then is its only row, and a covariance."""
        moments = moments_of(data, type(self).__name__)
        if moments is None:
            self._read_conditional(data, n_samples, weights, seed)
            self.table = as_doubles(self.table, type(self).__name__)
            check_memory(self.n_samples, self.table.n_columns)
            return
        if weights is not None:
            msg = "`weights` were given with a mean and a covariance, which have no rows to weigh: leave them out"
            raise InvalidMaskerError(msg)
        self._read_conditional(moments[0].source, n_samples, None, seed)
        self.table, self._moments = moments[0], moments[1:]
        check_memory(self.n_samples, self.table.n_columns)

    @property
    def fitted(self) -> "_native.Shift":
        """The draws and their moments; made when first needed."""
        if self._fitted is None:
            self._fitted = self._fit()
        return self._fitted

    def _fit(self) -> "_native.Shift":
        raise NotImplementedError

    def _draw_weights(self) -> Floats:
        """The weights of the draws."""
        n_draws = self.fitted.n_draws
        return np.full(n_draws, 1.0 / n_draws)

    def prepare(self, pairing: Pairing, rows: Table, *, n_threads: int) -> "PreparedShift":
        """Check that the rows are numbers."""
        del n_threads
        numbers = finite_numbers(rows, type(self).__name__)
        block = pairing.blocks[0]
        if len(pairing.blocks) > 1 or block.background.dtype != np.float64:
            msg = (
                f"`{rows.argument}` has columns of a type that cannot hold what maskers.{type(self).__name__} draws: "
                "make them float64"
            )
            raise OptionError(msg)
        return PreparedShift(self.fitted, self._draw_weights(), numbers)

    def reordered(self, positions: Sequence[int] | NDArray[np.intp]) -> Self:
        """Give the same masker for a table whose columns are those at `positions`, in that order."""
        twin = super().reordered(positions)
        changed: dict[str, Any] = {"_fitted": None}
        if self._moments is not None:
            (mean, cov), order = self._moments, np.asarray(positions)
            changed["_moments"] = np.ascontiguousarray(mean[order]), np.ascontiguousarray(cov[np.ix_(order, order)])
        twin.__dict__.update(changed)
        return twin

    def __getstate__(self) -> dict[str, Any]:
        """Pickle without what can be made again."""
        return {name: value for name, value in self.__dict__.items() if name != "_fitted"}


class PreparedShift:
    """A fitted masker and the rows to explain."""

    def __init__(self, shift: "_native.Shift", weights: Floats, rows: Floats) -> None:
        """Keep them."""
        self.shift = shift
        self.weights = weights
        self.rows = rows
        self.like: list[Words] = [rows[:0].view(np.uint64)]

    def most_model_rows(self) -> int:
        """One for each draw."""
        return self.shift.n_draws

    def draw(self, words: NDArray[np.uint64], rows: NDArray[np.intp], *, n_threads: int) -> "ShiftedDraws":
        """Find the shifts of coalitions of columns."""
        conditioned = self.shift.condition(words, np.ascontiguousarray(self.rows[rows]), n_threads)
        return ShiftedDraws(conditioned, self.weights, len(rows), len(words))

    def outputs(self, filled: list[Words], count: int) -> Floats | None:
        """Leave them to the model."""
        del filled, count
        return None


class ShiftedDraws:
    """The conditional rows of a batch of coalitions."""

    def __init__(self, conditioned: "_native.Conditioned", weights: Floats, n_rows: int, n_coalitions: int) -> None:
        """Keep what writes them."""
        self.conditioned = conditioned
        self.weights = weights
        self.n_rows = n_rows
        self.n_coalitions = n_coalitions
        self.n_model_rows = conditioned.n_model_rows

    def fill(self, out: list[Words], first: int, *, is_immediate: bool) -> "_native.Filling":
        """Begin to write the model rows from `first` on."""
        return self.conditioned.fill(out[0].view(np.float64), first, is_immediate=is_immediate)

    def average(self, n_outputs: int) -> "_native.Average":
        """Begin to average the outputs of the model."""
        weights = np.repeat(self.weights[:, None], n_outputs, axis=1)
        blocks = np.zeros(self.n_coalitions, dtype=np.uint32)
        return _native.Average(self.n_rows, [0, len(weights)], blocks, weights)


def check_memory(n_samples: int, n_columns: int) -> None:
    """Refuse more draws than memory holds beside what making them takes.

    Raises
    ------
    MemoryLimitError
        When they do not fit.
    """
    needed = 2 * 8 * n_samples * n_columns
    if needed > ALWAYS_THERE and needed > (free := available_bytes()):
        msg = (
            f"`n_samples` is {n_samples}, whose draws of {n_columns} columns take {needed / 2**30:.1f} GiB, but "
            f"{free / 2**30:.1f} GiB are free: lower it"
        )
        raise MemoryLimitError(msg)


def finite_numbers(table: Table, masker: str) -> Floats:
    """Return the numbers of a table, ``(rows, columns)``, C-contiguous.

    Raises
    ------
    InvalidMaskerError
        When a column holds something else, or entries that are missing or infinite, naming it.
    """
    columns = []
    for position, column in enumerate(table.columns):
        numbers = column.numbers()
        if numbers is None:
            problem = f"is {column.dtype_name}, not a number"
        elif not np.isfinite(numbers).all():
            problem = "has entries that are missing or infinite"
        else:
            columns.append(numbers)
            continue
        label = position if table.names is None else repr(table.names[position])
        msg = (
            f"column {label} of `{table.argument}` {problem}, which maskers.{masker} cannot use: encode or fill it, "
            "or use maskers.Forest or maskers.Surrogate"
        )
        raise InvalidMaskerError(msg)
    return np.ascontiguousarray(np.column_stack(columns), dtype=np.float64)


def as_doubles(table: Table, masker: str) -> Table:
    """Return a table of the same kind whose columns are all of double precision; of a sparse one, an array.

    Raises
    ------
    InvalidMaskerError
        When a column is none of finite numbers.
    """
    numbers = finite_numbers(table, masker)
    if table.matrix is not None and table.kind != "sparse" and table.matrix.dtype == np.float64:
        return table
    kind, source = "array", numbers
    if table.is_frame:
        kind, source = table.kind, FrameAssembly(table.kind, table.labels)([numbers])
    return Table(table.argument, kind, source, table.n_rows, table.n_columns, table.names)


def moments_of(data: Any, masker: str) -> tuple[Table, Floats, Floats] | None:
    """Read ``{"mean": ..., "cov": ...}`` or ``(mean, cov)``: the mean as a table of one row, and both as arrays.

    Returns None for what is neither.

    Raises
    ------
    DimensionError
        When the shapes do not fit.
    OptionError
        When `cov` holds no numbers, is not symmetric, an entry is not finite, or its names are not the mean's.
    """
    if isinstance(data, dict) and {"mean", "cov"} <= data.keys():
        mean, cov = data["mean"], data["cov"]
    elif isinstance(data, tuple) and len(data) == 2:
        mean, cov = data
    else:
        return None
    table = as_doubles(read_table(mean, argument="mean", allow_single_row=True), masker)
    covariance = _as_covariance(cov, table)
    n_columns = table.n_columns
    if table.n_rows != 1 or covariance.shape != (n_columns, n_columns):
        msg = (
            f"`mean` has {table.n_rows} rows and {n_columns} columns and `cov` has shape {covariance.shape}, but one "
            "number a column and one a pair of columns are needed"
        )
        raise DimensionError(msg)
    size = np.abs(covariance).max()
    if (
        not np.isfinite(size)
        or np.abs(covariance - covariance.T).max() > 1e-8 * size
        or (covariance.diagonal() < 0).any()
    ):
        msg = "`cov` must be symmetric and finite, with no negative variance: pass the covariance of some data"
        raise OptionError(msg)
    return table, finite_numbers(table, masker)[0], np.ascontiguousarray((covariance + covariance.T) / 2)


def _as_covariance(cov: Any, mean: Table) -> Floats:
    """Read a covariance; where it and the mean have names, its columns in the order of the mean's."""
    try:
        covariance = np.array(cov, dtype=np.float64)
    except (TypeError, ValueError) as error:
        msg = f"`cov` must be a square array of numbers, one for each pair of columns: {error}"
        raise OptionError(msg) from None
    names = [str(name) for name in getattr(cov, "columns", ())]
    if mean.names is None or covariance.shape != (len(names), len(names)) or names == mean.names:
        return covariance
    if sorted(names) != sorted(mean.names):
        msg = f"`cov` has columns {names}, but `mean` has {mean.names}: name the same"
        raise OptionError(msg)
    order = [names.index(name) for name in mean.names]
    return covariance[np.ix_(order, order)]
