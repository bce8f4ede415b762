"""Gradients of scikit-learn's multi-layer perceptrons, by hand."""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ferroshap.errors import InvalidModelError, OptionError
from ferroshap.gradients.estimators import check_agreement, check_method, is_of, owner_and_method
from ferroshap.gradients.protocol import Arrays, Numbers

Array = NDArray[Any]


def _relu(z: Array) -> tuple[Array, Array]:
    return np.maximum(z, 0), z > 0


def _tanh(z: Array) -> tuple[Array, Array]:
    a = np.tanh(z)
    return a, 1 - a * a


def _logistic(z: Array) -> tuple[Array, Array]:
    a = logistic(z)
    return a, a * (1 - a)


#: Of a layer's sums: what the units say, and its derivative; None: they say the sums.
ACTIVATIONS: dict[str, Any] = {"identity": None, "relu": _relu, "tanh": _tanh, "logistic": _logistic}


class MLPGradFn:
    r"""An ``MLPClassifier`` or ``MLPRegressor`` as outputs and gradients.

    With :math:`a_0 = x, z_l = a_{l-1} W_l + c_l, a_l = s(z_l)`: the gradient of an output is :math:`\delta_1 W_1'`,
    where :math:`\delta_l = (\delta_{l+1} W_{l+1}') \odot s'(z_l)` and the last :math:`\delta` belongs to the output's
    own function. All outputs of a point share the sums :math:`z_l`.

    Parameters
    ----------
    model : MLPClassifier or MLPRegressor, or its bound ``predict_proba`` or ``predict``
        Fitted.
    background : tuple of ndarray, optional
        Rows on which outputs are compared with the model's own.
    output : {"probability", "raw"}
        What ``predict_proba`` or ``predict`` return, or the last sums before that: logits, which are steadier.

    Raises
    ------
    InvalidModelError
        When the model is not fitted, is of a class of its own, or labels are asked for.

    Examples
    --------
    >>> from sklearn.neural_network import MLPRegressor
    >>> X = np.arange(12.0).reshape(6, 2) / 12
    >>> model = MLPRegressor(hidden_layer_sizes=(4,), solver="lbfgs", random_state=0).fit(X, X[:, 0])
    >>> y, (gradient,) = MLPGradFn(model).gradient((X,), np.zeros((6, 1), dtype=np.int64))
    >>> gradient.shape, bool(np.allclose(y[:, 0], model.predict(X)))
    ((6, 1, 2), True)
    """

    reads_integers = True

    def __init__(
        self, model: Any, background: Arrays = (), *, output: Literal["probability", "raw"] = "probability"
    ) -> None:
        """Read the weights."""
        if output not in {"probability", "raw"}:
            msg = f"`output` is {output!r}, but must be 'probability' or 'raw'"
            raise OptionError(msg)
        model, method = owner_and_method(model)
        if not hasattr(model, "coefs_"):
            msg = f"`model` is a {type(model).__name__} that is not fitted: call its `fit` first"
            raise InvalidModelError(msg)
        classes = getattr(model, "classes_", None)
        check_method(method, ("predict",) if classes is None else ("predict_proba",), model)
        self.model, self.output = model, output
        self.dtype = np.dtype(np.float32 if model.coefs_[0].dtype == np.float32 else np.float64)
        self._weights = [np.ascontiguousarray(weights, self.dtype) for weights in model.coefs_]
        self._back = [np.ascontiguousarray(weights.T) for weights in self._weights]
        self._constants = [np.asarray(constants, self.dtype) for constants in model.intercepts_]
        self._activation = ACTIVATIONS[model.activation]
        self._end = "identity" if output == "raw" else str(model.out_activation_)
        self._is_pair = classes is not None and self._end == "logistic" and np.ndim(classes) == 1 and len(classes) == 2
        n_units = len(self._constants[-1])
        is_raw_pair = output == "raw" and n_units == 1
        self.output_names = None if classes is None or is_raw_pair else [str(name) for name in np.ravel(classes)]
        if output == "probability":
            check_agreement(self, model, method, background)

    @staticmethod
    def recognises(model: Any) -> bool:
        """Tell whether a model is one of the two, or a bound method."""
        return is_of(model, "MLPClassifier", "MLPRegressor")

    def forward(self, inputs: Arrays) -> Array:
        """Return the outputs."""
        outputs = self._outputs(self._last_sums(inputs[0])[0])
        return outputs[:, 0] if outputs.shape[1] == 1 else outputs

    def gradient(self, inputs: Arrays, outputs: Numbers) -> tuple[Array, Arrays]:
        """Return the outputs chosen and their gradients."""
        last, slopes = self._last_sums(inputs[0])
        y = np.take_along_axis(self._outputs(last), outputs, axis=1)
        delta = self._end_delta(last, y, outputs)
        for place in range(len(slopes) - 1, -1, -1):
            if slopes[place] is not None:
                delta *= slopes[place][:, None]
            delta = _times(delta, self._back[place])
        return y, (delta,)

    def _last_sums(self, x: Array) -> tuple[Array, list[Any]]:
        slopes: list[Any] = []
        for weights, constants in zip(self._weights[:-1], self._constants[:-1], strict=True):
            x = x @ weights
            x += constants
            slope = None
            if self._activation is not None:
                x, slope = self._activation(x)
            slopes.append(slope)
        return x @ self._weights[-1] + self._constants[-1], slopes

    def _outputs(self, last: Array) -> Array:
        if self._end == "softmax":
            return softmax(last)
        if self._end == "logistic":
            p = logistic(last)
            return np.hstack([1 - p, p]) if self._is_pair else p
        return np.exp(last) if self._end == "exp" else last

    def _end_delta(self, last: Array, y: Array, outputs: Numbers) -> Array:
        """Gradients of the outputs chosen by what the last hidden layer says: ``(m, T, units)``."""
        slope = y * (1 - y) if self._end == "logistic" else y
        if self._is_pair:
            delta: Array = np.where(outputs == 1, slope, -slope)[:, :, None] * self._back[-1][0]
            return delta
        delta = self._back[-1][outputs]
        if self._end == "softmax":
            delta -= (softmax(last) @ self._back[-1])[:, None]
        if self._end != "identity":
            delta *= slope[:, :, None]
        return delta


def _times(delta: Array, weights: Array) -> Array:
    """Multiply the last axis by a matrix, as one product."""
    m, n_outputs, n_units = delta.shape
    return (delta.reshape(m * n_outputs, n_units) @ weights).reshape(m, n_outputs, -1)


def logistic(z: Array) -> Array:
    """Return ``1 / (1 + exp(-z))`` without overflow.

    Examples
    --------
    >>> logistic(np.array([-1000.0, 0.0]))
    array([0. , 0.5])
    """
    half: Array = np.tanh(z / 2)
    return (1 + half) / 2


def softmax(z: Array) -> Array:
    """Return exponentials that sum to one, along the last axis.

    Examples
    --------
    >>> softmax(np.array([[1000.0, 1000.0]]))
    array([[0.5, 0.5]])
    """
    powers: Array = np.exp(z - z.max(axis=-1, keepdims=True))
    powers /= powers.sum(axis=-1, keepdims=True)
    return powers
