"""What others do with the pictures: signatures, the calls of embedders, and the deliberate differences."""

import inspect

import matplotlib.pyplot as plt
import numpy as np
import pytest

import ferroshap as shap
from ferroshap import plots
from ferroshap.explanation import Explanation

RNG = np.random.default_rng(9)
SV = Explanation(RNG.normal(size=(40, 5)), np.full(40, 0.5), RNG.normal(size=(40, 5)), feature_names=list("abcde"))
CLASSES = Explanation(
    RNG.normal(size=(40, 5, 2)), np.zeros((40, 2)), RNG.normal(size=(40, 5)), axes=("row", "feature", "output")
)

SIGNATURES = {
    "bar": "shap_values max_display order clustering clustering_cutoff show_data ax show",
    "beeswarm": "shap_values max_display order clustering cluster_threshold color axis_color alpha ax show log_scale "
    "color_bar s plot_size color_bar_label group_remaining_features",
    "waterfall": "shap_values max_display show *ax",
    "heatmap": "shap_values instance_order feature_values feature_order max_display cmap show plot_width ax",
    "violin": "shap_values features feature_names max_display plot_type color axis_color title alpha show sort color_bar "
    "plot_size layered_violin_max_num_bins class_names class_inds color_bar_label cmap color_bar_label_size "
    "color_bar_tick_size axhline_lw use_log_scale ax",
    "summary_plot": "shap_values features feature_names max_display plot_type color axis_color title alpha show sort "
    "color_bar plot_size layered_violin_max_num_bins class_names class_inds color_bar_label cmap show_values_in_legend "
    "use_log_scale rng",
    "bar_plot": "shap_values features feature_names max_display show",
}
DEFAULTS = {
    "bar": {"max_display": 10, "order": Explanation.abs, "clustering_cutoff": 0.5, "show_data": "auto"},
    "beeswarm": {"max_display": 10, "order": Explanation.abs.mean(0), "alpha": 1.0, "s": 16, "color_bar": True},
    "waterfall": {"max_display": 10},
    "heatmap": {"instance_order": Explanation.hclust(), "feature_values": Explanation.abs.mean(0), "plot_width": 8},
    "violin": {"plot_type": "violin", "sort": True, "color_bar_label_size": 12, "color_bar_tick_size": 11},
    "summary_plot": {"plot_type": None, "plot_size": "auto", "show_values_in_legend": False},
    "bar_plot": {"max_display": None},
}


@pytest.mark.parametrize("name", SIGNATURES)
def test_arguments_stand_in_the_incumbents_order_with_its_defaults(name):
    parameters = inspect.signature(getattr(plots, name)).parameters
    marks = {inspect.Parameter.KEYWORD_ONLY: "*", inspect.Parameter.POSITIONAL_OR_KEYWORD: ""}
    assert " ".join(f"{marks[one.kind]}{one.name}" for one in parameters.values()) == SIGNATURES[name]
    for option, value in DEFAULTS[name].items():
        assert parameters[option].default == value
    assert parameters["show"].default is None


@pytest.mark.parametrize("name", ["summary_plot", "bar_plot", "heatmap_plot", "violin_plot", "waterfall_plot"])
def test_the_older_names_are_at_the_top(name):
    assert getattr(shap, name) in {getattr(plots, one, None) for one in (name, name.removesuffix("_plot"))}


def crush_the_last_axes():
    """What MLflow's evaluator does to what it takes for the colour bar."""
    plt.gcf().axes[-1].set_aspect("auto")
    plt.gcf().tight_layout()
    plt.gcf().axes[-1].set_box_aspect(50)
    plt.xticks(fontsize=10)
    plt.yticks(fontsize=10)


