"""The report as a file: what is in it, what is not, and that its numbers are the Explanation's."""

import io
import json
import math
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ferroshap
from ferroshap.errors import DimensionError, OptionError
from ferroshap.explanation import Explanation
from ferroshap.export.report import report, to_html
from ferroshap.export.report.chosen import MOST_FEATURES, MOST_NUMBERS, Population, choose
from ferroshap.export.report.payload import column_of, numbers

HOSTILE = "</script><script>alert('1')</script>\u2028\u2029 \"x\" <!-- & ]]> \x00\ud800"
WRITTEN = HOSTILE.replace("\ud800", "\ufffd")  # in JSON, which has a word for control characters
SHOWN = WRITTEN.replace("\x00", "\ufffd")  # in HTML, which has none


class Page(HTMLParser):
    """Tags with their attributes, and the texts of scripts."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.scripts, self.texts = [], [], []
        self._inside = None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._inside = tag
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag):
        self._inside = None

    def handle_data(self, data):
        if self._inside == "script":
            self.scripts[-1] += data
        else:
            self.texts.append(data)


def table(n_rows=40, n_features=6, n_outputs=None, seed=0, **fields):
    rng = np.random.default_rng(seed)
    shape = (n_rows, n_features) if n_outputs is None else (n_rows, n_features, n_outputs)
    axes = ("row", "feature") if n_outputs is None else ("row", "feature", "output")
    base = np.full(n_rows, 0.5) if n_outputs is None else np.tile(np.arange(n_outputs) / 10, (n_rows, 1))
    return Explanation(rng.normal(size=shape), base, rng.normal(size=(n_rows, n_features)), axes=axes, **fields)


def numbers_in(text):
    return json.loads(Page(text).scripts[0])


def six(array):
    """Numbers to six digits, missing as None: what JSON can hold."""
    if np.ndim(array) > 1:
        return [six(part) for part in array]
    return [float(f"{x:.6g}") if math.isfinite(x) else None for x in np.asarray(array, float).tolist()]


@pytest.mark.parametrize("n_outputs", [None, 1, 3])
def test_its_numbers_are_the_explanation_s_to_six_digits(seed, n_outputs):
    sv = table(n_outputs=n_outputs, seed=seed)
    found = numbers_in(report(sv))
    cube = sv.values if n_outputs is not None else sv.values[..., None]
    assert found["values"] == [six(cube[:, :, k].T) for k in range(cube.shape[2])]
    assert [column["numbers"] for column in found["data"]] == six(sv.data.T)
    assert found["names"] == sv.feature_names
    assert found["n"] == found["total"] == 40
    assert found["errors"] is None
    assert found["overall"][-1]["mean"] == six(np.abs(cube[:, :, -1]).mean(axis=0))
    assert found["base"] == ([0.5] if n_outputs is None else [k / 10 for k in range(n_outputs)])


def test_standard_errors_come_with_the_reach_of_student_s_t():
    errors = np.random.default_rng(1).uniform(0.1, 0.2, (40, 6))
    sv = table(error_std=errors, interval_df=[4.0] * 20 + [np.inf] * 20)
    found = numbers_in(report(sv))
    assert found["errors"] == [six(errors.T)]
    lower, _ = sv.confidence_interval(0.95)
    reach = (sv.values - lower)[:, 0] / errors[:, 0]
    assert found["t"] == pytest.approx(reach, rel=1e-12)
    half = 1.96 * np.sqrt((errors**2).sum(axis=0)) / 40
    assert found["overall"][0]["half"] == six(half)


def test_what_is_not_finite_is_null():
    sv = table()
    values = sv.values.copy()
    values[0, 0], values[1, 0] = np.nan, -np.inf
    data = sv.data.copy()
    data[2, 1], data[3, 1] = np.inf, np.nan
    text = report(Explanation(values, 0.5, data))
    found = numbers_in(text)
    assert found["values"][0][0][:2] == [None, None]
    assert found["data"][1]["numbers"][2:4] == [None, None]
    assert "NaN" not in Page(text).scripts[0]


@given(st.lists(st.floats(width=64), max_size=30))
def test_columns_are_json_whatever_they_hold(column):
    assert json.loads(numbers(np.array(column, dtype=float))) == six(column)


def test_hostile_names_stay_names():
    sv = table(
        n_features=2,
        feature_names=[HOSTILE, "b"],
        instance_names=[HOSTILE] * 40,
        plan=HOSTILE,
        status=HOSTILE,
    )
    sv.data = np.array([[HOSTILE, 1.0]] * 40, dtype=object)
    text = report(sv, title=HOSTILE)
    page = Page(text)
    assert len(page.scripts) == 2  # the numbers, and our own
    assert [tag for tag, _ in page.tags].count("script") == 2
    assert not {tag for tag, _ in page.tags} & {"img", "iframe", "link", "object", "embed", "base"}
    found = json.loads(page.scripts[0])
    assert found["names"][0] == WRITTEN
    assert found["rows"][0] == WRITTEN
    assert found["data"][0]["levels"] == [WRITTEN]
    assert "\u2028" not in page.scripts[0]
    assert SHOWN in page.texts
    text.encode("utf-8")


def test_nothing_is_fetched_and_the_browser_is_told_so():
    text = report(table())
    page = Page(text)
    for _, attributes in page.tags:
        for name in ("src", "href", "action", "data", "srcset", "poster"):
            assert attributes.get(name, "#").startswith("#")
    assert not re.search(r"@import|url\(|fetch\(|XMLHttpRequest|eval\(|new Function|localStorage|innerHTML", text)
    assert "://" not in text.replace("http://www.w3.org/2000/svg", "")
    policy = next(attributes["content"] for tag, attributes in page.tags if attributes.get("http-equiv"))
    assert "default-src 'none'" in policy
    assert "'unsafe-inline'" not in policy.split("script-src")[1].split(";")[0]


def test_it_is_small():
    text = report(table(2_000, 20))
    assert len(text.encode()) < 3_000_000
    scripts = Page(text).scripts
    assert len(scripts[1].encode()) <= 60_000


def test_the_same_explanation_gives_the_same_bytes(tmp_path):
    sv, path = table(300), tmp_path / "a.html"
    text = report(sv, max_rows=100)
    assert report(sv, path, max_rows=100) == path  # not the text, which a notebook would print
    assert path.read_text(encoding="utf-8") == text == to_html(sv, max_rows=100) == ferroshap.report(sv, max_rows=100)
    assert sv.to_html(str(path), max_rows=100) == path
    for stream in (io.StringIO(), io.BytesIO()):
        assert report(sv, stream, max_rows=100) is None
        written = stream.getvalue()
        assert (written if isinstance(written, str) else written.decode()) == text


def test_rows_beyond_the_limit_are_drawn_and_the_caption_says_so():
    sv = table(300)
    text = report(sv, max_rows=100)
    found = numbers_in(text)
    ids = found["ids"]
    assert found["n"] == len(set(ids)) == 100
    assert ids == sorted(ids)
    assert found["values"][0] == six(sv.values[ids].T)
    assert [column["numbers"] for column in found["data"]] == six(sv.data[ids].T)
    assert found["overall"][0]["mean"] == six(np.abs(sv.values).mean(axis=0))  # of all rows
    assert "100 of 300 rows were drawn" in text
    assert "were drawn" not in report(sv)


def test_rows_drawn_from_a_population_have_its_importance_and_their_own_numbers():
    sv = table(50)
    whole = Population(1_000_000, np.arange(6.0) + 1.0, np.arange(50) * 7)
    found = numbers_in(report(sv, population=whole))
    assert found["overall"][0]["mean"] == [1, 2, 3, 4, 5, 6]
    assert (found["n"], found["total"], found["ids"]) == (50, 1_000_000, list(range(0, 350, 7)))
    caption = (
        "50 of 1,000,000 rows were drawn at random to be shown singly; bars without a filter are means over all rows."
    )
    assert caption in Page(report(sv, population=whole)).texts
    _, chosen = choose(sv, 20, whole)
    assert set(chosen.ids.tolist()) <= set(range(0, 350, 7))


def test_a_population_that_is_all_there_changes_nothing_but_the_importance():
    sv = table(50, n_outputs=2)
    mean = np.abs(sv.values).mean(axis=0)
    assert report(sv, population=Population(50, mean)) == report(sv)


@pytest.mark.parametrize(
    "population,said",
    [
        (Population(100, np.ones(5)), "mean_abs"),
        (Population(100, np.ones((6, 2))), "mean_abs"),
        (Population(30, np.ones(6)), "30 rows, but 40"),
        (Population(100, np.ones(6), np.arange(39)), "row_numbers"),
    ],
)
def test_a_population_of_something_else_is_refused(population, said):
    with pytest.raises(DimensionError, match=said):
        report(table(), population=population)


def test_weak_features_of_a_wide_table_are_one_and_the_caption_says_so():
    values = np.random.default_rng(0).normal(size=(50, MOST_FEATURES + 30))
    values[:, 7] *= 1e-3
    sv = Explanation(values, 0.0, values)
    text = report(sv)
    found = numbers_in(text)
    assert len(found["names"]) == MOST_FEATURES + 1
    assert found["names"][-1] == "30 other features"
    assert "Feature 7" not in found["names"]
    sums = [sum(column) for column in zip(*found["values"][0], strict=True)]
    # each of 231 numbers is rounded to six digits
    assert sums == pytest.approx(values.sum(axis=1), abs=5e-6 * np.abs(values).sum(axis=1).max())
    assert "the other 30 are shown as their sum" in text


def test_huge_explanations_are_thinned_before_the_file_is():
    values = np.broadcast_to(np.ones(1), (4_000, 201, 40))
    chosen = choose(Explanation(values, axes=("row", "feature", "output")), 5_000)[1]
    assert chosen.values.size <= MOST_NUMBERS
    assert chosen.n_rows == 4_000


def test_texts_are_levels_in_the_order_of_the_numbers_behind_them():
    shown = np.array(["high", "low", "low", "mid", None], dtype=object)
    assert column_of(shown)["levels"] == ["high", "low", "mid"]
    assert column_of(shown, np.array([3.0, 1.0, 1.0, 2.0, np.nan]))["levels"] == ["low", "mid", "high"]
    assert column_of(shown)["codes"] == [0, 1, 1, 2, -1]


@pytest.mark.parametrize(
    "column,wanted",
    [
        (np.array([1, 2**40]), {"whole": True}),
        (np.array([True, False]), {"levels": ["False", "True"]}),
        (np.array([1.5, None], dtype=object), {"whole": False}),
        (np.array([1, "a"], dtype=object), {"levels": ["1", "a"]}),
        (np.array([None, None], dtype=object), {"levels": []}),
        (np.array(["2020-01-01", "NaT"], dtype="datetime64[D]"), {"levels": ["2020-01-01"]}),
        (np.array([2**60, 1], dtype=object), {"levels": ["1", str(2**60)]}),
    ],
)
def test_columns_of_every_kind_are_read(column, wanted):
    found = column_of(column)
    assert {name: found[name] for name in wanted} == wanted


def test_the_partner_of_a_feature_is_the_one_it_interacts_with():
    rng = np.random.default_rng(2)
    data = rng.normal(size=(600, 5))
    values = np.zeros((600, 5))
    values[:, 1] = data[:, 1] * data[:, 4]
    assert numbers_in(report(Explanation(values, 0.0, data)))["near"][0][1] == 4


def test_the_head_says_how_values_came_about():
    sv = table(status="BUDGET_SPENT", gap=np.full(40, 0.25), error_std=np.full((40, 6), 0.1))
    text = " ".join(Page(report(sv)).texts)
    assert "budget spent" in text
    assert "within 0.25" in text
    assert "up to 0.1" in text
    text = " ".join(Page(report(table(status="EXACT"))).texts)
    assert "exact" in text
    assert "not checked" in text


def test_one_row_is_a_report():
    found = numbers_in(report(Explanation([1.0, -2.0], 0.5, ["a", 3.0], feature_names=["x", "y"])))
    assert found["n"] == 1
    assert found["values"] == [[[1.0], [-2.0]]]
    assert found["near"] is None


def test_what_is_no_table_is_refused_by_name():
    with pytest.raises(TypeError, match="ndarray"):
        report(np.ones((3, 2)))
    with pytest.raises(DimensionError, match="interactions"):
        report(Explanation(np.ones((4, 3, 3)), axes=("row", "feature", "feature")))
    with pytest.raises(DimensionError, match="nothing"):
        report(Explanation(np.ones((0, 3))))
    with pytest.raises(TypeError, match="Cohorts"):
        report(table().cohorts(2))
    for wrong in (0, -1, 2.5, True):
        with pytest.raises(OptionError, match="max_rows"):
            report(table(), max_rows=wrong)
