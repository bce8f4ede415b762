"""`AdditiveExplainer`: models that are sums of what each feature adds, exactly."""

import copy
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap import links
from ferroshap.closed_forms import (
    AdditiveForm,
    BoostedTerms,
    is_boosted_terms,
    read_additive,
    read_boosted_terms,
)
from ferroshap.closed_forms.additive import check_sums
from ferroshap.errors import InvalidMaskerError, InvalidModelError, OptionError
from ferroshap.explainers.calls import checked_call, one_seed, only_input, positive
from ferroshap.explainers.closed_packing import Computed, packed_closed
from ferroshap.explainers.expected import as_expected_value
from ferroshap.explainers.explainer import Explainer
from ferroshap.explainers.groups import shown_groups
from ferroshap.explainers.names import Columns
from ferroshap.explainers.names import output_names as names_of_outputs
from ferroshap.explainers.plan import Plan
from ferroshap.explainers.trees.columns import TreeColumns
from ferroshap.explanation import Explanation
from ferroshap.game.batches import batch_rows
from ferroshap.inputs import Table, read_table
from ferroshap.maskers import Independent, Masker, as_masker
from ferroshap.memory import as_bytes
from ferroshap.models import Model, as_model
from ferroshap.progress import Report
from ferroshap.seeds import Seed
from ferroshap.threads import as_threads

Floats = NDArray[np.float64]


