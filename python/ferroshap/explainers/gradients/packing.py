"""From the maps of a call to Explanations: one for each input, images with their channels last."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.explainers.gradients.inputs import GivenInputs
from ferroshap.explainers.gradients.plan import described_plan
from ferroshap.explanation import Explanation, NameTable
from ferroshap.gradients.machine import RowsOfGradients
from ferroshap.gradients.shapes import InputShape

if TYPE_CHECKING:
    from ferroshap.explainers.gradient import GradientExplainer

Array = NDArray[Any]
Rows = NDArray[np.intp]


@dataclass(frozen=True)
class Cut:
    """What of a call goes into an Explanation.

    Attributes
    ----------
    only : ndarray or None
        The rows that were begun, if not all.
    is_vector : bool
        Drop the axis of outputs.
    is_dropped : bool
        Drop the axis of rows.
    back : ndarray or None
        Where each of the model's columns stands in the user's table.
    """

    only: Rows | None
    is_vector: bool
    is_dropped: bool
    back: Rows | None

    def per_row(self, values: Array) -> Any:
        """Cut ``(rows, ...)`` without outputs."""
        kept = values if self.only is None else values[self.only]
        return kept[0] if self.is_dropped else kept

    def per_output(self, values: Array) -> Any:
        """Cut ``(rows, ..., outputs)``."""
        return self.per_row(values[..., 0] if self.is_vector else values)

    def like_values(self, values: Array, first_axis: int = 1) -> Any:
        """Cut ``(rows, ..., features, ..., outputs)``, the columns in the user's order."""
        return self.per_output(values if self.back is None else np.take(values, self.back, axis=first_axis))


def packed(
    explainer: "GradientExplainer",
    explained: RowsOfGradients,
    given: GivenInputs,
    base: Array,
    chosen: Array | None,
    *,
    only: Rows | None = None,
) -> list[Explanation]:
    """Make the Explanations of the rows explained, or of those at `only`; `base` is ``(rows, T)``."""
    is_vector = explainer._base.is_vector  # noqa: SLF001 - ours
    is_dropped = given.is_single_row and (only is None or len(only) == 1)
    method = explained.settings.method
    plan = explainer.plan if method == explainer.method else described_plan(explainer, method)
    found = []
    for place, shape in enumerate(explained.maps.shapes):
        positions = given.positions[place]
        cut = Cut(only, is_vector, is_dropped, None if positions is None else np.argsort(positions))
        fields = _of_rows(explained, cut) | _of_maps(explained, cut, place)
        fields |= {"base_values": cut.per_output(base), "plan": plan}
        fields["data"] = cut.per_row(_display(given, place, shape))
        n_axes = len(shape.shape)
        if n_axes == 1:
            names = given.names[place] or explainer._names[place]  # noqa: SLF001 - ours
            fields["feature_names"] = NameTable(names or [])
        axes = (() if is_dropped else ("row",)) + ("feature",) * n_axes
        if not is_vector:
            axes = (*axes, "output")
            fields |= _of_outputs(explainer.output_names or [], chosen, cut)
        values = np.ascontiguousarray(cut.like_values(explained.maps.values[place]))
        found.append(Explanation._trusted(values, axes, fields))  # noqa: SLF001 - ours
    return found


def _of_rows(explained: RowsOfGradients, cut: Cut) -> dict[str, Any]:
    """What is one number, or a word, for each row."""
    status = cut.per_row(explained.statuses)
    if cut.only is not None and "INTERRUPTED" not in np.unique(status):
        status = "INTERRUPTED"
    fields = {
        "n_evaluations": cut.per_row(explained.n_points * explained.n_outputs),
        "forward_rows": cut.per_row(explained.n_points + 1),
        "status": status,
        "seed": explained.seed,
    }
    df = explained.plan.n_replicates - 1.0
    return fields | ({"interval_df": cut.per_row(np.full(explained.n_rows, df))} if df else {})


def _of_maps(explained: RowsOfGradients, cut: Cut, place: int) -> dict[str, Any]:
    """Errors of the values of one input."""
    maps = explained.maps
    channels, blocks, replicates = maps.channel_errors[place], maps.pooled_errors[place], maps.replicates[place]
    fields = {
        "error_std": np.ascontiguousarray(cut.like_values(maps.errors[place])),
        "gap": cut.per_output(maps.gap),
        "relative_error": cut.per_output(maps.relative),
    }
    if channels is not None:
        fields |= {"channel_error_std": cut.per_output(channels), "pooled_error_std": cut.per_output(blocks)}
    return fields | ({} if replicates is None else {"replicates": cut.like_values(replicates, first_axis=2)})


def _display(given: GivenInputs, place: int, shape: InputShape) -> Array:
    """Return what is shown as data: the user's rows, or what an encoder made of them."""
    shown = given.display[place]
    return shape.channels_last(shown) if shown.shape[1:] == shape.shape else shown


def _of_outputs(names: list[str], chosen: Array | None, cut: Cut) -> dict[str, Any]:
    """Names of the outputs and, where some were chosen, their numbers."""
    if chosen is None:
        return {"output_names": NameTable(names)}
    numbers = cut.per_row(chosen) if chosen.ndim == 2 else chosen
    if numbers.ndim == 1:
        return {"output_names": NameTable([names[number] for number in numbers]), "output_indexes": numbers}
    return {"output_names": np.array(names, dtype=object)[numbers], "output_indexes": numbers}
