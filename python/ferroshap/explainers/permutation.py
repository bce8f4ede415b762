"""`PermutationExplainer`: antithetic joining orders."""

from typing import Any

from ferroshap import links
from ferroshap.errors import BudgetError, OptionError
from ferroshap.estimators import Method, Permutation, as_method
from ferroshap.explainers.agnostic import AgnosticExplainer
from ferroshap.explainers.calls import Untouched, check_call_defaults, checked_call, one_seed, only_input, positive
from ferroshap.explainers.interactions import SampledInteractionsOfRows, as_wish, check_pairs, method_of
from ferroshap.explainers.precedence import with_numbers
from ferroshap.explainers.rows import RowsExplained
from ferroshap.explainers.singles import MainEffectsRows
from ferroshap.explanation import Explanation
from ferroshap.maskers import Masker, as_masker
from ferroshap.progress import Report
from ferroshap.run.advice import as_tolerance
from ferroshap.seeds import Seed

#: Untouched it means as many as are needed: max(500, 2 M + 1) for M features that vary.
MAX_EVALS = Untouched(500)


class PermutationExplainer(AgnosticExplainer):
    r"""Estimate Shapley values of any model by random joining orders, each with its reversal.

    Unbiased, exact on models without interactions above order 2; with one standard error a value.
    An evaluation is averaged over at most `rows_per_eval` background rows; over a larger
    background blocks of rows take turns, so that values are those of the whole background. What the
    blocks seen so far miss of the sum is shared equally by all features that ever mattered; once every
    block has had its turn, little is missing, and it is shared by squared errors. With a masker that has a tree
    (:class:`ferroshap.maskers.Partition`) orders are those along the tree, and values Owen values.

    Parameters
    ----------
    model : callable, estimator or bound method
        ``f(rows) -> (rows,)`` or ``(rows, outputs)``.
    masker : masker or background data
        What stands for absent features.
    link : str or link
        The scale on which values add up.
    feature_names : list of str, optional
        Instead of the names of the background.
    linearize_link : bool
        Average linked outputs, with weights that keep both ends right, instead of linking averages.
    seed : int, numpy.random.Generator or None
        Where randomness starts from; None is the fixed seed 0. `rng` and `random_state` are other names of it.
    output_names, weights, n_jobs, memory_limit, progress
        Names of outputs; weights of background rows; threads; bytes for batches and tables; called
        with ``(done, total)`` evaluations.
    executor : object, optional
        Workers that evaluate coalitions, many batches at once, for a model that holds Python's lock: anything
        with ``submit`` (threads, processes, loky), a ``joblib.Parallel`` or a ``dask.distributed.Client``. Values
        are the same bits. The model travels to each worker process once; it is not in pickles of the explainer.
    method : estimator or its name, optional
        Instead of ``estimators.Permutation()``, or of ``estimators.Owen`` by orders where the masker has a tree.
        Pairs of ``estimators.Permutation(precedence=...)`` may be names of features, or their numbers.
    rows_per_eval : int or None
        Background rows of one evaluation; None for all.
    **call_defaults
        Options of the calls, to be their defaults.

    Examples
    --------
    >>> import numpy as np
    >>> explainer = PermutationExplainer(lambda X: X[:, 0] * X[:, 1] + X[:, 2], np.zeros((1, 3)), max_evals=50)
    >>> explainer(np.array([[2.0, 3.0, 1.0]])).values
    array([[3., 3., 1.]])
    """

    route = "permutation"

    def __init__(
        self,
        model: Any,
        masker: Any,
        link: Any = links.identity,
        feature_names: Any = None,
        linearize_link: bool = True,
        seed: Seed = None,
        *,
        output_names: Any = None,
        weights: Any = None,
        n_jobs: int | None = None,
        rng: Seed = None,
        random_state: Seed = None,
        memory_limit: int | str | None = None,
        executor: Any = None,
        progress: Report | None = None,
        method: Method | str | None = None,
        rows_per_eval: int | None = 100,
        **call_defaults: Any,
    ) -> None:
        """Ask the model about the background."""
        self._call_defaults = check_call_defaults(type(self), call_defaults)
        known = as_masker(masker, weights=weights)
        self.method = _along(known) if method is None else as_method(method)
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
            method=self.method,
            rows_per_eval=rows_per_eval,
        )
        if method is None:
            self.method = _along(self.masker)  # whose columns may stand in another order now
        else:
            self.method = with_numbers(self.method, self._columns)
        reason = f"{type(self).__name__} was named, so {type(self.method).__name__} estimates from a budget"
        self.plan = self._make_plan(
            reason, self.method, self._granted(self.masker.n_players, call_defaults.get("max_evals", MAX_EVALS))
        )

    @checked_call
    def __call__(  # type: ignore[override]  # every route has its own options
        self,
        *args: Any,
        max_evals: int | str = MAX_EVALS,
        main_effects: bool = False,
        error_bounds: bool = False,  # noqa: ARG002 - standard errors are always there
        batch_size: int | str = "auto",
        interactions: Any = 1,
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
            Evaluations granted to a row, both endpoints counted; never exceeded. At least ``2 M + 1`` for
            ``M`` features in which the row differs from the background (``3 M + 1`` with main effects); "auto" is
            ten times that.
        main_effects : bool
            Also fill ``main_effects``, what each feature is worth alone; part of the budget.
        error_bounds : bool
            Accepted; standard errors are always filled in.
        batch_size : int or "auto"
            The most model rows in one call of the model.
        interactions : bool, 2 or "sii"
            Instead of values, a matrix a row, as of `KernelExplainer`; orders estimate values alone, so the
            explainer must have been given ``method=estimators.EvenGP()`` or ``estimators.Auto()``.
        outputs : list, callable or op-chain, optional
            The outputs to keep.
        silent : bool
            Show no progress line.
        tol : float, optional
            Let each row stop as soon as no interval of 90 % reaches further than this share of the range of
            its values, as for :class:`Run`; the budget is then the ceiling.
        deadline_seconds : float, optional
            Stop asking after that time, with status INTERRUPTED.
        row_key : int, sequence of int or "content", optional
            One number a row: where in the whole table it stands, of which `X` is a part. Rows that do not
            share a design then draw what they would draw there. "content" derives it from the row itself.
        plausibility : bool
            Judge how far the masked rows lie from the background (``explanation.plausibility``), with a warning where
            they hardly could exist; for marginal maskers. Of the evaluations, some chosen by number are looked at.
        msev : bool
            Fill ``msev``: how far the worths that were evaluated are from the model's output, as a mean of squares.

        Raises
        ------
        BudgetError
            When `max_evals` is too small.
        OptionError
            When `interactions` are asked for with main effects, or of a method that estimates values alone.
        """
        self._granted(0, max_evals)  # a budget that is none is refused before the model is asked anything
        index = as_wish(interactions)
        if index is not None:
            if main_effects:
                msg = "`main_effects` and `interactions` were given: main effects are the diagonal of interactions=2"
                raise OptionError(msg)
            return self._explain(
                only_input(args, self),
                rows_class=SampledInteractionsOfRows,
                reference=self._whole(),
                method=method_of(index, self.method, tol),
                budget=lambda n: check_pairs(n, self._granted(n, max_evals), "max_evals", max_evals),
                batch_size=batch_size,
                outputs=outputs,
                silent=silent,
                deadline_seconds=deadline_seconds,
                row_key=row_key,
                plausibility=plausibility,
                msev=msev,
            )
        return self._explain(
            only_input(args, self),
            method=self.method,
            rows_class=MainEffectsRows if main_effects else RowsExplained,
            budget=lambda n: self._granted(n, max_evals, main_effects=main_effects),
            batch_size=batch_size,
            outputs=outputs,
            silent=silent,
            tol=as_tolerance(tol),
            deadline_seconds=deadline_seconds,
            row_key=row_key,
            plausibility=plausibility,
            msev=msev,
        )

    @checked_call
    def shap_values(  # type: ignore[override]  # every route has its own options
        self,
        X: Any,
        npermutations: int = 10,
        main_effects: bool = False,
        error_bounds: bool = False,
        batch_evals: bool = True,  # noqa: ARG002 - accepted; batches are always used
        silent: bool = False,
    ) -> Any:
        """Return the values alone: ``(rows, features)`` or ``(rows, features, outputs)``.

        Each of `npermutations` orders grants ``2 M + 1`` evaluations; `batch_evals` is accepted and changes nothing.
        """
        n_orders = positive(npermutations, "npermutations", or_auto=False)
        max_evals = n_orders * (2 * self.masker.n_players + 1) + bool(main_effects) * self.masker.n_players
        return self(X, max_evals=max_evals, main_effects=main_effects, error_bounds=error_bounds, silent=silent).values

    @staticmethod
    def _granted(n_features: int, max_evals: int | str, *, main_effects: bool = False) -> int:
        """Evaluations granted to a row in which so many features vary."""
        least = 2 * n_features + 1 + bool(main_effects) * n_features
        if max_evals is MAX_EVALS:
            return max(int(MAX_EVALS), least)
        if isinstance(max_evals, str) and max_evals == "auto":
            return 10 * least
        granted = positive(max_evals, "max_evals")
        if granted < least:
            msg = f"`max_evals` is {granted}, but {n_features} features that vary need at least {least}: raise it"
            raise BudgetError(msg)
        return granted


def _along(masker: Masker) -> Method:
    """Orders of all features, or those along the masker's tree."""
    if masker.tree is None:
        return Permutation()
    from ferroshap.explainers.hierarchies import method_along

    return method_along(masker, "orders")
