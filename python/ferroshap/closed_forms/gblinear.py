"""XGBoost's linear booster: coefficients from its own file, compared with its own margin."""

import json
import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.inputs.foreign import is_instance
from ferroshap.models import Model, as_model

Floats = NDArray[np.float64]


def read_gblinear(model: Any) -> tuple[Floats, Floats, Model] | None:
    """Return coefficients ``(outputs, columns)``, intercepts ``(outputs,)`` and the margin; None for any other model.

    Parameters
    ----------
    model : object
        A fitted wrapper of XGBoost, its bound ``predict``, or a `Booster`; with ``booster="gblinear"``. Of a
        wrapper or a `Booster` the margin is meant; of a bound method what it returns, which may not be linear.
    """
    owner = getattr(model, "__self__", model)
    is_wrapper = is_instance(owner, "xgboost", "XGBModel")
    if not (is_wrapper or is_instance(owner, "xgboost", "Booster")) or isinstance(owner, type):
        return None
    booster = owner.get_booster() if is_wrapper else owner
    learner = json.loads(booster.save_raw("json"))["learner"]
    if learner["gradient_booster"]["name"] != "gblinear":
        return None
    n_columns = int(learner["learner_model_param"]["num_feature"])
    weights = np.asarray(learner["gradient_booster"]["model"]["weights"], dtype=np.float64)
    coef = np.ascontiguousarray(weights.reshape(n_columns + 1, -1)[:-1].T)  # the last row is the bias
    margin = BoosterMargin(booster)
    # The file holds the base score in the units of predictions: only the margin of a row of zeros tells its own.
    intercept = np.asarray(margin(np.zeros((1, n_columns))), dtype=np.float64).reshape(-1)
    asked = margin if model is owner else as_model(model).function
    named = {"reference_names": booster.feature_names, "output_names": _classes(owner, len(coef))}
    return coef, intercept, Model(model, asked, **named)


class BoosterMargin:
    """The margin of a booster, as a function of rows."""

    def __init__(self, booster: Any) -> None:
        """Keep the booster."""
        self._booster = booster

    def __call__(self, rows: Any) -> Any:
        """Predict; an array gets the names that the booster knows."""
        matrix, names = sys.modules["xgboost"].DMatrix, self._booster.feature_names
        if names is None or hasattr(rows, "columns"):
            return self._booster.predict(matrix(rows), output_margin=True)
        return self._booster.predict(matrix(rows, feature_names=names), output_margin=True)


def _classes(owner: Any, n_outputs: int) -> list[str] | None:
    classes = getattr(owner, "classes_", None)
    return None if classes is None or len(classes) != n_outputs else [str(name) for name in classes]
