"""`PartitionExplainer`: Owen values along a tree of the features."""

from typing import Any

from ferroshap import links
from ferroshap.errors import BudgetError, OptionError
from ferroshap.explainers.abreast import AbreastRows
from ferroshap.explainers.agnostic import AgnosticExplainer
from ferroshap.explainers.calls import Untouched, check_call_defaults, checked_call, one_seed, only_input, positive
from ferroshap.explainers.fixed_context import rows_in_context
from ferroshap.explainers.hierarchies import (
    Way,
    checked_sampling,
    least_budget,
    method_along,
    way_along,
    with_tree,
)
from ferroshap.explainers.rows import RowsExplained
from ferroshap.explainers.singles import MainEffectsRows
from ferroshap.explanation import Explanation
from ferroshap.maskers import Masker
from ferroshap.progress import Report
from ferroshap.run.advice import as_tolerance
from ferroshap.seeds import Seed

#: Untouched it means as many as are needed, where that is more.
MAX_EVALS = Untouched(500)


class PartitionExplainer(AgnosticExplainer):
    r"""Owen values of any model: a cluster of features receives what it is worth as one, and shares it inside.

    The value of a feature is the mean of its gain over all orders in which the members of every cluster join
    one right after the other. Exact where the tree has no more coalitions than the budget: for a balanced tree
    of `M` features about :math:`\tfrac23 M^2`, for a chain up to :math:`2^M`. Else random orders along the tree and
    their reversals are averaged: unbiased, with one standard error a value. Where the budget does not pay for those
    (below ``2 M``), or for nearly every coalition, the clusters in which most is at stake are split first, and what a
    cluster gains that was not split is shared equally by its features: biased, without an error estimate. Values add
    up at every budget.

    Every evaluation takes the whole background, but those of orders take at most `rows_per_eval` of its rows, which
    take turns.

    Parameters
    ----------
    model : callable, estimator or bound method
        ``f(rows) -> (rows,)`` or ``(rows, outputs)``.
    masker : maskers.Partition, another masker, or background data
        What stands for absent features, and the tree. Without a tree the columns are clustered by correlation, and
        by association where some are no numbers (:class:`ferroshap.maskers.Partition`).
    output_names : list of str, optional
        Instead of the names found in the model.
    link : str or link
        The scale on which values add up.
    linearize_link : bool
        Average linked outputs, with weights that keep both ends right, instead of linking averages.
    feature_names : list of str, optional
        Instead of the names of the background.
    weights, n_jobs, seed, rng, random_state, memory_limit, progress
        Weights of background rows; threads; three names for the seed; bytes for batches and tables; called
        with ``(done, total)`` evaluations.
    executor : object, optional
        Workers that evaluate coalitions, many batches at once, for a model that holds Python's lock: anything
        with ``submit`` (threads, processes, loky), a ``joblib.Parallel`` or a ``dask.distributed.Client``. Values
        are the same bits. The model travels to each worker process once; it is not in pickles of the explainer.
    sampling : {"auto", "adaptive", "orders"}
        What to do where the tree has more coalitions than the budget. "auto": as said above.
        "adaptive": split clusters, as shap does; good where few clusters matter, which are then found, and much
        worse than orders where many do. "orders": average orders even where the budget pays for every coalition.
    rows_per_eval : int or None
        Background rows of one evaluation where orders are averaged; None for all.
    **call_defaults
        Options of the calls, to be their defaults.

    References
    ----------
    Owen (1977), "Values of games with a priori unions"; Winter (1989), "A value for cooperative games with levels
    structure of cooperation".

    Examples
    --------
    >>> import numpy as np
    >>> from ferroshap import maskers
    >>> model = lambda X: X[:, 0] * X[:, 1] * X[:, 2]
    >>> masker = maskers.Partition(np.zeros((1, 3)), clustering={"pair": [0, 1], "alone": 2})
    >>> PartitionExplainer(model, masker).shap_values(np.array([[2.0, 3.0, 4.0]]))
    array([[ 6.,  6., 12.]])
    """

    route = "partition"

    def __init__(
        self,
        model: Any,
        masker: Any,
        *,
        output_names: Any = None,
        link: Any = links.identity,
        linearize_link: bool = True,
        feature_names: Any = None,
        weights: Any = None,
        n_jobs: int | None = None,
        seed: Seed = None,
        rng: Seed = None,
        random_state: Seed = None,
        memory_limit: int | str | None = None,
        executor: Any = None,
        progress: Report | None = None,
        sampling: str = "auto",
        rows_per_eval: int | None = 100,
        **call_defaults: Any,
    ) -> None:
        """Find the tree, and ask the model about the background."""
        self._call_defaults = check_call_defaults(type(self), call_defaults)
        known, how = with_tree(masker, weights)
        self.sampling = checked_sampling(sampling)
        way = self._way(known, self._granted(known, call_defaults.get("max_evals", MAX_EVALS)))
        super().__init__(
            model,
            known,
            link=link,
            linearize_link=linearize_link,
            feature_names=feature_names,
            output_names_given=output_names,
            n_jobs=n_jobs,
            seed=one_seed(seed, rng, random_state),
            memory_limit=memory_limit,
            executor=executor,
            progress=progress,
            method=method_along(known, way.sampling),
            rows_per_eval=rows_per_eval,
        )
        reason = f"{type(self).__name__} was named, and {how} {way.reason}"
        self.plan = self._make_plan(reason, method_along(self.masker, way.sampling), way.n_evaluations)

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
        row_key: Any = None,
        plausibility: bool = False,
        msev: bool = False,
    ) -> Explanation:
        """Explain the rows of a table.

        Parameters
        ----------
        *args : table
            The rows; one row may come as a one-dimensional array, a Series or a dict.
        max_evals : int or "auto"
            Evaluations granted to a row, both endpoints counted; never exceeded, and not spent where the tree has
            fewer coalitions. "auto" is ten times ``2 M + 1`` for `M` features, and at least 500.
        fixed_context : 0 or 1, optional
            Look at each cluster with nobody else present (0) or with everybody else (1), and share equally what its
            members' gains leave of its own: ``2 M`` evaluations for a binary tree of `M` features. These are no Owen
            values. (Shap also looks at other contexts while evaluations are left.)
        main_effects : bool
            Also fill ``main_effects``, what each feature is worth alone; part of the budget.
        error_bounds : bool
            Fill ``error_std`` also where it says nothing: zeros where values are exact, NaN where errors are unknown.
        batch_size : int or "auto"
            The most model rows in one call of the model.
        outputs : list, callable or op-chain, optional
            The outputs to keep.
        silent : bool
            Show no progress line.
        tol : float, optional
            Let each row stop as soon as no interval of 90 % reaches further than this share of the range of its
            values, where orders are averaged; clusters that are split tell no errors, and all coalitions need none.
        deadline_seconds : float, optional
            Stop asking after that time, with status INTERRUPTED.
        row_key : int, sequence of int or "content", optional
            One number a row: where in the whole table it stands, of which `X` is a part; random orders of rows that
            do not share a design depend on it.
        plausibility : bool
            Judge how far the masked rows lie from the background (``explanation.plausibility``), with a warning where
            they hardly could exist; for marginal maskers. Of the evaluations, some chosen by number are looked at.
        msev : bool
            Fill ``msev``: how far the worths that were evaluated are from the model's output, as a mean of squares.

        Raises
        ------
        BudgetError
            When `max_evals` pays neither for splitting the root nor for an order.
        OptionError
            For another `fixed_context`, or a `tol` where clusters are split.
        """
        tol = as_tolerance(tol)
        granted = self._granted(self.masker, max_evals, main_effects=main_effects)
        way = self._way(self.masker, granted - bool(main_effects) * self.masker.n_players)
        if tol is not None and (way.sampling == "adaptive" or fixed_context is not None):
            msg = (
                f"`tol` is {tol}, which asks for errors, but clusters that are split have none: leave it out, or "
                "make the explainer with sampling='orders'"
            )
            raise OptionError(msg)
        if fixed_context is None:
            # Notes are taken of the worths of each row by itself.
            is_plain = not (main_effects or plausibility or msev)
            rows_class = MainEffectsRows if main_effects else RowsExplained
            rows_class = AbreastRows if is_plain and way.sampling == "adaptive" else rows_class
        else:
            rows_class = rows_in_context(fixed_context, main_effects=main_effects)
        return self._explain(
            only_input(args, self),
            method=method_along(self.masker, way.sampling),
            rows_class=rows_class,
            reference=None if way.has_errors and fixed_context is None else self._whole(),
            budget=lambda _: granted,
            keep_errors=error_bounds or (way.has_errors and fixed_context is None),
            batch_size=batch_size,
            outputs=outputs,
            silent=silent,
            tol=tol if way.has_errors else None,
            deadline_seconds=deadline_seconds,
            row_key=row_key,
            plausibility=plausibility,
            msev=msev,
        )

    def _way(self, masker: Masker, granted: int) -> Way:
        return way_along(masker, granted, self.sampling)

    def _granted(self, masker: Masker, max_evals: int | str, *, main_effects: bool = False) -> int:
        n_players = masker.n_players
        beside = bool(main_effects) * n_players
        least = least_budget(masker, self.sampling) + beside
        if max_evals is MAX_EVALS:
            return max(int(MAX_EVALS), least)
        if isinstance(max_evals, str) and max_evals == "auto":
            return max(int(MAX_EVALS), least, 10 * (2 * n_players + 1) + beside)
        granted = positive(max_evals, "max_evals")
        if granted < least:
            msg = f"`max_evals` is {granted}, but a tree of {n_players} features needs at least {least}: raise it"
            raise BudgetError(msg)
        return granted
