"""Long work in parts, so that what was reached stays when Ctrl-C ends it. No cut of the rows changes a bit."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.explainers.trees.engine import TreeEngine
from ferroshap.progress import Progress
from ferroshap.trees.rows import NativeRows, n_rows_of, rows_between

Floats = NDArray[np.float64]

#: Leaf-rows of a part: half a second or so.
PART = 1_000_000_000
#: Rows of a part, at least: as many as the core works on together.
LEAST_ROWS = 4096
#: Interactions take longer than values, by about so much.
HEAVINESS = {"values": 1, "approximate": 1, "interactions": 16, "pair_interactions": 8}


def leaf_rows(engine: TreeEngine, question: str, n_rows: int) -> int:
    """How much work a question is."""
    return n_rows * engine.forest.n_leaves * HEAVINESS[question]


def answer_in_parts(
    engine: TreeEngine,
    question: str,
    rows: NativeRows,
    n_threads: int,
    precision: str | None,
    dtype: str,
    out: NDArray[Any] | None,
    labels: Floats | None,
    progress: Progress | None,
    reached: list[NDArray[Any]],
) -> NDArray[Any]:
    """Answer a question ``(rows, ..., outputs)``; `reached` holds what is done whenever an exception ends it."""
    n_rows = n_rows_of(rows)
    step = max(LEAST_ROWS, PART // max(1, leaf_rows(engine, question, 1)))
    if n_rows <= step:
        report = None if progress is None else lambda done: progress.add(done - progress.done)
        return engine.values(question, rows, n_threads, precision, dtype, out, report, labels)
    whole: NDArray[Any] | None = None
    for first in range(0, n_rows, step):
        last = min(first + step, n_rows)
        tick = None if progress is None else lambda done, before=first: progress.add(before + done - progress.done)
        part = engine.values(
            question,
            rows_between(rows, first, last),
            n_threads,
            precision,
            dtype,
            None,
            tick,
            None if labels is None else labels[first:last],
        )
        if whole is None:
            shape = (n_rows, *part.shape[1:])
            whole = np.empty(shape, dtype) if out is None else out.reshape(shape)
        whole[first:last] = part
        reached[:] = [whole[:last]]
        if progress is not None:
            progress.add(last - progress.done)
    return part if whole is None else whole
