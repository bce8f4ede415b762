"""From which input column each column is born that a fitted transformer of scikit-learn makes.

A transformer acts column by column if every column that it makes depends on one column that it is given. What is known
here is known by class: a user's own class may do anything, also one that inherits.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.errors import MixedColumnsError

Numbers = NDArray[np.int64]

#: Each column becomes one.
ONE_TO_ONE = {
    *("Binarizer", "MaxAbsScaler", "MinMaxScaler", "OrdinalEncoder", "PowerTransformer", "QuantileTransformer"),
    *("RobustScaler", "StandardScaler"),
}
#: Each column becomes as many as any other.
ALIKE = {"SplineTransformer", "TargetEncoder"}


def origins(step: Any, n_columns: int, *, name: str, n_born: int | None = None) -> Numbers:
    """Return for each column that a fitted step makes the number of the one that it is born from.

    Parameters
    ----------
    step : transformer, "passthrough" or "drop"
        Fitted.
    n_columns : int
        Columns that it is given.
    name : str
        What the user calls it, for messages.
    n_born : int, optional
        Columns that it makes, where that is known from elsewhere.

    Raises
    ------
    MixedColumnsError
        When it mixes columns, or may.

    Examples
    --------
    >>> from sklearn.preprocessing import OneHotEncoder
    >>> encoder = OneHotEncoder().fit([["a", 1], ["b", 1], ["c", 2]])
    >>> origins(encoder, 2, name="encode")
    array([0, 0, 0, 1, 1])
    """
    if step is None or (isinstance(step, str) and step == "passthrough"):
        return np.arange(n_columns)
    if isinstance(step, str) and step == "drop":
        return np.zeros(0, dtype=np.int64)
    kind = type(step).__name__
    if type(step).__module__.partition(".")[0] not in {"sklearn", "imblearn"}:
        msg = f"step {name!r} ({kind}) is not of scikit-learn, so it may mix columns"
        raise MixedColumnsError(msg)
    if kind in ONE_TO_ONE:
        return np.arange(n_columns)
    if kind in ALIKE:
        return np.repeat(np.arange(n_columns), _width(step, n_born) // n_columns)
    if kind in _KNOWN:
        return _KNOWN[kind](step, n_columns, name, n_born)
    if hasattr(step, "get_support"):
        return np.asarray(step.get_support(indices=True), dtype=np.int64)
    if n_columns == 1:
        return np.zeros(_width(step, n_born), dtype=np.int64)  # whatever it does: of one column
    msg = f"step {name!r} ({kind}) mixes columns"
    raise MixedColumnsError(msg)


def _width(step: Any, n_born: int | None) -> int:
    return len(step.get_feature_names_out()) if n_born is None else n_born


def _one_hot(step: Any, n_columns: int, name: str, n_born: int | None) -> Numbers:
    del name, n_born
    dropped = step.drop_idx_
    rare = getattr(step, "infrequent_categories_", None) if _groups_rare(step) else None
    counts = []
    for column, categories in enumerate(step.categories_):
        count = len(categories)
        if rare is not None and rare[column] is not None:
            count -= len(rare[column]) - 1  # all rare ones share a column
        if dropped is not None and dropped[column] is not None:
            count -= 1
        counts.append(count)
    return np.repeat(np.arange(n_columns), counts)


def _groups_rare(step: Any) -> bool:
    return step.min_frequency is not None or step.max_categories is not None


def _bins(step: Any, n_columns: int, name: str, n_born: int | None) -> Numbers:
    del name, n_born
    return np.arange(n_columns) if step.encode == "ordinal" else np.repeat(np.arange(n_columns), step.n_bins_)


def _imputed(step: Any, n_columns: int, name: str, n_born: int | None) -> Numbers:
    del name
    marked: Any = [] if step.indicator_ is None else _numbers(step.indicator_.features_)
    kept = np.arange(n_columns)
    if _width(step, n_born) != n_columns + len(marked):
        kept = np.flatnonzero([value == value for value in step.statistics_])  # noqa: PLR0124 - NaN: nothing to fill with
    return np.concatenate([kept, np.asarray(marked, dtype=np.int64)])


def _missing(step: Any, n_columns: int, name: str, n_born: int | None) -> Numbers:
    del n_columns, name, n_born
    return np.asarray(step.features_, dtype=np.int64)


def _function(step: Any, n_columns: int, name: str, n_born: int | None) -> Numbers:
    """A function of NumPy's own that takes one number and gives one is applied to each entry; all else may mix."""
    del n_born
    function = step.func
    is_entrywise = isinstance(function, np.ufunc) and [*map(len, function.types[0].split("->"))] == [1, 1]
    is_entrywise = is_entrywise and not step.kw_args
    if function is None or is_entrywise:
        return np.arange(n_columns)
    msg = f"step {name!r} (FunctionTransformer) may mix columns"
    raise MixedColumnsError(msg)


