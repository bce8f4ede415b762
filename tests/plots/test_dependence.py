"""The dependence plot on arrays."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.collections import PathCollection

from ferroshap import plots
from ferroshap.errors import DimensionError, OptionError
from ferroshap.explanation import Explanation

RNG = np.random.default_rng(4)
DATA = RNG.normal(size=(200, 3))
VALUES = np.column_stack([DATA[:, 0] * DATA[:, 2], 5 * DATA[:, 1], DATA[:, 2] * DATA[:, 0]])
NAMES = ["a", "b", "c"]


def dots(ax):
    (cloud,) = [c for c in ax.collections if isinstance(c, PathCollection)]
    return cloud.get_offsets()


def is_over(ax, x, y):
    return np.array_equal(np.sort(dots(ax), axis=0), np.sort(np.column_stack([x, y]), axis=0))


@pytest.mark.parametrize("ind", [1, "b", "rank(0)", -2])
def test_a_feature_is_given_by_position_name_or_rank(ind):
    ax = plots.dependence_plot(ind, VALUES, DATA, NAMES, show=False)
    assert is_over(ax, DATA[:, 1], VALUES[:, 1])
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("b", "SHAP value for\nb")


def test_colour_is_the_strongest_interaction_or_the_one_given_or_none():
    for given, named in (("auto", "c"), ("b", "b"), (1, "b")):
        ax = plots.dependence_plot("a", VALUES, DATA, NAMES, interaction_index=given, show=False)
        assert ax.figure.axes[-1].get_ylabel() == named
        assert ax.figure.get_size_inches().tolist() == [7.5, 5.0]
    ax = plots.dependence_plot("a", VALUES, DATA, NAMES, interaction_index=None, show=False)
    assert ax.figure.axes == [ax]
    ax = plots.dependence_plot("a", VALUES, DATA, NAMES, interaction_index="a", show=False)
    assert ax.figure.axes == [ax]


def test_frames_bring_their_names_and_words_are_shown_for_codes():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"a": np.arange(200) % 2, "b": DATA[:, 1], "c": DATA[:, 2]})
    shown = frame.assign(a=np.where(frame["a"] == 1, "yes", "no"))
    ax = plots.dependence_plot("a", VALUES, frame, display_features=shown, show=False)
    assert [text.get_text() for text in ax.get_xticklabels()] == ["no", "yes"]
    assert set(dots(ax)[:, 0]) == {0.0, 1.0}


def test_explanations_and_vectors_are_taken_too():
    sv = Explanation(VALUES, 0.0, DATA, feature_names=NAMES)
    assert is_over(plots.dependence_plot("a", sv, show=False), DATA[:, 0], VALUES[:, 0])
    ax = plots.dependence_plot(0, VALUES[:, 0], DATA[:, 0], show=False)
    assert is_over(ax, DATA[:, 0], VALUES[:, 0])
    assert ax.get_xlabel() == "Feature 0"


def test_a_pair_is_an_interaction_doubled_and_twice_the_same_a_main_effect():
    cube = RNG.normal(size=(200, 3, 3))
    ax = plots.dependence_plot(("a", "c"), cube, DATA, NAMES, show=False)
    assert is_over(ax, DATA[:, 0], 2 * cube[:, 0, 2])
    assert ax.get_ylabel() == "SHAP interaction value for\na and c"
    assert ax.figure.axes[-1].get_ylabel() == "c"
    ax = plots.dependence_plot((1, 1), cube, DATA, NAMES, show=False)
    assert is_over(ax, DATA[:, 1], cube[:, 1, 1])
    assert ax.get_ylabel() == "SHAP main effect value for\nb"
    assert ax.figure.axes == [ax]
    with pytest.raises(DimensionError, match="`ind` must be a pair"):
        plots.dependence_plot(0, cube, DATA, show=False)
    with pytest.raises(DimensionError, match="`ind` is a pair"):
        plots.dependence_plot((0, 1), VALUES, DATA, show=False)


def test_one_end_of_the_axis_of_values_gives_the_other():
    assert plots.dependence_plot(0, VALUES, DATA, ymax=3, show=False).get_ylim() == (-3.0, 3.0)
    assert plots.dependence_plot(0, VALUES, DATA, ymin=-2, show=False).get_ylim() == (-2.0, 2.0)
    ax = plots.dependence_plot(0, VALUES, DATA, ymin=-2, ymax=5, xmax="percentile(80)", show=False)
    assert ax.get_ylim() == (-2.0, 5.0)
    assert ax.get_xlim()[1] == np.percentile(DATA[:, 0], 80)


def test_what_does_not_fit_is_refused():
    with pytest.raises(TypeError, match="is a list"):
        plots.dependence_plot(0, [VALUES, VALUES], DATA, show=False)
    with pytest.raises(TypeError, match="is missing"):
        plots.dependence_plot(0, show=False)
    with pytest.raises(OptionError, match="`features`"):
        plots.dependence_plot(0, VALUES, show=False)
    with pytest.raises(DimensionError, match="`features` has shape"):
        plots.dependence_plot(0, VALUES, DATA[:9], show=False)
    with pytest.raises(DimensionError, match="`feature_names` has 2 names"):
        plots.dependence_plot(0, VALUES, DATA, ["a", "b"], show=False)
    for wrong in ("z", 7, "rank(9)"):
        with pytest.raises(ValueError, match=r"feature"):
            plots.dependence_plot(wrong, VALUES, DATA, NAMES, show=False)
    outputs = Explanation(RNG.normal(size=(5, 3, 2)), 0.0, DATA[:5])
    with pytest.raises(ValueError, match=r"sv\[\.\.\., k\]"):
        plots.dependence_plot(0, outputs, show=False)


def test_it_draws_where_it_is_told():
    ax = plt.figure().subplots()
    assert plots.dependence_plot(0, VALUES, DATA, ax=ax) is ax
    assert plt.get_fignums() == [1]
