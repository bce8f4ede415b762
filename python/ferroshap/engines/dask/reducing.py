"""`reduce`: summaries of the values of a Dask dataframe, which are never held."""

from typing import Any

from ferroshap.engines.arrow.needed import needed_columns
from ferroshap.engines.carried import Carried
from ferroshap.engines.dask.keys import INSTALL, WHO, as_key
from ferroshap.engines.pieces import check_call, naming, partition_name
from ferroshap.engines.reducing import Reducers, Reducing, in_groups
from ferroshap.errors import OptionError
from ferroshap.export.libraries import met

#: Parts that are merged at once, on one worker.
AT_ONCE = 8


def reduce(
    frame: Any,
    explainer: Any,
    reducers: Any,
    *,
    n_jobs: int | None = 1,
    row_key: str = "content",
    columns: Any = None,
    dtype: Any = "float64",
) -> Any:
    """Reduce the values of a Dask dataframe, lazily: the same bytes as of a serial run, however it is partitioned.

    Each partition is explained and reduced where it is, and the parts are merged on the workers, eight at a time: no
    value ever leaves the task that computed it.

    Parameters
    ----------
    frame : dask.dataframe.DataFrame
        The rows.
    explainer : Explainer
        For tables.
    reducers : dict, reducer or sequence of reducers
        Of :mod:`ferroshap.engines.reducers`, by names or by their classes; they themselves stay as they are.
    n_jobs, row_key, columns
        As for `explain`; `row_key` is also what a `Reservoir` chooses rows by.
    dtype : {"float64", "float32"}
        Of the values that reducers see.

    Returns
    -------
    dask.delayed.Delayed
        Of a dict of finished reducers, by name: ``.compute()["MeanAbs"].result()``.

    Raises
    ------
    OptionError
        For what is no Dask dataframe, or no reducer.
    DimensionError
        When features are missing, by name.
    ImportError
        Where Dask is not installed.

    Examples
    --------
    >>> from ferroshap.engines import reducers
    >>> summary = reduce(rows, explainer, [reducers.MeanAbs(), reducers.Mean()])  # doctest: +SKIP
    >>> summary.compute()["MeanAbs"].result()  # doctest: +SKIP
    """
    check_call("dask", row_key, ())
    met("dask", WHO, install=INSTALL)
    if not type(frame).__module__.startswith("dask.dataframe") or frame.ndim != 2:
        msg = f"`frame` is a {type(frame).__module__}.{type(frame).__name__}, but must be a Dask dataframe"
        raise OptionError(msg)
    delayed = met("dask.delayed", WHO).delayed
    reducing = Reducing.of(reducers, {"n_jobs": n_jobs, "row_key": row_key, "columns": columns, "dtype": dtype})
    carried = Carried(explainer)
    rows = frame[needed_columns(explainer, list(frame.columns), (), row_key, columns)]
    token = _token(rows, carried, reducing)
    key = as_key(carried)
    parts = [
        delayed(_part, traverse=False)(part, key, reducing, number, dask_key_name=f"reduced-{token}-0-{number}")
        for number, part in enumerate(rows.to_delayed())
    ]
    level = 0
    while level == 0 or len(parts) > 1:
        level += 1
        parts = [
            delayed(_merged, traverse=False)(reducing, *group, dask_key_name=f"reduced-{token}-{level}-{number}")
            for number, group in enumerate(in_groups(parts, AT_ONCE))
        ]
    return parts[0]


def _token(rows: Any, carried: Carried, reducing: Reducing) -> str:
    """What tells this reduction apart: the same one has the same keys."""
    states = {name: reducer.to_bytes() for name, reducer in reducing.reducers.items()}
    token: str = met("dask.base", WHO).tokenize(
        rows._name,  # noqa: SLF001 - Dask's word for what is in it
        carried.fingerprint,
        states,
        reducing.call,
    )
    return token


def _part(rows: Any, carried: Carried, reducing: Reducing, number: int) -> Reducers:
    """Explain and reduce one partition."""
    with naming(partition_name(number, len(rows), rows.index)):
        return reducing.part(carried.explainer, rows)


def _merged(reducing: Reducing, *parts: Reducers) -> Reducers:
    return reducing.merged(parts)
