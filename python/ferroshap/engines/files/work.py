"""What is done with a block of rows: explained, laid out, encoded, reduced. The same here and on a worker."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ferroshap.engines.arrow import Layout, explain_block
from ferroshap.engines.files.units import Block
from ferroshap.engines.files.writing.encoding import encoded
from ferroshap.engines.files.writing.footer import Encoded


class Finished(NamedTuple):
    """What comes of a block.

    Attributes
    ----------
    first_row, n_rows : int
        Its rows.
    encoded : Encoded or None
        The values as a Parquet file, where they are written.
    reducers : dict
        Reducers that have seen this block alone, by name.
    """

    first_row: int
    n_rows: int
    encoded: Encoded | None
    reducers: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Work:
    """How blocks are explained, and what is made of the values.

    Attributes
    ----------
    layout : Layout
        Of the values.
    schema : pyarrow.Schema or None
        Of what is written, with its metadata; None: nothing is written.
    columns, row_key
        As for `explain_arrow`.
    compression : str
        Of Parquet's pages.
    reducers : dict
        Fresh reducers, by name.
    n_jobs : int or None
        Threads.
    """

    layout: Layout
    schema: Any
    columns: Any = None
    row_key: Any = None
    compression: str = "snappy"
    reducers: dict[str, Any] = field(default_factory=dict)
    n_jobs: int | None = None

    def explain(self, explainer: Any, block: Block) -> Any:
        """Ask the explainer for the values of a block."""
        return explain_block(
            explainer,
            block.rows,
            first_row=block.first_row,
            n_jobs=self.n_jobs,
            dtype=self.layout.dtype,
            interactions=self.layout.interactions,
            row_key=self.row_key,
            keep=self.layout.keep,
            columns=self.columns,
        )

    def finish(self, explainer: Any, block: Block, explained: Any) -> Finished:
        """Lay out, encode and reduce a block that is explained."""
        found = None
        if self.schema is not None:
            table = self.layout.table(explainer, explained, block.rows)
            found = encoded(table, self.schema, self.compression)
        parts = {name: reducer.part(explained) for name, reducer in self.reducers.items()}
        return Finished(block.first_row, block.rows.num_rows, found, parts)


def done_by_worker(opened: Any, work: Work, block: Block) -> Finished:
    """Explain a block and finish it, on a worker that holds the explainer."""
    explainer = opened[0]
    finished = work.finish(explainer, block, work.explain(explainer, block))
    data = None if finished.encoded is None else finished.encoded._replace(data=bytes(finished.encoded.data))
    return finished._replace(encoded=data)
