"""What a `GradientExplainer` is going to do, in a sentence, and what to do where that was too little."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ferroshap.explainers.gradients.inputs import GivenInputs
from ferroshap.explainers.names import checked_names, numbered
from ferroshap.explainers.plan import Plan
from ferroshap.gradients import ExpectedGradients
from ferroshap.gradients.machine import Method, RowsOfGradients, make_plan
from ferroshap.gradients.maps import relative_error
from ferroshap.gradients.shapes import InputShape

if TYPE_CHECKING:
    from ferroshap.explainers.gradient import GradientExplainer

#: A relative error of a map above this is said.
ROUGH = 0.25
#: Fewer points tell little of their own error.
FEW = 8
#: So few on a large image are not worth their gradients.
FEW_ON_IMAGE = 32


def described_plan(explainer: "GradientExplainer", method: Method | None = None) -> Plan:
    """Return the plan of a call's method, or of the explainer's own."""
    base = explainer._base  # noqa: SLF001 - ours
    method = explainer.method if method is None else method
    background = base.background
    n_rows = background.n_rows
    reason = "the model has gradients, "
    details: dict[str, object] = {"method": method, "forward_rows": base.n_forward_rows}
    if isinstance(method, ExpectedGradients):
        plan = make_plan(method, background, explainer.seed, method.tol)
        n_points = method.budget
        least, most = (int(number) for number in plan.positions(plan.n_stages - 1))
        details |= {"is_stratified": plan.is_stratified, "positions": (least, most), "n_stages": plan.n_stages}
        reason += _of_positions(n_points, n_rows, least, most, is_stratified=plan.is_stratified)
    else:
        n_points = method.nodes * n_rows
        reason += f"which are integrated at {method.nodes} nodes on the path from each of {n_rows} background rows"
    if background.is_summary:
        details["n_summarised"] = background.n_given
        reason += (
            f"; values are for a summary of {background.n_given} background rows (`background_rows=None` keeps all)"
        )
    return Plan("gradient", reason, n_rows, n_rows, n_points, details)


def _of_positions(n_points: int, n_rows: int, least: int, most: int, *, is_stratified: bool) -> str:
    if n_rows == 1:
        return f"which are integrated at {n_points} places on the path from the background row"
    if is_stratified:
        each = f"{least}" if least == most else f"{least} to {most}"
        return f"taken at {n_points} places: {each} evenly spaced on the path from each of {n_rows} background rows"
    cause = "fewer than" if n_points < n_rows else "weights are too unequal for a share of each of"
    return f"taken at {n_points} places of a lattice over background and paths, for {cause} {n_rows} background rows"


def names_of_inputs(given: Any, inputs: GivenInputs, shapes: Sequence[InputShape]) -> list[list[str] | None]:
    """Return the names of the features of each input that is a table: the user's, the columns', or numbers."""
    wanted = [given] * len(shapes) if given is None or not inputs.is_list else list(given)
    found: list[list[str] | None] = []
    for names, columns, shape in zip(wanted, inputs.names, shapes, strict=True):
        is_table = len(shape.shape) == 1
        checked = checked_names(names, shape.size, "feature_names", "features") if is_table else None
        known = columns if columns is not None and len(columns) == shape.size else None
        found.append((checked or known or numbered("Feature", shape.size)) if is_table else None)
    return found


def precision_warning(explained: RowsOfGradients, shapes: Sequence[InputShape]) -> str | None:
    """Say that values are rough, and how many points would do; None if they are not."""
    method, plan = explained.settings.method, explained.plan
    if not isinstance(method, ExpectedGradients) or not explained.n_rows:
        return None
    n_points = int(explained.n_points.max(initial=0))
    if n_points < FEW:
        return f"`nsamples` is {n_points}, which says little of its own error: take {FEW} points or more"
    if n_points <= FEW_ON_IMAGE and any(shape.is_large_image for shape in shapes):
        return (
            f"`nsamples` is {n_points}, too few for the gradients of a large image: take 256, or explain segments by "
            "outputs alone, ferroshap.Explainer(f, ferroshap.maskers.Image(...))"
        )
    noise, power = np.nansum(explained.maps.squares, axis=(1, 2))
    rough = float(relative_error(noise, power)) if noise > 0 else 0.0
    if rough <= ROUGH:
        return None
    if noise >= power:
        return (
            f"values are noise after {n_points} points a row: their errors are as large as they are. Raise `nsamples`"
        )
    ratio = rough / ROUGH
    needed = n_points * (ratio if plan.is_stratified else ratio**2)
    rounded = 2 ** int(np.ceil(np.log2(needed)))
    return (
        f"values have a relative standard error of {rough:.0%} after {n_points} points a row: about "
        f"nsamples={rounded} would bring it to {ROUGH:.0%}"
    )
