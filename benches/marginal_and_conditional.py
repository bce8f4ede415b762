"""The question: what does it matter whether absent features are filled from the whole table, or given the others.

The README's example: bicycle rentals by temperature and by what it feels like, which say nearly the same. Draws
`marginal_and_conditional.png`: rows that marginal and conditional filling ask the model about, and the values of both.
"""

from pathlib import Path

import measuring
import numpy as np
from matplotlib.figure import Figure
from sklearn.ensemble import HistGradientBoostingRegressor

import ferroshap
from ferroshap.plots import colors

PAIR = ["temp", "feel_temp"]
N_ROWS, N_EXPLAINED = 100, 40


def masked_rows(masker, table, model, row):
    """What the model is asked about when the first of the pair is known."""
    asked = []

    def remembered(rows):
        asked.append(np.asarray(rows[PAIR]))
        return model.predict(rows)

    game = ferroshap.Game(remembered, masker, row)
    asked.clear()
    game((table.columns == PAIR[0])[None, :])
    return np.concatenate(asked)


def scatter(axes, table, rows, colour, row, title):
    axes.scatter(*table[PAIR].to_numpy().T, s=6, color="#cccccc", label="real hours")
    axes.scatter(*rows.T, s=9, color=colour, label="asked about", zorder=3)
    axes.scatter(*row[PAIR].to_numpy(dtype=float), s=45, marker="x", color="black", label="the hour", zorder=4)
    axes.set(xlabel="temperature, °C", ylabel="feels like, °C", title=title)
    axes.legend(frameon=False, loc="upper left", fontsize=8)


def main():
    measuring.environment("ferroshap", "scikit-learn")
    X, y = ferroshap.datasets.bike()
    table = X.select_dtypes("number")
    model = HistGradientBoostingRegressor(random_state=0).fit(table, y)
    fillings = {
        "marginal": ferroshap.maskers.Independent(table.sample(N_ROWS, random_state=0)),
        "conditional": ferroshap.maskers.Copula(table, n_samples=N_ROWS),
    }
    rows = table.sample(N_EXPLAINED, random_state=1)
    warm = table[table["temp"] > table["temp"].quantile(0.97)].iloc[0]
    figure = Figure(figsize=(12.5, 4.2), layout="constrained")
    left, middle, right = figure.subplots(1, 3)
    shades = {"marginal": colors.RED, "conditional": colors.BLUE}
    heights = {}
    for axes, (name, masker) in zip((left, middle), fillings.items(), strict=True):
        scatter(axes, table, masked_rows(masker, table, model, warm), shades[name], warm, f"{name} filling")
        explained = ferroshap.PermutationExplainer(model.predict, masker, max_evals=400)(rows, silent=True)
        heights[name] = explained.abs.mean(0).values
    order = np.argsort(heights["marginal"])
    names = np.array(table.columns)[order]
    places = np.arange(len(order))
    for shift, name in ((0.2, "marginal"), (-0.2, "conditional")):
        right.barh(places + shift, heights[name][order], 0.38, color=shades[name], label=name)
    right.set(yticks=places, yticklabels=names, xlabel="mean(|value|), bicycles an hour", title="what features get")
    right.legend(frameon=False, loc="lower right")
    for axes in (left, middle, right):
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(Path(__file__).with_suffix(".png"), dpi=110)
    measuring.table(
        ["feature", *heights], [[name, *(f"{heights[k][i]:.1f}" for k in heights)] for i, name in enumerate(table)]
    )


if __name__ == "__main__":
    main()
