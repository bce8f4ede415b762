"""`LinearExplainer`: the values of a linear model, one product a row."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap import links
from ferroshap.closed_forms import CorrelatedForm, LinearForm, correlated_form, linear_form, read_linear
from ferroshap.errors import ExplainerError, OptionError
from ferroshap.explainers.calls import checked_call, one_seed, only_input, positive
from ferroshap.explainers.expected import as_expected_value
from ferroshap.explainers.explainer import Explainer
from ferroshap.explainers.groups import shown_groups
from ferroshap.explainers.linear_columns import LinearColumns, as_floats
from ferroshap.explainers.linear_maskers import CORRELATED, background_of, perturbed, warn_of_few_rows
from ferroshap.explainers.names import Positions, output_names
from ferroshap.explainers.outputs import OutputChoice, take_outputs
from ferroshap.explainers.plan import Plan
from ferroshap.explanation import Explanation, NameTable
from ferroshap.game.batches import batch_rows
from ferroshap.inputs import Table, read_table
from ferroshap.memory import as_bytes
from ferroshap.models import Model, as_model, parted
from ferroshap.progress import Report
from ferroshap.seeds import Seed
from ferroshap.threads import as_threads

Floats = NDArray[np.float64]


class LinearExplainer(Explainer):
    r"""Shapley values of a linear model in closed form, without asking the model.

    With features filled independently of each other, :math:`\phi_i = w_i (x_i - \mu_i)`, exactly. With
    :class:`ferroshap.maskers.Gaussian` or :class:`ferroshap.maskers.Impute`, features are what the present ones let
    expect: :math:`v(S) = w' E[X \mid X_S = x_S]` and :math:`\phi = T (x - \mu)`. Then `T` is found once: exactly where
    at most 16 features are correlated with each other (over all coalitions; blocks of the covariance play games
    of their own), else as the unbiased mean over `nsamples` random orders, with standard errors.

    The coefficients are compared with the model on some background rows first.

    Parameters
    ----------
    model : estimator, its bound ``predict`` or ``decision_function``, or ``(coef, intercept)``
        ``coef`` is ``(n_features,)`` or ``(n_outputs, n_features)``. Of a classifier the decision function
        is explained. A Pipeline that ends in one, where its other steps act column by column, has values for its own
        input columns.
    masker : masker, background data, ``(mean, cov)`` or ``{"mean": ..., "cov": ...}``
        A masker of class Gaussian or Impute takes correlations into account; for all else only the mean matters. With
        Groups the players are the groups.
    link : str or link
        Must be the identity: values of a linear model add up on its own scale.
    nsamples : int
        Orders to average over where more than 16 features are correlated, 40 at least.
    feature_perturbation : str, optional
        Deprecated: "interventional" is what is done with background data, "correlation_dependent" makes it a masker of
        class Impute.
    output_names, weights, n_jobs, seed, feature_names, rng, random_state, memory_limit, progress
        Names, weights of background rows, and for `T` the threads and the seed; the others are accepted and have
        nothing to do.

    Attributes
    ----------
    coef, intercept, mean : ndarray
        The weights, the constants, and the mean of the background.
    cov : ndarray or None
        Its covariance, where correlations count.

    Examples
    --------
    >>> explainer = LinearExplainer((np.array([1.0, 2.0]), 0.5), np.array([[0.0, 0.0], [2.0, 2.0]]))
    >>> explainer.shap_values(np.array([[3.0, 4.0]])), float(explainer.expected_value)
    (array([[2., 6.]]), 3.5)
    """

    def __init__(
        self,
        model: Any,
        masker: Any,
        link: Any = links.identity,
        nsamples: int = 1000,
        feature_perturbation: str | None = None,
        *,
        output_names: Any = None,
        weights: Any = None,
        n_jobs: int | None = None,
        seed: Seed = None,
        feature_names: Any = None,
        rng: Seed = None,
        random_state: Seed = None,
        memory_limit: int | str | None = None,
        progress: Report | None = None,
    ) -> None:
        """Read the coefficients and the mean of the background."""
        del progress  # nothing takes long enough
        orders = positive(nsamples, "nsamples", or_auto=False)
        n_threads = as_threads(n_jobs)
        as_bytes(memory_limit)
        given, masker = masker, perturbed(masker, feature_perturbation, weights)
        weights = weights if masker is given else None
        self.seed = one_seed(seed, rng, random_state)
        self.link = links.resolve(link)
        if self.link is not links.identity:
            msg = f"`link` is {link!r}, but values of a linear model add up on its own scale: leave it out"
            raise OptionError(msg)
        self._form, self._columns = _form_and_columns(model, masker, weights, feature_names)
        self.model = self._form.model or Model(model, self._form.outputs)
        if self._columns.is_pipeline:
            self.model = as_model(model)
        self.masker = self._columns.matched.masker
        self.coef, self.intercept = self._form.coef, self._form.intercept
        self._correlated: CorrelatedForm | None = None
        self.cov: Floats | None = None
        if isinstance(self.masker, CORRELATED):
            warn_of_few_rows(self.masker)
            self.mean, self.cov = self.masker.fitted.mean, self.masker.fitted.cov
            self._correlated = correlated_form(
                self.coef, self.mean, self.cov, orders=orders, seed=self.seed, n_threads=n_threads
            )
        else:
            self.mean = self._columns.mean
        self._base = np.atleast_1d(self._form.outputs(self.mean))
        self.expected_value = as_expected_value(self._base, is_vector=self.coef.ndim == 1)
        self.feature_names = self._columns.matched.names
        self.output_names = _names_of_outputs(output_names, self._form)
        self.partial = None
        self.plan = Plan("linear", self._reason(), self.masker.n_background, self.masker.n_background, None)

    def _reason(self) -> str:
        if self._correlated is None:
            reason = "the model is linear, so values are its coefficients times the distance from the background's mean"
            return reason if self._columns.players is None else f"{reason}, summed over the columns of each player"
        start = "the model is linear and features are filled by their correlation, so values are linear in the features"
        if self._correlated.groups is None:
            return f"{start}, exactly"
        return f"{start}: estimated over random orders, for too many of them are correlated with each other"

    @checked_call
    def __call__(  # type: ignore[override]  # every route has its own options
        self,
        *args: Any,
        max_evals: int | str = "auto",
        main_effects: bool = False,
        error_bounds: bool = False,
        batch_size: int | str = "auto",
        outputs: Any = None,
        silent: bool = False,  # noqa: ARG002 - nothing takes long enough
    ) -> Explanation:
        """Explain the rows of a table.

        Parameters
        ----------
        *args : table
            The rows; one row may come as a one-dimensional array, a Series or a dict.
        max_evals, batch_size, silent
            Accepted; the model is not asked.
        main_effects : bool
            Also fill ``main_effects``: of a linear model, the values themselves.
        error_bounds : bool
            Fill ``error_std`` with zeros instead of leaving it None.
        outputs : list, callable or op-chain, optional
            The outputs to keep.
        """
        if max_evals != "auto":
            positive(max_evals, "max_evals")
        batch_rows(batch_size, 1)
        table = read_table(only_input(args, self), argument="X", allow_single_row=True)
        rows, positions = self._columns.matched.match(table)
        numbers = as_floats(self._columns.born(rows))
        values = self._values(numbers)
        if not np.isfinite(values).all():
            row = int(np.argwhere(~np.isfinite(values))[0][0])
            msg = f"row {row} of `X` has entries that are not finite, so the model's output is not: fill them first"
            raise ExplainerError(msg)
        if main_effects and self._correlated is not None:
            msg = "`main_effects` is True, but correlated features have no effects of their own: leave it out"
            raise OptionError(msg)
        return self._packed(table, numbers, positions, values, outputs, main_effects=main_effects, errors=error_bounds)

    def _values(self, numbers: Floats) -> Floats:
        if self._correlated is None:
            return self._columns.summed(self._form.values(numbers, self.mean))
        values = self._correlated.values(numbers)
        return values[:, :, 0] if self.coef.ndim == 1 else values

    def _errors(self, numbers: Floats) -> Floats | None:
        """Standard errors, where values are estimates."""
        if self._correlated is None or self._correlated.groups is None:
            return None
        errors = self._correlated.errors(numbers)
        return errors[:, :, 0] if self.coef.ndim == 1 else errors

    @checked_call
    def shap_values(self, X: Any) -> Any:  # type: ignore[override]  # every route has its own options
        """Return the values alone: ``(rows, features)`` or ``(rows, features, outputs)``."""
        return self(X).values

    def _packed(
        self,
        table: Table,
        numbers: Floats,
        positions: Positions,
        values: Floats,
        outputs: Any,
        *,
        main_effects: bool,
        errors: bool,
    ) -> Explanation:
        spread = self._errors(numbers)
        matched = self._columns.matched
        if positions is not None and matched.units is None:
            values = np.take(values, np.argsort(positions), axis=1)
            spread = None if spread is None else np.take(spread, np.argsort(positions), axis=1)
        is_vector = self.coef.ndim == 1
        base = np.repeat(self._base[None, :], table.n_rows, axis=0)
        axes: tuple[str, ...] = ("row", "feature")
        fields: dict[str, Any] = {}
        if outputs is not None:
            choice = OutputChoice(outputs, self.output_names or [], is_vector=is_vector)
            chosen = choice.numbers(self._form.outputs(numbers))
            values, base = take_outputs(values, chosen), take_outputs(base, chosen)
            spread = None if spread is None else take_outputs(spread, chosen)
            fields["output_indexes"] = chosen
            names = np.array(self.output_names, dtype=object)[chosen]
            fields["output_names"] = NameTable(names) if chosen.ndim == 1 else names
        elif not is_vector:
            fields["output_names"] = NameTable(self.output_names or [])
        if not is_vector:
            axes = (*axes, "output")
        fields |= {
            "base_values": base[:, 0] if is_vector else base,
            "data": table.display if matched.units is None else shown_groups(table, positions, matched.units),
            "feature_names": NameTable(matched.names_of(table)),
            "n_evaluations": np.zeros(table.n_rows, dtype=np.int64),
            "status": "EXACT" if spread is None else "BUDGET_SPENT",
            "plan": self.plan,
            "seed": self.seed,
        }
        if errors or spread is not None:
            fields["error_std"] = np.zeros(values.shape) if spread is None else spread
        if main_effects:
            fields["main_effects"] = values.copy()
        explanation = Explanation._trusted(values, axes, fields)  # noqa: SLF001 - ours
        return _first_row(explanation) if table.is_single_row else explanation

    @classmethod
    def _check_support(cls, model: Any, masker: Any) -> None:
        _form_and_columns(model, masker, None, None)


def _first_row(explanation: Explanation) -> Explanation:
    """Drop the axis of a row that came alone."""
    row = explanation[0]
    return Explanation._trusted(row.values, row.axes, row._fields.all())  # noqa: SLF001 - ours


def _form_and_columns(model: Any, masker: Any, weights: Any, feature_names: Any) -> tuple[LinearForm, LinearColumns]:
    if isinstance(masker, tuple) and len(masker) == 2:
        masker = {"mean": masker[0], "cov": masker[1]}
    front, part = parted(model)
    if front is not None:
        linear_form(part)  # before rows are transformed for nothing
    columns = LinearColumns(model, front, background_of(masker, weights), feature_names)
    return read_linear(part, columns.background), columns


def _names_of_outputs(given: Any, form: LinearForm) -> list[str]:
    return output_names(given, form.model, 1 if form.coef.ndim == 1 else len(form.coef))
