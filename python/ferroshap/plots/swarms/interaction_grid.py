"""Interaction values: a grid of small beeswarms, or one row for each pair."""

from typing import Any

import numpy as np

from ferroshap.errors import OptionError
from ferroshap.explanation import Explanation
from ferroshap.plots.canvas.looks import Looks
from ferroshap.plots.canvas.row_labels import names_of, row_labels
from ferroshap.plots.canvas.stage import LABEL_SIZE, TICK_SIZE, frame, open_library, zero_line
from ferroshap.plots.canvas.wording import wrapped
from ferroshap.plots.reading.ordering import Rows
from ferroshap.plots.style import ink
from ferroshap.plots.swarms.swarm_rows import draw_swarms

_COLUMN, _LINE = 1.5, 0.8  # inches
_TITLE = (13, 14, 16)  # characters of one, two and three lines above a column


def flattened(cube: Explanation) -> Explanation:
    """One column for each ordered pair of features: ``A`` alone, or ``A* - B``, coloured by the value of A."""
    names = names_of(cube)
    n_rows, n_features = cube.shape[:2]
    pairs = [a if i == j else f"{a}* - {b}" for i, a in enumerate(names) for j, b in enumerate(names)]
    data = None if cube.data is None else np.repeat(np.asarray(cube.data), n_features, axis=1)
    values = np.asarray(cube.values).reshape(n_rows, -1)
    return Explanation(values, data=data, feature_names=pairs, axes=("row", "feature"))


def draw_interactions(cube: Explanation, max_display: int, looks: Looks, title: str | None) -> np.ndarray:
    """Draw the strongest features against each other, each pair's two halves added up, all on one scale.

    Returns the axes of the columns. Opens a figure of its own, as the incumbent does.
    """
    if max_display < 1:
        msg = f"`max_display` is {max_display}: give at least 1"
        raise OptionError(msg)
    open_library()
    import matplotlib.pyplot as plt

    values = np.asarray(cube.values, dtype=float)
    strengths = np.abs(np.nan_to_num(values.sum(axis=1))).mean(axis=0)
    order = np.argsort(-strengths, kind="stable") if looks.is_sorted else np.arange(len(strengths))
    order = order[:max_display]
    n_shown, names = len(order), names_of(cube)
    # Above the columns there is a line of names, beneath them the axis and its label.
    figure, grid = plt.subplots(
        1, n_shown, figsize=(_COLUMN * n_shown + 1.5, _LINE * n_shown + 1.4), sharex=True, sharey=True, squeeze=False
    )
    axes, reach = grid[0], _reach(values)
    for column, feature in enumerate(order):
        table = values[:, feature][:, order] * 2.0
        table[:, column] /= 2.0
        rows = Rows(order, order[:0])
        ax = axes[column]
        frame(ax, n_shown, "")
        zero_line(ax)
        draw_swarms(ax, rows, table.T, cube.data, looks.of_dots(cube, table, 9.0))
        ax.set_title(wrapped(names[feature], lines=_TITLE), fontsize=TICK_SIZE, color=ink(looks.axis_color), pad=4)
        ax.set_xlim(-reach, reach)
        if not looks.is_log:
            ax.locator_params(axis="x", nbins=3)
        ax.tick_params(axis="x", labelsize=TICK_SIZE - 2)
    row_labels(axes[0], names, Rows(order, order[:0]), None)
    for ax in axes[1:]:
        ax.tick_params(axis="y", labelleft=False)
    cut = f"\nof the strongest {n_shown} of {len(strengths)} features" if n_shown < len(strengths) else ""
    axes[n_shown // 2].set_xlabel(
        f"SHAP interaction value{cut}",
        fontsize=LABEL_SIZE,
        color=ink(looks.axis_color),
        x=0.5 if n_shown % 2 else -0.04,  # the middle of the grid
    )
    if title is not None:
        figure.suptitle(title, color=ink(looks.axis_color))
    axes[0].set_ylim(-0.6, n_shown - 0.4)
    figure.subplots_adjust(wspace=0.08)
    return axes  # type: ignore[no-any-return] # an array of Axes


def _reach(values: np.ndarray) -> float:
    """One end of the shared axis: all but one in a hundred thousand of the values, doubled as they are drawn."""
    off = values.copy() * 2.0
    diagonal = np.arange(values.shape[1])
    off[:, diagonal, diagonal] /= 2.0
    finite = np.abs(off[np.isfinite(off)])
    return 1.05 * float(finite.max(initial=0.0)) or 1.0


def close_grid(axes: np.ndarray, *, show: bool | None) -> Any:
    """Fit the columns into their figure, and show it or hand the axes over."""
    import matplotlib.pyplot as plt

    from ferroshap.plots.canvas.stage import fit_into_figure

    for _ in range(2):  # long names move the margins far
        fit_into_figure(axes[0])
    plt.sca(axes[0])
    if show or show is None:
        plt.show()
        return None
    return axes
