"""`explain_arrow` and its relations: what explainers' methods of these names do."""

from typing import Any

from ferroshap.engines.arrow.explained import explain_block
from ferroshap.engines.arrow.layout import Layout


def explain_arrow(explainer: Any, data: Any, *, first_row: int = 0, n_jobs: int | None = None, **layout: Any) -> Any:
    """Explain a record batch or table, and return a table: `Explainer.explain_arrow`."""
    explained = explain_block(explainer, data, first_row=first_row, n_jobs=n_jobs)
    return Layout(**layout).table(explainer, explained)


def output_schema(explainer: Any, **layout: Any) -> Any:
    """Return the schema of what `explain_arrow` returns: `Explainer.output_schema`."""
    return Layout(**layout).schema(explainer)


def explain_frame(explainer: Any, frame: Any, **options: Any) -> Any:
    """Explain a frame, and return one of its kind: `Explainer.explain_frame`."""
    return explain_arrow(explainer, frame, **options).to_pandas()


def empty_output(explainer: Any, **layout: Any) -> Any:
    """Return a frame of no rows with the columns of the output: `Explainer.empty_output`."""
    return output_schema(explainer, **layout).empty_table().to_pandas()
