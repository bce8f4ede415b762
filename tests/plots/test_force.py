"""Force plots: where the chevrons lie, what is written, which arguments are understood, and that it needs no library."""

import io
import xml.etree.ElementTree as ET  # of our own drawings

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import ferroshap
from ferroshap import links, plots
from ferroshap.errors import DimensionError, OptionError
from ferroshap.explanation import Explanation
from ferroshap.plots.force.forces import read_forces

SVG = "{http://www.w3.org/2000/svg}"
ROW = Explanation([1.0, -4.0, 0.5, 2.0], 10.0, [50, 31.25, "A100", np.nan], feature_names=["age", "bmi", "ward", "bp"])
MANY = Explanation(
    np.random.default_rng(0).normal(size=(30, 4)), 0.5, np.arange(120.0).reshape(30, 4), feature_names=list("abcd")
)
HOSTILE = "</title></svg><script>alert(1)</script>\"'&\u2028"


def forces_of(values, base=0.0, names=None):
    return read_forces(base, np.asarray(values, float), None, names, None, links.identity)


def texts(drawing):
    return ["".join(node.itertext()) for node in ET.fromstring(drawing).iter(SVG + "text")]  # noqa: S314 - our own


def titles(drawing):
    return [node.text for node in ET.fromstring(drawing).iter(SVG + "title")]  # noqa: S314 - our own


class TestOneRow:
    """The picture of one row."""

    def test_names_values_and_amounts_are_written(self):
        written = texts(plots.force(ROW).svg())
        assert {"f(x)", "9.5", "base value", "10", "age = 50", "bmi = 31.25", "bp = nan", "−4", "+2"} <= set(written)
        assert titles(plots.force(ROW).svg())[:2] == ["bp = nan: +2", "age = 50: +1"]

    def test_weak_features_have_no_label_but_a_tooltip(self):
        drawing = plots.force(0.0, np.array([10.0, 0.3]), feature_names=["strong", "weak"]).svg()
        assert "weak" not in texts(drawing)
        assert "weak: +0.3" in titles(drawing)
        assert "weak" in texts(
            plots.force(0.0, np.array([10.0, 0.3]), feature_names=["strong", "weak"], contribution_threshold=0.0).svg()
        )

    def test_it_is_drawn_without_a_script_or_a_style(self):
        html = plots.force(ROW).html()
        assert "<script" not in html
        assert "<style" not in html
        assert "href" not in html
        assert len(html) < 10_000

    def test_hostile_names_are_escaped(self):
        drawing = plots.force(0.0, np.array([1.0, -1.0]), [[HOSTILE, 1.0]], [HOSTILE, "b"], out_names=HOSTILE).svg()
        assert "<script" not in drawing
        assert any(HOSTILE in text for text in titles(drawing))

    def test_probabilities_label_the_axis_of_log_odds(self):
        written = texts(plots.force(0.0, np.array([1.0, -0.5, 1.5]), link="logit").svg())
        assert "0.88" in written  # of log-odds 2
        assert "0.50" in written
        assert "+1.5" in written  # pushes stay log-odds

    @pytest.mark.parametrize(
        "values,base",
        [
            ([0.0, 0.0], 2.0),
            ([np.nan, 1.0], 0.0),
            ([np.inf, -1.0], 0.0),
            ([1e-300, -1e-300], 0.0),
            ([1e300, -1e300], 1e300),
            ([1e-9, -3e-9], 1e6),
            ([5.0], 0.0),
            (np.random.default_rng(1).normal(size=10_000), 0.1),
        ],
    )
    def test_hard_rows_are_drawn(self, values, base):
        drawing = plots.force(base, np.asarray(values)).svg()
        assert "nan" not in drawing.split(">", 1)[1].split("<title")[0]
        for node in ET.fromstring(drawing).iter(SVG + "path"):  # noqa: S314 - our own
            assert "nan" not in node.get("d")
            assert "inf" not in node.get("d")

    def test_colours_come_from_the_map(self):
        assert "#FF0D57" in plots.force(ROW).svg()
        assert "#b40426" in plots.force(ROW, plot_cmap="coolwarm").svg()  # the upper end of matplotlib's
        assert "#18C45D" in plots.force(ROW, plot_cmap="GnPR").svg()
        drawing = plots.force(ROW, plot_cmap=["#123456", "#abcdef"]).svg()
        assert "#123456" in drawing
        assert "#abcdef" in drawing

    def test_data_speaks_the_incumbent_s_words(self):
        data = plots.force(ROW).data
        assert data["baseValue"] == 10.0
        assert data["outValue"] == 9.5
        assert data["outNames"] == ["f(x)"]
        assert data["features"][2] == {"effect": 0.5, "value": "A100"}


