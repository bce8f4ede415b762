"""Draw every plot on every kind of data into contact sheets, to be looked at.

Run as ``python -m tests.plots.gallery FOLDER``; it writes one PNG a plot and prints nothing.
"""

import sys
from functools import partial
from pathlib import Path

import matplotlib as mpl

mpl.use("agg")

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_sample_images, load_wine
from sklearn.linear_model import LinearRegression

from ferroshap import plots
from ferroshap.clustering import hclust
from ferroshap.explanation import Explanation

DPI = 60
COLUMNS = 3


def linear(rows, target, names, *, scale=1.0, errors=True):
    """Values of a linear model: weight times the distance from the mean."""
    rows = np.asarray(rows, dtype=float)
    weights = LinearRegression().fit((rows - rows.mean(0)) / (rows.std(0) + 1e-12), target).coef_ * scale
    values = (rows - rows.mean(0)) / (rows.std(0) + 1e-12) * weights
    spread = np.abs(values).max() * 0.02
    error_std = np.random.default_rng(1).uniform(0.2, 1.5, values.shape) * spread if errors else None
    return Explanation(
        values,
        np.full(len(rows), float(np.mean(target)) * scale),
        rows,
        feature_names=list(names),
        error_std=error_std,
        interval_df=30.0,
    )


def diabetes(**options):
    bunch = load_diabetes(scaled=False)
    return linear(bunch.data, bunch.target, bunch.feature_names, **options)


def breast_cancer():
    bunch = load_breast_cancer()
    return linear(bunch.data, bunch.target, bunch.feature_names)


def wine(n_rows=None):
    """Three outputs, one for each class."""
    bunch = load_wine()
    parts = [linear(bunch.data, bunch.target == k, bunch.feature_names, errors=False).values for k in range(3)]
    return Explanation(
        np.stack(parts, axis=-1)[:n_rows],
        data=bunch.data[:n_rows],
        feature_names=list(bunch.feature_names),
        output_names=["barolo", "grignolino", "barbera"],
    )


def made_up(n_rows, n_features, seed=0):
    rng = np.random.default_rng(seed)
    data = rng.normal(size=(n_rows, n_features))
    weights = rng.normal(size=n_features) * np.exp(-np.arange(n_features) / max(n_features / 6, 1))
    return Explanation(data * weights, np.full(n_rows, 0.7), data)


def long_names():
    sv = diabetes()
    sv.feature_names = [
        "age",
        "the sex of the patient as it was written down at the first visit to the hospital",
        "body_mass_index_in_kilograms_per_square_metre_measured_without_shoes_and_heavy_clothing_in_the_morning_v2",
        "blood pressure (mean of three)",
        "s1=total serum cholesterol",
        "low-density lipoproteins, mg/dl",
        "s3",
        "ratio <b>&</b> $cost$ of 100% _total_",
        "ltg: possibly the logarithm of the serum triglycerides level",
        "blutzuckerspiegelmessgeraetekalibrierungsabweichung in percent",
    ]
    return sv


def with_missing():
    sv = diabetes()
    data = sv.data.copy()
    data[np.random.default_rng(0).random(data.shape) < 0.15] = np.nan
    data[0, :4] = np.nan
    sv.data = data
    return sv


