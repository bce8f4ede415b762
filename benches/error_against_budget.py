"""The question: how fast does each estimator's error fall, on trees and on smooth models.

Draws `error_on_trees.png` and `error_on_smooth_models.png` beside this file from the cells of `accuracy.py` against 25
background rows: medians over rows and seeds, quartiles as bands. `python error_against_budget.py 20 3` are rows and
seeds; what accuracy.py has measured is not measured again.
"""

import io
import sys
from itertools import pairwise
from pathlib import Path

import measuring
import numpy as np
from matplotlib.figure import Figure
from measuring import cells, data
from measuring.cells import TIMES
from measuring.errors import measure_all
from measuring.estimators import ALL
from measuring.report import FLOOR, label
from PIL import Image

#: Name, colour (Okabe, Ito 2008: told apart by colour-blind eyes), dash, width; what is ours is solid.
LINES = {
    "Auto": ("#000000", "-", 2.2),
    "Leverage": ("#0072B2", "-", 1.4),
    "Permutation": ("#56B4E9", "-", 1.4),
    "shap Kernel l1_reg=0": ("#D55E00", (0, (5, 2)), 1.4),
    "shap Permutation": ("#E69F00", (0, (5, 2)), 1.4),
    "shapiq KernelSHAP": ("#CC79A7", (0, (1, 1.2)), 1.6),
    "shapiq OddSHAP": ("#009E73", (0, (1, 1.2)), 1.6),
}
#: Tables and kinds of models of each picture; every cell is against 25 background rows.
PICTURES = {
    "error_on_trees.png": (["California", "diabetes", "adult", "breast cancer"], ["boosted", "forest"]),
    "error_on_smooth_models.png": (["California", "diabetes", "bike", "adult"], ["MLP", "SVM", "GP"]),
}
LEAST_GAP = 0.052  # between labels, as a share of the panel's height


def quartiles(errors):
    """Budgets that were measured, and quartiles over rows and seeds ``(3, times)``."""
    flat = np.maximum(errors, FLOOR).reshape(-1, errors.shape[-1])
    is_known = ~np.isnan(flat).all(axis=0)
    return np.array(TIMES)[is_known], np.nanquantile(flat[:, is_known], [0.25, 0.5, 0.75], axis=0)


def spread(heights, least):
    """Move heights apart, as little as needed, so that neighbours differ by `least`."""
    order = np.argsort(heights)
    moved = np.array(heights, dtype=float)
    for _ in range(200):
        is_done = True
        for low, high in pairwise(order):
            lack = least - (moved[high] - moved[low])
            if lack > 1e-9:
                moved[low] -= lack / 2
                moved[high] += lack / 2
                is_done = False
        if is_done:
            break
    return moved


def draw_panel(axes, cell, errors):
    """All estimators on one cell, each named at the end of its line."""
    ends = []
    for name, (colour, dash, width) in LINES.items():
        if name not in errors:
            continue
        times, (low, middle, high) = quartiles(errors[name][cell.name])
        axes.fill_between(times, low, high, color=colour, alpha=0.10, linewidth=0)
        axes.plot(times, middle, color=colour, linestyle=dash, linewidth=width, solid_capstyle="round")
        ends.append((name, colour, middle[-1]))
    axes.set(xscale="log", yscale="log", title=f"{cell.name.removesuffix(' 25')}, n = {cell.n_players}")
    shown = list(cell.budgets())
    axes.set_xlim(shown[0], shown[-1])
    axes.set_xticks(shown, [label(times) for times in shown])
    axes.set_xticks([], minor=True)
    bottom, top = np.log10(axes.get_ylim())
    heights = [(np.log10(height) - bottom) / (top - bottom) for *_, height in ends]
    for (name, colour, _), here, there in zip(ends, heights, spread(heights, LEAST_GAP), strict=True):
        axes.annotate(
            name,
            xy=(1, here),
            xytext=(1.05, there),
            xycoords="axes fraction",
            textcoords="axes fraction",
            color=colour,
            fontsize=7.5,
            va="center",
            arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 0.5, "shrinkA": 0, "shrinkB": 0},
        )


def draw(path, tables, kinds, errors, every):
    """One panel for every table and kind of model."""
    figure = Figure(figsize=(3.8 * len(tables), 3.3 * len(kinds)))
    room = {"wspace": 0.85, "hspace": 0.27, "left": 0.05, "right": 0.92, "bottom": 0.07, "top": 0.95}
    panels = figure.subplots(len(kinds), len(tables), squeeze=False, gridspec_kw=room)
    for row, kind in zip(panels, kinds, strict=True):
        for axes, table in zip(row, tables, strict=True):
            name = f"{table} {kind} 25"
            if name not in every:
                axes.set_axis_off()
                continue
            draw_panel(axes, every[name], errors)
            axes.spines[["top", "right"]].set_visible(False)
            axes.grid(axis="y", color="#dddddd", linewidth=0.6)
            axes.title.set(fontsize=9.5, fontweight="bold")
            axes.tick_params(labelsize=8)
        row[0].set_ylabel("|estimate − truth|² / |truth|²", fontsize=9)
    for axes in panels[-1]:
        axes.set_xlabel("evaluations, both ends counted", fontsize=9)
    drawn = io.BytesIO()
    figure.savefig(drawn, dpi=110)
    Image.open(drawn).convert("RGB").quantize(128).save(path, optimize=True)  # a quarter of the bytes


def main():
    n_rows, n_seeds = (int(word) for word in sys.argv[1:3]) if len(sys.argv) > 2 else (5, 1)
    measuring.environment("ferroshap", "shap", "shapiq", "scikit-learn")
    every = {cell.name: cell for cell in cells.grid()}
    wanted = [f"{table} {kind} 25" for tables, kinds in PICTURES.values() for table in tables for kind in kinds]
    names = [name for name in LINES if name in ALL]
    errors, _ = measure_all([every[name] for name in wanted if name in every], names, n_rows, n_seeds, n_jobs=2)
    for name in data.missing():
        print(f"without {name}: no {data.SHARED / data.FILES[name]}")
    for picture, (tables, kinds) in PICTURES.items():
        draw(Path(__file__).parent / picture, tables, kinds, errors, every)
        print(f"drawn: benches/{picture}, {n_rows} rows, {n_seeds} seeds")


if __name__ == "__main__":
    main()
