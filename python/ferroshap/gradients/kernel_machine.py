"""Gradients of scikit-learn's kernel machines: sums of kernels over some training rows."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.errors import InvalidModelError
from ferroshap.gradients.estimators import check_agreement, check_method, is_of, owner_and_method
from ferroshap.gradients.protocol import Arrays, Numbers

Array = NDArray[Any]

MACHINES = ("SVR", "NuSVR", "SVC", "NuSVC", "OneClassSVM", "KernelRidge")
KERNELS = ("linear", "poly", "rbf", "sigmoid")


class KernelGradFn:
    r"""A kernel machine: :math:`f(x) = \sum_s c_s k(s, x) + c_0` over rows :math:`s`.

    Support vector machines (of two classes by their decision function) and kernel ridge regression, with the linear,
    polynomial, sigmoid and RBF kernels.

    Parameters
    ----------
    model : estimator, or its bound ``predict`` or ``decision_function``
        Fitted.
    background : tuple of ndarray, optional
        Rows on which outputs are compared with the model's own.

    Raises
    ------
    InvalidModelError
        When the model is not fitted, of more than two classes, or of another kernel.

    Examples
    --------
    >>> from sklearn.svm import SVR
    >>> X = np.linspace(0, 1, 12).reshape(6, 2)
    >>> model = SVR(kernel="linear").fit(X, X[:, 0])
    >>> slope = KernelGradFn(model).gradient((X,), np.zeros((6, 1), dtype=np.int64))[1][0]
    >>> bool(np.allclose(slope[0, 0], model.coef_[0]))
    True
    """

    dtype = np.dtype(np.float64)
    reads_integers = True

    def __init__(self, model: Any, background: Arrays = ()) -> None:
        """Read rows and coefficients."""
        if is_of(model, "SVC", "NuSVC") and hasattr(model, "decision_function"):
            model = model.decision_function
        model, method = owner_and_method(model)
        if not hasattr(model, "dual_coef_"):
            msg = f"`model` is a {type(model).__name__} that is not fitted: call its `fit` first"
            raise InvalidModelError(msg)
        is_scored = hasattr(model, "decision_function")
        check_method(method, ("decision_function",) if is_scored else ("predict",), model)
        self.model = model
        self._kernel = model.kernel
        if self._kernel not in KERNELS or len(getattr(model, "classes_", ())) > 2:
            msg = (
                f"`model` is a {type(model).__name__} with the kernel {self._kernel!r}: gradients are known of two "
                f"classes or a regression, and of the kernels {', '.join(KERNELS)}. "
                "ferroshap.Explainer(model, background) explains any model by its outputs"
            )
            raise InvalidModelError(msg)
        self._rows = np.asarray(getattr(model, "support_vectors_", getattr(model, "X_fit_", None)), np.float64)
        self._coef = np.asarray(model.dual_coef_, np.float64).reshape(-1, len(self._rows))
        if hasattr(model, "X_fit_"):
            self._coef = np.atleast_2d(np.asarray(model.dual_coef_, np.float64).T)
        self._constants = np.asarray(getattr(model, "intercept_", 0.0), np.float64)
        gamma = getattr(model, "_gamma", model.gamma)
        self._gamma = 1.0 / self._rows.shape[1] if gamma is None else float(gamma)
        self._degree, self._coef0 = model.degree, model.coef0
        self._is_vector = np.ndim(model.dual_coef_) == 1 or is_of(model, *MACHINES[:5])
        check_agreement(self, model, method, background)

    @staticmethod
    def recognises(model: Any) -> bool:
        """Tell whether a model is one of those known, or a bound method."""
        return is_of(model, *MACHINES)

    def forward(self, inputs: Arrays) -> Array:
        """Return the outputs."""
        outputs = self._kernels(inputs[0])[0] @ self._coef.T + self._constants
        return outputs[:, 0] if self._is_vector else outputs

    def gradient(self, inputs: Arrays, outputs: Numbers) -> tuple[Array, Arrays]:
        """Return the outputs chosen and their gradients."""
        kernels, slopes = self._kernels(inputs[0])
        y = np.take_along_axis(kernels @ self._coef.T + self._constants, outputs, axis=1)
        weights = self._coef[outputs] * slopes[:, None]  # (m, T, rows)
        slope = (weights.reshape(-1, len(self._rows)) @ self._rows).reshape(*outputs.shape, -1)
        if self._kernel == "rbf":
            slope -= weights.sum(axis=2)[:, :, None] * inputs[0][:, None]
        return y, (slope,)

    def _kernels(self, x: Array) -> tuple[Array, Array]:
        """Return kernels ``(m, rows)``, and their derivatives by ``x @ rows`` (of RBF by half the squared distance)."""
        products: Array = x @ self._rows.T
        if self._kernel == "linear":
            return products, np.ones_like(products)
        if self._kernel == "rbf":
            squares = np.square(x).sum(1)[:, None] - 2 * products + np.square(self._rows).sum(1)
            kernels = np.exp(-self._gamma * np.maximum(squares, 0))
            return kernels, 2 * self._gamma * kernels
        inner = self._gamma * products + self._coef0
        if self._kernel == "poly":
            return inner**self._degree, self._degree * self._gamma * inner ** (self._degree - 1)
        kernels = np.tanh(inner)
        return kernels, self._gamma * (1 - kernels**2)
