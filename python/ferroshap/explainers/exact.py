"""`ExactExplainer`: every coalition over every background row."""

from typing import Any

from ferroshap import links
from ferroshap.errors import BudgetError, OptionError
from ferroshap.estimators import Exact, Method
from ferroshap.explainers.agnostic import AgnosticExplainer
from ferroshap.explainers.calls import checked_call, one_seed, only_input, positive
from ferroshap.explainers.interactions import InteractionsOfRows, as_wish
from ferroshap.explainers.rows import RowsExplained
from ferroshap.explainers.singles import MainEffectsRows
from ferroshap.explanation import Explanation
from ferroshap.maskers import Masker, as_masker
from ferroshap.progress import Report
from ferroshap.seeds import Seed


class ExactExplainer(AgnosticExplainer):
    r"""Exact Shapley values of any model, by all :math:`2^n` coalitions of the features that vary.

    A feature with the same value as in every background row is worth exactly 0 and costs nothing.
    Each coalition is averaged over all background rows. With a masker that has a tree
    (:class:`ferroshap.maskers.Partition`) values are Owen values, by all coalitions of the tree.

    Parameters
    ----------
    model : callable, estimator or bound method
        ``f(rows) -> (rows,)`` or ``(rows, outputs)``.
    masker : masker or background data
        What stands for absent features.
    link : str or link
        The scale on which values add up.
    linearize_link : bool
        Average linked outputs, with weights that keep both ends right, instead of linking averages.
    feature_names : list of str, optional
        Instead of the names of the background.
    output_names, weights, n_jobs, seed, rng, random_state, memory_limit, progress
        Names of outputs; weights of background rows; threads; three names for the seed, which changes
        nothing here; bytes for batches and tables; called with ``(done, total)`` evaluations.
    executor : object, optional
        Workers that evaluate coalitions, many batches at once, for a model that holds Python's lock: anything
        with ``submit`` (threads, processes, loky), a ``joblib.Parallel`` or a ``dask.distributed.Client``. Values
        are the same bits. The model travels to each worker process once; it is not in pickles of the explainer.

    Examples
    --------
    >>> import numpy as np
    >>> explainer = ExactExplainer(lambda X: X[:, 0] * X[:, 1], np.zeros((1, 2)))
    >>> explainer.shap_values(np.array([[2.0, 3.0]]))
    array([[3., 3.]])
    >>> explainer(np.array([[2.0, 3.0]]), interactions=2).values
    array([[[0., 3.],
            [3., 0.]]])
    """

    route = "exact"

    def __init__(
        self,
        model: Any,
        masker: Any,
        link: Any = links.identity,
        linearize_link: bool = True,
        feature_names: Any = None,
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
    ) -> None:
        """Ask the model about the background."""
        known = as_masker(masker, weights=weights)
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
            method=_exact(known),
        )
        which = "the features that vary" if self.masker.tree is None else "the masker's tree"
        reason = f"ExactExplainer was named, so every coalition of {which} is evaluated"
        self.plan = self._make_plan(reason, self.method, self._n_coalitions(self.masker.n_players))

    @property
    def method(self) -> Method:
        """The estimator: Shapley values, or Owen values along the masker's tree."""
        return _exact(self.masker)

    @checked_call
    def __call__(  # type: ignore[override]  # every route has its own options
        self,
        *args: Any,
        max_evals: int | str = 100_000,
        main_effects: bool = False,
        error_bounds: bool = False,
        batch_size: int | str = "auto",
        interactions: Any = 1,
        silent: bool = False,
        outputs: Any = None,
        plausibility: bool = False,
        msev: bool = False,
    ) -> Explanation:
        """Explain the rows of a table.

        Parameters
        ----------
        *args : table
            The rows; one row may come as a one-dimensional array, a Series or a dict.
        max_evals : int or "auto"
            The most evaluations a row; more are refused.
        main_effects : bool
            Also fill ``main_effects``: what each feature is worth alone.
        error_bounds : bool
            Fill ``error_std`` with zeros instead of leaving it None.
        batch_size : int or "auto"
            The most model rows in one call of the model.
        interactions : bool, 2 or "sii"
            True or 2: instead of values, the Shapley-Taylor matrix of order 2, whose sum is
            what the values add up to; "sii": the matrix whose rows add up to the values.
        silent : bool
            Show no progress line.
        outputs : list, callable or op-chain, optional
            The outputs to keep.
        plausibility : bool
            Judge how far the masked rows lie from the background (``explanation.plausibility``), with a warning where
            they hardly could exist; for marginal maskers. Of the evaluations, some chosen by number are looked at.
        msev : bool
            Fill ``msev``: how far the worths that were evaluated are from the model's output, as a mean of squares.

        Raises
        ------
        BudgetError
            When a row needs more than `max_evals` evaluations.
        """
        most = 100_000 if max_evals == "auto" else positive(max_evals, "max_evals")
        index = as_wish(interactions)
        if index is not None and main_effects:
            msg = "`main_effects` and `interactions` were given: main effects are the diagonal of interactions=2"
            raise OptionError(msg)
        if index is not None and self.masker.tree is not None:
            msg = "`interactions` were asked for, but these have no form along a tree: pass the masker without one"
            raise OptionError(msg)
        values_class = MainEffectsRows if main_effects else RowsExplained
        return self._explain(
            only_input(args, self),
            rows_class=values_class if index is None else InteractionsOfRows.of(index),
            method=self.method,
            budget=lambda n_players: self._granted(n_players, most, main_effects=main_effects),
            keep_errors=error_bounds,
            batch_size=batch_size,
            silent=silent,
            outputs=outputs,
            plausibility=plausibility,
            msev=msev,
        )

    def _granted(self, n_players: int, most: int, *, main_effects: bool) -> int:
        if self.masker.tree is None:
            count = int(2**n_players)
            if count > most:
                msg = (
                    f"`max_evals` is {most}, but a row has {n_players} features that vary, and their coalitions are "
                    f"2^{n_players} = {count}: raise `max_evals`, or use PermutationExplainer or KernelExplainer"
                )
                raise BudgetError(msg)
            return count
        from ferroshap.explainers.hierarchies import spelled

        count = self._n_coalitions(n_players)
        count += bool(main_effects) * n_players  # who may be alone in no coalition of a tree
        if count > most:
            msg = (
                f"`max_evals` is {most}, but the coalitions of the tree of {n_players} features are {spelled(count)}: "
                "raise `max_evals`, or use PermutationExplainer or PartitionExplainer"
            )
            raise BudgetError(msg)
        return count

    def _n_coalitions(self, n_players: int) -> int:
        if self.masker.tree is None:
            return int(2**n_players)
        from ferroshap.clustering import n_coalitions

        return n_coalitions(self.masker.tree)


def _exact(masker: Masker) -> Method:
    if masker.tree is None:
        return Exact()
    from ferroshap.explainers.hierarchies import method_along

    return method_along(masker, "exact")
