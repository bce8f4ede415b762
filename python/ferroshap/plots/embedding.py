"""Embedding: each row as a dot in a plane, rows that are explained alike beside each other."""

from typing import TYPE_CHECKING, Any

import numpy as np

from ferroshap.errors import DimensionError, OptionError
from ferroshap.explanation.apparent import position_of
from ferroshap.plots import colors
from ferroshap.plots.canvas.stage import close_stage, open_stage
from ferroshap.plots.clouds.cloud import MANY_DOTS
from ferroshap.plots.clouds.shading import draw_bar, shading_of
from ferroshap.plots.reading.arrays import arrays_of
from ferroshap.plots.reading.places import Column

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SIZE = (7.5, 5.0)  # inches


def embedding(
    ind: Any,
    shap_values: Any,
    feature_names: Any = None,
    method: Any = "pca",
    alpha: float = 1.0,
    show: bool | None = None,
) -> "Axes | None":
    """Draw the rows in the plane in which their SHAP values vary most, coloured by the values of one feature.

    Parameters
    ----------
    ind : int or str
        The feature whose SHAP values colour the dots: its position, its name, ``"rank(0)"`` for the strongest by mean
        magnitude, or ``"sum()"`` for the sum over all features.
    shap_values : array or Explanation
        ``(rows, features)``.
    feature_names : sequence of str, optional
        Names of the features.
    method : "pca" or array
        The first two principal components of the values, or places ``(rows, 2)``.
    alpha : float
        Opacity of the dots.
    show : bool, optional
        Show the figure at the end; None: yes.

    Returns
    -------
    Axes or None
        The axes, None after showing. The colour bar is the last axes of the figure.

    Raises
    ------
    DimensionError
        If the values are not ``(rows, features)``, or the places not ``(rows, 2)``.
    OptionError
        If the method is unknown.

    Notes
    -----
    Principal components take O(rows x features^2) time; their signs are chosen so that the largest loading is positive.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> axes = embedding("sum()", np.array([[1.0, 0.0], [0.0, 2.0], [3.0, 1.0]]), show=False)
    >>> axes.figure.axes[-1].get_ylabel()
    'sum(SHAP values)'
    """
    arrays = arrays_of(shap_values, None, feature_names, "embedding")
    if arrays.values.ndim != 2:
        msg = f"`shap_values` of `embedding` has shape {arrays.values.shape}: pass (rows, features)"
        raise DimensionError(msg)
    values = np.nan_to_num(arrays.values)
    if isinstance(ind, str) and ind == "sum()" and ind not in arrays.names:
        label, numbers = "sum(SHAP values)", values.sum(axis=1)
    else:
        feature = position_of(ind, values, arrays.names)
        label, numbers = f"SHAP value for\n{arrays.names[feature]}", arrays.values[:, feature]
    places = _places(method, values)
    stage = open_stage(None, _SIZE[1], _SIZE[0])
    ax = stage.ax
    shading = shading_of(Column(label, numbers), colors.red_blue, is_quantity=True)
    order = np.random.default_rng(0).permutation(len(values))  # no row lies on top because it comes last
    ax.scatter(
        places[order, 0],
        places[order, 1],
        c=shading.numbers[order],
        cmap=shading.cmap,
        norm=shading.norm,
        s=24,
        alpha=alpha,
        linewidths=0,
        rasterized=len(values) > MANY_DOTS,
    )
    ax.set_axis_off()
    draw_bar(ax, shading, colors.NAME)
    return close_stage(stage, show=show)  # type: ignore[no-any-return] # Axes or None


def _places(method: Any, values: np.ndarray) -> np.ndarray:
    if isinstance(method, str):
        if method != "pca":
            msg = f"`method` is {method!r}: give 'pca' or an array (rows, 2)"
            raise OptionError(msg)
        return principal_components(values)
    places = np.asarray(method, dtype=float)
    if places.shape != (len(values), 2):
        msg = f"`method` has shape {places.shape}, but {len(values)} rows are drawn: give 'pca' or an array (rows, 2)"
        raise DimensionError(msg)
    return places


def principal_components(values: np.ndarray) -> np.ndarray:
    """Scores on the first two principal components, ``(rows, 2)``; zero where there are fewer.

    Examples
    --------
    >>> principal_components(np.array([[0.0, 0.0], [3.0, 4.0], [6.0, 8.0]])).round(6)
    array([[-5.,  0.],
           [ 0.,  0.],
           [ 5.,  0.]])
    """
    centred = values - values.mean(axis=0)
    scale = float(np.max(np.abs(centred), initial=0.0)) or 1.0
    left, lengths, loadings = np.linalg.svd(centred / scale, full_matrices=False)
    n = min(2, len(lengths))
    signs = np.sign(loadings[np.arange(n), np.argmax(np.abs(loadings[:n]), axis=1)])
    scores = np.zeros((len(values), 2))
    scores[:, :n] = left[:, :n] * (lengths[:n] * signs * scale)
    return scores + 0.0  # no negative zeros
