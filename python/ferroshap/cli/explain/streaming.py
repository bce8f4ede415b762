"""The work itself: blocks of rows in, explained, out; Parquet to Parquet by `explain_parquet`, which can go on."""

import contextlib
import dataclasses
import importlib
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ferroshap.cli.explain.columns import Reading
from ferroshap.cli.explain.outcome import Outcome
from ferroshap.cli.explain.sinks import kind_of, sink
from ferroshap.cli.explain.sources import UNIT, Source, blocks, listening
from ferroshap.engines.arrow import Layout, explain_block
from ferroshap.progress import Progress

#: Rows that a report shows singly.
SHOWN = 2_000


@dataclass(frozen=True)
class Job:
    """All that the work depends on, checked.

    Attributes
    ----------
    explainer, source, reading, layout
        What explains, the table, how its columns are read, what the values look like.
    out : str or None
        Where values go; None for nowhere.
    n_jobs, memory_limit, compression, seed
        As on the command line.
    is_quiet, may_resume, may_overwrite, wants_importance, wants_rows : bool
        Whether to show no progress, go on with an interrupted run, replace something else, find the mean magnitudes,
        draw rows for a report.
    """

    explainer: Any
    source: Source
    reading: Reading
    layout: Layout
    out: str | None
    n_jobs: int | None
    memory_limit: str | None
    compression: str | None
    seed: int
    is_quiet: bool
    may_resume: bool
    may_overwrite: bool
    wants_importance: bool
    wants_rows: bool

    def reducers(self) -> dict[str, Any]:
        """Make what is found on the way."""
        reducers: Any = importlib.import_module("ferroshap.engines.reducers")
        found: dict[str, Any] = {}
        if self.wants_importance:
            found["importance"] = reducers.MeanAbs()
        if self.wants_rows:
            found["rows"] = reducers.Reservoir(SHOWN, seed=self.seed)
        return found


class Stream:
    """Record batches and their schema, as `explain_parquet` takes them: what goes wrong in them comes out as it is."""

    def __init__(self, schema: Any, batches: Iterator[Any]) -> None:
        """Keep both; nothing is read."""
        self.schema, self._batches = schema, batches

    def __iter__(self) -> Iterator[Any]:
        """Give one batch after the other, once."""
        return self._batches


def explain(job: Job) -> Outcome:
    """Explain all rows.

    Raises
    ------
    FerroshapError, OSError
        When rows cannot be read, explained or written: a note says which; nothing of the output is there then, but
        for what `explain_parquet` can go on with.
    """
    goes_to_parquet = job.out is None or kind_of(job.out) in {"parquet", "folder"}
    with listening(job.source):
        return _by_units(job) if goes_to_parquet else _streamed(job)


def _by_units(job: Job) -> Outcome:
    """Parquet, or summaries alone: units of rows that an interrupted run does not do again."""
    from ferroshap.engines import explain_parquet

    can_go_on = job.source.kind != "csv" and job.source.stream is None
    source: Any = list(job.source.paths)
    if not can_go_on:
        source = Stream(job.reading.schema(job.source), job.reading.batches(job.source))
    with _unfinished(job, can_go_on=can_go_on):
        result = explain_parquet(
            job.explainer,
            source,
            job.out,
            columns=job.reading.columns,
            **dataclasses.asdict(job.layout),
            reducers=job.reducers(),
            n_jobs=job.n_jobs,
            memory_limit=job.memory_limit,
            compression=job.compression or "snappy",
            silent=job.is_quiet,
            resume=job.may_resume,
            overwrite=job.may_overwrite,
        )
    n_resumed = min(result.rows, result.resumed_parts * UNIT)
    return Outcome(n_rows=result.rows, n_resumed=n_resumed, reduced=result.reduced)


@contextlib.contextmanager
def _unfinished(job: Job, *, can_go_on: bool) -> Iterator[None]:
    """Say of what is unfinished that it can be gone on with, or clear it away where nothing can."""
    beside = Path(f"{(job.out or '').rstrip('/')}.unfinished")
    was_there = beside.exists()
    try:
        yield
    except BaseException as error:
        if job.out is not None and can_go_on and isinstance(error, KeyboardInterrupt):
            error.add_note("the same command goes on where it was")
        if job.out is not None and not can_go_on and not was_there:
            shutil.rmtree(beside, ignore_errors=True)
        raise


def _streamed(job: Job) -> Outcome:
    """CSV and Arrow: blocks one after the other, in one go."""
    found = job.reducers()
    layout, columns = job.layout, job.reading.columns
    input_schema = job.reading.schema(job.source)
    is_mixed = job.out == "-" and sys.stdout.isatty()  # a line of progress would stand in the midst of the values
    progress = Progress(job.source.n_rows, silent=job.is_quiet or is_mixed, unit="rows")
    with contextlib.ExitStack() as stack:
        stack.callback(progress.close)
        writer = None
        if job.out is not None:
            schema = layout.schema(job.explainer, input_schema)
            writer = stack.enter_context(sink(job.out, kind_of(job.out), schema, job.compression))
        for first, rows in blocks(job.reading.batches(job.source), input_schema):
            with _located(job.source, first, rows.num_rows):
                explained = explain_block(
                    job.explainer,
                    rows.select(columns),
                    first_row=first,
                    n_jobs=job.n_jobs,
                    dtype=layout.dtype,
                    interactions=layout.interactions,
                )
                for reducer in found.values():
                    reducer.update(explained)
                if writer is not None:
                    writer.write_table(layout.table(job.explainer, explained, rows))
            progress.add(rows.num_rows)
    return Outcome(n_rows=progress.done, reduced=found)


@contextlib.contextmanager
def _located(source: Source, first: int, n_rows: int) -> Iterator[None]:
    """Note on an error which rows it came with."""
    try:
        yield
    except Exception as error:
        error.add_note(f"in rows {first:,} to {first + n_rows - 1:,} of {source.option} {source.paths[0]}")
        raise