class AdditiveExplainer(Explainer):
    r"""Exact Shapley values of a generalised additive model, :math:`c + \sum_i h_i(x_i)`.

    .. math:: \phi_i(x) = h_i(x_i) - \sum_b w_b\, h_i(b_i)

    interpret's explainable boosting machines are read from their tables, terms of two features among them, and the
    model is asked about the explained rows alone, to compare. Any other function is asked what each feature adds: one
    model row for a row and feature, after as many for the background; a function that is not additive is refused
    when the sums do not agree with it.

    Parameters
    ----------
    model : callable, estimator, bound method, or explainable boosting machine
        Of a boosting machine that classifies, the decision function is explained: the scale on which terms add up.
    masker : masker, background data, or None
        What stands for absent features, all rows of it. None, of a boosting machine, means the rows it was trained on.
    link : str or link, optional
        The scale on which a function is additive, such as ``"logit"``. None is the identity.
    feature_names : list of str, optional
        Instead of the names of the background.
    linearize_link : bool
        Must be True with a link: means inside a bent link do not add up.
    output_names, weights, n_jobs, seed, rng, random_state, memory_limit, progress
        Names of outputs, weights of background rows; the others are accepted and have nothing to do.

    Raises
    ------
    InvalidModelError
        When the model is not additive on the background, or has terms of three features or more.

    References
    ----------
    Lou, Caruana, Gehrke, Hooker (2013), "Accurate intelligible models with pairwise interactions".

    Examples
    --------
    >>> explainer = AdditiveExplainer(lambda X: X[:, 0] ** 2 + np.abs(X[:, 1]), np.array([[0.0, 0.0], [2.0, 4.0]]))
    >>> explainer.shap_values(np.array([[3.0, -1.0]])), float(explainer.expected_value)
    (array([[ 7., -1.]]), 4.0)
    """

    def __init__(
        self,
        model: Any,
        masker: Any,
        link: Any = None,
        feature_names: Any = None,
        linearize_link: bool = True,
        *,
        output_names: Any = None,
        weights: Any = None,
        n_jobs: int | None = None,
        seed: Seed = None,
        rng: Seed = None,
        random_state: Seed = None,
        memory_limit: int | str | None = None,
        progress: Report | None = None,
    ) -> None:
        """Read the terms, or ask what features add on the background."""
        del progress  # nothing takes long enough
        as_threads(n_jobs), as_bytes(memory_limit)
        self.seed = one_seed(seed, rng, random_state)
        self.link = links.identity if link is None else links.resolve(link)
        self.linearize_link = linearize_link
        if self.link is not links.identity and not linearize_link:
            msg = "`linearize_link` is False, but means inside a bent link do not add up: leave it out"
            raise OptionError(msg)
        machine = boosted(model)
        self._form: BoostedTerms | AdditiveForm
        self._columns: Columns | TreeColumns
        if machine is None:
            self.model = as_model(model)
            self._columns = Columns(_background_of(masker, weights), self.model, feature_names, "masker")
            self.masker = self._columns.masker
            self._form = read_additive(self.model, self.masker, self.link)
        else:
            self._read_machine(model, machine, masker, weights, feature_names)
        self.expected_value = as_expected_value(self._form.base, is_vector=self._form.is_vector)
        self.feature_names = self._columns.names
        self.output_names = names_of_outputs(output_names, self.model, len(self._form.base))
        self.partial = None
        n_background = 0 if self.masker is None else self.masker.n_background
        self.plan = Plan("additive", self._reason(), n_background, n_background, self._model_rows())

    def _read_machine(self, model: Any, machine: Any, masker: Any, weights: Any, feature_names: Any) -> None:
        """Read the tables of a boosting machine."""
        if self.link is not links.identity:
            msg = f"`link` is {self.link!r}, but the terms of {type(machine).__name__} add up on its own scale"
            raise OptionError(msg)
        self.model = explained_method(model, machine)
        if masker is None:
            if weights is not None:
                msg = "`weights` are those of background rows, but there is no background: pass masker=X_background"
                raise OptionError(msg)
            own = self.model.reference_names
            self._columns = TreeColumns(int(machine.n_features_in_), own, None, feature_names)
            self.masker = None
            self._form = read_boosted_terms(machine, None, None)
            return
        self._columns = Columns(_background_of(masker, weights), self.model, feature_names, "masker")
        self.masker = self._columns.masker
        table = self.masker.table
        self._form = read_boosted_terms(machine, table, self.masker.weights)
        self._compute(table.take_rows(slice(0, 256)), "background row")

    def _reason(self) -> str:
        if isinstance(self._form, BoostedTerms):
            n_pairs = sum(len(term.features) > 1 for term in self._form.terms)
            shape = f"tables of one feature, and {n_pairs} of two" if n_pairs else "tables of one feature"
            rows = "the rows it was trained on" if self.masker is None else "all background rows"
            return f"the model is a sum of {shape}, so values are read from them, exactly, with {rows}"
        return "the model is additive, so each feature is asked about by itself, exactly"

    def _model_rows(self) -> int | None:
        """Model rows that one explained row takes."""
        return 1 if isinstance(self._form, BoostedTerms) else len(self.feature_names) + 1

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
            Accepted; a feature takes one evaluation.
        main_effects : bool
            Also fill ``main_effects``: what each feature is worth alone, which are the values where no term has two.
        error_bounds : bool
            Fill ``error_std`` with zeros instead of leaving it None.
        outputs : list, callable or op-chain, optional
            The outputs to keep.

        Raises
        ------
        InvalidModelError
            When the model is not additive on a row.
        """
        if max_evals != "auto":
            positive(max_evals, "max_evals")
        batch_rows(batch_size, 1)
        table = read_table(only_input(args, self), argument="X", allow_single_row=True)
        rows, positions = self._columns.match(table)
        values, alone, full = self._compute(rows, "row")
        units = None if self.masker is None else self.masker.units
        columns = self._columns
        names = columns.names_of(table) if isinstance(columns, Columns) else table.names or columns.names
        computed = Computed(
            values,
            self._form.base,
            full,
            self._form.is_vector,
            None if units is not None else positions,
            names,
            alone if main_effects else None,
        )
        data = table.display if units is None else shown_groups(table, positions, units)
        return packed_closed(self, table, computed, data=data, outputs=outputs, error_bounds=error_bounds)

    def shap_values(self, X: Any) -> Any:  # type: ignore[override]  # every route has its own options
        """Return the values alone: ``(rows, features)`` or ``(rows, features, outputs)``."""
        return self(X).values

    def _compute(self, rows: Table, what: str) -> tuple[Floats, Floats, Floats]:
        """Values, main effects and the model's outputs, after a look at the sums."""
        form = self._form
        if isinstance(form, AdditiveForm):
            values, full = form.values(rows)
            alone = values
        else:
            values, alone = form.values(rows)
            full = _outputs_of(self.model, rows)
            units = None if self.masker is None else self.masker.units
            if units is not None:  # pairs inside a group are its own, and their halves add up to the whole
                values = np.stack([values[:, members].sum(axis=1) for members in units.columns], axis=1)
                alone = form.of_groups(rows, units.columns)
        check_sums(form.base + values.sum(axis=1), full, np.abs(values).sum(axis=1), self.model, what)
        return values, alone, full

    def __getstate__(self) -> dict[str, Any]:
        """Give what a pickle needs; all parts share one model."""
        state = super().__getstate__()
        if state["model"] is not self.model and isinstance(self._form, AdditiveForm):
            parts = {name: copy.copy(getattr(self._form, name)) for name in ("reference", "beside")}
            for part in parts.values():
                part.model = state["model"]
            state["_form"] = replace(self._form, **parts)
        return state

    @classmethod
    def _check_support(cls, model: Any, masker: Any) -> None:
        machine = boosted(model)
        if machine is None:
            msg = (
                f"`model` is of the class {type(model).__name__}, which is not known to be additive: name "
                "AdditiveExplainer to have it asked"
            )
            raise InvalidModelError(msg)
        cls(model, masker)


