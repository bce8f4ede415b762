"""Gradients of scikit-learn's linear models, through the function at their end."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.errors import InvalidModelError
from ferroshap.gradients.estimators import check_agreement, check_method, is_of, owner_and_method
from ferroshap.gradients.mlp import logistic, softmax
from ferroshap.gradients.protocol import Arrays, Numbers

Array = NDArray[Any]

CLASSIFIERS = ("LogisticRegression", "LogisticRegressionCV", "RidgeClassifier", "SGDClassifier", "LinearSVC")
REGRESSORS = ("LinearRegression", "Ridge", "ElasticNet", "SGDRegressor", "BayesianRidge", "HuberRegressor", "LinearSVR")
#: Their outputs are exponentials of the sums.
EXPONENTIAL = ("PoissonRegressor", "GammaRegressor")
#: Their probabilities are those of the logistic function or of softmax.
PROBABILISTIC = ("LogisticRegression", "LogisticRegressionCV")


class LinearGradFn:
    """A linear model: its sums, or the probabilities or means made of them.

    Parameters
    ----------
    model : estimator of ``sklearn.linear_model``, or its bound ``predict``, ``predict_proba`` or ``decision_function``
        Fitted.
    background : tuple of ndarray, optional
        Rows on which outputs are compared with the model's own.

    Raises
    ------
    InvalidModelError
        When the model is not fitted, or labels are asked for.

    Examples
    --------
    >>> from sklearn.linear_model import LinearRegression
    >>> X = np.array([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    >>> grad_fn = LinearGradFn(LinearRegression().fit(X, [2.0, 3.0, 5.0]))
    >>> grad_fn.gradient((X,), np.zeros((3, 1), dtype=np.int64))[1][0][0]
    array([[3., 2.]])
    """

    dtype = np.dtype(np.float64)
    reads_integers = True

    def __init__(self, model: Any, background: Arrays = ()) -> None:
        """Read the weights."""
        model, method = owner_and_method(model)
        if not hasattr(model, "coef_"):
            msg = f"`model` is a {type(model).__name__} that is not fitted: call its `fit` first"
            raise InvalidModelError(msg)
        classes = getattr(model, "classes_", None)
        is_probable = is_of(model, *PROBABILISTIC)
        accepted = (("predict_proba",) if is_probable else ()) + ("decision_function",)
        check_method(method, ("predict",) if classes is None else accepted, model)
        self.model = model
        self._is_vector = np.ndim(model.coef_) == 1 or (classes is not None and len(model.coef_) == 1)
        self._coef = np.atleast_2d(np.asarray(model.coef_, np.float64))
        self._constants = np.asarray(model.intercept_, np.float64)
        self._end = "exp" if is_of(model, *EXPONENTIAL) else "identity"
        if method == "predict_proba":
            self._end = "pair" if self._is_vector else "softmax"
        names = classes if method == "predict_proba" or not self._is_vector else None
        self.output_names = None if names is None else [str(name) for name in names]
        check_agreement(self, model, method, background)

    @staticmethod
    def recognises(model: Any) -> bool:
        """Tell whether a model is one of those known, or a bound method."""
        return is_of(model, *CLASSIFIERS, *REGRESSORS, *EXPONENTIAL)

    def forward(self, inputs: Arrays) -> Array:
        """Return the outputs."""
        outputs = self._outputs(inputs[0])
        return outputs[:, 0] if self._is_vector and self._end != "pair" else outputs

    def gradient(self, inputs: Arrays, outputs: Numbers) -> tuple[Array, Arrays]:
        """Return the outputs chosen and their gradients."""
        p = self._outputs(inputs[0])
        y = np.take_along_axis(p, outputs, axis=1)
        if self._end == "pair":
            slope = np.where(outputs == 1, y * (1 - y), -y * (1 - y))[:, :, None] * self._coef[0]
            return y, (slope,)
        slope = np.broadcast_to(self._coef[outputs], (*outputs.shape, self._coef.shape[1]))
        if self._end == "softmax":
            slope = y[:, :, None] * (slope - (p @ self._coef)[:, None])
        elif self._end == "exp":
            slope = y[:, :, None] * slope
        return y, (slope,)

    def _outputs(self, x: Array) -> Array:
        sums: Array = x @ self._coef.T + self._constants
        if self._end == "pair":
            p = logistic(sums)
            return np.hstack([1 - p, p])
        if self._end == "softmax":
            return softmax(sums)
        return np.exp(sums) if self._end == "exp" else sums
