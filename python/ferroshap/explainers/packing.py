"""From what was computed to an Explanation: the shapes of the model, the columns in the order of the user."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.explainers.groups import shown_groups
from ferroshap.explainers.names import Positions
from ferroshap.explainers.outputs import Numbers, OutputChoice, take_outputs
from ferroshap.explainers.rows import RowsExplained
from ferroshap.explanation import Explanation, NameTable
from ferroshap.inputs import Table
from ferroshap.maskers import Masker

if TYPE_CHECKING:
    from ferroshap.explainers.agnostic import AgnosticExplainer

Floats = NDArray[np.float64]


def packed(
    explainer: "AgnosticExplainer",
    explained: RowsExplained,
    table: Table,
    positions: Positions,
    choice: OutputChoice | None,
    *,
    keep_errors: bool,
    only: NDArray[np.intp] | None = None,
) -> Explanation:
    """Make the Explanation of the rows explained, or of those at `only`."""
    reference = explained.reference
    is_single, is_vector = table.is_single_row, reference.is_vector
    # Groups have an order of their own, whatever that of the columns.
    back = None if positions is None or explainer._columns.units is not None else np.argsort(positions)  # noqa: SLF001
    is_dropped = is_single and (only is None or len(only) == 1)
    chosen = None if choice is None else choice.numbers(explained.full)
    if chosen is not None and chosen.ndim == 2 and only is not None:
        chosen = chosen[only]

    def shaped(values: Floats, n_feature_axes: int = 0) -> Any:
        """Rows first, outputs last, ``n_feature_axes`` between them."""
        if only is not None:
            values = values[only]
        if back is not None:
            for axis in range(1, 1 + n_feature_axes):
                values = values.take(back, axis)
        if chosen is not None:
            values = take_outputs(values, chosen)
        if is_vector:
            values = values[..., 0]
        return values[0] if is_dropped else values

    n_axes = explained.values.ndim - 2
    base = np.repeat(reference.base[None, :], explained.n_rows, axis=0)
    units = explainer._columns.units  # noqa: SLF001 - ours
    data, names = (table.display, table.names) if units is None else (shown_groups(table, positions, units), None)
    fields = {
        "base_values": shaped(base),
        "data": data[0] if is_dropped else data if only is None else data[only],
        "feature_names": explainer._name_table if names is None else NameTable(names),  # noqa: SLF001 - ours
        "n_evaluations": _per_row(explained.n_evaluations, only, is_dropped=is_dropped),
        "status": _statuses(explained, only, is_dropped=is_dropped),
        "plan": explainer.plan,
        "gap": shaped(explained.gap),
        "interval_df": _per_row(explained.interval_df, only, is_dropped=is_dropped),
        "seed": explainer.seed,
        "plausibility": explained.plausibility,
        "screening": _screened(explained, only, is_dropped=is_dropped),
        "msev": None if explained.msev is None else shaped(explained.msev),
    }
    fields |= _of_tree(reference.masker, None if back is None else positions) if n_axes == 1 else {}
    if keep_errors:
        fields["error_std"] = shaped(explained.std_errors, n_axes)
    if explained.main_effects is not None:
        fields["main_effects"] = shaped(explained.main_effects, 1)
    axes = (() if is_dropped else ("row",)) + ("feature",) * n_axes
    if not is_vector:
        axes = (*axes, "output")
        fields |= _of_outputs(explainer.output_names or [], chosen, is_dropped=is_dropped)
    return Explanation._trusted(np.ascontiguousarray(shaped(explained.values, n_axes)), axes, fields)  # noqa: SLF001


def _of_tree(masker: Masker, positions: Positions) -> dict[str, Any]:
    """The masker's tree in the order of the columns explained, where it is binary."""
    clustering: Floats | None = getattr(masker, "clustering", None)
    if clustering is None:
        return {}
    if positions is not None:
        from ferroshap.clustering import relabelled_linkage

        clustering = relabelled_linkage(clustering, positions)
    return {"clustering": clustering}


def _statuses(explained: RowsExplained, only: NDArray[np.intp] | None, *, is_dropped: bool) -> Any:
    """How each row ended; what an exception ended is interrupted, even if the rows begun were finished."""
    statuses = _per_row(explained.statuses, only, is_dropped=is_dropped)
    return "INTERRUPTED" if only is not None and "INTERRUPTED" not in np.unique(statuses) else statuses


def _screened(explained: RowsExplained, only: NDArray[np.intp] | None, *, is_dropped: bool) -> Any:
    """Who was screened out of each row; None where nobody was."""
    if all(screening is None for screening in explained.screenings):
        return None
    return _per_row(explained.screenings, only, is_dropped=is_dropped)


def _per_row(values: NDArray[Any], only: NDArray[np.intp] | None, *, is_dropped: bool) -> Any:
    kept = values if only is None else values[only]
    return kept[0] if is_dropped else kept


def _of_outputs(names: list[str], chosen: Numbers | None, *, is_dropped: bool) -> dict[str, Any]:
    """Names and, where some were chosen, numbers of the outputs."""
    if chosen is None:
        return {"output_names": NameTable(names)}
    if chosen.ndim == 2 and is_dropped:
        chosen = chosen[0]
    if chosen.ndim == 1:
        return {"output_names": NameTable([names[number] for number in chosen]), "output_indexes": chosen}
    return {"output_names": np.array(names, dtype=object)[chosen], "output_indexes": chosen}
