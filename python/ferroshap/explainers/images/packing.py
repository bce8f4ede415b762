"""From what was computed to an Explanation of images: one value a pixel and channel, channels last."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.errors import ConvergenceWarning, warn_user
from ferroshap.explainers.images.rows import ImagesExplained
from ferroshap.explanation import Explanation, NameTable
from ferroshap.run.advice import too_few, too_uncertain

if TYPE_CHECKING:
    from ferroshap.explainers.images.route import ImageRoute

Floats = NDArray[np.float64]


def packed(
    explainer: "ImageRoute", explained: ImagesExplained, *, error_bounds: bool, only: NDArray[np.intp] | None = None
) -> Explanation:
    """Make the Explanation of the images explained, or of those at `only`."""
    images = explained.images
    is_dropped = images.is_single and (only is None or len(only) == 1)
    is_vector = bool(explained.batches.is_vector)

    def per_image(values: NDArray[Any]) -> Any:
        kept = values if only is None else values[only]
        return kept[0] if is_dropped else kept

    def shaped(values: Floats, *, has_channels: bool = False) -> Any:
        """Rows first, outputs last; grey images have no axis of channels."""
        if has_channels and images.is_grey:
            values = values[:, :, :, 0]
        return per_image(values[..., 0] if is_vector else values)

    fields: dict[str, Any] = {
        "base_values": shaped(explained.base),
        "data": per_image(images.shown().copy()),  # the user may reuse the memory of the images
        "n_evaluations": per_image(explained.n_evaluations),
        "forward_rows": per_image(_forward_rows(explained)),
        "status": per_image(_statuses(explained, is_cut_short=only is not None)),
        "plan": explainer.plan,
        "gap": shaped(explained.gap),
        "interval_df": per_image(explained.interval_df),
        "seed": explainer.seed,
        "segments": per_image(explained.segments),
    }
    if explained.error_std is not None and explained.channel_error_std is not None:
        fields["error_std"] = shaped(explained.error_std, has_channels=True)
        fields["channel_error_std"] = shaped(explained.channel_error_std)
    elif error_bounds or not _are_exact(explained):
        # Nothing is known of each; an array that repeats one number takes no memory.
        numbers = np.where(explained.statuses == "EXACT", 0.0, np.nan)
        errors = np.broadcast_to(numbers[:, None, None, None, None], explained.values.shape)
        fields["error_std"] = shaped(errors, has_channels=True)
        fields["channel_error_std"] = shaped(errors[:, :, :, 0])
    axes = (() if is_dropped else ("row",)) + ("feature",) * (2 if images.is_grey else 3)
    if not is_vector:
        axes = (*axes, "output")
        fields |= _of_outputs(explained, only, is_dropped=is_dropped)
    values = np.ascontiguousarray(shaped(explained.values, has_channels=True))
    return Explanation._trusted(values, axes, fields)  # noqa: SLF001 - parts that fit


def warn(explained: ImagesExplained) -> None:
    """Warn once if errors are larger than was asked for, or so few evaluations cannot tell."""
    spent = explained.statuses == "BUDGET_SPENT"
    tol = explained.settings.way.tol
    has_errors = explained.settings.way.has_errors
    rough = np.flatnonzero(spent & np.isnan(explained.reach) & has_errors)
    count = "" if len(explained.images) == 1 else "{} of " + f"{len(explained.images)} images: "
    if len(rough):
        said = too_few(int(explained.n_evaluations[rough[0]]), int(explained.n_players[rough[0]]))
        warn_user(count.format(len(rough)) + said, ConvergenceWarning)
    large = spent & ~np.isnan(explained.reach)
    if tol is not None and large.any():
        forecast = int(explained.forecast[large].max()) if explained.forecast[large].all() else None
        said = too_uncertain(float(explained.reach[large].max()), tol, forecast)
        warn_user(count.format(int(large.sum())) + said, ConvergenceWarning)


def _are_exact(explained: ImagesExplained) -> bool:
    return bool((explained.statuses == "EXACT").all())


def _forward_rows(explained: ImagesExplained) -> NDArray[np.int64]:
    """Model rows of each image: itself, and each other evaluation on every fill."""
    return 1 + explained.masker.n_fills * np.maximum(0, explained.n_evaluations - 1)


def _statuses(explained: ImagesExplained, *, is_cut_short: bool) -> NDArray[Any]:
    """How each image ended; what an exception ended is interrupted, even if those begun were finished."""
    if is_cut_short and "INTERRUPTED" not in explained.statuses[explained.begun]:
        return np.full_like(explained.statuses, "INTERRUPTED")
    return explained.statuses


def _of_outputs(explained: ImagesExplained, only: NDArray[np.intp] | None, *, is_dropped: bool) -> dict[str, Any]:
    """Names and, where some were chosen, numbers of the outputs."""
    chosen, names = explained.chosen, explained.names
    if chosen is None:
        return {"output_names": NameTable(names)}
    if chosen.ndim == 2:
        chosen = chosen if only is None else chosen[only]
        chosen = chosen[0] if is_dropped else chosen
    if chosen.ndim == 1:
        return {"output_names": NameTable([names[number] for number in chosen]), "output_indexes": chosen}
    return {"output_names": np.array(names, dtype=object)[chosen], "output_indexes": chosen}
