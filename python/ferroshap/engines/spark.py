"""Spark: a frame of rows in, one of values out, lazily, through `mapInArrow`.

``pip install pyspark``, with a Java; ferroshap is installed where the Python workers run (``PYSPARK_PYTHON``).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ferroshap.engines.arrow.needed import needed_columns
from ferroshap.engines.carried import Carried
from ferroshap.engines.pieces import check_call, naming
from ferroshap.engines.reducing import Reducing
from ferroshap.errors import OptionError
from ferroshap.export.libraries import met

__all__ = ["explain", "reduce"]

#: Who asks, in messages about what is missing.
WHO = "engines.spark"


def explain(
    frame: Any,
    explainer: Any,
    *,
    n_jobs: int | None = 1,
    row_key: str = "content",
    columns: Any = None,
    **layout: Any,
) -> Any:
    """Explain the rows of a Spark frame, lazily: the same values as of a serial call, bit for bit.

    Nothing is shuffled: each partition is explained where it is, batch by batch; what moves is rows into Python, of the
    columns that the explainer needs, and values out of it. The explainer is a broadcast variable, pickled once and read
    once by each Python worker.

    Parameters
    ----------
    frame : pyspark.sql.DataFrame
        The rows, in any order.
    explainer : Explainer
        For tables.
    n_jobs : int or None
        Threads of the core in each task. One, since Spark runs a task on every core that it has; None: as many as
        ``OMP_NUM_THREADS`` says in the worker.
    row_key : "content" or the name of a column of integers
        What tells rows apart that draw coalitions of their own (``shared_design=False``). Spark knows no numbers of
        rows, so it is the row itself; a serial call with ``row_key="content"`` gives the same bits.
    columns : list of str, optional
        The columns that are the features, in the explainer's order, instead of a match by name.
    **layout
        What the values look like: `layout`, `dtype`, `top_k`, `interactions`, `keep` and `error_std` of
        :class:`ferroshap.engines.arrow.Layout`. Spark has no dictionaries and no lists of one length: names of
        features come as words, and layout "list" as arrays.

    Returns
    -------
    pyspark.sql.DataFrame
        With the columns of ``explainer.output_schema(...)``.

    Raises
    ------
    OptionError, UnknownOptionError
        For what is no Spark frame, and options that are not known.
    DimensionError
        When features are missing, by name.
    ImportError
        Where PySpark or pyarrow is not installed.

    Notes
    -----
    A batch has ``spark.sql.execution.arrow.maxRecordsPerBatch`` rows, 10,000 unless it is set. An error of the model
    ends the job: Spark shows its traceback, at whose end stand the partition and the rows.

    Examples
    --------
    >>> from ferroshap.engines import spark as engine
    >>> rows = session.read.parquet("rows.parquet")  # doctest: +SKIP
    >>> engine.explain(rows, explainer, keep="id", dtype="float32").write.parquet("values")  # doctest: +SKIP
    """
    check_call("spark", row_key, layout)
    rows, names = _rows(frame, explainer, layout.get("keep", ()), row_key, columns)
    types = met("pyspark.sql.pandas.types", WHO)
    arrow = met("pyarrow", WHO)
    schema = explainer.output_schema(input_schema=types.to_arrow_schema(rows.schema), **layout)
    schema = arrow.schema([arrow.field(field.name, _in_spark(field.type)) for field in schema])
    options = {"n_jobs": n_jobs, "row_key": row_key, "columns": columns, **layout}
    work = _Explaining(_sent(frame, explainer), names, schema, options)
    return _numbered(rows).mapInArrow(work, types.from_arrow_schema(schema))


def reduce(
    frame: Any,
    explainer: Any,
    reducers: Any,
    *,
    n_jobs: int | None = 1,
    row_key: str = "content",
    columns: Any = None,
    dtype: Any = "float64",
) -> dict[str, Any]:
    """Reduce the values of a Spark frame, now: the same bytes as of a serial run, however it is partitioned.

    Each batch is explained and reduced where it is; what comes to the driver is one state a reducer and partition,
    which it merges.

    Parameters
    ----------
    frame : pyspark.sql.DataFrame
        The rows, in any order.
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
    dict
        Finished reducers, by name: ``["MeanAbs"].result()``.

    Raises
    ------
    OptionError
        For what is no Spark frame, or no reducer.
    DimensionError
        When features are missing, by name.
    ImportError
        Where PySpark or pyarrow is not installed.
    """
    check_call("spark", row_key, ())
    rows, names = _rows(frame, explainer, (), row_key, columns)
    reducing = Reducing.of(reducers, {"n_jobs": n_jobs, "row_key": row_key, "columns": columns, "dtype": dtype})
    work = _Reducing(_sent(frame, explainer), names, reducing)
    states = _numbered(rows).mapInArrow(work, "reducer string, state binary")
    return reducing.of_rows((row["reducer"], bytes(row["state"])) for row in states.toLocalIterator())


def _rows(frame: Any, explainer: Any, keep: Any, row_key: str, columns: Any) -> tuple[Any, tuple[str, ...]]:
    """Take the columns that are needed of what must be a frame."""
    met("pyspark", WHO)
    if not type(frame).__module__.startswith("pyspark.sql"):
        msg = f"`frame` is a {type(frame).__module__}.{type(frame).__name__}, but must be a Spark frame"
        raise OptionError(msg)
    names = needed_columns(explainer, frame.columns, keep, row_key, columns)
    return frame.select(*(_quoted(name) for name in names)), tuple(names)


def _numbered(rows: Any) -> Any:
    """Name columns by numbers on their way: Spark takes a name with a dot for a field of a struct."""
    return rows.toDF(*(f"c{number}" for number in range(len(rows.columns))))


def _sent(frame: Any, explainer: Any) -> Any:
    """Broadcast an explainer; a frame of Spark Connect has no context for it: there the function carries it."""
    carried = Carried(explainer)
    return frame.sparkSession.sparkContext.broadcast(carried) if hasattr(frame, "_jdf") else carried


def _arrived(carried: Any) -> Any:
    return (carried if isinstance(carried, Carried) else carried.value).explainer


def _quoted(name: str) -> str:
    """A column's name, whatever letters it has."""
    return "`" + name.replace("`", "``") + "`"


