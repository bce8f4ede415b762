"""The steps of a pipeline before its last one, which make the columns of the model from those of the user."""

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.errors import MixedColumnsError
from ferroshap.inputs import Table, pair, read_table
from ferroshap.inputs.exactness import object_array
from ferroshap.models.origins import chained

#: Rows on which the origins of columns are tried out, and how far sums of a transformer may round apart.
MOST_ROWS = 32
TOLERANCE = 1e-9


class Front:
    """What a fitted pipeline does before its last step, where it acts column by column.

    Absent columns filled before the steps, or the columns born from them filled after: both give the model the same
    rows, so the games are the same, with the born columns of one input column as one player.

    Parameters
    ----------
    pipeline : Pipeline
        Fitted.

    Attributes
    ----------
    n_columns : int
        Columns that the pipeline is given.
    names : list of str or None
        Their names.
    owners : ndarray of shape ``(born columns,)``
        The input column that each column of the last step is born from.

    Raises
    ------
    MixedColumnsError
        When a step mixes columns, naming it.
    """

    def __init__(self, pipeline: Any) -> None:
        """Follow the columns."""
        self._steps: list[tuple[str, Any]] = list(pipeline.steps[:-1])
        self._is_checked = False
        seen = [step for _, step in pipeline.steps if hasattr(step, "n_features_in_")]
        if not seen:
            msg = "the pipeline does not say how many columns it was fitted on"
            raise MixedColumnsError(msg)
        self.n_columns = int(seen[0].n_features_in_)
        names = getattr(pipeline, "feature_names_in_", None)
        self.names = None if names is None else [str(name) for name in names]
        self.owners: NDArray[np.int64] = chained(self._steps, self.n_columns, "")
        want = getattr(pipeline.steps[-1][1], "n_features_in_", len(self.owners))
        if want != len(self.owners):
            msg = f"the steps make {len(self.owners)} columns by what they say, but the last was fitted on {want}"
            raise MixedColumnsError(msg)

    def __call__(self, table: Table) -> Table:
        """Transform a table with the pipeline's columns; the first one tries the origins of columns out.

        Raises
        ------
        MixedColumnsError
            When a column depends on others than the one it should be born from.
        """
        if not self._is_checked and table.n_rows > 1:
            self._is_checked = True
            self._check(table)
        if not table.n_rows:
            n_born = len(self.owners)
            return Table(table.argument, "array", np.empty((0, n_born)), 0, n_born)
        return self._born(self._given(table), table.argument)

    def _check(self, table: Table) -> None:
        """Mix the columns of two rows: each born column must be that of the row which its owner came from."""
        first = table.take_rows(slice(0, MOST_ROWS))
        second = first.take_rows(np.roll(np.arange(first.n_rows), first.n_rows // 2))
        is_second = np.random.default_rng(0).random((first.n_rows, self.n_columns)) < 0.5
        pairing = pair(first, second, as_frame=None)
        words = [np.where(is_second[:, block.columns], block.rows, block.background) for block in pairing.blocks]
        mixed = self(read_table(pairing.build(words), argument=table.argument))
        ends = self(first), self(second)
        for column, owner in enumerate(self.owners):
            got, a, b = (_comparable(born, column) for born in (mixed, *ends))
            want = np.where(is_second[:, owner], b, a)
            if not _equal(got, want):
                name = int(owner) if self.names is None else self.names[owner]
                msg = f"column {column} of what the steps make is not born from the column {name!r} alone"
                raise MixedColumnsError(msg)

    def _born(self, rows: Any, argument: str) -> Table:
        for _, step in self._steps:
            if step is not None and not isinstance(step, str) and not hasattr(step, "fit_resample"):
                rows = step.transform(rows)
        return read_table(rows, argument=argument)

    def _given(self, table: Table) -> Any:
        """The rows as the first step was fitted on: with names or without."""
        if self.names is None:
            if not table.is_frame:
                return table.source
            return table.display if table.numeric is None else table.numeric
        if table.kind in {"pandas", "polars"} and not table.is_single_row:
            return table.source
        if table.kind == "sparse" or "pandas" not in sys.modules:
            return table.source
        # One row of a Series or a dict holds objects, and an array has no names.
        frame = sys.modules["pandas"].DataFrame
        columns = [_inferred(column.objects()) for column in table.columns]
        return frame(dict(zip(self.names, columns, strict=True)))


def _inferred(values: NDArray[Any]) -> Any:
    """Objects as what they are: integers, numbers, text."""
    return sys.modules["pandas"].Series(object_array(values.tolist()), dtype=object).infer_objects()


def _comparable(table: Table, column: int) -> NDArray[Any]:
    found = table.columns[column]
    numbers = found.numbers()
    return found.objects() if numbers is None else np.asarray(numbers, dtype=np.float64)


def _equal(got: NDArray[Any], want: NDArray[Any]) -> bool:
    if object in {got.dtype, want.dtype}:
        return all(a == b or (a != a and b != b) for a, b in zip(got, want, strict=True))  # noqa: PLR0124 - NaN
    return bool(np.allclose(got, want, rtol=TOLERANCE, atol=0.0, equal_nan=True))
