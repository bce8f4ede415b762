"""Marks over a curve of partial dependence: means of model and feature, and SHAP values as stems."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ferroshap.errors import OptionError
from ferroshap.explanation import Explanation
from ferroshap.models import Model
from ferroshap.plots import colors
from ferroshap.plots.canvas.stage import TICK_SIZE
from ferroshap.plots.canvas.wording import shortened
from ferroshap.plots.clouds.response import Rows, answered
from ferroshap.plots.reading.places import column_of
from ferroshap.plots.style import ink, line_ink, pushing

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LONGEST = 30


@dataclass(frozen=True)
class Expectations:
    """What is marked: None where it is not wanted. Stems are ``(x, base, phi)``, one array each."""

    output: float | None
    feature: float | None
    stems: tuple[np.ndarray, np.ndarray, np.ndarray] | None

    @classmethod
    def of(
        cls, rows: Rows, model: Model, k: int, explained: Explanation | None, wanted: tuple[Any, Any]
    ) -> "Expectations":
        """Compute the means that are asked for; those given as numbers are taken as they are."""
        stems = None if explained is None else _stems(rows, k, explained)
        output, feature = wanted
        if output is True:
            output = float(answered(rows, model, {}).mean())
        elif output is False or output is None:
            output = None if stems is None else float(np.mean(stems[1]))
        column = rows.column(k)
        if feature is True:
            if column.levels is not None:
                msg = f"`feature_expected_value` is True, but {column.name!r} has no mean: it is no number"
                raise OptionError(msg)
            feature = float(column.places[column.is_known].mean())
        return cls(
            None if output is None else float(output),
            None if feature is None or feature is False else float(feature),
            stems,
        )

    def heights(self) -> np.ndarray:
        """Everything along y that must be in sight."""
        parts = [] if self.output is None else [np.array([self.output])]
        if self.stems is not None:
            _, base, phi = self.stems
            parts += [base, base + phi]
        return np.concatenate(parts) if parts else np.zeros(0)


def _stems(rows: Rows, k: int, explained: Explanation) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where the stems of the explained rows stand, where they begin, and how long they are.

    Raises
    ------
    OptionError
        If the Explanation has no data or base values.
    """
    if explained.data is None or explained.base_values is None:
        msg = (
            "`shap_values` of `partial_dependence` needs data and base values: stems stand at the one and on the other"
        )
        raise OptionError(msg)
    phi = np.atleast_2d(np.asarray(explained.values, dtype=float))[:, k]
    data = np.atleast_2d(np.asarray(explained.data))[:, k]
    base = np.broadcast_to(np.asarray(explained.base_values, dtype=float), phi.shape)
    column = rows.column(k)
    if column.levels is None:
        return column_of(data, None, column.name).places, np.array(base), phi
    return np.array([column.place_of(str(value)) for value in data.tolist()]), np.array(base), phi


def draw_expectations(ax: "Axes", marks: Expectations, name: str) -> None:
    """Draw dashed lines with their names on the opposite side of the axes, and stems with dots at their ends."""
    from ferroshap.plots.canvas.artists import is_math

    hue, line = ink(), {"color": colors.ZERO, "lw": 1.0, "ls": "--", "zorder": 0.5}
    if marks.feature is not None:
        ax.axvline(marks.feature, **line)  # type: ignore[arg-type] # options of a line
        text = ax.annotate(
            f"E[{shortened(name, _LONGEST)}]",
            (marks.feature, 1.0),
            (0, 4),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha="center",
            fontsize=TICK_SIZE,
            color=hue,
        )
        text.set_parse_math(is_math(name))
    if marks.output is not None:
        ax.axhline(marks.output, **line)  # type: ignore[arg-type] # options of a line
        ax.annotate(
            "E[f(x)]",
            (1.0, marks.output),
            (4, 0),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            va="center",
            fontsize=TICK_SIZE,
            color=hue,
        )
    if marks.stems is not None:
        _draw_stems(ax, *marks.stems)


def _draw_stems(ax: "Axes", x: np.ndarray, base: np.ndarray, phi: np.ndarray) -> None:
    from matplotlib.collections import LineCollection

    known = np.isfinite(x) & np.isfinite(phi)
    x, base, phi = x[known], base[known], phi[known]
    lines = np.stack([np.stack([x, base], axis=-1), np.stack([x, base + phi], axis=-1)], axis=1)
    hues = [pushing(float(length)) for length in phi]
    ax.add_collection(LineCollection(list(lines), colors=hues, linewidths=2.0, zorder=3.0), autolim=False)
    ax.scatter(x, base + phi, s=16, color=line_ink(), linewidths=0, zorder=3.5)
