"""`KernelExplainer` of images: regression on coalitions of their regions."""

from typing import Any

from ferroshap.errors import InvalidMaskerError, OptionError
from ferroshap.estimators import Auto, Method
from ferroshap.explainers.calls import checked_call, positive
from ferroshap.explainers.images.route import ImageRoute
from ferroshap.explainers.images.ways import Way, at_least, explaining
from ferroshap.explainers.kernel import SPARE_EVALUATIONS, KernelExplainer
from ferroshap.explanation import Explanation
from ferroshap.maskers.image_regions import Regions
from ferroshap.run.advice import as_tolerance
from ferroshap.run.loop import N_ENDPOINTS


class ImageKernelExplainer(ImageRoute, KernelExplainer):
    """Shapley values of the regions of images by regression on coalitions, with one standard error a value.

    Made by :class:`KernelExplainer` for a :class:`ferroshap.maskers.Image` whose regions have no tree. A link is
    applied to averages over background images.

    Examples
    --------
    >>> import numpy as np
    >>> from ferroshap import maskers
    >>> masker = maskers.Image(0.0, segments=(1, 2))
    >>> KernelExplainer(lambda X: X.sum(axis=(1, 2, 3)), masker).shap_values(np.ones((1, 1, 2, 1)))[0, 0, :, 0]
    array([1., 1.])
    """

    of_tables = KernelExplainer

    def _read(self, given: dict[str, Any]) -> None:
        if self.masker.segmentation.has_tree:
            msg = (
                f"`data` is {self.masker!r}, whose regions have a tree, but KernelExplainer estimates Shapley values, "
                "which know none: pass segments='slic' or a grid, or use PartitionExplainer"
            )
            raise InvalidMaskerError(msg)
        self._method_named = None if given["method"] is None else explaining(given["method"])
        count = self.masker.segmentation.most_players
        nsamples = self._call_defaults.get("nsamples", "auto")
        evaluations: int | str = f"2 k + {SPARE_EVALUATIONS + N_ENDPOINTS} evaluations an image of k regions"
        if count is not None or nsamples != "auto":
            evaluations = _evaluations(nsamples, count or 0)
        reason = f"{KernelExplainer.__name__} was named, so {type(self.method).__name__} estimates from a budget"
        self.plan = self._planned(reason, evaluations)

    @property
    def method(self) -> Method:
        """The estimator."""
        return Auto() if self._method_named is None else self._method_named

    @checked_call
    def __call__(  # type: ignore[override]  # every route has its own options
        self,
        X: Any,
        l1_reg: Any = False,
        silent: bool = False,
        *,
        nsamples: int | str = "auto",
        batch_size: int | str = "auto",
        interactions: Any = 1,
        outputs: Any = None,
        tol: float | None = None,
        deadline_seconds: float | None = None,
    ) -> Explanation:
        """Explain images.

        Parameters
        ----------
        X : array or list of arrays
            The images, as the masker's layout and shape say.
        l1_reg : False
            Accepted if False: all regions are kept.
        silent : bool
            Show no progress line.
        nsamples : int or "auto"
            Evaluations granted to an image besides both endpoints; never exceeded. "auto" is ``2 k + 2048`` for `k`
            regions.
        batch_size : int or "auto"
            The most images in one call of the model; by default 64 MiB of them.
        interactions
            Accepted if it asks for none.
        outputs : list, callable or op-chain, optional
            The outputs to explain.
        tol : float, optional
            Let each image stop as soon as no interval of 90 % reaches further than this share of the range of its
            values.
        deadline_seconds : float, optional
            Stop asking after that time, with status INTERRUPTED.

        Raises
        ------
        BudgetError
            When `nsamples` is too small for the regions of an image.
        """
        if l1_reg not in {False, None, "auto"}:
            msg = f"`l1_reg` is {l1_reg!r}, but regions of images are all kept: leave it out"
            raise OptionError(msg)

        def budget(regions: Regions) -> int:
            n_players = regions.n_players
            least = max(N_ENDPOINTS, min(n_players + N_ENDPOINTS, 1 << min(n_players, 62)))
            granted = _evaluations(nsamples, n_players)
            at_least(granted - N_ENDPOINTS, least - N_ENDPOINTS, n_players, "nsamples")
            return granted

        return self._explain_images(
            X,
            Way(kind="flat", budget=budget, method=self.method, tol=as_tolerance(tol)),
            batch_size=batch_size,
            outputs=outputs,
            silent=silent,
            deadline_seconds=deadline_seconds,
            interactions=interactions,
        )


def _evaluations(nsamples: int | str, n_players: int) -> int:
    if isinstance(nsamples, str) and nsamples == "auto":
        return 2 * n_players + SPARE_EVALUATIONS + N_ENDPOINTS
    return positive(nsamples, "nsamples") + N_ENDPOINTS
