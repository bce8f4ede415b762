"""Values in closed form as an Explanation: the shapes of the model, the columns in the order of the user."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.explainers.names import Positions
from ferroshap.explainers.outputs import OutputChoice, take_outputs
from ferroshap.explanation import Explanation, NameTable
from ferroshap.inputs import Table

if TYPE_CHECKING:
    from ferroshap.explainers.explainer import Explainer

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Computed:
    """What was computed for the rows of a table, in the model's order of columns.

    Attributes
    ----------
    values : ndarray of shape ``(rows, players, outputs)``
        The values.
    base : ndarray of shape ``(outputs,)``
        The worth of nobody.
    full : ndarray of shape ``(rows, outputs)``
        The worth of everybody.
    is_vector : bool
        Whether the model returns one dimension.
    positions : ndarray or None
        Where each column of the model stood; None where the user's order is the model's, or players are groups.
    names : list of str
        Names of the players, in the user's order.
    main_effects : ndarray of shape ``(rows, players, outputs)``, or None
        Where asked for.
    """

    values: Floats
    base: Floats
    full: Floats
    is_vector: bool
    positions: Positions
    names: list[str]
    main_effects: Floats | None = None


def packed_closed(
    explainer: "Explainer", table: Table, computed: Computed, *, data: Any, outputs: Any, error_bounds: bool
) -> Explanation:
    """Make the Explanation of a table's rows."""
    is_vector = computed.is_vector
    chosen = None
    if outputs is not None:
        choice = OutputChoice(outputs, explainer.output_names or [], is_vector=is_vector)
        chosen = choice.numbers(computed.full)

    def shaped(values: Floats, *, has_players: bool = True) -> Floats:
        if has_players and computed.positions is not None:
            values = np.take(values, np.argsort(computed.positions), axis=1)
        if chosen is not None:
            values = take_outputs(values, chosen)
        return np.ascontiguousarray(values[..., 0] if is_vector else values)

    base = np.repeat(computed.base[None], table.n_rows, axis=0)
    gap = computed.full - base - computed.values.sum(axis=1)
    values = shaped(computed.values)
    axes: tuple[str, ...] = ("row", "feature") if is_vector else ("row", "feature", "output")
    fields: dict[str, Any] = {
        "base_values": shaped(base, has_players=False),
        "data": data,
        "feature_names": NameTable(computed.names),
        "n_evaluations": np.zeros(table.n_rows, dtype=np.int64),
        "status": "EXACT",
        "plan": explainer.plan,
        "gap": shaped(gap, has_players=False),
        "seed": getattr(explainer, "seed", None),
    }
    if not is_vector:
        names = explainer.output_names or []
        if chosen is None:
            fields["output_names"] = NameTable(names)
        else:
            taken = np.array(names, dtype=object)[chosen]
            fields["output_names"] = NameTable(taken) if chosen.ndim == 1 else taken
            fields["output_indexes"] = chosen
    if error_bounds:
        fields["error_std"] = np.zeros(values.shape)
    if computed.main_effects is not None:
        fields["main_effects"] = shaped(computed.main_effects)
    explanation = Explanation._trusted(values, axes, fields)  # noqa: SLF001 - ours
    return without_row_axis(explanation) if table.is_single_row else explanation


def without_row_axis(explanation: Explanation) -> Explanation:
    """Drop the axis of a row that came alone."""
    row = explanation[0]
    return Explanation._trusted(row.values, row.axes, row._fields.all())  # noqa: SLF001 - ours
