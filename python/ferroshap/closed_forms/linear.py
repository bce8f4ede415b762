"""Linear models: a coefficient a feature, and values in closed form."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.errors import DimensionError, InvalidModelError
from ferroshap.inputs import Table
from ferroshap.inputs.numbers import as_real
from ferroshap.models import Model, as_model

Floats = NDArray[np.float64]

#: Background rows on which a model is compared with its coefficients.
MOST_ROWS = 100
#: The largest difference between both, relative to what is added up, in double and in single precision.
DOUBLE, SINGLE = 1e-8, 1e-4


@dataclass(frozen=True, eq=False)
class LinearForm:
    r"""A model :math:`f(x) = c + \sum_i w_i x_i`, and its Shapley values.

    .. math:: \phi_i(x) = w_i (x_i - \mu_i)

    where :math:`\mu` is the mean of the background. Exact for the marginal game
    (features filled independently): no model row is evaluated. Lundberg, Lee (2017), "A unified
    approach to interpreting model predictions", corollary 1.

    Attributes
    ----------
    coef : ndarray of shape ``(n_features,)`` or ``(n_outputs, n_features)``
        The weights; one dimension for a model that returns one.
    intercept : float or ndarray of shape ``(n_outputs,)``
        The constants.
    model : Model or None
        The function that the coefficients came from.
    is_single : bool
        Whether it predicts in single precision.

    Examples
    --------
    >>> form = LinearForm(np.array([1.0, 2.0]), np.array(0.5))
    >>> form.values(np.array([[3.0, 4.0]]), np.array([1.0, 1.0]))
    array([[2., 6.]])
    """

    coef: Floats
    intercept: Floats
    model: Model | None = None
    is_single: bool = False

    @property
    def n_features(self) -> int:
        """Number of features."""
        return int(self.coef.shape[-1])

    def outputs(self, rows: Floats) -> Floats:
        """The model on rows: ``(rows,)`` or ``(rows, n_outputs)``."""
        outputs: Floats = rows @ self.coef.T + self.intercept
        return outputs

    def values(self, rows: Floats, mean: Floats) -> Floats:
        """Values ``(rows, n_features)`` or ``(rows, n_features, n_outputs)`` against a background of that mean."""
        away = rows - mean
        if self.coef.ndim == 1:
            away *= self.coef
            return away
        return away[:, :, None] * self.coef.T[None, :, :]


def read_linear(model: Any, background: Table) -> LinearForm:
    """Find the coefficients of a linear model, and check them on the background.

    Parameters
    ----------
    model : ``(coef, intercept)``, estimator, or its bound ``predict`` or ``decision_function``
        Of a classifier the decision function is meant.
    background : Table
        Some of its rows are given to the model.

    Raises
    ------
    InvalidModelError
        When the model is not linear, with the reason.
    DimensionError
        When it has not one coefficient a column.
    """
    form = linear_form(model)
    if form.n_features != background.n_columns:
        msg = f"`model` has {form.n_features} coefficients, but the background has {background.n_columns} columns"
        raise DimensionError(msg)
    return form if form.model is None else _checked(form, background)


def linear_form(model: Any) -> LinearForm:
    """Find the coefficients that a model says it has, not compared with what it predicts.

    Raises
    ------
    InvalidModelError
        When it has none.
    """
    if isinstance(model, tuple) and len(model) == 2:
        return _from_pair(*model)
    from ferroshap.closed_forms.gblinear import read_gblinear

    found = read_gblinear(model.function if isinstance(model, Model) else model)
    return _from_estimator(model) if found is None else LinearForm(*found, is_single=True)


def _from_pair(coef: Any, intercept: Any) -> LinearForm:
    weights = _numbers(coef)
    if weights is None or weights.ndim not in {1, 2} or weights.shape[-1] == 0:
        msg = (
            "`model` is a pair, but its first part is no array of coefficients (n_features,) or (n_outputs, n_features)"
        )
        raise InvalidModelError(msg)
    constants = _numbers(intercept)
    if constants is None or constants.size not in {1, len(weights) if weights.ndim == 2 else 1}:
        msg = f"`model` is a pair, but its second part does not give an intercept for each output: {intercept!r}"
        raise InvalidModelError(msg)
    shape = () if weights.ndim == 1 else (len(weights),)
    return LinearForm(
        weights, np.array(np.broadcast_to(constants.reshape(-1) if shape else constants.ravel()[0], shape))
    )


def _from_estimator(model: Any) -> LinearForm:
    inner = model.function if isinstance(model, Model) else model
    estimator = getattr(inner, "__self__", inner)
    method = getattr(inner, "__name__", "") if estimator is not inner else ""
    weights = _numbers(getattr(estimator, "coef_", None))
    if weights is None or not 1 <= weights.ndim <= 2 or isinstance(estimator, type):
        msg = f"`model` has no linear coefficients (`coef_`): {type(estimator).__name__}"
        raise InvalidModelError(msg)
    has_decision = hasattr(estimator, "decision_function")
    name = method or ("decision_function" if has_decision else "predict")
    if name not in {"decision_function", "predict"} or (name == "predict" and has_decision):
        msg = f"`model` is {type(estimator).__name__}.{name}, which is not linear in the features"
        raise InvalidModelError(msg)
    constants = _numbers(getattr(estimator, "intercept_", 0.0))
    if constants is None:
        msg = f"`model` has an `intercept_` that is no number: {type(estimator).__name__}"
        raise InvalidModelError(msg)
    known = as_model(getattr(estimator, name))
    asked = Model(
        model.inner_model if isinstance(model, Model) else model,
        known.function,
        output_names=known.output_names,
        reference_names=known.reference_names,
        wants_frame=known.wants_frame,
    )
    return LinearForm(np.atleast_2d(weights), constants.ravel(), asked)


def _numbers(given: Any) -> Floats | None:
    """Read coefficients, which may be sparse; None where they are no real numbers."""
    if hasattr(given, "toarray"):
        given = given.toarray()
    try:
        numbers = np.array(given, dtype=np.float64)
    except (TypeError, ValueError):
        return None
    return numbers if np.isfinite(numbers).all() else None


def _checked(form: LinearForm, background: Table) -> LinearForm:
    """Give the form the outputs that its model has, after comparing both on background rows."""
    model = form.model
    if model is None:
        return form
    table = background.take_rows(slice(0, MOST_ROWS))
    rows = as_real(table)
    if rows is None:
        msg = "`masker` has columns that are no numbers, which a linear model cannot weigh: use another explainer"
        raise InvalidModelError(msg)
    numbers = rows if table.numeric is None else table.numeric
    given = numbers if table.kind == "array" or model.wants_frame is False else table.source
    outputs = model(given, table.n_rows)
    computed = rows @ form.coef.T + form.intercept
    if computed.shape != outputs.reshape(table.n_rows, -1).shape:
        msg = f"{model!r} returns {outputs.shape[1:]} outputs a row, but has coefficients for {len(form.coef)}"
        raise InvalidModelError(msg)
    gap = np.abs(computed - outputs.reshape(computed.shape)).max()
    scale = (np.abs(rows) @ np.abs(form.coef.T) + np.abs(form.intercept)).max()
    is_double = not form.is_single and numbers.dtype != np.float32
    if not gap <= (DOUBLE if is_double else SINGLE) * max(scale, np.finfo(np.float64).tiny):
        msg = f"{model!r} is not linear: it differs from what its `coef_` and `intercept_` give by {gap:.3g}"
        raise InvalidModelError(msg)
    if outputs.ndim == 1:
        return LinearForm(form.coef[0], form.intercept[0], model)
    return LinearForm(form.coef, np.array(np.broadcast_to(form.intercept, (len(form.coef),))), model)
