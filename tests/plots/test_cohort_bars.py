"""Bars of several Explanations: one a cohort, told apart by hatches, named with their number of rows."""

from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pytest

from ferroshap import plots
from ferroshap.errors import DimensionError
from ferroshap.explanation import Explanation

RNG = np.random.default_rng(3)
AGES = np.array([20.0, 25.0, 30.0, 60.0, 65.0])
SV = Explanation(
    RNG.normal(size=(5, 3)) + 4.0 * (AGES > 40)[:, None],
    0.0,
    np.column_stack([AGES, RNG.normal(size=(5, 2))]),
    feature_names=["age", "bmi", "bp"],
)


def entries(ax):
    return [text.get_text() for text in ax.figure.axes[-1].get_legend().get_texts()]


def by_container(ax):
    return [[patch.get_width() for patch in one] for one in ax.containers if hasattr(one, "patches")]


def test_each_cohort_has_a_bar_in_each_row_and_its_size_in_the_legend():
    ax = plots.bar({"young": SV[:3], "old": SV[3:]}, show=False)
    assert entries(ax) == ["young [3]", "old [2]"]
    young, old = (np.abs(part.values).mean(0) for part in (SV[:3], SV[3:]))
    order = np.argsort(-(young + old), kind="stable")
    assert np.allclose(by_container(ax), [young[order], old[order]])
    assert [label.get_text() for label in ax.get_yticklabels()][::-1] == [SV.feature_names[i] for i in order]
    assert ax.get_xlabel() == "mean(|SHAP value|)"
    hatches = [one.patches[0].get_hatch() for one in ax.containers]
    assert [hatch or "" for hatch in hatches] == ["", "\\\\"]


def test_cohorts_made_by_the_explanation_are_drawn_before_and_after_they_are_reduced():
    cohorts = SV.cohorts(2)
    names = [f"{name} [{len(one)}]" for name, one in cohorts.cohorts.items()]
    assert entries(plots.bar(cohorts, show=False)) == names
    reduced = plots.bar(cohorts.abs.mean(0), ax=plt.figure().subplots())
    assert entries(reduced) == names
    wide = plots.bar(cohorts.abs.max(0), ax=plt.figure().subplots())
    assert wide.get_xlabel() == "max(|SHAP value|)"


def test_rows_side_by_side_keep_their_signs_and_show_no_data_of_one_of_them():
    ax = plots.bar({"first": SV[0] - 5.0, "last": SV[4]}, show=False)
    assert np.allclose(np.sort(np.ravel(by_container(ax))), np.sort(np.r_[SV.values[0] - 5.0, SV.values[4]]))
    assert all(" = " not in label.get_text() for label in ax.get_yticklabels())
    assert entries(ax) == ["first", "last"]


def test_bars_of_a_row_do_not_overlap():
    ax = plots.bar({str(k): SV[k] for k in range(5)}, show=False)
    spans = sorted((patch.get_y(), patch.get_y() + patch.get_height()) for patch in ax.patches)
    assert all(above[0] >= below[1] - 1e-9 for below, above in pairwise(spans))


def test_one_cohort_is_drawn_as_the_explanation_that_it_is():
    alone, plain = plots.bar({"all": SV}, show=False), plots.bar(SV, ax=plt.figure().subplots())
    assert by_container(alone) == by_container(plain)
    assert alone.figure.axes == [alone]


def test_numbers_stand_beside_hatched_bars_never_on_them():
    ax = plots.bar({"young": SV[:3], "old": SV[3:]}, show=False)
    ax.figure.canvas.draw()
    labels = [text for text in ax.get_children() if hasattr(text, "tip")]
    assert len(labels) == 6
    assert all(text.get_ha() == "left" for text in labels)


def test_what_does_not_go_together_is_refused():
    with pytest.raises(DimensionError, match="3 features in 'a', but 2 in 'b'"):
        plots.bar({"a": SV, "b": SV[:, ["age", "bmi"]]}, show=False)
    with pytest.raises(TypeError, match="pass an Explanation"):
        plots.bar({"a": SV, "b": SV.values}, show=False)
    with pytest.raises(DimensionError, match="nothing to draw"):
        plots.bar({}, show=False)
    outputs = Explanation(np.ones((2, 3, 2)))
    with pytest.raises(ValueError, match=r"2 outputs.*sv\[\.\.\., k\]"):
        plots.bar({"a": outputs, "b": outputs}, show=False)


@pytest.mark.parametrize("plot", [plots.beeswarm, plots.waterfall, plots.heatmap, plots.violin])
def test_plots_of_one_explanation_refuse_cohorts_by_name(plot):
    with pytest.raises(TypeError, match="holds cohorts: pick one"):
        plot(SV.cohorts(2), show=False)