class TestArguments:
    """What may be given, and what is refused."""

    def test_the_ways_of_the_incumbent_give_the_same_picture(self):
        table = pd.DataFrame([[50, 31.25, "A100", np.nan]], columns=["age", "bmi", "ward", "bp"])
        wanted = plots.force(ROW).svg()
        for given_ in (
            plots.force(10.0, ROW.values, ROW.data, ["age", "bmi", "ward", "bp"]),
            plots.force(np.array([10.0]), ROW.values, table.iloc[0]),
            plots.force(10.0, ROW.values[None], table),
            plots.force(10.0, ROW),
            plots.force(ROW.base_values, ROW.values, ROW.data, ROW.feature_names),
            ferroshap.force_plot(ROW),
        ):
            assert given_.svg() == wanted

    def test_a_list_of_texts_names_the_features(self):
        assert "age" in texts(plots.force(0.0, np.array([1.0, -1.0]), ["age", "bmi"]).svg())

    def test_numbers_without_names_are_values(self):
        assert "Feature 0 = 7" in texts(plots.force(0.0, np.array([1.0, -1.0]), np.array([7.0, 8.0])).svg())

    def test_the_incumbent_s_explanation_is_read(self):
        class Foreign:
            values, base_values, data = ROW.values, np.float64(10.0), ROW.data
            feature_names, display_data = ROW.feature_names, None

        assert plots.force(Foreign()).svg() == plots.force(ROW).svg()

    def test_values_of_several_outputs_are_refused(self):
        with pytest.raises(TypeError, match=r"shap_values\[i\]"):
            plots.force(0.0, [np.ones(3), np.ones(3)])
        with pytest.raises(ValueError, match=r"\[\.\.\., 0\]"):
            plots.force(0.0, np.ones((4, 3, 2)))
        with pytest.raises(ValueError, match="output"):
            plots.force(Explanation(np.ones((4, 3, 2)), axes=("row", "feature", "output")))

    def test_the_base_value_comes_first(self):
        for wrong in ((np.ones((3, 4)),), ("f(x)", np.ones(3)), (np.array([0.1, 0.9]), np.ones(3)), (ROW, ROW.values)):
            with pytest.raises(TypeError, match="base value|Explanation"):
                plots.force(*wrong)
        with pytest.raises(OptionError, match="None"):
            plots.force(None, np.ones(3))
        with pytest.raises(OptionError, match="finite"):
            plots.force(np.nan, np.ones(3))

    def test_lengths_must_agree(self):
        with pytest.raises(DimensionError, match="base value, as in old releases"):
            plots.force(0.0, np.ones(4), np.ones(3), list("abcd"))
        with pytest.raises(DimensionError, match="2 names"):
            plots.force(0.0, np.ones(4), feature_names=["a", "b"])
        with pytest.raises(DimensionError, match="5 rows"):
            plots.force(0.0, np.ones((4, 3)), np.ones((5, 3)))
        with pytest.raises(DimensionError, match="nothing"):
            plots.force(0.0, np.ones((0, 3)))

    def test_unknown_options_name_the_nearest(self):
        with pytest.raises(OptionError, match="did you mean 'RdBu'"):
            plots.force(ROW, plot_cmap="RbBu")
        for wrong in (["#fff", "#000000"], ["#123456"]):
            with pytest.raises(OptionError, match="plot_cmap"):
                plots.force(ROW, plot_cmap=wrong)
        with pytest.raises(TypeError, match="plot_cmap"):
            plots.force(ROW, plot_cmap=3)
        with pytest.raises(OptionError, match="logit"):
            plots.force(ROW, link="logits")
        with pytest.raises(OptionError, match="contribution_threshold"):
            plots.force(ROW, contribution_threshold=5)


