"""`--background`: the rows that absent features are taken from, drawn while they are read."""

from typing import Any

import numpy as np

from ferroshap.cli.explain.columns import Known, chosen_columns
from ferroshap.cli.explain.sources import blocks, listening, opened
from ferroshap.cli.failing import WorkError


def read_background(words: list[str], known: Known, columns: list[str], n_rows: int | None, seed: int) -> Any:
    """Read the rows of a background, all or so many of them, as a table with the model's columns.

    Every row is as likely to be drawn as any other; which are depends on the seed and their number alone, not on
    how they lie in files. Never more than a block and the drawn ones are held.

    Parameters
    ----------
    words : list of str
        As they stand after --background.
    known : Known
        The model's columns.
    columns : list of str
        What they are called in the data.
    n_rows : int or None
        How many to draw.
    seed : int
        Of the draw.

    Raises
    ------
    WorkError
        When there are no rows, or they cannot be read.
    """
    import pyarrow as pa

    source = opened(words, "--background")
    named = [name for name in columns if name in source.schema.names]
    reading = chosen_columns(source, known, columns if len(named) == len(columns) else None, ())
    schema = reading.schema(source)
    kept, keys = pa.Table.from_batches([], schema), np.empty(0)
    draw = np.random.default_rng(seed)
    with listening(source):
        for _, block in blocks(reading.batches(source), schema):
            kept = pa.concat_tables([kept, block])
            keys = np.concatenate([keys, draw.random(block.num_rows)])
            if n_rows is not None and len(keys) > n_rows:
                least = np.sort(np.argpartition(keys, n_rows)[:n_rows])
                kept, keys = kept.take(least).combine_chunks(), keys[least]
    if not kept.num_rows:
        msg = f"`--background` {source.paths[0]} has no rows: at least one is needed"
        raise WorkError(msg)
    return kept.combine_chunks().rename_columns(columns)
