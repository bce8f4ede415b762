"""Dask arrays: block of rows by block of rows."""

from typing import Any

import numpy as np

from ferroshap.engines.arrow.called import called_block
from ferroshap.engines.arrow.subject import subject_of
from ferroshap.engines.arrow.trees import tree_block
from ferroshap.engines.carried import Carried
from ferroshap.engines.dask.keys import as_key
from ferroshap.engines.pieces import naming, partition_name
from ferroshap.errors import DimensionError, OptionError, check_options
from ferroshap.inputs import read_table


def explain_array(rows: Any, carried: Carried, call: dict[str, Any], layout: dict[str, Any]) -> Any:
    """Map the explainer over the blocks of rows."""
    check_options(layout, ["dtype"], "engines.dask.explain of an array")
    if call["columns"] is not None or call["row_key"] != "content":
        msg = "`rows` is an array, which has no names for `columns` and `row_key`: explain a dataframe with them"
        raise OptionError(msg)
    if rows.ndim != 2:
        msg = f"`rows` has {rows.ndim} dimensions, but must have two: rows and features"
        raise DimensionError(msg)
    subject = subject_of(carried.explainer)
    shape = (len(subject.features), *(() if subject.outputs is None else (subject.n_outputs,)))
    dtype = np.dtype(layout.get("dtype", "float64"))
    whole = rows if rows.numblocks[1] == 1 else rows.rechunk({1: -1})  # a row is explained in one place
    return whole.map_blocks(
        _values,
        as_key(carried),
        n_jobs=call["n_jobs"],
        precision=dtype,
        shape=shape,
        chunks=(whole.chunks[0], *((size,) for size in shape)),
        new_axis=[2] if len(shape) == 2 else None,
        meta=np.empty((0,) * (1 + len(shape)), dtype),
        token="explained",  # noqa: S106 - the name of a task
    )


def _values(
    rows: Any, carried: Carried, *, n_jobs: int | None, precision: Any, shape: tuple[int, ...], block_id: Any
) -> Any:
    """Explain one block of rows."""
    with naming(partition_name(block_id[0], len(rows))):
        if not len(rows):
            return np.empty((0, *shape), precision)
        explainer = carried.explainer
        block = tree_block if hasattr(explainer, "_engine") else called_block
        table, subject = read_table(rows, argument="rows"), subject_of(explainer)
        values, *_ = block(explainer, table, subject, None, "content", n_jobs, precision)
        return values.reshape(-1, *shape)
