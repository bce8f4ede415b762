"""`SamplingExplainer`: joining orders, each seen against one background row."""

from typing import Any

from ferroshap.errors import BudgetError, InvalidMaskerError, OptionError
from ferroshap.estimators import Permutation
from ferroshap.explainers.agnostic import AgnosticExplainer
from ferroshap.explainers.calls import check_call_defaults, checked_call, one_seed, positive
from ferroshap.explainers.kernel import KernelExplainer
from ferroshap.explanation import Explanation
from ferroshap.maskers import DenseData, Masker
from ferroshap.progress import Report
from ferroshap.run.advice import as_tolerance
from ferroshap.run.loop import N_ENDPOINTS
from ferroshap.seeds import Seed


class SamplingExplainer(AgnosticExplainer):
    """Estimate Shapley values of any model by joining orders, one background row at a time.

    One standard error a value. Each order meets the next row of the shuffled background, so the
    budget counts model rows and a large background costs nothing extra. What the
    rows seen so far miss of the sum is shared equally by all features that ever mattered; once every row
    has had its turn, little is missing, and it is shared by squared errors.

    Parameters
    ----------
    model : callable, estimator or bound method
        ``f(rows) -> (rows,)`` or ``(rows, outputs)``. It is given arrays, unless it was fitted on a frame.
    data : array, frame, sparse matrix, or summary of :func:`ferroshap.kmeans`
        The background.
    feature_names, output_names, weights, n_jobs, seed, rng, random_state, memory_limit, progress
        Names of features and outputs; weights of background rows; threads; three names for the seed;
        bytes for batches and tables; called with ``(done, total)`` evaluations.
    executor : object, optional
        Workers that evaluate coalitions, many batches at once, for a model that holds Python's lock: anything
        with ``submit`` (threads, processes, loky), a ``joblib.Parallel`` or a ``dask.distributed.Client``. Values
        are the same bits. The model travels to each worker process once; it is not in pickles of the explainer.
    **call_defaults
        Options of the calls, to be their defaults.

    Examples
    --------
    >>> import numpy as np
    >>> explainer = SamplingExplainer(lambda X: X @ np.array([1.0, 2.0]), np.zeros((1, 2)))
    >>> explainer.shap_values(np.array([[3.0, 4.0]]))
    array([[3., 8.]])
    """

    route = "sampling"

    def __init__(
        self,
        model: Any,
        data: Any,
        *,
        output_names: Any = None,
        weights: Any = None,
        n_jobs: int | None = None,
        seed: Seed = None,
        feature_names: Any = None,
        rng: Seed = None,
        random_state: Seed = None,
        memory_limit: int | str | None = None,
        executor: Any = None,
        progress: Report | None = None,
        **call_defaults: Any,
    ) -> None:
        """Ask the model about the background."""
        self._call_defaults = check_call_defaults(type(self), call_defaults)
        super().__init__(
            model,
            _whole_rows(data),
            feature_names=feature_names,
            output_names_given=output_names,
            weights=weights,
            n_jobs=n_jobs,
            seed=one_seed(seed, rng, random_state),
            memory_limit=memory_limit,
            executor=executor,
            progress=progress,
            method=Permutation(),
            rows_per_eval=1,
            as_frame=False,
            masker_argument="data",
        )
        granted = self._evaluations(self.masker.n_players, call_defaults.get("nsamples", 2000))
        reason = "SamplingExplainer was named, so orders are averaged, each against one background row"
        self.plan = self._make_plan(reason, Permutation(), granted)

    @checked_call
    def __call__(  # type: ignore[override]  # every route has its own options
        self,
        X: Any,
        y: None = None,
        nsamples: int | str = 2000,
        *,
        silent: bool = False,
        batch_size: int | str = "auto",
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
        y : None
            Accepted for the signature's sake.
        nsamples : int or "auto"
            Model rows granted to an explained row, itself counted; never exceeded. "auto" is 1000 for each
            feature that varies.
        silent : bool
            Show no progress line.
        batch_size : int or "auto"
            The most model rows in one call of the model.
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
            Fill ``msev``: how far the worths that were evaluated are from the model's output, as a mean of squares;
            here of one background row each, whose spread it contains.

        Raises
        ------
        BudgetError
            When `nsamples` is too small for the features that vary.
        """
        if y is not None:
            msg = f"`y` is a {type(y).__name__}, but must be None: values do not depend on labels"
            raise OptionError(msg)
        return self._explain(
            X,
            method=Permutation(),
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
        min_samples_per_feature: int = 100,  # noqa: ARG002 - accepted; orders give every feature the same share
        silent: bool = False,
    ) -> Any:
        """Return the values alone: ``(rows, features)`` or ``(rows, features, outputs)``.

        `min_samples_per_feature` is accepted and changes nothing: orders give every feature the same share.
        """
        return self(X, nsamples=nsamples, silent=silent).values

    @property
    def data(self) -> DenseData:
        """The background, its weights and its groups; :attr:`masker` is what fills with it."""
        masker: Masker = self.masker
        return masker.dense_data

    not_equal = staticmethod(KernelExplainer.not_equal)

    @staticmethod
    def _evaluations(n_players: int, nsamples: int | str) -> int:
        return 1000 * n_players if isinstance(nsamples, str) and nsamples == "auto" else positive(nsamples, "nsamples")

    def _granted(self, n_players: int, nsamples: int | str) -> int:
        granted = self._evaluations(n_players, nsamples)
        least = min(n_players + N_ENDPOINTS, 2**n_players)
        if granted < least:
            msg = f"`nsamples` is {granted}, but {n_players} features that vary need at least {least}: raise it"
            raise BudgetError(msg)
        return granted


def _whole_rows(data: Any) -> Any:
    """Refuse conditional maskers: an order here takes a single background row."""
    if isinstance(data, Masker) and data.is_conditional:
        msg = (
            f"`data` is {data!r}, but SamplingExplainer takes one background row an order: pass it to "
            "PermutationExplainer, which averages over conditional rows"
        )
        raise InvalidMaskerError(msg)
    return data
