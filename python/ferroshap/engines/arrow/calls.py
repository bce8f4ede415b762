"""`explain_arrow` and its relations: what explainers' methods of these names do."""

from typing import Any

from ferroshap.engines.arrow.explained import explain_block
from ferroshap.engines.arrow.layout import Layout
from ferroshap.engines.arrow.rows import as_arrow


def explain_arrow(
    explainer: Any,
    data: Any,
    *,
    first_row: int = 0,
    n_jobs: int | None = None,
    columns: Any = None,
    row_key: Any = None,
    **layout: Any,
) -> Any:
    """Explain a record batch or table, and return a table: `Explainer.explain_arrow`."""
    form, table = Layout(**layout), as_arrow(data)
    explained = explain_block(
        explainer,
        table,
        first_row=first_row,
        n_jobs=n_jobs,
        dtype=form.dtype,
        interactions=form.interactions,
        row_key=row_key,
        keep=form.keep,
        columns=columns,
    )
    return form.table(explainer, explained, table)


def output_schema(explainer: Any, *, input_schema: Any = None, **layout: Any) -> Any:
    """Return the schema of what `explain_arrow` returns: `Explainer.output_schema`."""
    return Layout(**layout).schema(explainer, input_schema)
