"""`ForcePlot`: one row as a picture of nothing but SVG, which mail readers, GitHub and notebooks show alike."""

from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ferroshap.plots.force.forces import Forces
from ferroshap.plots.force.row_svg import row_svg


class ForcePlot:
    """What pushes the output of one row up and down, returned by :func:`ferroshap.plots.force`.

    Notebooks show it by itself. The picture is inline SVG with tooltips and no script:
    nothing is fetched, nothing has to be loaded first.

    Examples
    --------
    >>> import numpy as np
    >>> from ferroshap.plots import force
    >>> plot = force(10.0, np.array([1.0, -3.0]), feature_names=["age", "bmi"])
    >>> plot
    <ForcePlot: f(x) = 8 from the base value 10, 2 features>
    >>> plot.svg().startswith("<svg"), "<script" in plot.html()
    (True, False)
    """

    def __init__(self, forces: Forces, pair: tuple[str, str], threshold: float = 0.05, rotation: float = 0.0) -> None:
        self._forces = forces
        self._pair = pair
        self._threshold = threshold
        self._rotation = rotation

    @cached_property
    def data(self) -> dict[str, Any]:
        """What is drawn, under the incumbent's names: `baseValue`, `outValue`, `features`, ..."""
        forces = self._forces
        return {
            "outNames": [forces.output_name],
            "baseValue": float(forces.base_values[0]),
            "outValue": float(forces.outputs[0]),
            "link": repr(forces.link).removeprefix("links."),
            "featureNames": list(forces.names),
            "features": {i: feature_entry(forces, 0, i) for i in np.flatnonzero(forces.values[0]).tolist()},
            "plot_cmap": list(self._pair),
        }

    def svg(self) -> str:
        """Return the picture as one ``<svg>`` element, which is also a file of its own."""
        return row_svg(self._forces, self._pair, self._threshold, self._rotation)

    def html(self, label_margin: float = 20) -> str:
        """Return the picture as HTML; on a narrow page it scrolls, so that its texts stay legible.

        `label_margin` is accepted and changes nothing: labels never overlap.
        """
        del label_margin
        style = "overflow-x:auto;max-width:1400px"
        return f'<div style="{style}"><div style="min-width:640px">{self.svg()}</div></div>'

    def save(self, path: Any) -> None:
        """Write a file: the picture alone if its name ends in ``.svg``, else a page of HTML."""
        from ferroshap.plots.force.pages import save_html

        if Path(path).suffix.lower() == ".svg":
            Path(path).write_text(self.svg(), encoding="utf-8")
        else:
            save_html(path, self)

    def _repr_html_(self) -> str:
        """Show the picture in a notebook."""
        return self.html()

    def __repr__(self) -> str:
        """Say the two ends in one line."""
        forces, n_features = self._forces, self._forces.values.shape[1]
        ends = f"{forces.output_name} = {forces.outputs[0]:.4g} from the base value {forces.base_values[0]:.4g}"
        return f"<ForcePlot: {ends}, {n_features} features>"


def feature_entry(forces: Forces, row: int, feature: int) -> dict[str, Any]:
    """Effect and value of a feature, as plain Python objects."""
    value = "" if forces.features is None else forces.features[row, feature]
    value = value.item() if isinstance(value, np.generic) else value
    return {"effect": float(forces.values[row, feature]), "value": value}
