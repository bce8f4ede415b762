"""By how much values miss what they should add up to."""

from typing import Any

import numpy as np

from ferroshap.errors import OptionError
from ferroshap.explanation import Explanation
from ferroshap.metrics.asking import Asked
from ferroshap.metrics.maps import as_maps

LEAST = 1e-12


def completeness_gap(explanation: Explanation, model: Any = None, *, layout: str = "NHWC") -> Any:
    r"""Relative gap between the sum of the values and what they explain, before any correction.

    .. math:: \frac{\bigl|\sum_i \phi_i - t\bigr|}{\max(|t|, 10^{-12})}, \qquad t = f(x) - \text{base value}

    The numerator is the `gap` that the explainer found and kept, where it did: values that were corrected add up
    afterwards. It says whether a run was sound, and nothing about the map: gradients of a deep net had 0.2 % of gap
    with 11 % of error.

    Parameters
    ----------
    explanation : Explanation
        With base values.
    model : callable, optional
        What was explained. Without it :math:`t` is what the values add up to, which is right where they were corrected.
    layout : {"NHWC", "NCHW"}
        Where the model wants the channels of images.

    Returns
    -------
    float, or ndarray of shape ``(N,)``, ``(K,)`` or ``(N, K)``
        One number a row and output.

    Raises
    ------
    OptionError
        Neither a model nor a `gap` is there, or no base values.

    Examples
    --------
    >>> explanation = Explanation([[1.0, 2.0]], 0.5, [[1.0, 2.0]])
    >>> completeness_gap(explanation, lambda X: X.sum(axis=1) + 1.25)
    array([0.2])
    """
    maps = as_maps(explanation)
    n_rows, n_outputs = len(maps.values), maps.values.shape[-1]
    totals = maps.values.reshape(n_rows, -1, n_outputs).sum(axis=1)
    targets = totals
    if model is not None:
        if explanation.base_values is None:
            msg = "`explanation` has no base values: what its values should add up to is not known"
            raise OptionError(msg)
        base = np.asarray(explanation.base_values, dtype=np.float64)
        asked, rows = Asked(model, maps, layout=layout), maps.rows()
        outputs = np.concatenate([asked(rows[batch]) for batch in asked.batches(n_rows)])
        found = np.take_along_axis(outputs, asked.columns(outputs.shape[1]), axis=1)
        targets = found - (base if base.ndim == 0 else base.reshape(n_rows, -1))
    elif explanation.gap is None:
        msg = "`explanation` has no `gap`: pass the model, so that its outputs are known"
        raise OptionError(msg)
    gaps = totals - targets
    if explanation.gap is not None:
        gap = np.asarray(explanation.gap, dtype=np.float64)
        gaps = np.broadcast_to(gap if gap.ndim == 0 else gap.reshape(n_rows, -1), targets.shape)
    return maps.answer(np.abs(gaps) / np.maximum(np.abs(targets), LEAST))
