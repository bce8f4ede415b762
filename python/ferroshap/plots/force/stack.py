"""`ForceArrayPlot`: many rows, each turned upright and set beside the others, as stacked areas."""

from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from ferroshap import svg
from ferroshap.plots.force.forces import Forces
from ferroshap.plots.force.row import feature_entry
from ferroshap.plots.force.row_order import keys_and_order, similarity_order
from ferroshap.plots.force.stack_svg import drawn_features, stack_svg

_MOST_ROWS = 5_000  # that the script knows by name; the picture is drawn from all


class ForceArrayPlot:
    """What pushes the outputs of many rows up and down, returned by :func:`ferroshap.plots.force`.

    Notebooks show it by itself: areas of SVG, and a small script for pointing at a row and for choosing the order of
    the rows and what is shown of them. Where scripts are not run, the picture is whole without it.

    Examples
    --------
    >>> import numpy as np
    >>> from ferroshap.plots import force
    >>> plot = force(10.0, np.array([[1.0, -3.0], [0.5, 2.0]]), feature_names=["age", "bmi"])
    >>> plot
    <ForceArrayPlot: 2 rows, 2 features>
    >>> plot.svg().startswith("<svg")
    True
    """

    def __init__(
        self, forces: Forces, pair: tuple[str, str], ordering_keys: Any = None, time_format: str | None = None
    ) -> None:
        self._forces = forces
        self._pair = pair
        self._time_format = time_format
        self._keys, self._order_by_keys = keys_and_order(ordering_keys, time_format, len(forces.values))

    @cached_property
    def _by_similarity(self) -> np.ndarray:
        return similarity_order(self._forces)

    @property
    def _order(self) -> np.ndarray:
        """How rows stand before anybody chooses."""
        return self._by_similarity if self._order_by_keys is None else self._order_by_keys

    @cached_property
    def data(self) -> dict[str, Any]:
        """What is drawn, under the incumbent's names: `baseValue`, `explanations`, each with `outValue`, ..."""
        forces = self._forces
        rank = np.argsort(self._by_similarity)
        base = forces.base_values
        return {
            "outNames": [forces.output_name],
            "baseValue": float(base[0]) if np.all(base == base[0]) else base.tolist(),
            "link": repr(forces.link).removeprefix("links."),
            "featureNames": list(forces.names),
            "explanations": [
                {
                    "outValue": float(forces.outputs[row]),
                    "simIndex": float(rank[row] + 1),
                    "features": {i: feature_entry(forces, row, i) for i in np.flatnonzero(forces.values[row]).tolist()},
                }
                for row in range(len(forces.values))
            ],
            "plot_cmap": list(self._pair),
            "ordering_keys": self._keys,
            "ordering_keys_time_format": self._time_format,
        }

    def svg(self) -> str:
        """Return the picture as one ``<svg>`` element, which is also a file of its own."""
        return stack_svg(self._forces, self._pair, self._order, self._caption())

    def html(self) -> str:
        """Return the picture with its script as HTML; on a narrow page it scrolls, so that its texts stay legible."""
        drawing = self.svg()
        name = svg.fresh_id(drawing)
        script = resources.files(__package__).joinpath("stack.js").read_text(encoding="utf-8").strip().removesuffix(";")
        return (
            f'<div id="{name}" style="max-width:1400px;position:relative"><div style="overflow-x:auto">'
            f'<div style="min-width:560px">{drawing}</div></div></div>'
            f'<script>{script}("{name}",{svg.script_json(self._for_script())})</script>'
        )

    def save(self, path: Any) -> None:
        """Write a file: the picture alone if its name ends in ``.svg``, else a page of HTML."""
        from ferroshap.plots.force.pages import save_html

        if Path(path).suffix.lower() == ".svg":
            Path(path).write_text(self.svg(), encoding="utf-8")
        else:
            save_html(path, self)

    def _caption(self) -> str:
        n_rows = f"{len(self._forces.values):,} rows"
        return f"{n_rows}, like beside like" if self._order_by_keys is None else f"{n_rows}, by the keys given"

    def _for_script(self) -> dict[str, Any]:
        """All that the script needs, in columns: a number to six digits is shorter than one to seventeen."""
        forces, order = self._forces, self._by_similarity
        chosen = np.arange(len(forces.values))
        if len(chosen) > _MOST_ROWS:  # evenly along the order, so that every kind of row is among them
            chosen = np.sort(order[np.linspace(0, len(order) - 1, _MOST_ROWS).round().astype(int)])
        own, rest = drawn_features(forces)
        values = forces.values[chosen]
        effects = [_short(values[:, j]) for j in own] + ([_short(values[:, rest].sum(axis=1))] if len(rest) else [])
        rank = np.empty(len(forces.values), dtype=int)
        rank[order] = np.arange(len(order))
        keys = None if self._keys is None else [self._keys[i] for i in chosen]
        key_rank = None
        if self._order_by_keys is not None:
            key_rank = np.argsort(self._order_by_keys)[chosen].tolist()
        return {
            "rows": [str(i) if forces.row_names is None else forces.row_names[i] for i in chosen],
            "total": len(forces.values),
            "names": [forces.names[j] for j in own] + ([f"{len(rest)} other features"] if len(rest) else []),
            "effects": effects,
            "features": None if forces.features is None else [_cells(forces.features[chosen, j]) for j in own],
            "base": _short(forces.base_values[chosen]),
            "similar": rank[chosen].tolist(),
            "keys": keys,
            "keyRank": key_rank,
            "pair": list(self._pair),
            "output": forces.output_name,
            "logit": repr(forces.link) == "links.logit",
        }

    def _repr_html_(self) -> str:
        """Show the picture in a notebook."""
        return self.html()

    def __repr__(self) -> str:
        """Say the size in one line."""
        n_rows, n_features = self._forces.values.shape
        return f"<ForceArrayPlot: {n_rows} rows, {n_features} features>"


def _short(numbers: np.ndarray) -> list[float]:
    return [float(f"{x:.6g}") for x in numbers]


def _cells(column: np.ndarray) -> list[Any]:
    """Values of one feature: numbers stay numbers, that they may be sorted; all else as text, None where missing."""
    cells: list[Any] = []
    for value in column.tolist():
        if isinstance(value, bool) or value is None:
            cells.append(None if value is None else str(value))
        elif isinstance(value, (int, float)):
            cells.append(float(f"{value:.6g}") if abs(value) < 2**53 else str(value))
        else:
            cells.append(str(value))
    return cells