@pytest.mark.parametrize(
    "draw",
    [
        lambda: shap.plots.beeswarm(SV, show=False, color_bar=True),
        lambda: shap.summary_plot(SV, show=False, color_bar=True),
        lambda: shap.plots.bar(SV, show=False),
        lambda: shap.summary_plot(CLASSES, show=False, color_bar=True),
        lambda: shap.plots.bar(CLASSES, show=False),
    ],
    ids=["beeswarm", "summary", "bar", "summary of classes", "bar of classes"],
)
def test_mlflows_evaluator_does_not_crush_the_picture(draw, tmp_path):
    plt.clf()
    ax = draw()
    is_alone = plt.gcf().axes == [ax]
    if not is_alone:  # the evaluator reshapes the last axes of summaries and beeswarms; of bars it does not
        crush_the_last_axes()
    plt.gcf().canvas.draw()
    box = ax.get_position()
    assert box.width > 0.3
    assert box.height > 0.4
    plt.savefig(tmp_path / "picture.png")
    plt.clf()


def test_mlflow_logs_the_current_figure():
    shap.summary_plot(SV.values, SV.data, plot_type="bar", show=False)
    figure = plt.gcf()
    assert len(figure.axes[0].patches) == 5
    figure.tight_layout()


def test_mlflows_evaluator_meets_a_value_error_for_several_outputs():
    with pytest.raises(ValueError, match="2 outputs"):
        shap.plots.beeswarm(CLASSES, show=False, color_bar=True)


def test_the_incumbents_own_explanation_is_drawn():
    incumbent = pytest.importorskip("shap", reason="shap is not installed")
    if incumbent.__name__ != "shap" or not hasattr(incumbent, "__file__") or incumbent.Explanation is Explanation:
        pytest.skip("the name shap stands for something else here")
    sv = incumbent.Explanation(SV.values, SV.base_values, SV.data, feature_names=list("abcde"))
    for ax in (
        plots.bar(sv, show=False),
        plots.beeswarm(sv, ax=plt.figure().subplots()),
        plots.waterfall(sv[0], ax=plt.figure().subplots()),
        plots.heatmap(sv, ax=plt.figure().subplots()),
        plots.violin(sv, ax=plt.figure().subplots()),
    ):
        assert ax.has_data()
    assert plots.summary_plot(sv, show=False)
    assert plots.bar(sv.cohorts(2), ax=plt.figure().subplots())


def test_d17_plots_take_axes_leave_the_mode_alone_and_label_exactly():
    figure, axes = plt.subplots(2, 2, figsize=(14, 9))
    plots.beeswarm(SV, ax=axes[0, 0])  # no `plot_size=None` needed
    interactive = plt.isinteractive()
    plt.ion()
    try:
        ax = plots.waterfall(SV[0], ax=axes[0, 1])
        assert plt.isinteractive()
    finally:
        plt.interactive(interactive)
    assert ax is axes[0, 1]  # not a twin
    odd = Explanation([3.0, 2.0, 1.0], 0.0, ["A100", "v1.50", 2.50], feature_names=["a=b", "c", "d"])
    for plot, place in ((plots.waterfall, axes[1, 0]), (plots.bar, axes[1, 1])):
        shown = [label.get_text() for label in plot(odd, ax=place).get_yticklabels()][::-1]
        assert shown == ["A100 = a=b", "v1.50 = c", "2.5 = d"]
    assert figure.get_size_inches().tolist() == [14.0, 9.0]


def test_d24_two_outputs_are_stacked_and_no_interactions():
    values = RNG.normal(size=(20, 2, 2))  # (rows, features, outputs), as wide as it is deep
    values[..., 1] = -values[..., 0]  # a binary classifier's two outputs mirror each other
    data = RNG.normal(size=(20, 2))
    binary = Explanation(values, np.zeros((20, 2)), data, axes=("row", "feature", "output"), output_names=["no", "yes"])
    for draw in (plots.bar, plots.summary_plot):
        ax = draw(binary, show=False)
        assert sorted(text.get_text() for text in ax.figure.axes[-1].get_legend().get_texts()) == ["no", "yes"]
        assert len(ax.patches) == 4
        plt.close("all")
    ax = plots.summary_plot(values, data, show=False)  # not symmetric: outputs
    assert len(ax.patches) == 4