def _chosen(step: Any, n_columns: int, name: str, n_born: int | None) -> Numbers:
    """Each transformer gets some columns, and makes a run of the result."""
    del n_born
    names = getattr(step, "feature_names_in_", None)
    labels = None if names is None else [str(label) for label in names]
    total = max((run.stop for run in step.output_indices_.values()), default=0)
    born = np.zeros(total, dtype=np.int64)
    for own, transformer, columns in step.transformers_:
        run = step.output_indices_.get(own)
        if run is None or (isinstance(transformer, str) and transformer == "drop"):
            continue
        given = positions(columns, labels, n_columns)
        if run.stop > run.start:
            found = origins(transformer, len(given), name=f"{name}: {own}", n_born=run.stop - run.start)
            born[run] = given[found]
    return born


def _united(step: Any, n_columns: int, name: str, n_born: int | None) -> Numbers:
    """All transformers get all columns, and their results stand side by side."""
    del n_born
    parts = [origins(part, n_columns, name=f"{name}: {own}") for own, part in step.transformer_list]
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)


def _chained(step: Any, n_columns: int, name: str, n_born: int | None) -> Numbers:
    return chained(step.steps, n_columns, f"{name}: ", n_born)


def chained(steps: Sequence[tuple[str, Any]], n_columns: int, prefix: str, n_born: int | None = None) -> Numbers:
    """Follow columns through one step after the other; steps that only resample training rows do nothing."""
    born = np.arange(n_columns)
    for place, (name, step) in enumerate(steps):
        if hasattr(step, "fit_resample"):
            continue
        is_last = place == len(steps) - 1
        born = born[origins(step, len(born), name=f"{prefix}{name}", n_born=n_born if is_last else None)]
    return born


def positions(columns: Any, names: list[str] | None, n_columns: int) -> Numbers:
    """Return the numbers of the columns that a ColumnTransformer was told to take.

    Examples
    --------
    >>> positions(slice("b", "c"), ["a", "b", "c"], 3), positions([True, False, True], None, 3)
    (array([1, 2]), array([0, 2]))
    >>> positions(-1, None, 3), positions(["c", "a"], ["a", "b", "c"], 3)
    (array([2]), array([2, 0]))
    """
    if isinstance(columns, slice):
        ends = [columns.start, columns.stop]
        if names is not None and any(isinstance(end, str) for end in ends):
            start = 0 if ends[0] is None else names.index(ends[0])
            stop = n_columns if ends[1] is None else names.index(ends[1]) + 1  # labels include their end
            return np.arange(n_columns)[start : stop : columns.step]
        return np.arange(n_columns)[columns]
    if isinstance(columns, str) or not isinstance(columns, Iterable):
        columns = [columns]
    listed = list(columns)
    if listed and isinstance(listed[0], str):
        return np.array([(names or []).index(column) for column in listed], dtype=np.int64)
    if listed and isinstance(listed[0], bool | np.bool_):
        return np.flatnonzero(listed)
    return _numbers(listed) % n_columns


def _numbers(columns: Iterable[Any]) -> Numbers:
    return np.array([int(column) for column in columns], dtype=np.int64)


_KNOWN: dict[str, Callable[[Any, int, str, int | None], Numbers]] = {
    "ColumnTransformer": _chosen,
    "FeatureUnion": _united,
    "FunctionTransformer": _function,
    "KBinsDiscretizer": _bins,
    "MissingIndicator": _missing,
    "OneHotEncoder": _one_hot,
    "Pipeline": _chained,
    "SimpleImputer": _imputed,
}
