"""`explain_parquet`: a table in files, explained unit by unit."""

import dataclasses
import time
from typing import Any

from ferroshap.engines.arrow import Layout
from ferroshap.engines.files.destination import as_destination
from ferroshap.engines.files.job import Job
from ferroshap.engines.files.keeping import by_name
from ferroshap.engines.files.result import Result
from ferroshap.engines.files.work import Work
from ferroshap.errors import OptionError


def explain_parquet(
    explainer: Any,
    source: Any,
    destination: Any = None,
    *,
    columns: Any = None,
    keep: Any = (),
    layout: str = "columns",
    dtype: Any = "float64",
    top_k: int | None = None,
    interactions: bool = False,
    error_std: bool = False,
    row_key: str | None = None,
    reducers: Any = None,
    n_jobs: int | None = None,
    executor: Any = None,
    memory_limit: int | str | None = None,
    compression: str = "snappy",
    checkpoint: Any = None,
    progress: Any = None,
    silent: bool = False,
    resume: bool = True,
) -> Result:
    """Explain a table in files, larger than memory, and write the values to Parquet.

    Rows are read, explained and written in units of 65,536 by their number in the whole table, however it lies in
    files and row groups. Whatever ends a run (a kill, a full disk, Ctrl-C, a damaged file, an exception of the model),
    the same call made again goes on after the last finished unit, and ends with the same values, byte for byte.
    """
    started = time.perf_counter()
    form = Layout(layout=layout, dtype=dtype, top_k=top_k, interactions=interactions, keep=keep, error_std=error_std)
    named = by_name(reducers)
    target = as_destination(destination, checkpoint)
    if target.path is None and not named:
        msg = "`destination` is None and there are no `reducers`, so nothing would come of it: pass one of them"
        raise OptionError(msg)
    work = Work(
        layout=form,
        schema=None,
        columns=columns,
        row_key=row_key,
        compression=compression,
        reducers=named,
        n_jobs=n_jobs,
    )
    job = Job(explainer, source, target, work, executor=executor, memory_limit=memory_limit)
    result = job.run(progress, silent=silent, resume=resume)
    return dataclasses.replace(result, seconds=time.perf_counter() - started)
