"""Dask dataframes: partition by partition."""

from typing import Any

from ferroshap.engines.arrow.needed import needed_columns
from ferroshap.engines.carried import Carried
from ferroshap.engines.dask.keys import WHO, as_key
from ferroshap.engines.pieces import naming, partition_name
from ferroshap.export.libraries import met


def explain_frame(frame: Any, carried: Carried, call: dict[str, Any], layout: dict[str, Any]) -> Any:
    """Map `Explainer.explain_frame` over the partitions."""
    meta = _meta(frame, carried.explainer, layout)
    needed = needed_columns(
        carried.explainer, list(frame.columns), layout.get("keep", ()), call["row_key"], call["columns"]
    )
    rows = frame if len(needed) == len(frame.columns) else frame[needed]
    return rows.map_partitions(_explained, as_key(carried), call | layout, meta=meta, token="explained")  # noqa: S106


def _meta(frame: Any, explainer: Any, layout: dict[str, Any]) -> Any:
    """A frame of no rows like the output's: kept columns and index are the input's, whose types Dask knows best."""
    schema = met("pyarrow", WHO).Schema.from_pandas(frame._meta, preserve_index=False)  # noqa: SLF001
    meta = explainer.empty_output("pandas", input_schema=schema, **layout).set_axis(frame._meta.index)  # noqa: SLF001
    return meta.assign(**{name: frame._meta[name] for name in meta.columns if name in set(frame.columns)})  # noqa: SLF001


def _explained(rows: Any, carried: Carried, options: dict[str, Any], partition_info: Any = None) -> Any:
    """Explain one partition."""
    number = "?" if partition_info is None else partition_info["number"]
    with naming(partition_name(number, len(rows), rows.index)):
        return carried.explainer.explain_frame(rows, **options)
