"""`PermutationExplainer` of images: sampled Shapley values of regions."""

from typing import Any

from ferroshap.errors import InvalidMaskerError
from ferroshap.estimators import Auto, Method, Permutation
from ferroshap.explainers.calls import checked_call, only_input
from ferroshap.explainers.images.route import ImageRoute, granted_evaluations
from ferroshap.explainers.images.ways import Way, at_least, explaining
from ferroshap.explainers.permutation import MAX_EVALS, PermutationExplainer
from ferroshap.explanation import Explanation
from ferroshap.maskers.image_regions import Regions
from ferroshap.run.advice import as_tolerance
from ferroshap.run.loop import N_ENDPOINTS

#: Up to that many regions the automatic estimator is granted all coalitions: 4,096.
MOST_ENUMERATED = 12


class ImagePermutationExplainer(ImageRoute, PermutationExplainer):
    """Shapley values of the regions of images, by random joining orders, or another estimator.

    Made by :class:`PermutationExplainer` for a :class:`ferroshap.maskers.Image`, and with ``method=estimators.Auto()``
    by :class:`Explainer` where regions have no tree; those are exact up to 12 regions, unless fewer evaluations are
    granted. With a tree orders are those along it. Images share their coalitions where they have equally many regions.

    Examples
    --------
    >>> import numpy as np
    >>> from ferroshap import maskers
    >>> masker = maskers.Image(0.0, segments=(1, 2))
    >>> explainer = PermutationExplainer(lambda X: X.sum(axis=(1, 2, 3)), masker)
    >>> explainer(np.ones((1, 2, 4, 3))).sum_channels().values[0]
    array([[3., 3., 3., 3.],
           [3., 3., 3., 3.]])
    """

    of_tables = PermutationExplainer

    def _read(self, given: dict[str, Any]) -> None:
        method = given["method"]
        self.method: Method = Permutation() if method is None else explaining(method)
        if self.masker.segmentation.has_tree and method is not None:
            msg = (
                f"`method` is {method!r}, but the masker's regions have a tree, which it does not know: pass "
                "segments='slic' or a grid without a tree"
            )
            raise InvalidMaskerError(msg)
        max_evals = self._call_defaults.get("max_evals", MAX_EVALS)
        count = self.masker.segmentation.most_players
        untouched = "500 evaluations an image, or 2 k + 1 for k regions, where that is more,"
        evaluations: int | str = untouched
        if count is not None:
            evaluations = self._evaluations(max_evals, count)
        elif max_evals is not MAX_EVALS:
            evaluations = granted_evaluations(max_evals, MAX_EVALS, 500, 500)
        how = f"{type(self.method).__name__} estimates from a budget"
        if self.masker.segmentation.has_tree:
            how = "orders along the tree are averaged"
        self.plan = self._planned(f"{PermutationExplainer.__name__} was named, so {how}", evaluations)

    @checked_call
    def __call__(  # type: ignore[override]  # every route has its own options
        self,
        *args: Any,
        max_evals: int | str = MAX_EVALS,
        main_effects: bool = False,
        error_bounds: bool = False,
        batch_size: int | str = "auto",
        interactions: Any = 1,
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
            Evaluations granted to an image, both endpoints counted; never exceeded. Untouched it means 500, or as many
            as `k` regions need: ``2 k + 1``, and ``2 ** k`` for the automatic estimator up to 12 regions. "auto" is at
            least ten times ``2 k + 1``.
        main_effects, interactions
            Accepted if they ask for nothing.
        error_bounds : bool
            Fill ``error_std`` with zeros where values are exact.
        batch_size : int or "auto"
            The most images in one call of the model; by default 64 MiB of them.
        outputs : list, callable or op-chain, optional
            The outputs to explain, such as ``Explanation.argsort.flip[:4]``: the four largest of each image.
        silent : bool
            Show no progress line.
        tol : float, optional
            Let each image stop as soon as no interval of 90 % reaches further than this share of the range of its
            values.
        deadline_seconds : float, optional
            Stop asking after that time, with status INTERRUPTED.

        Raises
        ------
        BudgetError
            When `max_evals` is too small for the regions of an image.
        """

        def budget(regions: Regions) -> int:
            least = self._least(regions.n_players)
            return at_least(self._evaluations(max_evals, regions.n_players), least, regions.n_players, "max_evals")

        has_tree = self.masker.segmentation.has_tree
        return self._explain_images(
            only_input(args, self),
            Way(
                kind="orders" if has_tree else "flat",
                budget=budget,
                method=None if has_tree else self.method,
                tol=as_tolerance(tol),
            ),
            batch_size=batch_size,
            outputs=outputs,
            silent=silent,
            deadline_seconds=deadline_seconds,
            error_bounds=error_bounds,
            main_effects=main_effects,
            interactions=interactions,
        )

    def _least(self, n_players: int) -> int:
        if self.masker.segmentation.has_tree:
            return max(N_ENDPOINTS, 2 * n_players)
        return min(n_players + N_ENDPOINTS, 1 << min(n_players, 62)) if n_players > 0 else N_ENDPOINTS

    def _evaluations(self, max_evals: int | str, n_players: int) -> int:
        default = max(int(MAX_EVALS), 2 * n_players + 1)
        if isinstance(self.method, Auto) and n_players <= MOST_ENUMERATED:
            default = max(default, 1 << n_players)
        return granted_evaluations(max_evals, MAX_EVALS, default, max(default, 10 * (2 * n_players + 1)))
