"""Several Explanations in one bar plot: what they are called, how many rows they hold, how they are told apart."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ferroshap.errors import DimensionError
from ferroshap.explanation import Explanation
from ferroshap.plots import colors
from ferroshap.plots.canvas.legend import draw_legend
from ferroshap.plots.canvas.wording import wrapped
from ferroshap.plots.reading.accept import accepted, holds_cohorts, refuse_outputs
from ferroshap.plots.style import paper, pushing

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_HATCHES = ("", "\\\\", "++", "xx", "////", "*", "o", "O", ".", "-")
_LINE = 22  # characters of a line of the legend


@dataclass(frozen=True)
class Cohort:
    """One Explanation without its row axis, under the name that it was given."""

    name: str
    bars: Explanation
    n_rows: int | None  # None where nobody knows


def cohorts_of(shap_values: Any) -> list[Cohort]:
    """Return one cohort, or several by name; of rows the mean magnitude is taken.

    Raises
    ------
    TypeError
        If something is no Explanation.
    DimensionError
        If one cannot be drawn, several have outputs, or not the same features.
    """
    named = shap_values.cohorts if holds_cohorts(shap_values) else shap_values
    if not isinstance(named, Mapping):
        return [_cohort("", accepted(shap_values, "bar"))]
    if not named:
        msg = "`shap_values` of `bar` holds no Explanation: there is nothing to draw"
        raise DimensionError(msg)
    cohorts = [_cohort(str(name), accepted(one, "bar")) for name, one in named.items()]
    for cohort in cohorts:
        if len(cohorts) > 1:
            refuse_outputs(cohort.bars, "bar")
        if cohort.bars.shape != cohorts[0].bars.shape:
            msg = (
                f"`shap_values` of `bar` has {cohorts[0].bars.shape[0]} features in {cohorts[0].name!r}, but "
                f"{cohort.bars.shape[0]} in {cohort.name!r}: all must have the same number of feature columns"
            )
            raise DimensionError(msg)
    return cohorts


def _cohort(name: str, explanation: Explanation) -> Cohort:
    if "row" in explanation.axes:
        return Cohort(name, explanation.abs.mean(0), explanation.shape[0])
    collapsed = [item.prev_shape[0] for item in explanation.op_history if item.collapsed_instances]
    return Cohort(name, explanation, collapsed[0] if collapsed else None)


def hatching(number: int, n_cohorts: int, ax: "Axes") -> dict[str, Any]:
    """What makes the bars of one cohort unlike those of the others."""
    if n_cohorts == 1:
        return {}
    repeats, kind = divmod(number, len(_HATCHES))
    return {"hatch": _HATCHES[kind] + "|" * repeats, "edgecolor": paper(ax), "linewidth": 1.0}


def legend_of_cohorts(ax: "Axes", cohorts: list[Cohort], *, has_negative: bool) -> None:
    """List the cohorts, each with its number of rows."""
    names = []
    for cohort in cohorts:
        count = "" if cohort.n_rows is None else f" [{cohort.n_rows}]"
        names.append(wrapped(f"{cohort.name}{count}", lines=(_LINE, _LINE + 2, _LINE + 8)))
    hue = colors.GREY if has_negative else pushing(1.0)
    looks = [hatching(number, len(cohorts), ax) for number in range(len(cohorts))]
    draw_legend(ax, [hue] * len(cohorts), names, looks)
