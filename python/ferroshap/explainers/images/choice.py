"""The choice that calling `Explainer` makes for images."""

from dataclasses import replace
from typing import Any

from ferroshap import explainers
from ferroshap.estimators import Auto
from ferroshap.explainers.explainer import Explainer
from ferroshap.explainers.images.permutation import MOST_ENUMERATED
from ferroshap.maskers.image import Image


def choose_for_images(model: Any, masker: Image, given: dict[str, Any], options: dict[str, Any]) -> Explainer:
    """Make the explainer that fits: along the tree of regions where there is one, else by the best estimator."""
    passed = given | options
    names = passed.pop("feature_names", None)
    if names is not None:
        passed["feature_names"] = names  # refused with its reason
    if masker.segmentation.has_tree:
        explainer: Explainer = explainers.PartitionExplainer(model, masker, **passed)
        return _because(explainer, "regions have a tree, so its nodes are split where most is at stake")
    explainer = explainers.PermutationExplainer(model, masker, **{"method": Auto()} | passed)
    count = masker.segmentation.most_players
    if count is not None and count <= MOST_ENUMERATED:
        reason = f"{count} regions have only 2^{count} coalitions, so all are evaluated unless max_evals is below"
    else:
        reason = "regions without a tree have too many coalitions, so the best estimator for their number samples some"
    return _because(explainer, reason)


def _because(explainer: Explainer, reason: str) -> Explainer:
    """Say why it was chosen instead of that it was named."""
    _, _, rest = explainer.plan.reason.partition("; ")
    explainer.plan = replace(explainer.plan, reason=f"{reason}; {rest}")
    return explainer
