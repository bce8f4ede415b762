"""`LinearExplainer`: the values of a linear model, one product a row."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap import links
from ferroshap.closed_forms import LinearForm, read_linear
from ferroshap.errors import ExplainerError, InvalidModelError, OptionError, warn_user
from ferroshap.explainers.calls import checked_call, one_seed, only_input, positive
from ferroshap.explainers.expected import as_expected_value
from ferroshap.explainers.explainer import Explainer
from ferroshap.explainers.names import Columns, Positions, output_names
from ferroshap.explainers.outputs import OutputChoice, take_outputs
from ferroshap.explainers.plan import Plan
from ferroshap.explanation import Explanation, NameTable
from ferroshap.game.batches import batch_rows
from ferroshap.inputs import Table, read_table
from ferroshap.maskers import Masker, as_marginal
from ferroshap.memory import as_bytes
from ferroshap.models import Model, as_model
from ferroshap.progress import Report
from ferroshap.seeds import Seed
from ferroshap.threads import as_threads

Floats = NDArray[np.float64]


class LinearExplainer(Explainer):
    r"""Exact Shapley values of a linear model: :math:`\phi_i = w_i (x_i - \mu_i)`, without asking the model.

    The coefficients are compared with the model on some background rows first.

    Parameters
    ----------
    model : estimator, its bound ``predict`` or ``decision_function``, or ``(coef, intercept)``
        ``coef`` is ``(n_features,)`` or ``(n_outputs, n_features)``. Of a classifier the decision function
        is explained.
    masker : masker, background data, ``(mean, cov)`` or ``{"mean": ..., "cov": ...}``
        Only the mean matters.
    link : str or link
        Must be the identity: values of a linear model add up on its own scale.
    nsamples, feature_perturbation
        Accepted; no samples are drawn, and "interventional", deprecated, is what is done.
    output_names, weights, n_jobs, seed, feature_names, rng, random_state, memory_limit, progress
        Names, and weights of background rows; the others are accepted and have nothing to do.

    Attributes
    ----------
    coef, intercept, mean : ndarray
        The weights, the constants, and the mean of the background.

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
        positive(nsamples, "nsamples", or_auto=False)
        as_threads(n_jobs)
        as_bytes(memory_limit)
        _check_perturbation(feature_perturbation)
        self.seed = one_seed(seed, rng, random_state)
        self.link = links.resolve(link)
        if self.link is not links.identity:
            msg = f"`link` is {link!r}, but values of a linear model add up on its own scale: leave it out"
            raise OptionError(msg)
        self._form, self._columns = _form_and_columns(model, masker, weights, feature_names)
        self.model = self._form.model or Model(model, self._form.outputs)
        self.masker = self._columns.masker
        self.coef, self.intercept = self._form.coef, self._form.intercept
        self.mean = _mean(self.masker)
        self._base = np.atleast_1d(self._form.outputs(self.mean))
        self.expected_value = as_expected_value(self._base, is_vector=self.coef.ndim == 1)
        self.feature_names = self._columns.names
        self.output_names = _names_of_outputs(output_names, self._form)
        self.partial = None
        reason = "the model is linear, so values are its coefficients times the distance from the background's mean"
        self.plan = Plan("linear", reason, self.masker.n_background, self.masker.n_background, None)

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
        rows, positions = self._columns.match(table)
        numbers = _as_floats(rows)
        values = self._form.values(numbers, self.mean)
        if not np.isfinite(values).all():
            row = int(np.argwhere(~np.isfinite(values))[0][0])
            msg = f"row {row} of `X` has entries that are not finite, so the model's output is not: fill them first"
            raise ExplainerError(msg)
        return self._packed(table, numbers, positions, values, outputs, main_effects=main_effects, errors=error_bounds)

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
        values = values if positions is None else np.take(values, np.argsort(positions), axis=1)
        is_vector = self.coef.ndim == 1
        base = np.repeat(self._base[None, :], table.n_rows, axis=0)
        axes: tuple[str, ...] = ("row", "feature")
        fields: dict[str, Any] = {}
        if outputs is not None:
            choice = OutputChoice(outputs, self.output_names or [], is_vector=is_vector)
            chosen = choice.numbers(self._form.outputs(numbers))
            values, base = take_outputs(values, chosen), take_outputs(base, chosen)
            fields["output_indexes"] = chosen
            names = np.array(self.output_names, dtype=object)[chosen]
            fields["output_names"] = NameTable(names) if chosen.ndim == 1 else names
        elif not is_vector:
            fields["output_names"] = NameTable(self.output_names or [])
        if not is_vector:
            axes = (*axes, "output")
        fields |= {
            "base_values": base[:, 0] if is_vector else base,
            "data": table.display,
            "feature_names": NameTable(self._columns.names_of(table)),
            "n_evaluations": np.zeros(table.n_rows, dtype=np.int64),
            "status": "EXACT",
            "plan": self.plan,
            "seed": self.seed,
        }
        if errors:
            fields["error_std"] = np.zeros(values.shape)
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


def _form_and_columns(model: Any, masker: Any, weights: Any, feature_names: Any) -> tuple[LinearForm, Columns]:
    if isinstance(masker, tuple) and len(masker) == 2:
        masker = {"mean": masker[0], "cov": masker[1]}
    if isinstance(masker, Masker) and masker.tree is not None and masker.units is None:
        # Whoever is there already, a feature of a linear model gains the same: Owen values are Shapley values.
        masker = masker.filler
    background = as_marginal(masker, "LinearExplainer", weights=weights)
    own = None if isinstance(model, tuple) else _model_of(model)
    columns = Columns(background, own, feature_names, "masker")
    return read_linear(model, columns.masker.table), columns


def _model_of(model: Any) -> Any:
    """The names that the model knows; None for what is no model."""
    try:
        return as_model(model)
    except InvalidModelError:
        return None


def _mean(masker: Masker) -> Floats:
    table = masker.table
    if table.kind == "sparse":
        return np.asarray(table.source.T @ masker.weights, dtype=np.float64)
    return np.asarray(masker.weights @ _as_floats(table), dtype=np.float64)


def _as_floats(table: Table) -> Floats:
    numbers = table.numeric
    if numbers is None:
        msg = (
            f"`{table.argument}` has columns that are no numbers, which a linear model cannot weigh: encode them first"
        )
        raise OptionError(msg)
    return np.asarray(numbers, dtype=np.float64)


def _names_of_outputs(given: Any, form: LinearForm) -> list[str]:
    return output_names(given, form.model, 1 if form.coef.ndim == 1 else len(form.coef))


def _check_perturbation(feature_perturbation: str | None) -> None:
    """Warn of the old option; refuse what it cannot mean."""
    if feature_perturbation is None:
        return
    if feature_perturbation not in {"interventional", "independent"}:
        msg = (
            f"`feature_perturbation` is {feature_perturbation!r}, but values under correlations are not available: "
            "leave it out, or pass 'interventional'"
        )
        raise OptionError(msg)
    warn_user("`feature_perturbation` is deprecated: the masker says how features are filled", FutureWarning)
