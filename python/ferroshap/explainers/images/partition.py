"""`PartitionExplainer` of images: Owen values of regions along a tree."""

import copy
from typing import Any

from ferroshap.errors import OptionError
from ferroshap.explainers.calls import checked_call, only_input
from ferroshap.explainers.hierarchies import checked_sampling
from ferroshap.explainers.images.route import ImageRoute, granted_evaluations
from ferroshap.explainers.images.ways import Way, at_least
from ferroshap.explainers.partition import MAX_EVALS, PartitionExplainer
from ferroshap.explanation import Explanation
from ferroshap.maskers.image import Image
from ferroshap.maskers.image_regions import Regions
from ferroshap.run.advice import as_tolerance
from ferroshap.run.loop import N_ENDPOINTS


class ImagePartitionExplainer(ImageRoute, PartitionExplainer):
    """Owen values of the regions of images, along a binary tree that is split where most is at stake.

    Made by :class:`PartitionExplainer` and :class:`Explainer` for a :class:`ferroshap.maskers.Image`. A node's gain is
    first shared by its two children, each in the contexts without and with the other, then by theirs; what the budget
    does not split is shared by the node's pixels. Values add up at every budget from 2 up. All outputs share the
    evaluations, and so does a node: it is split for the output in which most is at stake. Regions without a tree are
    joined to one by colour.

    Examples
    --------
    >>> import numpy as np
    >>> from ferroshap import maskers
    >>> image = np.full((1, 2, 2, 1), 3.0)
    >>> explainer = PartitionExplainer(lambda X: X[:, 0, 0, 0] * X[:, 1, 1, 0], maskers.Image(0.0, segments="axis"))
    >>> explainer(image).values[0, :, :, 0]
    array([[4.5, 0. ],
           [0. , 4.5]])
    """

    of_tables = PartitionExplainer

    def _read(self, given: dict[str, Any]) -> None:
        self.sampling = checked_sampling(given["sampling"])
        self.masker = with_tree(self.masker)
        reason = f"{PartitionExplainer.__name__} was named, so the tree is split where most is at stake"
        if self.sampling == "orders":
            reason = (
                f"{PartitionExplainer.__name__} was named with sampling='orders', so orders along the tree are averaged"
            )
        max_evals = self._call_defaults.get("max_evals", MAX_EVALS)
        self.plan = self._planned(reason, granted_evaluations(max_evals, MAX_EVALS, int(MAX_EVALS), int(MAX_EVALS)))

    @checked_call
    def __call__(  # type: ignore[override]  # every route has its own options
        self,
        *args: Any,
        max_evals: int | str = MAX_EVALS,
        fixed_context: int | None = None,
        main_effects: bool = False,
        error_bounds: bool = False,
        batch_size: int | str = "auto",
        outputs: Any = None,
        silent: bool = False,
        tol: float | None = None,
        deadline_seconds: float | None = None,
    ) -> Explanation:
        """Explain images.

        Parameters
        ----------
        *args : array or list of arrays
            The images, as the masker's layout and shape say.
        max_evals : int or "auto"
            Evaluations granted to an image, the image itself and the one without any region counted; never exceeded.
        fixed_context : 0 or 1, optional
            Look at each node with nobody else visible (0) or with everybody else (1), and let its pixels share what
            its children leave of its gain. These are no Owen values.
        main_effects : bool
            Accepted if False.
        error_bounds : bool
            Fill ``error_std`` with zeros where values are exact.
        batch_size : int or "auto"
            The most images in one call of the model; by default 64 MiB of them.
        outputs : list, callable or op-chain, optional
            The outputs to explain, such as ``Explanation.argsort.flip[:4]``: the four largest of each image.
        silent : bool
            Show no progress line.
        tol : float, optional
            Where orders are averaged (``sampling="orders"``), stop as soon as no interval of 90 % reaches further than
            this share of the range of the values.
        deadline_seconds : float, optional
            Stop asking after that time, with status INTERRUPTED.

        Raises
        ------
        BudgetError
            When `max_evals` is below 2, or does not pay for an order.
        OptionError
            For another `fixed_context`, or a `tol` where nodes are split.
        """
        granted = granted_evaluations(max_evals, MAX_EVALS, int(MAX_EVALS), int(MAX_EVALS))
        tolerance = as_tolerance(tol)
        is_sampled = self.sampling == "orders" and fixed_context is None
        if tolerance is not None and not is_sampled:
            msg = (
                f"`tol` is {tol}, which asks for errors, but nodes that are split have none: leave it out, or make the "
                "explainer with sampling='orders'"
            )
            raise OptionError(msg)
        if fixed_context is not None and (isinstance(fixed_context, bool) or fixed_context not in {0, 1}):
            msg = f"`fixed_context` is {fixed_context!r}, but must be 0, 1 or None"
            raise OptionError(msg)
        kind = "orders" if is_sampled else "split" if fixed_context is None else "context"

        def budget(regions: Regions) -> int:
            least = max(N_ENDPOINTS, 2 * regions.n_players) if is_sampled else N_ENDPOINTS
            return at_least(granted, least, regions.n_players, "max_evals")

        return self._explain_images(
            only_input(args, self),
            Way(kind=kind, budget=budget, context=fixed_context or 0, tol=tolerance),
            batch_size=batch_size,
            outputs=outputs,
            silent=silent,
            deadline_seconds=deadline_seconds,
            error_bounds=error_bounds,
            main_effects=main_effects,
        )


def with_tree(masker: Image) -> Image:
    """Return a masker whose regions have a tree: joined by colour, where they had none."""
    if masker.segmentation.has_tree:
        return masker
    twin = copy.copy(masker)
    twin.segmentation = masker.segmentation.joined()
    return twin