def boosted(model: Any) -> Any:
    """The explainable boosting machine that a model, or the method of one, stands for; None else."""
    if is_boosted_terms(model):
        return model
    owner, name = getattr(model, "__self__", None), getattr(model, "__name__", "")
    own = "decision_function" if hasattr(owner, "decision_function") else "predict"
    return owner if is_boosted_terms(owner) and name == own else None


def explained_method(model: Any, machine: Any) -> Model:
    """The method of a boosting machine whose outputs are sums of its terms.

    Raises
    ------
    InvalidModelError
        Where none are.
    """
    if not hasattr(machine, "decision_function") and getattr(machine, "link_", "identity") != "identity":
        msg = (
            f"`model` is a {type(machine).__name__} whose terms add up inside the link {machine.link_!r}, and it has "
            "no method for that sum: use PermutationExplainer"
        )
        raise InvalidModelError(msg)
    known = as_model(getattr(machine, "decision_function", machine.predict))
    return Model(
        model,
        known.function,
        output_names=known.output_names,
        reference_names=known.reference_names,
        wants_frame=known.wants_frame,
    )


def _background_of(masker: Any, weights: Any) -> Masker:
    """The masker that is meant, if values have closed forms under it.

    Raises
    ------
    InvalidMaskerError
        When they have none.
    """
    found = as_masker(masker, weights=weights)
    if found.tree is not None and isinstance(found.filler, Independent) and found.units is None:
        found = found.filler  # whoever is there already, a feature adds the same: Owen values are Shapley values
    if found.is_conditional or found.tree is not None:
        msg = (
            f"`masker` is {found!r}, but AdditiveExplainer fills features from a whole background: pass background "
            "data or maskers.Independent, or explain through ExactExplainer or PermutationExplainer"
        )
        raise InvalidMaskerError(msg)
    return found


def _outputs_of(model: Model, rows: Table) -> Floats:
    """The model on rows, ``(rows, outputs)``."""
    numbers = rows.numeric
    is_array = rows.kind == "array" or (model.wants_frame is False and numbers is not None)
    given = rows.source if not is_array else rows.display if numbers is None else numbers
    return model(given, rows.n_rows).reshape(rows.n_rows, -1)
