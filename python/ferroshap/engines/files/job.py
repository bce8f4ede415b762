"""One call of `explain_parquet`: checked, planned, run."""

import dataclasses
from collections.abc import Callable
from typing import Any

from ferroshap.engines.arrow import Layout, needed_columns
from ferroshap.engines.arrow.subject import pairs_of, subject_of
from ferroshap.engines.files.destination import Destination
from ferroshap.engines.files.identity import digest, header_of
from ferroshap.engines.files.keeping import InMemory
from ferroshap.engines.files.overlap import check_apart
from ferroshap.engines.files.pipeline import SPARE_BLOCKS, Keeper, explain_away, explain_here
from ferroshap.engines.files.planning import RowBytes, planned, width_of
from ferroshap.engines.files.result import Result
from ferroshap.engines.files.sources import Source, as_source
from ferroshap.engines.files.units import Done, blocks, n_units
from ferroshap.engines.files.work import Work
from ferroshap.engines.files.writing.encoding import check_compression, encoded
from ferroshap.engines.files.writing.journal import OF_VALUES, Journal
from ferroshap.engines.files.writing.published import about
from ferroshap.errors import SourceError
from ferroshap.progress import Progress


class Job:
    """What is explained, where it goes, and how; nothing is read but schemas and footers until it is run.

    Parameters
    ----------
    explainer : Explainer
        For tables.
    source : object
        As for `explain_parquet`.
    destination : Destination
        Where values go.
    work : Work
        How blocks are explained; its schema is found here.
    executor, memory_limit
        As for `explain_parquet`.
    """

    def __init__(
        self, explainer: Any, source: Any, destination: Destination, work: Work, *, executor: Any, memory_limit: Any
    ) -> None:
        """Find the columns, and plan the memory."""
        self._explainer, self._destination = explainer, destination
        self._crew = _crew_of(executor)
        layout = work.layout
        check_compression(work.compression)
        own = [path for path in (destination.path, destination.aside) if path is not None]
        self.source: Source = as_source(source, own)
        check_apart(self.source, destination)
        names = needed_columns(explainer, self.source.schema.names, layout.keep, work.row_key, work.columns)
        self._read = self.source.narrowed(names)
        schema = layout.schema(explainer, self._read)
        self._plan = planned(layout, *self._sizes(layout, schema), memory_limit, self._n_away)
        self.work = dataclasses.replace(work, schema=None if destination.path is None else schema)
        self._header = header_of(explainer, self.source, self._read, self.work)
        if destination.path is not None:
            told = about(self._header["version"], digest(self._header, *OF_VALUES), explainer)
            self.work = dataclasses.replace(self.work, schema=schema.with_metadata((schema.metadata or {}) | told))

    @property
    def _n_away(self) -> int:
        return 0 if self._crew is None else self._crew.n_workers + SPARE_BLOCKS

    def _sizes(self, layout: Layout, schema: Any) -> tuple[tuple[int, int, int], RowBytes]:
        subject = subject_of(self._explainer)
        n_features, n_outputs = len(subject.features), subject.n_outputs
        n_terms = len(pairs_of(self._explainer)) if layout.interactions else n_features
        n_bytes = 4 if layout.dtype == "float32" else 8
        row = RowBytes(
            width_of(self._read, self.source.row_bytes()),
            n_bytes * n_features,
            n_bytes * n_terms * n_outputs,
            width_of(schema, None) if self._destination.path is not None else 0,
        )
        return (n_features, n_terms, n_outputs), row

    def run(self, progress: Any, *, silent: bool, resume: bool, overwrite: bool) -> Result:
        """Explain what is not explained yet, and return what came of all."""
        if self._destination.aside is None:
            kept = InMemory(self.work.reducers)
            self._explain(kept, kept.done, 0, progress, silent=silent)
            return Result(rows=kept.rows, parts=n_units(kept.rows), reduced=kept.reduced)
        journal = Journal(
            self._destination,
            self._header,
            self.source.n_rows,
            self.work.reducers,
            resume=resume,
            overwrite=overwrite,
        )
        try:
            if journal.rows_published is None:
                n_resumed = len(journal.done)
                self._explain(journal, journal.done, journal.rows_of(journal.done), progress, silent=silent)
                rows, parts = journal.rows, journal.parts
                journal.publish(self._empty)
            else:
                rows = journal.rows_published
                parts = n_resumed = n_units(rows)
            journal.remove()
        except BaseException as error:
            _note(error, self._destination)
            raise
        finally:
            journal.close()
        path = self._destination.path
        return Result(rows=rows, parts=parts, resumed_parts=n_resumed, path=path, reduced=journal.reduced)

    def _explain(self, keeper: Keeper, done: set[int], done_rows: int, progress: Any, *, silent: bool) -> None:
        line = Progress(self.source.n_rows, silent=silent, report=progress, unit="rows")
        if done_rows:
            line.add(done_rows)
        finished = Done(done)
        batches = self.source.batches(self._read, finished.lacks, self._plan.block_rows)
        cut = blocks(batches, self._plan.block_rows, finished)
        common = (self._explainer, cut, self.work, keeper, _told(line))
        ahead = not self.source.is_bound
        try:
            if self._crew is not None:
                explain_away(*common, reads_ahead=ahead, crew=self._crew)
            else:
                explain_here(*common, reads_ahead=ahead, overlaps=self._plan.overlaps)
        finally:
            line.close()
        self._check_unchanged()

    def _check_unchanged(self) -> None:
        """Refuse to put values of two states of a file side by side."""
        for piece in self.source.pieces:
            if piece.current_identity() != piece.identity:
                msg = f"{piece.name} was changed while it was read: begin anew with resume=False"
                raise SourceError(msg)

    def _empty(self) -> Any:
        """A file of values without rows."""
        schema = self.work.schema
        return encoded(schema.empty_table(), schema, self.work.compression)


def _crew_of(executor: Any) -> Any:
    if executor is None:
        return None
    from ferroshap.executors import as_crew

    return as_crew(executor)


def _told(line: Progress) -> Callable[[int], None]:
    def tell(n_rows: int) -> None:
        if n_rows:
            line.add(n_rows)

    return tell


def _note(error: BaseException, destination: Destination) -> None:
    """Tell what to do about a disk that is full, without hiding the system's own error."""
    if isinstance(error, OSError) and not isinstance(error, SourceError):
        error.add_note(
            f"finished units are kept in {str(destination.aside)!r}: make room for more, and make the same call again"
        )