class TestManyRows:
    """Stacked areas."""

    def test_areas_add_up_to_the_outputs(self):
        from ferroshap.plots.force.stack_svg import MOST_COLUMNS, columns_of

        for n_rows in (2, 30, 1_234):
            values = np.random.default_rng(0).normal(size=(n_rows, 40))
            forces = forces_of(values, 0.3)
            order = np.random.default_rng(1).permutation(n_rows)
            outputs, bases, up, down = columns_of(forces, order)
            assert len(outputs) == min(n_rows, MOST_COLUMNS)
            assert (up >= 0).all()
            assert (down >= 0).all()
            # sums of 40 terms, averaged over at most 3 rows
            rounding = 50 * 2**-52 * np.abs(values).sum(axis=1).max()
            assert np.abs(bases + up.sum(axis=0) - down.sum(axis=0) - outputs).max() <= rounding
        assert n_rows > MOST_COLUMNS

    def test_it_is_whole_without_its_script(self):
        plot = plots.force(MANY)
        drawing = plot.svg()
        assert "<script" not in drawing
        assert {"a pushes up", "a pushes down", "d pushes up"} <= set(titles(drawing))
        assert any("30 rows" in text for text in texts(drawing))
        assert drawing in plot.html()

    def test_its_script_is_small_and_fetches_nothing(self):
        html = plots.force(MANY).html()
        script = html.split("<script>")[1]
        assert len(script) < 30_000
        assert not any(word in html for word in ("fetch(", "eval(", "src=", "href=", "localStorage", "innerHTML"))

    def test_hostile_names_cannot_end_the_script(self):
        names = [HOSTILE, "b", "c", "d"]
        sv = Explanation(MANY.values, 0.5, MANY.data.astype(object), feature_names=names, instance_names=[HOSTILE] * 30)
        sv.data[:, 1] = HOSTILE
        html = plots.force(sv, out_names=HOSTILE).html()
        assert html.count("</script>") == 1
        assert "\u2028" not in html.split("<script>")[1]

    def test_higher_outputs_come_first(self):
        data = plots.force(MANY).data["explanations"]
        ranked = sorted(data, key=lambda row: row["simIndex"])
        outputs = [row["outValue"] for row in ranked]
        assert sum(outputs[:15]) >= sum(outputs[15:])
        assert sorted(row["simIndex"] for row in data) == list(range(1, 31))

    def test_keys_order_the_rows(self):
        keys = [f"{day:02d}.06.2020" for day in range(30, 0, -1)]
        plot = plots.force(MANY, ordering_keys=keys, ordering_keys_time_format="%d.%m.%Y")
        assert plot._order.tolist() == list(range(29, -1, -1))
        assert plot.data["ordering_keys"] == keys
        assert any("by the keys given" in text for text in texts(plot.svg()))
        with pytest.raises(DimensionError, match="29 keys"):
            plots.force(MANY, ordering_keys=range(29))
        with pytest.raises(OptionError, match="time_format"):
            plots.force(MANY, ordering_keys=range(30), ordering_keys_time_format="%d.%m.%Y")

    def test_each_row_may_have_a_base_value_of_its_own(self):
        base = np.linspace(0, 1, 30)
        data = plots.force(base, MANY.values).data
        assert data["baseValue"] == base.tolist()
        assert data["explanations"][3]["outValue"] == pytest.approx(base[3] + MANY.values[3].sum(), rel=1e-14)

    def test_matplotlib_draws_one_row_only(self):
        with pytest.raises(NotImplementedError, match=r"sv\[0\]"):
            plots.force(MANY, matplotlib=True)


