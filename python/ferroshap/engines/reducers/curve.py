"""A dependence curve: what it holds, and how it is drawn."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.export.libraries import met
from ferroshap.plots.colors import blue_rgb

Floats = NDArray[np.float64]

#: Buckets that are drawn one by one.
_FEW = 60


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

        Where there are many buckets, neighbours are drawn as one until they hold a thousandth of the rows and are not
        narrower than a thousandth of the picture. NaN and infinities are not drawn.

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
        count = self.count[is_number].astype(np.float64)
        edges = np.stack([self.lower[is_number], self.upper[is_number]])
        x, mean, std, edges, count = _drawn(self.x[is_number], mean[is_number], std[is_number], edges, count)
        ax.fill_between(x, mean - std, mean + std, color=blue_rgb, alpha=0.2, linewidth=0)
        ax.plot(x, mean, color=blue_rgb, marker="." if len(x) <= _FEW else None)
        ax.axhline(0, color="#999999", linewidth=0.5, zorder=-1)
        ax.set_xlabel(self.feature)
        ax.set_ylabel(f"SHAP value for\n{self.feature}")
        rows = ax.twinx()
        gap = 0.8 * np.min(np.diff(x), initial=np.inf)
        widths = np.where(edges[1] > edges[0], edges[1] - edges[0], gap if np.isfinite(gap) else 1.0)
        rows.bar(edges.mean(axis=0), count / widths, width=widths, color="#999999", alpha=0.3, linewidth=0, zorder=-2)
        rows.set_ylim(0, 5 * np.max(count / widths, initial=0.0) or 1.0)
        rows.set_yticks([])
        return ax


def _drawn(x: Floats, mean: Floats, std: Floats, edges: Floats, count: Floats) -> tuple[Floats, ...]:
    """Join neighbouring buckets until each holds enough rows and is wide enough to be seen."""
    if len(x) <= _FEW:
        return x, mean, std, edges, count
    least_count, least_width = count.sum() / 1000, (x[-1] - x[0]) / 1000
    starts = [0]
    for place in range(1, len(x)):
        first = starts[-1]
        if count[first:place].sum() >= least_count and edges[0, place] - edges[0, first] >= least_width:
            starts.append(place)
    joined = np.add.reduceat(count, starts)

    def average(of: Floats) -> Floats:
        weighted: Floats = np.add.reduceat(of * count, starts) / joined
        return weighted

    centre = average(mean)
    spread = average(std**2 + (mean - np.repeat(centre, np.diff([*starts, len(x)]))) ** 2)
    ends = np.array([*starts[1:], len(x)]) - 1
    return average(x), centre, np.sqrt(spread), np.stack([edges[0, starts], edges[1, ends]]), joined
