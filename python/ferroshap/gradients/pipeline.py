"""Gradients through pipelines whose first steps scale columns."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.errors import InvalidModelError
from ferroshap.gradients.estimators import is_of, owner_and_method
from ferroshap.gradients.protocol import Arrays, GradFn, Numbers

Array = NDArray[Any]

SCALERS = ("StandardScaler", "MinMaxScaler", "MaxAbsScaler", "RobustScaler")


class PipelineGradFn:
    """A pipeline of scalers, which multiply each column and add to it, and an estimator that has gradients.

    Parameters
    ----------
    model : Pipeline, or its bound ``predict``, ``predict_proba`` or ``decision_function``
        Fitted.
    background : tuple of ndarray, optional
        Rows on which outputs are compared with the model's own.

    Raises
    ------
    InvalidModelError
        When a step is no scaler, or one that clips.

    Examples
    --------
    >>> from sklearn.linear_model import LinearRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> X = np.array([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    >>> model = make_pipeline(StandardScaler(), LinearRegression()).fit(X, [2.0, 3.0, 5.0])
    >>> PipelineGradFn(model, (X,)).gradient((X,), np.zeros((3, 1), dtype=np.int64))[1][0][0]
    array([[3., 2.]])
    """

    reads_integers = True

    def __init__(self, model: Any, background: Arrays = ()) -> None:
        """Multiply the scalers out."""
        from ferroshap.gradients.recognition import as_grad_fn

        pipeline, method = owner_and_method(model)
        *steps, (_, last) = pipeline.steps
        n_columns = int(pipeline.n_features_in_)
        self.model = pipeline
        self._scale, self._shift = np.ones(n_columns), np.zeros(n_columns)
        for name, step in steps:
            scale, shift = _affine(step, name, n_columns)
            self._scale, self._shift = self._scale * scale, self._shift * scale + shift
        rows = tuple(np.asarray(part, np.float64) * self._scale + self._shift for part in background[:1])
        self._end: GradFn = as_grad_fn(getattr(last, method) if method else last, rows)
        self.dtype = self._end.dtype
        self.output_names = getattr(self._end, "output_names", None)

    @staticmethod
    def recognises(model: Any) -> bool:
        """Tell whether a model is a pipeline, or its bound method."""
        return is_of(model, "Pipeline")

    def forward(self, inputs: Arrays) -> Array:
        """Return the outputs."""
        return self._end.forward((self._scaled(inputs[0]),))

    def gradient(self, inputs: Arrays, outputs: Numbers) -> tuple[Array, Arrays]:
        """Return the outputs chosen and their gradients."""
        y, (slope,) = self._end.gradient((self._scaled(inputs[0]),), outputs)
        return y, (slope * self._scale,)

    def _scaled(self, x: Array) -> Array:
        return np.asarray(x * self._scale + self._shift, self.dtype)


def _affine(step: Any, name: str, n_columns: int) -> tuple[Array, Array]:
    """What a scaler multiplies by and adds."""
    if isinstance(step, str) or step is None:  # "passthrough"
        return np.ones(n_columns), np.zeros(n_columns)
    if not is_of(step, *SCALERS) or getattr(step, "clip", False):
        msg = (
            f"step {name!r} of the pipeline is a {type(step).__name__}, through which gradients are not known: "
            f"{', '.join(SCALERS)} are, without clipping. ferroshap.Explainer(pipeline, background) explains any other"
        )
        raise InvalidModelError(msg)
    shift = np.asarray(step.transform(np.zeros((1, n_columns))), np.float64)[0]
    return np.asarray(step.transform(np.ones((1, n_columns))), np.float64)[0] - shift, shift