def _in_spark(kind: Any) -> Any:
    """The type that Spark has for one of ours."""
    types, arrow = met("pyarrow.types", WHO), met("pyarrow", WHO)
    if types.is_dictionary(kind):
        return kind.value_type
    return arrow.list_(kind.value_type) if types.is_fixed_size_list(kind) else kind


def _pieces(batches: Iterable[Any], names: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    """Give the batches of one partition, each with its name for errors, under their columns' own names."""
    partition = met("pyspark", WHO).TaskContext.get().partitionId()
    n_done = 0
    for batch in batches:
        piece = f"partition {partition} (its rows {n_done} to {n_done + batch.num_rows - 1})"
        yield piece, batch.rename_columns(list(names))
        n_done += batch.num_rows


@dataclass(frozen=True)
class _Explaining:
    """What Spark runs on each partition to have values."""

    carried: Any
    names: tuple[str, ...]
    schema: Any
    options: dict[str, Any]

    def __call__(self, batches: Iterable[Any]) -> Iterator[Any]:
        """Explain the batches of one partition, one after the other."""
        explainer = _arrived(self.carried)
        for piece, rows in _pieces(batches, self.names):
            with naming(piece):
                values = explainer.explain_arrow(rows, **self.options).cast(self.schema)
            yield from values.combine_chunks().to_batches()


@dataclass(frozen=True)
class _Reducing:
    """What Spark runs on each partition to have summaries."""

    carried: Any
    names: tuple[str, ...]
    reducing: Reducing

    def __call__(self, batches: Iterable[Any]) -> Iterator[Any]:
        """Reduce the batches of one partition to one state a reducer."""
        explainer = _arrived(self.carried)
        whole = self.reducing.merged(())
        for piece, rows in _pieces(batches, self.names):
            with naming(piece):
                whole = self.reducing.merged([whole, self.reducing.part(explainer, rows)])
        yield from self.reducing.as_table(whole).to_batches()
