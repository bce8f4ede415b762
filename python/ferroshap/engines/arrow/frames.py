"""Any frame in, a frame of the same kind out."""

import importlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ferroshap.engines.arrow.explained import empty_block, explain_block
from ferroshap.engines.arrow.layout import Layout
from ferroshap.engines.arrow.needed import columns_at
from ferroshap.engines.arrow.rows import Rows, as_rows
from ferroshap.errors import OptionError, nearest
from ferroshap.export.libraries import met
from ferroshap.inputs.foreign import is_instance

KINDS = ("pandas", "polars", "pyarrow")


def explain_frame(
    explainer: Any,
    frame: Any,
    *,
    first_row: int = 0,
    n_jobs: int | None = None,
    columns: Any = None,
    row_key: Any = None,
    **layout: Any,
) -> Any:
    """Explain a frame, and return one of its kind: `Explainer.explain_frame`."""
    form = Layout(**layout)
    rows, back = _read(frame)
    explained = explain_block(
        explainer,
        rows.source,
        first_row=first_row,
        n_jobs=n_jobs,
        dtype=form.dtype,
        interactions=form.interactions,
        row_key=row_key,
        keep=form.keep,
        columns=columns,
    )
    if rows.kind == "pyarrow":
        return back(form.table(explainer, explained, rows.source))
    return back(_beside(rows, form.keep, replace(form, keep=()).table(explainer, explained)))


def empty_output(explainer: Any, kind: str = "pandas", *, input_schema: Any = None, **layout: Any) -> Any:
    """Return a frame of no rows with the columns of the output: `Explainer.empty_output`."""
    if kind not in KINDS:
        msg = f"`kind` is {kind!r}, which is not known{nearest(str(kind), KINDS)} Known: {', '.join(KINDS)}"
        raise OptionError(msg)
    form = Layout(**layout)
    explained = empty_block(explainer, form.dtype, interactions=form.interactions)
    rows = None if input_schema is None else input_schema.empty_table()
    return _as_kind(kind, form.table(explainer, explained, rows))


def _read(frame: Any) -> tuple[Rows, Callable[[Any], Any]]:
    """Return the rows of a frame, and what brings a table back to its kind."""
    if is_instance(frame, "pyarrow", "RecordBatch"):
        return as_rows(frame), _as_batch
    known = is_instance(frame, "pyarrow", "Table")
    if known or is_instance(frame, "pandas", "DataFrame") or is_instance(frame, "polars", "DataFrame"):
        return as_rows(frame), lambda table: table
    narwhals = importlib.import_module("narwhals.stable.v2")
    found = narwhals.from_native(frame, pass_through=True)
    described = f"{type(frame).__module__}.{type(frame).__qualname__}"
    if isinstance(found, narwhals.LazyFrame):
        msg = (
            f"`frame` is a lazy frame ({described}): collect it first, or give explain_frame to its engine's own "
            "map over batches"
        )
        raise OptionError(msg)
    if not isinstance(found, narwhals.DataFrame):
        msg = f"`frame` is a {described}, which is no frame: explain_arrow takes Arrow, and calls take arrays"
        raise OptionError(msg)
    backend = found.implementation
    return as_rows(found.to_arrow()), lambda table: narwhals.from_arrow(table, backend=backend).to_native()


def _as_batch(table: Any) -> Any:
    """One record batch of a table."""
    arrow = met("pyarrow", "explain_frame")
    columns = [column.combine_chunks() for column in table.columns]
    return arrow.RecordBatch.from_arrays(columns, schema=table.schema)


def _as_kind(kind: str, table: Any) -> Any:
    """Bring a table of Arrow to another library."""
    if kind == "pandas":
        return table.to_pandas()
    return met("polars", "explain_frame").from_arrow(table) if kind == "polars" else table


def _beside(rows: Rows, keep: tuple[str, ...], table: Any) -> Any:
    """Put columns of a frame, as they are, before the values, with the frame's index."""
    values, places = _as_kind(rows.kind, table), columns_at(rows.names, keep, "keep")
    if rows.kind == "pandas":
        values.index = rows.source.index
        if not keep:
            return values
        return met("pandas", "explain_frame").concat([rows.source.iloc[:, places], values], axis=1)
    return rows.source[:, places].hstack(values) if keep else values
