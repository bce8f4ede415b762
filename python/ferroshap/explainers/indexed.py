"""`keep_index=`: a model that reads the index of the frames it is given."""

from collections.abc import Iterator
from typing import Any

from ferroshap.errors import OptionError
from ferroshap.explainers.rows import RowsExplained, Settings
from ferroshap.game import Players, Reference
from ferroshap.inputs import Table
from ferroshap.models import Model
from ferroshap.progress import Progress


class IndexedFunction:
    """A model's function that gives every frame an index first."""

    def __init__(self, model: Model, index: Any) -> None:
        """Number the background's rows by its own index."""
        self.model = model
        self.in_order(index)

    def in_order(self, index: Any) -> None:
        """Let the next rows have these labels, one after the other."""
        self._index, self._next, self._are_alike = index, 0, False

    def all_alike(self, index: Any) -> None:
        """Let all rows have the only label of `index`."""
        self._index, self._are_alike = index, True

    def __call__(self, rows: Any) -> object:
        """Ask the model."""
        if self._index is not None:
            if self._are_alike:
                rows.index = self._index.repeat(len(rows))
            else:
                rows.index = self._index[self._next : self._next + len(rows)]
                self._next += len(rows)
        return self.model.function(rows)


def with_index(model: Model, data: Any) -> Model:
    """Return the model, given the index of a pandas background.

    Raises
    ------
    OptionError
        When the background is no pandas frame.
    """
    if type(data).__module__.partition(".")[0] != "pandas":
        msg = f"`keep_index` is True, but `data` is a {type(data).__name__}: pass a pandas DataFrame"
        raise OptionError(msg)
    return Model(
        model.inner_model,
        IndexedFunction(model, data.index),
        output_names=model.output_names,
        reference_names=model.reference_names,
        wants_frame=True,
    )


class IndexedRows(RowsExplained):
    """Rows explained one by one, for a batch has one label."""

    may_play_together = False
    may_take_turns = False

    def __init__(self, reference: Reference, rows: Table, settings: Settings) -> None:
        """Find the labels of the rows."""
        super().__init__(reference, rows, settings)
        self._index = rows.source.index if rows.kind == "pandas" else None
        self._function: Any = reference.model.function

    def _parts(self, group: Players, budget: int) -> Iterator[tuple[Players, int]]:  # noqa: ARG002 - all parts are small
        shares = self.settings.method.shared_design
        for row in range(len(group.rows)):
            at = slice(row, row + 1)
            yield Players(group.rows[at], group.features[at]), 0 if shares else int(self.row_keys[group.rows[row]])

    def _play_part(
        self, part: Players, budget: int, row_key: int, deadline: float | None, progress: Progress
    ) -> Iterator[None]:
        self._function.all_alike(None if self._index is None else self._index[part.rows])
        if self.call is not None:
            self.call.forget_model()
        yield from super()._play_part(part, budget, row_key, deadline, progress)

    def _ask_about_rows(self) -> None:
        self._function.in_order(self._index)
        super()._ask_about_rows()
