"""From the maps of a call to Explanations: one for each input, images with their channels last."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.explainers.gradient_inputs import GivenInputs
from ferroshap.explainers.names import numbered
from ferroshap.explanation import Explanation, NameTable
from ferroshap.gradients.machine import RowsOfGradients
from ferroshap.gradients.shapes import InputShape

if TYPE_CHECKING:
    from ferroshap.explainers.gradient import GradientExplainer

Array = NDArray[Any]
Rows = NDArray[np.intp]


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
    return [
        _of_input(explainer, explained, given, place, base, chosen, only) for place in range(len(explained.maps.shapes))
    ]


def _of_input(
    explainer: "GradientExplainer",
    explained: RowsOfGradients,
    given: GivenInputs,
    place: int,
    base: Array,
    chosen: Array | None,
    only: Rows | None,
) -> Explanation:
    maps, shape = explained.maps, explained.maps.shapes[place]
    is_vector = explainer.is_vector
    is_dropped = given.is_single_row and (only is None or len(only) == 1)

    def rows(values: Any, *, has_outputs: bool = True) -> Any:
        """Cut rows, and the axes that this call does not have."""
        if values is None:
            return None
        if only is not None:
            values = values[only]
        if has_outputs and is_vector:
            values = values[..., 0]
        return values[0] if is_dropped else values

    positions = given.positions[place]
    back = None if positions is None else np.argsort(positions)

    def like_values(values: Any, first_axis: int = 1) -> Any:
        return rows(values if back is None or values is None else np.take(values, back, axis=first_axis))

    status = explained.statuses
    if only is not None and "INTERRUPTED" not in status[only]:
        status = np.full_like(status, "INTERRUPTED")
    fields: dict[str, Any] = {
        "base_values": rows(base),
        "data": rows(_display(given, place, shape), has_outputs=False),
        "error_std": np.ascontiguousarray(like_values(maps.errors[place])),
        "n_evaluations": rows(explained.n_points * explained.n_outputs, has_outputs=False),
        "forward_rows": rows(explained.n_points + 1, has_outputs=False),
        "status": rows(status, has_outputs=False),
        "plan": explainer.plan,
        "gap": rows(maps.gap),
        "relative_error": rows(maps.relative),
        "seed": explained.seed,
    }
    if explained.plan.n_replicates > 1:
        fields["interval_df"] = rows(np.full(explained.n_rows, explained.plan.n_replicates - 1.0), has_outputs=False)
    optional = {
        "channel_error_std": rows(maps.channel_errors[place]),
        "pooled_error_std": rows(maps.pooled_errors[place]),
        "replicates": like_values(maps.replicates[place], first_axis=2),
    }
    fields |= {name: value for name, value in optional.items() if value is not None}
    n_axes = len(shape.shape)
    if n_axes == 1:
        names = given.names[place] or explainer.names_of_inputs[place] or numbered("Feature", shape.shape[0])
        fields["feature_names"] = NameTable(names)
    axes = (() if is_dropped else ("row",)) + ("feature",) * n_axes
    if not is_vector:
        axes = (*axes, "output")
        fields |= _of_outputs(explainer.output_names or [], chosen, only, is_dropped=is_dropped)
    values = np.ascontiguousarray(like_values(maps.values[place]))
    return Explanation._trusted(values, axes, fields)  # noqa: SLF001 - ours


def _display(given: GivenInputs, place: int, shape: InputShape) -> Array:
    """Return what is shown as data: the user's rows, or what an encoder made of them."""
    shown = given.display[place]
    return shape.channels_last(shown) if shown.shape[1:] == shape.shape else shown


def _of_outputs(names: list[str], chosen: Array | None, only: Rows | None, *, is_dropped: bool) -> dict[str, Any]:
    """Names of the outputs and, where some were chosen, their numbers."""
    if chosen is None:
        return {"output_names": NameTable(names)}
    if chosen.ndim == 2 and only is not None:
        chosen = chosen[only]
    if chosen.ndim == 2 and is_dropped:
        chosen = chosen[0]
    if chosen.ndim == 1:
        return {"output_names": NameTable([names[number] for number in chosen]), "output_indexes": chosen}
    return {"output_names": np.array(names, dtype=object)[chosen], "output_indexes": chosen}
