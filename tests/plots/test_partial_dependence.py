"""Partial dependence: the mean output along one feature, or over two."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import to_hex

from ferroshap import plots
from ferroshap.errors import DimensionError, OptionError
from ferroshap.explanation import Explanation

RNG = np.random.default_rng(6)
DATA = RNG.normal(size=(40, 3))
SV = Explanation(RNG.normal(size=(40, 3)), np.full(40, 0.5), DATA, feature_names=["a", "b", "c"])


def product(rows):
    rows = np.asarray(rows, dtype=float)
    return rows[:, 0] * rows[:, 1] + rows[:, 2]


def curve(ax):
    return next(line for line in ax.lines if line.get_color() == plots.colors.BLUE).get_xydata()


def ice_lines(ax):
    return [s for c in ax.collections if isinstance(c, LineCollection) for s in c.get_segments()]


def test_the_curve_is_the_mean_of_the_lines_of_all_rows():
    figure, ax = plots.partial_dependence(0, product, DATA, show=False)
    assert ax.figure is figure
    drawn = curve(ax)
    assert len(drawn) == 100
    assert (drawn[0, 0], drawn[-1, 0]) == (DATA[:, 0].min(), DATA[:, 0].max())
    wanted = drawn[:, 0] * DATA[:, 1].mean() + DATA[:, 2].mean()
    assert np.allclose(drawn[:, 1], wanted, rtol=0, atol=42 * 2**-52 * 10)
    lines = np.array(ice_lines(ax))
    assert lines.shape == (40, 100, 2)
    assert np.allclose(lines[:, :, 1], drawn[:, 0] * DATA[:, [1]] + DATA[:, [2]], rtol=0, atol=1e-14)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("Feature 0", "f(x) | Feature 0")


def test_without_the_lines_the_text_is_that_of_a_mean():
    _, ax = plots.partial_dependence(
        1, product, DATA, ice=False, hist=False, npoints=7, feature_names="xyz", show=False
    )
    assert not ax.collections
    assert len(curve(ax)) == 7
    assert ax.get_ylabel() == "E[f(x) | y]"


def test_ends_are_numbers_or_percentiles():
    _, ax = plots.partial_dependence(0, product, DATA, xmin=-5, xmax="percentile(90)", show=False)
    assert curve(ax)[[0, -1], 0].tolist() == [-5.0, np.percentile(DATA[:, 0], 90)]
    with pytest.raises(OptionError, match="`xmax`"):
        plots.partial_dependence(0, product, DATA, xmax="most", show=False)


def test_expectations_are_marked_where_they_are():
    _, ax = plots.partial_dependence(
        0, product, DATA, model_expected_value=True, feature_expected_value=True, show=False
    )
    dashed = {line.get_color(): line for line in ax.lines if line.get_linestyle() == "--"}
    assert dashed
    across, up = [line for line in ax.lines if line.get_linestyle() == "--"][::-1]
    assert across.get_ydata()[0] == pytest.approx(product(DATA).mean(), rel=1e-14)
    assert up.get_xdata()[0] == pytest.approx(DATA[:, 0].mean(), rel=1e-14)
    assert {text.get_text() for text in ax.texts} == {"E[Feature 0]", "E[f(x)]"}
    _, ax = plots.partial_dependence(0, product, DATA, model_expected_value=3.5, show=False)
    assert [line.get_ydata()[0] for line in ax.lines if line.get_linestyle() == "--"] == [3.5]


def test_shap_values_are_stems_from_the_base_value():
    for given, rows in ((SV[3:5], [3, 4]), (SV[3], [3])):
        _, ax = plots.partial_dependence(
            "b", product, DATA, feature_names="abc", ice=False, shap_values=given, show=False
        )
        stems = ice_lines(ax)
        assert [stem[0].tolist() for stem in stems] == [[DATA[row, 1], 0.5] for row in rows]
        assert [stem[1, 1] for stem in stems] == [0.5 + SV.values[row, 1] for row in rows]
        (drawn,) = [c for c in ax.collections if isinstance(c, LineCollection)]
        wanted = ["#ff0051" if SV.values[row, 1] > 0 else "#008bfb" for row in rows]
        assert [to_hex(c) for c in drawn.get_edgecolors()] == wanted
        assert [line.get_ydata()[0] for line in ax.lines if line.get_linestyle() == "--"] == [0.5]
    _, ax = plots.partial_dependence("b", product, SV, show=False)
    assert ax.get_xlabel() == "b"
    with pytest.raises(DimensionError, match="`shap_values` has shape"):
        plots.partial_dependence(0, product, DATA, shap_values=SV[:, :2], show=False)
    with pytest.raises(OptionError, match="base values"):
        plots.partial_dependence(0, product, DATA, shap_values=Explanation(SV.values, data=DATA), show=False)


def test_frames_reach_the_model_as_they_are():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(
        {
            "hour": np.arange(24) % 6,
            "kind": pd.Categorical(np.array(["x", "y", "z"])[np.arange(24) % 3], ["z", "y", "x"]),
            "size": RNG.normal(size=24),
            "open": np.arange(24) % 2 == 0,
        }
    )
    seen = []

    def model(rows):
        seen.append(rows)
        return rows["size"] + rows["kind"].cat.codes + rows["hour"]

    before = frame.copy()
    _, ax = plots.partial_dependence("kind", model, frame, show=False)
    pd.testing.assert_frame_equal(frame, before)
    assert [list(rows.columns) for rows in seen] == [list(frame.columns)] * 3
    assert all(rows["kind"].dtype == frame["kind"].dtype for rows in seen)
    assert [text.get_text() for text in ax.get_xticklabels()] == ["x", "y", "z"]
    assert np.allclose(np.diff(curve(ax)[:, 1]), [-1.0, -1.0])
    _, ax = plots.partial_dependence("hour", model, frame, show=False)
    assert curve(ax)[:, 0].tolist() == [0, 1, 2, 3, 4, 5]  # whole numbers stay whole
    assert seen[-1]["hour"].dtype.kind == "i"
    _, ax = plots.partial_dependence("open", model, frame, show=False)
    assert [text.get_text() for text in ax.get_xticklabels()] == ["False", "True"]
    assert seen[-1]["open"].dtype == bool


@pytest.mark.parametrize("library", ["polars", "pyarrow"])
def test_other_frames_stay_what_they_are(library):
    module = pytest.importorskip(library)
    columns = {"a": DATA[:, 0].tolist(), "b": DATA[:, 1].tolist(), "w": ["u", "v"] * 20}
    frame = module.DataFrame(columns) if library == "polars" else module.table(columns)
    seen = []

    def model(rows):
        seen.append(rows)
        return np.asarray(rows["a"]) + np.asarray(rows["b"])

    _, ax = plots.partial_dependence("a", model, frame, npoints=5, show=False)
    assert len(seen) == 5
    assert all(type(rows) is type(frame) for rows in seen)
    assert np.allclose(curve(ax)[:, 1], curve(ax)[:, 0] + DATA[:, 1].mean())
    _, ax = plots.partial_dependence("w", model, frame, show=False)
    assert [text.get_text() for text in ax.get_xticklabels()] == ["u", "v"]


def test_arrays_of_whole_numbers_and_of_objects_are_taken():
    whole = RNG.integers(0, 500, size=(30, 2))
    _, ax = plots.partial_dependence(0, lambda rows: rows[:, 0] / 2, whole, npoints=11, show=False)
    assert np.allclose(curve(ax)[:, 1], curve(ax)[:, 0] / 2)
    mixed = np.array([["u", 1.0], ["v", 2.0]] * 5, dtype=object)
    _, ax = plots.partial_dependence(0, lambda rows: rows[:, 0] == "v", mixed, show=False)
    assert curve(ax)[:, 1].tolist() == [0.0, 1.0]


def test_missing_values_stay_out_of_the_grid():
    data = DATA.copy()
    data[:5, 0] = np.nan
    _, ax = plots.partial_dependence(0, lambda rows: np.nan_to_num(rows[:, 0]), data, show=False)
    assert np.isfinite(curve(ax)).all()
    data[:, 0] = np.nan
    with pytest.raises(OptionError, match="no value of 'Feature 0'"):
        plots.partial_dependence(0, product, data, show=False)


def test_two_features_are_a_surface_or_colours_on_a_plane():
    _, ax = plots.partial_dependence((0, "b"), product, DATA, feature_names="abc", npoints=5, show=False)
    assert ax.name == "3d"
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_zlabel()) == ("a", "b", "E[f(x) | a, b]")
    plane = plt.figure().subplots()
    figure, ax = plots.partial_dependence((0, 1), product, DATA, npoints=5, ax=plane)
    heights = ax.collections[0].get_array().reshape(5, 5)
    x, y = (np.linspace(DATA[:, k].min(), DATA[:, k].max(), 5) for k in (0, 1))
    assert np.allclose(heights, y[:, None] * x + DATA[:, 2].mean(), rtol=0, atol=1e-13)
    assert figure.axes[-1].get_ylabel() == "E[f(x) | Feature 0, Feature 1]"
    with pytest.raises(OptionError, match="a pair of different ones"):
        plots.partial_dependence((0, 0), product, DATA, show=False)


def test_the_histogram_is_that_of_the_feature():
    _, ax = plots.partial_dependence(0, product, DATA, show=False)
    (bars,) = [c for c in ax.collections if isinstance(c, PolyCollection)]
    assert sum(path.get_extents().height for path in bars.get_paths()) == pytest.approx(1.0, abs=1e-13)


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(DimensionError, match=r"predict_proba\(X\)\[:, 1\]"):
        plots.partial_dependence(0, lambda rows: np.zeros((len(rows), 2)), DATA, show=False)
    with pytest.raises(OptionError, match="`ind` is 'z'"):
        plots.partial_dependence("z", product, DATA, show=False)
    with pytest.raises(OptionError, match="`npoints` is 1"):
        plots.partial_dependence(0, product, DATA, npoints=1, show=False)
    with pytest.raises(DimensionError, match="`feature_names` has 2 names"):
        plots.partial_dependence(0, product, DATA, feature_names="ab", show=False)
    mixed = np.array([["u", 1.0], ["v", 2.0]] * 5, dtype=object)
    with pytest.raises(OptionError, match="has no mean"):
        plots.partial_dependence(0, lambda rows: np.zeros(len(rows)), mixed, feature_expected_value=True, show=False)
    with pytest.raises(ZeroDivisionError):
        plots.partial_dependence(0, lambda rows: 1 / 0, DATA, show=False)


def test_one_number_in_a_column_is_one_output():
    _, ax = plots.partial_dependence(0, lambda rows: rows[:, :1], DATA, show=False)
    assert np.allclose(curve(ax)[:, 0], curve(ax)[:, 1])