class TestFigure:
    """One row by matplotlib."""

    def test_a_new_figure_comes_back(self):
        other = plt.figure()
        figure = plots.force(ROW, matplotlib=True, show=False)
        assert figure is not other
        assert figure.get_size_inches().tolist() == [20.0, 3.0]
        assert plt.gcf() is figure
        plots.force(ROW, matplotlib=True, show=False, figsize=(10, 2)).savefig(io.BytesIO())

    def test_showing_returns_nothing(self, monkeypatch):
        shown = []
        monkeypatch.setattr(plt, "show", lambda: shown.append(True))
        assert plots.force(ROW, matplotlib=True) is None
        assert plots.force(ROW, matplotlib=True, show=True) is None
        assert len(shown) == 2

    def test_chevrons_lie_on_the_axis_of_the_output(self):
        ax = plots.force(ROW, matplotlib=True, show=False).axes[0]
        spans = [(patch.get_xy()[:, 0].min(), patch.get_xy()[:, 0].max()) for patch in ax.patches]
        tips = [patch.get_xy()[2, 0] for patch in ax.patches]
        assert tips == pytest.approx([9.5, 7.5, 6.5, 9.5])
        assert max(high for _, high in spans) == pytest.approx(13.5, abs=0.02)  # but for the gap to the next
        written = {text.get_text() for text in ax.texts}
        assert {"f(x)", "9.5", "base value", "10", "age = 50", "bmi = 31.25", "−4"} <= written

    def test_labels_turn_with_the_rotation(self):
        ax = plots.force(ROW, matplotlib=True, show=False, text_rotation=45).axes[0]
        assert {text.get_rotation() for text in ax.texts if "=" in text.get_text()} == {45.0}

    def test_names_with_dollars_are_no_mathematics(self):
        plots.force(0.0, np.array([1.0]), feature_names=["$x_1 & \\frac$"], matplotlib=True, show=False).savefig(
            io.BytesIO()
        )


class TestFiles:
    """Pages and pieces of pages."""

    def test_d18_a_force_plot_needs_no_library_loaded_before_it(self):
        assert plots.getjs() == ferroshap.getjs() == "<script></script>"
        assert plots.initjs() is ferroshap.initjs() is None
        assert plots.force(ROW)._repr_html_() == plots.force(ROW).html()
        piece = f"{ferroshap.getjs()}{plots.force(MANY).html()}"
        assert "src" not in piece
        assert "library not loaded" not in piece

    @pytest.mark.parametrize("sv", [ROW, MANY], ids=["one row", "many rows"])
    def test_pages_are_written_to_paths_and_to_streams(self, sv, tmp_path):
        plot, path = plots.force(sv), tmp_path / "a.html"
        plots.save_html(path, plot)
        text = path.read_text(encoding="utf-8")
        assert text.startswith("<!DOCTYPE html>")
        assert plot.svg() in text
        plots.save_html(str(path), plot, full_html=False)
        assert path.read_text(encoding="utf-8").startswith("<div")
        for stream in (io.StringIO(), io.BytesIO()):
            ferroshap.save_html(stream, plot)
            assert not stream.closed
            assert len(stream.getvalue()) > 1_000
        plot.save(tmp_path / "b.svg")
        assert ET.parse(tmp_path / "b.svg").getroot().tag == SVG + "svg"  # noqa: S314 - our own
        plot.save(tmp_path / "c.html")
        assert "<!DOCTYPE" in (tmp_path / "c.html").read_text(encoding="utf-8")

    def test_only_force_plots_are_saved_so(self):
        with pytest.raises(TypeError, match="str"):
            plots.save_html(io.StringIO(), "plot")

    def test_the_same_plot_twice_on_a_page_has_two_names(self):
        plot = plots.force(MANY)
        names = {plot.html().split('id="')[1].split('"')[0] for _ in range(3)}
        assert len(names) == 3

    def test_it_is_shown_in_a_line_of_text(self):
        assert repr(plots.force(ROW)) == "<ForcePlot: f(x) = 9.5 from the base value 10, 4 features>"
        assert repr(plots.force(MANY)) == "<ForceArrayPlot: 30 rows, 4 features>"
