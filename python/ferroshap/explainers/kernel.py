"""`KernelExplainer`: regression on coalitions."""

from typing import Any

import numpy as np

from ferroshap.errors import BudgetError, DimensionError, OptionError
from ferroshap.estimators import Auto, Leverage, Method, as_method
from ferroshap.explainers.agnostic import AgnosticExplainer
from ferroshap.explainers.calls import check_call_defaults, checked_call, one_seed, positive
from ferroshap.explainers.indexed import IndexedRows, with_index
from ferroshap.explainers.interactions import SampledInteractionsOfRows, as_wish, check_pairs, method_of
from ferroshap.explainers.lasso import LassoRows, Selection, as_selection
from ferroshap.explainers.precedence import with_numbers
from ferroshap.explainers.rows import RowsExplained
from ferroshap.explanation import Explanation
from ferroshap.inputs import read_table
from ferroshap.maskers import DenseData, Masker
from ferroshap.models import as_model
from ferroshap.progress import Report
from ferroshap.run.advice import as_tolerance
from ferroshap.run.loop import N_ENDPOINTS
from ferroshap.seeds import Seed

#: What "auto" grants beyond two evaluations a feature.
SPARE_EVALUATIONS = 2048


class KernelExplainer(AgnosticExplainer):
    r"""Estimate Shapley values of any model by regression on coalitions, with one standard error a value.

    Runs the best method for the number of features and the budget unless one is named; all
    coalitions where the budget pays for them, and then the values are exact. A link is applied
    to averages over the whole background, never row by row.

    Parameters
    ----------
    model : callable, estimator or bound method
        ``f(rows) -> (rows,)`` or ``(rows, outputs)``. It is given arrays, unless it was fitted on a frame.
    data : array, frame, sparse matrix, or summary of :func:`ferroshap.kmeans`
        The background.
    feature_names : list of str, optional
        Instead of the names of the background.
    link : str or link
        The scale on which values add up.
    output_names, weights, n_jobs, seed, rng, random_state, memory_limit, progress
        Names of outputs; weights of background rows; threads; three names for the seed; bytes for
        batches and tables; called with ``(done, total)`` evaluations.
    executor : object, optional
        Workers that evaluate coalitions, many batches at once, for a model that holds Python's lock: anything
        with ``submit`` (threads, processes, loky), a ``joblib.Parallel`` or a ``dask.distributed.Client``. Values
        are the same bits. The model travels to each worker process once; it is not in pickles of the explainer.
    method : estimator or its name, optional
        Instead of ``estimators.Auto()``.
    keep_index : bool
        The model gets pandas frames whose index is that of the explained row.
    rows_per_eval : int or None
        Background rows of one evaluation; None for all. A larger background is taken in blocks of that
        size by turns, where the link is the identity and the method can.
    **call_defaults
        Options of the calls, to be their defaults.

    Examples
    --------
    >>> import numpy as np
    >>> explainer = KernelExplainer(lambda X: X[:, 0] * X[:, 1] + X[:, 2], np.zeros((1, 3)), nsamples=100)
    >>> explainer.shap_values(np.array([[2.0, 3.0, 1.0]]))
    array([[3., 3., 1.]])
    """

    route = "kernel"

    def __init__(
        self,
        model: Any,
        data: Any,
        feature_names: Any = None,
        link: Any = "identity",
        *,
        output_names: Any = None,
        weights: Any = None,
        n_jobs: int | None = None,
        seed: Seed = None,
        rng: Seed = None,
        random_state: Seed = None,
        memory_limit: int | str | None = None,
        executor: Any = None,
        progress: Report | None = None,
        method: Method | str | None = None,
        keep_index: bool = False,
        rows_per_eval: int | None = 100,
        **call_defaults: Any,
    ) -> None:
        """Ask the model about the background."""
        self._call_defaults = check_call_defaults(type(self), call_defaults)
        as_selection(call_defaults.get("l1_reg"))
        self._method_named = None if method is None else as_method(method)
        self.keep_index = keep_index
        data = _as_rows(data)
        super().__init__(
            with_index(as_model(model), data) if keep_index else model,
            data,
            link=link,
            linearize_link=False,
            feature_names=feature_names,
            output_names_given=output_names,
            weights=weights,
            n_jobs=n_jobs,
            seed=one_seed(seed, rng, random_state),
            memory_limit=memory_limit,
            executor=executor,
            progress=progress,
            method=self.method,
            rows_per_eval=None if keep_index else rows_per_eval,
            as_frame=keep_index,
            masker_argument="data",
        )
        if self._method_named is not None:
            self._method_named = with_numbers(self._method_named, self._columns)
        granted = self._evaluations(self.masker.n_players, call_defaults.get("nsamples", "auto"))
        reason = f"{type(self).__name__} was named, so {type(self.method).__name__} estimates from a budget"
        self.plan = self._make_plan(reason, self.method, granted)

    @property
    def method(self) -> Method:
        """The estimator, unless `l1_reg` asks for one of its own."""
        if self._method_named is not None:
            return self._method_named
        return Auto() if as_selection(self._call_defaults.get("l1_reg")) is None else Leverage()

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
        row_key: Any = None,
        plausibility: bool = False,
        msev: bool = False,
    ) -> Explanation:
        """Explain the rows of a table.

        Parameters
        ----------
        X : table
            The rows; one row may come as a one-dimensional array, a Series or a dict.
        l1_reg : False, str or float
            False keeps every feature. ``"num_features(k)"`` (or ``"rank(k)"``) keeps at most `k`, ``"aic"``,
            ``"bic"`` and ``"auto"`` choose how many, a number is the penalty of a lasso; then errors are unknown.
        silent : bool
            Show no progress line.
        nsamples : int or "auto"
            Evaluations granted to a row besides both endpoints; never exceeded. "auto" is
            ``2 * n + 2048`` for ``n`` features that vary.
        batch_size : int or "auto"
            The most model rows in one call of the model.
        interactions : bool, 2 or "sii"
            True or 2: instead of values, the Shapley-Taylor matrix of order 2, whose sum is what the values
            add up to; "sii": the matrix whose rows add up to the values. Estimated by ``estimators.EvenGP``.
        outputs : list, callable or op-chain, optional
            The outputs to keep.
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
            When `nsamples` is too small for the features that vary.
        OptionError
            When `interactions` are asked for with `l1_reg`, or with a method that estimates values alone.
        """
        selection = as_selection(l1_reg)
        if selection is not None and tol is not None:
            msg = (
                f"`tol` and `l1_reg` were given ({tol!r}, {l1_reg!r}), but the lasso knows no errors: pass one of them"
            )
            raise OptionError(msg)
        index = as_wish(interactions)
        if index is not None:
            if selection is not None:
                msg = "`interactions` and `l1_reg` were given: interactions are estimated of all features"
                raise OptionError(msg)
            return self._explain(
                X,
                rows_class=_rows_class(SampledInteractionsOfRows, keep_index=self.keep_index),
                reference=self._whole(),
                method=method_of(index, self._method_named, tol),
                budget=lambda n: check_pairs(n, self._evaluations(n, nsamples), "nsamples", nsamples, N_ENDPOINTS),
                batch_size=batch_size,
                silent=silent,
                outputs=outputs,
                deadline_seconds=deadline_seconds,
                row_key=row_key,
                plausibility=plausibility,
                msev=msev,
            )
        return self._explain(
            X,
            rows_class=_rows_class(_class_of(selection), keep_index=self.keep_index),
            reference=self._reference if selection is None else self._whole(),
            method=self.method if selection is None or self._method_named is not None else Leverage(),
            budget=lambda n_players: self._granted(n_players, nsamples),
            batch_size=batch_size,
            silent=silent,
            outputs=outputs,
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
        *,
        nsamples: int | str = "auto",
        l1_reg: Any = False,
        silent: bool = False,
        gc_collect: bool = False,  # noqa: ARG002 - accepted; there is nothing to collect
    ) -> Any:
        """Return the values alone: ``(rows, features)`` or ``(rows, features, outputs)``.

        The options are those of the call; `gc_collect` is accepted and changes nothing.
        """
        return self(X, l1_reg=l1_reg, silent=silent, nsamples=nsamples).values

    def explain(self, incoming_instance: Any, **options: Any) -> Any:
        """Return the values of one row alone, ``(features,)`` or ``(features, outputs)``, as shap's older code asks.

        Parameters
        ----------
        incoming_instance : table of one row, or a row
            The row.
        **options
            Those of :meth:`shap_values`.

        Raises
        ------
        DimensionError
            For more rows than one.
        """
        table = read_table(incoming_instance, argument="incoming_instance", allow_single_row=True)
        if table.n_rows != 1:
            msg = f"`incoming_instance` has {table.n_rows} rows, but must be one: use shap_values for more"
            raise DimensionError(msg)
        return self.shap_values(table.source, **options)[0]

    @property
    def data(self) -> DenseData:
        """The background, its weights and its groups; :attr:`masker` is what fills with it."""
        masker: Masker = self.masker
        return masker.dense_data

    @staticmethod
    def not_equal(i: Any, j: Any) -> int:
        """Tell (1 or 0) whether two values differ: exactly, with no tolerance; NaN equals NaN.

        Examples
        --------
        >>> KernelExplainer.not_equal(1700000000, 1700000001), KernelExplainer.not_equal("a", "a")
        (1, 0)
        """
        are_floats = isinstance(i, float | np.floating) and isinstance(j, float | np.floating)
        if i is j or (are_floats and np.isnan(i) and np.isnan(j)):
            return 0
        return int(not bool(i == j))

    @staticmethod
    def _evaluations(n_players: int, nsamples: int | str) -> int:
        if isinstance(nsamples, str) and nsamples == "auto":
            return 2 * n_players + SPARE_EVALUATIONS + N_ENDPOINTS
        return positive(nsamples, "nsamples") + N_ENDPOINTS

    def _granted(self, n_players: int, nsamples: int | str) -> int:
        granted = self._evaluations(n_players, nsamples)
        least = self.method.least_budget(n_players)
        if granted < least:
            msg = (
                f"`nsamples` is {nsamples}, but {n_players} features that vary need at least {least - N_ENDPOINTS}: "
                "raise it, or pass 'auto'"
            )
            raise BudgetError(msg)
        return granted


def _as_rows(data: Any) -> Any:
    """A background; a Series is one row of it."""
    return read_table(data, argument="data", allow_single_row=True).source if hasattr(data, "to_frame") else data


def _class_of(selection: Selection | None) -> type[RowsExplained]:
    return RowsExplained if selection is None else type("SelectedRows", (LassoRows,), {"selection": selection})


def _rows_class(rows_class: type[RowsExplained], *, keep_index: bool) -> type[RowsExplained]:
    return type(f"Indexed{rows_class.__name__}", (IndexedRows, rows_class), {}) if keep_index else rows_class
