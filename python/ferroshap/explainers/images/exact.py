"""`ExactExplainer` of images: every coalition of their regions."""

from typing import Any

from ferroshap.errors import BudgetError
from ferroshap.estimators import Exact, Method
from ferroshap.explainers.calls import checked_call, only_input, positive
from ferroshap.explainers.exact import ExactExplainer
from ferroshap.explainers.images.route import ImageRoute
from ferroshap.explainers.images.ways import Way
from ferroshap.explanation import Explanation
from ferroshap.maskers.image_regions import Regions
from ferroshap.run.loop import N_ENDPOINTS

#: What "auto" grants.
MAX_EVALS = 100_000


class ImageExactExplainer(ImageRoute, ExactExplainer):
    """Exact Shapley values of few regions of images; Owen values where these have a tree.

    Made by :class:`ExactExplainer` for a :class:`ferroshap.maskers.Image`.

    Examples
    --------
    >>> import numpy as np
    >>> from ferroshap import maskers
    >>> masker = maskers.Image(0.0, segments=(1, 2))
    >>> explainer = ExactExplainer(lambda X: X[:, 0, 0, 0] * X[:, 0, 1, 0], masker)
    >>> explainer(np.array([[[[2.0], [3.0]]]])).values[0, 0, :, 0]
    array([3., 3.])
    """

    of_tables = ExactExplainer

    @property
    def method(self) -> Method:
        """The estimator of regions without a tree."""
        return Exact()

    def _read(self, given: dict[str, Any]) -> None:
        del given
        count = self.masker.segmentation.most_players
        is_flat = count is not None and not self.masker.segmentation.has_tree
        which = "the masker's tree" if self.masker.segmentation.has_tree else "the regions"
        reason = f"{ExactExplainer.__name__} was named, so every coalition of {which} is evaluated"
        self.plan = self._planned(reason, 1 << count if is_flat and count is not None else "all coalitions")

    @checked_call
    def __call__(  # type: ignore[override]  # every route has its own options
        self,
        *args: Any,
        max_evals: int | str = MAX_EVALS,
        main_effects: bool = False,
        error_bounds: bool = False,
        batch_size: int | str = "auto",
        interactions: Any = 1,
        silent: bool = False,
        outputs: Any = None,
    ) -> Explanation:
        """Explain images.

        Parameters
        ----------
        *args : array or list of arrays
            The images, as the masker's layout and shape say.
        max_evals : int or "auto"
            The most evaluations an image; more are refused.
        main_effects, interactions
            Accepted if they ask for nothing.
        error_bounds : bool
            Fill ``error_std`` with zeros instead of leaving it None.
        batch_size : int or "auto"
            The most images in one call of the model; by default 64 MiB of them.
        silent : bool
            Show no progress line.
        outputs : list, callable or op-chain, optional
            The outputs to explain.

        Raises
        ------
        BudgetError
            When an image has more than `max_evals` coalitions.
        """
        most = MAX_EVALS if max_evals == "auto" else positive(max_evals, "max_evals")
        has_tree = self.masker.segmentation.has_tree
        return self._explain_images(
            only_input(args, self),
            Way(
                kind="exact" if has_tree else "flat",
                budget=lambda regions: _granted(regions, most),
                method=None if has_tree else Exact(),
            ),
            batch_size=batch_size,
            outputs=outputs,
            silent=silent,
            error_bounds=error_bounds,
            main_effects=main_effects,
            interactions=interactions,
        )


def _granted(regions: Regions, most: int) -> int:
    from ferroshap.explainers.hierarchies import spelled

    count = max(N_ENDPOINTS, 1 << regions.n_players) if regions.merges is None else regions.n_coalitions
    if count > most:
        msg = (
            f"`max_evals` is {most}, but an image has {regions.n_players} regions, whose coalitions are "
            f"{spelled(count)}: raise `max_evals`, or use PartitionExplainer or PermutationExplainer"
        )
        raise BudgetError(msg)
    return count
