"""What of an Explanation goes into a report: rows by a fixed draw if there are too many, weak features as one."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ferroshap.errors import DimensionError, OptionError
from ferroshap.explanation import Explanation
from ferroshap.explanation.cohorts import Cohorts
from ferroshap.plots.canvas.row_labels import names_of
from ferroshap.plots.reading.accept import accepted

Floats = npt.NDArray[np.float64]

MOST_FEATURES = 200  # with a column of their own; what is weaker than these is summed
MOST_NUMBERS = 2_500_000  # in one file: about 20 MB
LEAST_ROWS = 200  # however many features and outputs there are


@dataclass(frozen=True, eq=False)
class Population:
    """What is known of a table too large to be held, from which the rows of an Explanation were drawn.

    Attributes
    ----------
    n_rows : int
        Rows in all.
    mean_abs : array of shape ``(features,)`` or ``(features, outputs)``
        Mean magnitudes of the values of all of them: what :class:`ferroshap.engines.reducers.MeanAbs` finds.
    row_numbers : array of int, optional
        Where the rows that were drawn stand among them.
    """

    n_rows: int
    mean_abs: Any
    row_numbers: Any = None


@dataclass(frozen=True, eq=False)
class Chosen:
    """The parts of an Explanation that a report holds; all of it counts in `mean` and `half`."""

    values: Floats  # (rows, features, outputs); NaN where unknown
    errors: Floats | None  # standard errors, as the values
    t: Any  # how many standard errors reach 95 %: one number, or one a row
    base: Floats  # (rows, outputs)
    data: npt.NDArray[Any] | None  # (rows, own features): what is shown
    numeric: npt.NDArray[Any] | None  # (rows, own features): what orders texts, where the Explanation has both
    names: list[str]  # of the columns of values; the last stands for all others where `n_merged`
    outputs: list[str]
    ids: npt.NDArray[np.intp] | None  # numbers of the rows that were drawn, None if all are there
    row_names: list[str] | None
    n_rows: int  # of the Explanation
    n_merged: int
    mean: Floats  # (features, outputs): mean magnitude over all rows
    half: Floats | None  # half of the 95 % intervals of these means

    @property
    def n_own(self) -> int:
        """Features with a column of their own."""
        return len(self.names) - (self.n_merged > 0)


def choose(explanation: Any, max_rows: int, population: Population | None = None) -> tuple[Explanation, Chosen]:
    """Read what a report is made of.

    Raises
    ------
    TypeError
        If it is no Explanation.
    OptionError
        If `max_rows` is not at least 1.
    DimensionError
        For interactions, images and single columns, and for a population of other features, outputs or fewer rows.
    """
    if isinstance(explanation, Cohorts):
        msg = "`explanation` of `report` is a Cohorts: pass the Explanation it was made of; the page has groups itself"
        raise TypeError(msg)
    if isinstance(max_rows, bool) or not isinstance(max_rows, (int, np.integer)) or max_rows < 1:
        msg = f"`max_rows` is {max_rows!r}: give a whole number, at least 1"
        raise OptionError(msg)
    explanation = accepted(explanation, "report")
    values, errors = _cube(explanation, explanation.values), _cube(explanation, explanation.error_std)
    n_rows, n_features, n_outputs = values.shape
    mean, half = _importance(values, errors) if population is None else (_overall(population, values.shape), None)
    order = np.argsort(-np.nan_to_num(mean).max(axis=1), kind="stable")
    own = np.sort(order[:MOST_FEATURES]) if n_features > MOST_FEATURES + 1 else np.arange(n_features)
    merged = np.setdiff1d(np.arange(n_features), own)
    n_numbers = (len(own) + 1) * (n_outputs * (1 + (errors is not None)) + 1)
    n_kept = min(n_rows, int(max_rows), max(MOST_NUMBERS // n_numbers, LEAST_ROWS))
    rows = np.sort(np.random.default_rng(0).choice(n_rows, n_kept, replace=False)) if n_kept < n_rows else None
    if rows is not None:
        values, errors = values[rows], None if errors is None else errors[rows]
    if len(merged):
        rest = _merged_importance(_cube(explanation, explanation.values)[:, merged])
        mean = np.concatenate([mean[own], rest])
        half = None if half is None else np.concatenate([half[own], np.zeros_like(rest)])
        values = np.concatenate([values[:, own], np.nan_to_num(values[:, merged]).sum(axis=1, keepdims=True)], axis=1)
        if errors is not None:
            shared = np.sqrt((np.nan_to_num(errors[:, merged]) ** 2).sum(axis=1, keepdims=True))
            errors = np.concatenate([errors[:, own], shared], axis=1)
    every = names_of(explanation)
    names = [every[j] for j in own] + ([f"{len(merged)} other features"] if len(merged) else [])
    shown, numeric = _tables(explanation, rows, own)
    base = _base(explanation, n_rows, n_outputs)
    instances = explanation.instance_names
    instances = [instances] if isinstance(instances, str) else instances
    kept = np.arange(n_rows) if rows is None else rows
    chosen = Chosen(
        values=values,
        errors=errors,
        t=_reach(explanation, rows),
        base=base[kept],
        data=shown,
        numeric=numeric,
        names=names,
        outputs=_outputs(explanation, n_outputs),
        ids=rows if population is None else _numbers(population, kept),
        row_names=None if instances is None else [str(instances[i]) for i in kept],
        n_rows=n_rows if population is None else population.n_rows,
        n_merged=len(merged),
        mean=mean,
        half=half,
    )
    return explanation, chosen


def _cube(explanation: Explanation, field: Any) -> Any:
    """A field that is shaped as the values, as rows x features x outputs."""
    if field is None:
        return None
    cube = np.asarray(field, dtype=np.float64)
    cube = cube if "row" in explanation.axes else cube[None]
    cube = cube if "output" in explanation.axes else cube[..., None]
    return np.where(np.isfinite(cube), cube, np.nan)


def _importance(values: Floats, errors: Floats | None) -> tuple[Floats, Floats | None]:
    """Mean magnitudes over the rows, and half of their 95 % intervals; rows err independently."""
    known = np.isfinite(values)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, np.abs(values), 0.0).sum(axis=0) / count
    if errors is None or not np.nanmax(errors, initial=0.0) > 0.0:
        return mean, None
    return mean, 1.96 * np.sqrt((errors**2).sum(axis=0)) / count  # NaN where an error is unknown


def _overall(population: Population, shape: tuple[int, ...]) -> Floats:
    """The importance that was found over all rows, as features x outputs."""
    n_rows, n_features, n_outputs = shape
    mean = np.asarray(population.mean_abs, dtype=np.float64)
    if mean.shape not in {(n_features, n_outputs), (n_features,) if n_outputs == 1 else ()}:
        has = f"{n_features} features and {n_outputs} outputs"
        msg = f"`population` has `mean_abs` of shape {mean.shape}, but the rows that were drawn from it have {has}"
        raise DimensionError(msg)
    if population.n_rows < n_rows:
        msg = f"`population` has {population.n_rows} rows, but {n_rows} were drawn from it"
        raise DimensionError(msg)
    numbers = population.row_numbers
    if numbers is not None and np.shape(numbers) != (n_rows,):
        msg = f"`population` has `row_numbers` of shape {np.shape(numbers)}, but {n_rows} rows were drawn from it"
        raise DimensionError(msg)
    return mean.reshape(n_features, n_outputs)


def _numbers(population: Population, kept: Any) -> Any:
    """Where the rows that are shown stand in the population; None if all of it is there."""
    if len(kept) == population.n_rows:
        return None
    numbers = population.row_numbers
    return kept if numbers is None else np.asarray(numbers, dtype=np.intp)[kept]


def _merged_importance(values: Floats) -> Floats:
    magnitudes: Floats = np.abs(np.nan_to_num(values).sum(axis=1)).mean(axis=0)[None]
    return magnitudes


def _tables(explanation: Explanation, rows: Any, own: Any) -> tuple[Any, Any]:
    """What cells show, and the numbers behind it if these are two things."""
    found = []
    for table in (explanation.display_data, explanation.data):
        if table is None or np.ndim(table) > 2:
            continue
        array = table.toarray() if hasattr(table, "toarray") else np.asarray(table)
        array = array if "row" in explanation.axes else array[None]
        found.append((array if rows is None else array[rows])[:, own])
    if not found:
        return None, None
    return found[0], found[1] if len(found) > 1 else None


def _base(explanation: Explanation, n_rows: int, n_outputs: int) -> Floats:
    if explanation.base_values is None:
        return np.zeros((n_rows, n_outputs))
    base = np.asarray(explanation.base_values, dtype=np.float64)
    if base.ndim == 1 and "row" in explanation.axes and "output" not in explanation.axes:
        base = base[:, None]
    return np.array(np.broadcast_to(base, (n_rows, n_outputs)))


def _outputs(explanation: Explanation, n_outputs: int) -> list[str]:
    names = explanation.output_names
    if isinstance(names, str) and n_outputs == 1:
        return [names]
    if isinstance(names, list) and len(names) == n_outputs:
        # Classes are often numbers, and "0 = 0.86" would read as a mistake.
        return [f"Output {name}" if str(name).lstrip("-").isdigit() else str(name) for name in names]
    return ["f(x)"] if n_outputs == 1 else [f"Output {k}" for k in range(n_outputs)]


def _reach(explanation: Explanation, rows: Any) -> Any:
    """How many standard errors either side hold 95 %: Student's t, by the degrees of freedom of each row."""
    from ferroshap.explanation.student import student_quantile

    df = explanation.interval_df
    if df is None or np.ndim(df) == 0:
        return float(student_quantile(0.95, None if df is None else float(df)))
    df = np.asarray(df, dtype=float)
    df = df if rows is None else df[rows]
    found = {value: float(student_quantile(0.95, value)) for value in np.unique(df).tolist()}
    reach = [found.get(value, 1.96) for value in df.tolist()]
    return reach[0] if len(set(reach)) == 1 else reach
