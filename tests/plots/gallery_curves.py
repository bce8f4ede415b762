"""The sheets of the plots that draw values over values: scatter, dependence, decision and the smaller ones.

Run as ``python -m tests.plots.gallery_curves FOLDER``, or as a part of the gallery.
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from tests.plots.gallery import TABLES, diabetes, made_up, picture, sheet, wine

from ferroshap import plots
from ferroshap.explanation import Explanation

WITH_DATA = {name: table for name, table in TABLES.items() if name != "no data"}


def scatter(sv, feature=2, **options):
    return plots.scatter(sv[:, min(feature, sv.shape[1] - 1)], color=sv, **options)


def decision(sv, **options):
    return plots.decision(np.ravel(sv.base_values)[0], sv, **options)


def curve(sv, ind=0, **options):
    """The model is the sum of the values of the nearest row."""
    numbers = np.asarray([[np.nan if isinstance(v, str) else v for v in row] for row in sv.data.tolist()], dtype=float)

    def model(rows):
        return np.nan_to_num(np.asarray(rows)[:, 0].astype(float)) ** 2 / 50 + numbers[:, -1]

    return plots.partial_dependence(ind, model, numbers, feature_names=sv.feature_names, **options)[1]


def groups(sv, **options):
    return plots.group_difference(sv, np.arange(len(sv)) % 3 == 0, max_display=12, **options)


def drifting():
    """Values whose mean changes at row 260."""
    sv = diabetes(errors=False)
    return Explanation(sv.values + np.where(np.arange(len(sv)) < 260, 0, 15)[:, None], 0.0, sv.data)


def crossing():
    """Interacting features: numbers, words, flags, few levels, dates and missing values."""
    rng = np.random.default_rng(3)
    n = 600
    kinds = [f"kind {letter * (1 + k)}" for k, letter in enumerate("abcdefgh")]
    data = np.empty((n, 6), dtype=object)
    data[:, 0] = np.where(rng.random(n) < 0.1, np.nan, rng.normal(size=n))
    data[:, 1] = rng.choice(kinds, n)
    data[:, 2] = rng.random(n) < 0.5
    data[:, 3] = rng.integers(0, 6, n)
    data[:, 4] = np.datetime64("2020-01-01") + rng.integers(0, 900, n)
    data[:, 5] = [f"place number {k}" for k in rng.integers(0, 60, n)]
    sign = np.where(data[:, 2].astype(bool), 1, -1)
    x = np.nan_to_num(data[:, 0].astype(float))
    values = np.column_stack([x * sign, sign * 0.3, x * sign, data[:, 3].astype(float) * x, x, rng.normal(size=n)])
    names = ["score", "kind", "open", "level", "day", "place"]
    return Explanation(values, np.zeros(n), data, feature_names=names)


def mixed():
    """Every kind of feature against every kind of colour."""
    sv = crossing()
    x = np.linspace(-2, 2, 50)
    few = diabetes()[:60]
    pictures = [
        *(
            picture(lambda sv, a=a, b=b, **o: plots.scatter(sv[:, a], color=sv[:, b], **o), sv, f"{a} by {b}")
            for a, b in [
                ("score", "open"), ("score", "kind"), ("kind", "score"), ("open", "level"),
                ("level", "day"), ("day", "place"), ("place", "kind"),
            ]
        ),
        picture(lambda sv, **o: plots.scatter(sv[:, "score"], overlay={"up": (x, x), "a curve": (x, -x)}, **o), sv, "curves"),
        picture(lambda sv, **o: plots.scatter(sv[:, "bmi"], **o), few, "errors of 60 rows"),
        picture(lambda sv, **o: plots.scatter(sv[:, "bmi"], color=sv, **o), few[:3], "three rows"),
        picture(lambda sv, **o: plots.scatter(sv[:, "s5"], title="A title", xmax="percentile(95)", **o), diabetes(), "limits"),
    ]  # fmt: skip
    with plt.style.context("dark_background"):
        pictures += [
            picture(lambda sv, **o: plots.scatter(sv[:, "score"], color=sv, **o), sv, "dark"),
            picture(decision, diabetes()[:40], "dark decision"),
            picture(decision, diabetes()[3], "dark decision of one row"),
            picture(curve, diabetes(), "dark partial dependence", model_expected_value=True),
            picture(groups, diabetes(), "dark group difference"),
        ]
    return pictures


def interactions():
    """A cube of six features."""
    rng = np.random.default_rng(5)
    cube = rng.normal(size=(30, 6, 6)) * np.exp(-np.arange(6) / 2)
    names = ["age of the house", "income", "rooms", "latitude", "longitude", "a rather long name of a feature"]
    data = rng.normal(size=(30, 6))
    return Explanation(
        cube + cube.transpose(0, 2, 1), np.zeros(30), data, feature_names=names, axes=("row", "feature", "feature")
    )


def decisions():
    sv, outputs = diabetes(), wine()
    return [
        *(picture(decision, table()[:40], f"decision: {name}") for name, table in WITH_DATA.items()),
        picture(decision, sv[3], "one row"),
        picture(decision, TABLES["strings"]()[5], "one row of strings"),
        picture(decision, sv[:300], "300 rows"),
        picture(decision, sv[:30] / 50, "logit", link="logit", highlight=[1, 2]),
        picture(decision, made_up(50, 40), "ascending", feature_display_range=range(30, 40)),
        picture(decision, interactions(), "interactions"),
        picture(decision, sv[:20], "new base value", new_base_value=100, feature_order="hclust"),
        picture(
            lambda sv, **o: plots.multioutput_decision(np.zeros(3), sv, 7, highlight=1, **o), outputs, "three outputs"
        ),
        picture(lambda sv, **o: plots.dependence_plot(("income", "rooms"), sv, **o), interactions(), "interaction"),
        picture(lambda sv, **o: plots.dependence_plot("rank(0)", sv, **o), sv, "dependence"),
    ]


def small_ones():
    sv = diabetes()
    return [
        picture(curve, sv, "partial dependence", model_expected_value=True, feature_expected_value=True),
        picture(curve, sv, "stems", shap_values=sv[3:9], ice=False),
        picture(curve, TABLES["long names"](), "long names", ind=1),
        picture(curve, sv, "surface", ind=("age", "s5")),
        *(
            picture(groups, table(), f"group difference: {name}")
            for name, table in WITH_DATA.items()
            if name != "one row"
        ),
        picture(lambda sv, **o: plots.embedding("rank(0)", sv, **o), sv, "embedding"),
        picture(
            lambda sv, **o: plots.embedding("sum()", sv, alpha=0.5, **o), made_up(2000, 40), "embedding by the sum"
        ),
        picture(lambda sv, **o: plots.monitoring(2, sv, None, **o), drifting(), "monitoring"),
        picture(lambda sv, **o: plots.monitoring("rank(0)", sv, None, **o), TABLES["long names"](), "long names"),
    ]


def panels():
    sv = crossing()
    return [
        picture(lambda sv, **o: plots.scatter(sv[:, ["score", "kind", "level"]], color=sv, **o), sv, "three panels"),
        picture(lambda sv, **o: plots.scatter(sv[:, ["score", "level"]], title="Two", **o), sv, "two panels"),
        picture(plots.scatter, diabetes(), "ten panels"),
        picture(plots.scatter, TABLES["long names"](), "long names"),
    ]


def grid():
    """The pictures among others, as in a paper."""
    figure, axes = plt.subplots(2, 2, figsize=(15, 10), dpi=60, layout="constrained")
    sv = diabetes()
    plots.scatter(sv[:, "bmi"], color=sv, ax=axes[0, 0])
    plots.decision(0.0, sv[:50], ax=axes[0, 1], title="Paths")
    plots.dependence_plot("s5", sv, ax=axes[1, 0])
    plots.group_difference(sv, np.arange(len(sv)) % 2 == 0, ax=axes[1, 1])
    return figure


def curve_sheets(folder):
    """Write one PNG for each family."""
    scatters = [picture(scatter, table(), f"scatter: {name}") for name, table in WITH_DATA.items()]
    plt.imsave(folder / "scatter.png", sheet(scatters))
    plt.imsave(folder / "scatter_kinds.png", sheet(mixed()))
    plt.imsave(folder / "scatter_panels.png", sheet(panels(), columns=1))
    plt.imsave(folder / "decision.png", sheet(decisions()))
    plt.imsave(folder / "curves.png", sheet(small_ones()))
    grid().savefig(folder / "grid_curves.png")
    plt.close("all")


if __name__ == "__main__":
    Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
    curve_sheets(Path(sys.argv[1]))
