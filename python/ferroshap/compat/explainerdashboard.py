"""Hand an Explanation to explainerdashboard, without the alias."""

from typing import Any

import numpy as np

from ferroshap.compat.mlflow import shared_base
from ferroshap.errors import DimensionError, OptionError
from ferroshap.explanation import Explanation

SCALES = ("probability", "logodds")


def shap_arguments(
    explanation: Explanation, n_labels: int | None = None, model_output: str = "probability"
) -> tuple[Any, Any]:
    """Write an Explanation as the two arguments of ``explainer.set_shap_values(base_value, shap_values)``.

    A regression gets a number and one array. A classification gets a list of one
    number a label, and a list of one array a label. Where the model has a single
    output, that of the second of two labels, the first label's values are the
    negative ones: ``-phi`` explains both ``1 - p`` (base ``1 - b``) and ``-logodds``
    (base ``-b``). The docstring of explainerdashboard says ``1 - shap_values`` for
    probabilities; those do not add up.

    Parameters
    ----------
    explanation : Explanation
        ``(n, M)`` or ``(n, M, K)`` values, one row for each row of the dashboard.
    n_labels : int, optional
        ``len(explainer.labels)``; None for a regression.
    model_output : {'probability', 'logodds'}
        The scale of the explanation. Only the base value of the first of two labels depends on it.

    Returns
    -------
    tuple
        ``(base_value, shap_values)``.

    Raises
    ------
    DimensionError
        When the explanation has not one output a label, or its rows have different base values.
    OptionError
        For another `model_output`.

    Examples
    --------
    >>> base, values = shap_arguments(Explanation([[0.25, 0.25]], [0.25]), n_labels=2)
    >>> base, [array.tolist() for array in values]
    ([0.75, 0.25], [[[-0.25, -0.25]], [[0.25, 0.25]]])
    """
    if model_output not in SCALES:
        msg = f"`model_output` is {model_output!r}, but must be one of: {', '.join(SCALES)}"
        raise OptionError(msg)
    values, base = np.asarray(explanation.values), np.asarray(shared_base(explanation))
    n_outputs = values.shape[2] if values.ndim == 3 else 1
    if values.ndim not in {2, 3} or base.shape != values.shape[2:]:
        msg = (
            f"`explanation` has values of shape {values.shape} and bases of shape {base.shape}: a dashboard takes "
            "values of rows and features, all rows with the same base value"
        )
        raise DimensionError(msg)
    if n_outputs == (n_labels or 1):
        if values.ndim == 2:
            return base.item(), values
        if n_labels is None:
            return base[0].item(), values[:, :, 0]
        return [number.item() for number in base], [np.ascontiguousarray(values[:, :, k]) for k in range(n_outputs)]
    if n_labels == 2 and n_outputs == 1:
        b, phi = base.reshape(-1)[0].item(), values.reshape(values.shape[:2])
        return [1 - b if model_output == "probability" else -b, b], [-phi, phi]
    msg = f"`explanation` has {n_outputs} outputs, but `n_labels` is {n_labels}: explain every label's output"
    raise DimensionError(msg)