def with_strings():
    sv = diabetes()
    data = sv.data.astype(object)
    data[:, 1] = np.where(sv.data[:, 1] == 1, "female", "male")
    data[:, 2] = np.array(["underweight", "normal", "overweight", "A100"])[(sv.data[:, 2] // 8 % 4).astype(int)]
    data[:, 5] = sv.data[:, 5] > 150
    data[0, 8] = None
    sv.data = data
    return sv


def constant():
    sv = diabetes()
    return Explanation(sv * 0.0, base_values=sv.base_values, data=np.ones_like(sv.data), error_std=None)


TABLES = {
    "diabetes": diabetes,
    "breast cancer": breast_cancer,
    "no errors": lambda: diabetes(errors=False),
    "one row": lambda: diabetes()[:1],
    "two features": lambda: diabetes()[:, ["bmi", "s5"]],
    "40 features": lambda: made_up(300, 40),
    "200 features": lambda: made_up(300, 200),
    "long names": long_names,
    "NaN data": with_missing,
    "strings": with_strings,
    "tiny scale": lambda: diabetes(scale=1e-9),
    "huge scale": lambda: diabetes(scale=1e5),
    "all zero": constant,
    "no data": lambda: Explanation(diabetes().values, 1.0),
}


def photographs(n_rows=1, n_outputs=2, seed=0, **fields):
    """Two photographs that come with scikit-learn, with smooth values around one place an output."""
    pictures = np.stack([photo[:424:2, 100:524:2] for photo in load_sample_images().images])[:n_rows]
    height, width = pictures.shape[1:3]
    y, x = np.mgrid[:height, :width]
    rng = np.random.default_rng(seed)
    values = np.zeros((n_rows, height, width, 3, n_outputs))
    for at in np.ndindex(n_rows, n_outputs):
        for sign in (1.0, 1.0, -0.7, 1.0, -0.5):
            top, left, size = rng.uniform(30, height - 30), rng.uniform(30, width - 30), rng.uniform(8, 30)
            bump = sign * np.exp(-((y - top) ** 2 + (x - left) ** 2) / (2 * size**2)) / size
            values[at[0], :, :, :, at[1]] += bump[..., None] * 1e-2
    values *= 1.0 + 0.5 * rng.normal(size=values.shape)
    noise = 0.15 * np.abs(values.sum(axis=3)).max() * (0.5 + rng.random((n_rows, height, width, n_outputs)))
    names = ["a temple", "a flower", "a bee", "a roof"][:n_outputs]
    base = np.full((n_rows, n_outputs), 0.1)
    given = {"output_names": names, "channel_error_std": noise} | fields
    return Explanation(values, base, pictures, **given)


def digits(n_rows=2, n_outputs=10):
    images = load_digits().images[:n_rows]
    values = np.random.default_rng(0).normal(size=(*images.shape, n_outputs)) * images[..., None] / 16.0
    return Explanation(values, np.zeros((n_rows, n_outputs)), images, output_names=[f"{k}" for k in range(n_outputs)])


def image_sheets(folder):
    """What `image` draws, and the file that needs no drawing library."""
    two, one = photographs(2), photographs()
    boxes = [[20, 30, 120, 180], [90, 60, 190, 150]]
    named = photographs(
        output_names=["temple 0.93 [20, 30, 120, 180]", "a flower of a rather long name, seen from afar"]
    )
    shapes = {"wide": np.ones((1, 20, 200, 3)), "tall": np.ones((1, 200, 20, 3)), "one colour": np.ones((1, 8, 8, 3))}
    many = np.random.default_rng(2).random((1, 64, 64, 9))
    cases = [
        ("two images, two outputs", two, {"true_labels": ["china", "flower"]}),
        ("boxes", named, {"boxes": boxes}),
        ("errors", one, {"std_errors": True}),
        ("one output", one[..., 0], {}),
        ("blocks of 8", one.pooled(8), {}),
        ("no data", Explanation(one.values), {}),
        ("nine channels", Explanation(many - 0.5, 0.0, many), {}),
        ("digits", digits(), {}),
        ("narrow", digits(1), {"width": 8}),
        *((name, Explanation(data * 0.0, 0.0, data), {}) for name, data in shapes.items()),
    ]
    pictures = [picture(plots.image, sv, f"image: {title}", **options) for title, sv, options in cases]
    plt.imsave(folder / "image.png", sheet(pictures, columns=2))
    two.to_png(folder / "image_without_matplotlib.png")


def rows(table):
    return lambda: table()[0]


SHEETS = {
    "bar": (plots.bar, TABLES | {"three outputs": wine, "three outputs, one row": lambda: wine()[0]}),
    "bar of one row": (plots.bar, {name: rows(table) for name, table in TABLES.items()}),
    "beeswarm": (plots.beeswarm, TABLES | {"one output of three": lambda: wine()[..., "barbera"]}),
    "waterfall": (plots.waterfall, {name: rows(table) for name, table in TABLES.items()}),
    "heatmap": (plots.heatmap, TABLES),
    "violin": (plots.violin, TABLES),
    "layered violin": (partial(plots.violin, plot_type="layered_violin"), TABLES),
    "summary": (plots.summary_plot, TABLES | {"three outputs": wine}),
}


def interactions(n_rows=300, n_features=9):
    """Products of two normal features, most of them weak."""
    rng = np.random.default_rng(0)
    data, strength = rng.normal(size=(n_rows, n_features)), np.exp(-np.arange(n_features) / 3)
    weights = rng.normal(size=(n_features, n_features)) * strength[:, None] * strength
    return data[:, :, None] * data[:, None, :] * (weights + weights.T), data


def drawn_from_arrays(given, _, **options):
    return plots.summary_plot(*given, **options)


def summaries():
    """What only the older front door draws."""
    sv, classes, (cube, data) = diabetes(), wine(), interactions()
    names = [f"feature {i} of a rather long name" for i in range(9)]
    cases = [
        ("arrays without features", (sv.values,), {}),
        ("bars", (sv,), {"plot_type": "bar"}),
        ("list of outputs", ([classes.values[..., k] for k in range(3)],), {"class_names": ["a", "b", "c"]}),
        ("values in the legend", (classes,), {"show_values_in_legend": True, "class_inds": [2, 0]}),
        ("interactions", (cube, data), {}),
        ("interactions of two", (cube[:, :2, :2], data[:, :2]), {}),
        ("interactions, long names", (cube, data, names), {"max_display": 4}),
        ("compact dots", (cube, data), {"plot_type": "compact_dot"}),
        ("title, logarithmic", (sv,), {"title": "A title", "use_log_scale": True}),
        ("small, cut", (sv,), {"max_display": 3, "plot_size": (5, 3)}),
    ]
    pictures = []
    for title, given, more in cases:
        draw = partial(drawn_from_arrays, given)
        pictures.append(picture(draw, None, f"summary: {title}", **more))
    return [*pictures, picture(lambda one, **more: plots.bar_plot(one.values, one.data, **more), sv[0], "bar_plot")]


def groups():
    """Clusters of features and cohorts of rows."""
    sv, cancer = diabetes(), breast_cancer()
    tree = hclust(cancer.data, metric="correlation")
    named = {
        "below 40": sv[sv.data[:, 0] < 40],
        "40 and older, of both sexes, as far as known": sv[sv.data[:, 0] >= 40],
    }
    cases = [
        (plots.bar, cancer, "clusters", {"clustering": tree}),
        (plots.bar, cancer, "all clusters", {"clustering": tree, "max_display": None, "clustering_cutoff": 0.2}),
        (plots.bar, cancer[0], "clusters, one row", {"clustering": tree, "clustering_cutoff": 0.3}),
        (plots.beeswarm, cancer, "clusters", {"clustering": tree}),
        (plots.bar, named, "cohorts", {}),
        (plots.bar, sv.cohorts(4), "cohorts of a tree", {}),
        (plots.bar, {f"row {k}": sv[k] for k in (0, 5, 7)}, "rows", {}),
    ]
    return [picture(plot, given, title, **more) for plot, given, title, more in cases]


def dark():
    """All plots on black."""
    sv, cube = diabetes(), interactions()
    with plt.style.context("dark_background"):
        return [
            picture(plots.bar, sv[0], "bar of one row"),
            picture(plots.bar, wine(), "outputs"),
            picture(plots.bar, sv.cohorts(2), "cohorts"),
            picture(
                plots.bar, breast_cancer(), "clusters", clustering=hclust(breast_cancer().data, metric="correlation")
            ),
            picture(plots.beeswarm, with_missing(), "beeswarm"),
            picture(plots.waterfall, sv[0], "waterfall"),
            picture(plots.heatmap, sv, "heatmap"),
            picture(plots.violin, sv, "violin"),
            picture(lambda _, **more: plots.summary_plot(*cube, **more), None, "interactions"),
        ]


def picture(plot, explanation, caption, /, **options):
    """Draw one picture by itself and return its pixels."""
    figure = plt.figure(dpi=DPI)
    with mpl.rc_context({"figure.dpi": DPI}):  # for pictures that open a figure of their own
        drawn = plot(explanation, show=False, **options)
    if plt.gcf() is not figure:  # a picture of images has its own
        plt.close(figure)
        figure = np.ravel(drawn)[0].figure
        figure.set_dpi(DPI)
    pixels = pixels_of(figure)
    head = plt.figure(figsize=(pixels.shape[1] / DPI, 0.35), dpi=DPI, facecolor="#DDEEDD")
    head.text(0.02, 0.3, caption, fontsize=12, color="black")
    return np.concatenate([pixels_of(head), pixels])


def pixels_of(figure):
    """Draw a figure, close it, and return what it looked like."""
    figure.canvas.draw()
    pixels = np.asarray(figure.canvas.buffer_rgba())[..., :3].copy()
    plt.close(figure)
    return pixels


def sheet(pictures, columns=COLUMNS):
    """Lay pictures out in columns on grey."""
    lines = [pictures[i : i + columns] for i in range(0, len(pictures), columns)]
    height = [max(len(one) for one in line) for line in lines]
    width = [max(line[k].shape[1] for line in lines if k < len(line)) for k in range(min(columns, len(pictures)))]
    page = np.full((sum(height), sum(width), 3), 200, dtype=np.uint8)
    for i, line in enumerate(lines):
        for k, one in enumerate(line):
            top, left = sum(height[:i]), sum(width[:k])
            page[top : top + one.shape[0], left : left + one.shape[1]] = one
    return page


def grid(layout):
    """All plots in a 2 x 2 grid, as in a paper."""
    figure, axes = plt.subplots(2, 2, figsize=(15, 10), dpi=DPI, layout=layout)
    sv = diabetes()
    plots.bar(sv, ax=axes[0, 0])
    plots.beeswarm(sv, ax=axes[0, 1])
    plots.waterfall(sv[3], ax=axes[1, 0])
    plots.bar(wine(), ax=axes[1, 1], max_display=8)
    return pixels_of(figure)


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    for name, (plot, tables) in SHEETS.items():
        page = sheet([picture(plot, table(), f"{name}: {title}") for title, table in tables.items()])
        plt.imsave(folder / f"{name.replace(' ', '_')}.png", page)
    more = [
        picture(plots.beeswarm, diabetes(), "log scale", log_scale=True),
        picture(plots.beeswarm, diabetes(), "viridis, transparent", color="viridis", alpha=0.4),
        picture(plots.beeswarm, made_up(300, 40), "not grouped", group_remaining_features=False, max_display=5),
        picture(plots.bar, made_up(300, 40), "all features", max_display=None),
        picture(plots.waterfall, made_up(300, 40)[0], "all features", max_display=None),
        picture(plots.bar, diabetes().abs.max(0), "largest value"),
    ]
    plt.imsave(folder / "options.png", sheet(more))
    for name, pictures in (("summaries", summaries()), ("groups", groups()), ("dark", dark())):
        plt.imsave(folder / f"{name}.png", sheet(pictures))
    image_sheets(folder)
    from tests.plots.gallery_curves import curve_sheets  # which draws with what is defined here
    from tests.plots.gallery_pages import pages

    curve_sheets(folder)
    pages(folder)
    plt.imsave(folder / "grid.png", grid("constrained"))
    plt.imsave(folder / "grid_tight.png", grid("tight"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
