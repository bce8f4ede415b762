"""A dependence curve: what it holds, and how it is drawn."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.export.libraries import met


@dataclass(frozen=True, eq=False)
class Curve:
    """Values of one feature against the feature's own numbers.

    Attributes
    ----------
    feature : str
        Its name.
    output_names : tuple of str
        Of the outputs.
    lower, upper : ndarray of shape ``(buckets,)``
        The least and the greatest number that a bucket can hold, in order; equal where it is of a single number. NaN
        for the bucket of NaN, which is the last.
    count : ndarray of uint64 of shape ``(buckets,)``
        Rows in each.
    mean, std : ndarray of shape ``(buckets,)`` or ``(buckets, outputs)``
        Of the values in each.
    """

    feature: str
    output_names: tuple[str, ...]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    count: NDArray[np.uint64]
    mean: NDArray[np.float64]
    std: NDArray[np.float64]

    @property
    def x(self) -> NDArray[np.float64]:
        """The middle of each bucket."""
        return self.lower + (self.upper - self.lower) / 2

    def to_pandas(self) -> Any:
        """Return a pandas frame, a line a bucket."""
        pandas = met("pandas", "to_pandas")
        columns: dict[str, Any] = {"x": self.x, "lower": self.lower, "upper": self.upper, "count": self.count}
        for name, column in (("mean", self.mean), ("std", self.std)):
            if column.ndim == 1:
                columns[name] = column
            else:
                columns |= {f"{name}_{output}": part for output, part in zip(self.output_names, column.T, strict=True)}
        return pandas.DataFrame(columns)

    def plot(self, ax: Any = None, output: int = 0) -> Any:
        """Draw the mean, a band of one standard deviation, and below how many rows there are.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Drawn into; by default the current one.
        output : int
            The output to draw.

        Returns
        -------
        matplotlib Axes
        """
        pyplot = met("matplotlib.pyplot", "plot")
        ax = pyplot.gca() if ax is None else ax
        mean, std = (part if part.ndim == 1 else part[:, output] for part in (self.mean, self.std))
        is_number = np.isfinite(self.x) & np.isfinite(mean)
        x, mean, std, count = self.x[is_number], mean[is_number], std[is_number], self.count[is_number]
        from ferroshap.plots.colors import blue_rgb

        colour = tuple(blue_rgb)
        ax.fill_between(x, mean - std, mean + std, color=colour, alpha=0.2, linewidth=0)
        ax.plot(x, mean, color=colour, marker="." if len(x) <= 60 else None)
        ax.axhline(0, color="#999999", linewidth=0.5, zorder=-1)
        ax.set_xlabel(self.feature)
        ax.set_ylabel(f"SHAP value for\n{self.feature}")
        rows = ax.twinx()
        lower, upper = self.lower[is_number], self.upper[is_number]
        widths = np.where(upper > lower, upper - lower, np.min(np.diff(x), initial=1.0) * 0.8)
        density = count / widths
        rows.bar(x, density, width=widths, color="#999999", alpha=0.3, linewidth=0, zorder=-2)
        rows.set_ylim(0, 5 * density.max(initial=1))
        rows.set_yticks([])
        return ax
