"""The notebook table is self-contained, escaped, small, and shows what is known."""

import re
from html.parser import HTMLParser
from types import SimpleNamespace

import numpy as np
import pytest

from ferroshap.explanation import Explanation

RNG = np.random.default_rng(0)


class Reader(HTMLParser):
    """Collect tags and text; complain about what is not closed."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.text = [], [], ""
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


WIDE = [
    Explanation(RNG.normal(size=(300, 40)), 1.0, RNG.normal(size=(300, 40))),
    Explanation(RNG.normal(size=400), 1.0, RNG.normal(size=400), error_std=np.ones(400)),
    Explanation(RNG.normal(size=(50, 30, 4)), feature_names=["<b>" * 500] * 30),
    Explanation(RNG.normal(size=(2, 3, 3)), data=RNG.normal(size=(2, 3)), base_values=0.0),
    Explanation(np.full((3, 2), np.nan)),
    Explanation(np.zeros((0, 4))),
    Explanation(np.zeros(3)),
    Explanation(np.array(1.0)),
]


@pytest.mark.parametrize("sv", WIDE, ids=range(len(WIDE)))
def test_it_is_well_formed_self_contained_and_small(sv):
    html = sv._repr_html_()
    reader = Reader(html)
    assert len(html) < 30_000
    assert not {"script", "img", "link", "iframe", "b>"} & {tag for tag, _ in reader.tags}
    assert not re.search(r"(src|href)=|nan|url\(", html.replace("nan</", ""))


def test_every_name_and_value_is_escaped():
    evil = "<script>alert('&\"')</script>"
    sv = Explanation([1.0], data=np.array([evil], dtype=object), feature_names=[evil], plan=SimpleNamespace(route=evil))
    html = sv._repr_html_()
    assert "<script" not in html
    assert Reader(html).text.count(evil) == 3


def test_it_shows_the_ten_strongest_features_strongest_first():
    sv = Explanation(np.arange(12.0), feature_names=[f"name{i}" for i in range(12)])
    shown = re.findall(r"name\d+", sv._repr_html_())
    assert shown == [f"name{i}" for i in range(11, 1, -1)]
    assert "and 2 more features" in sv._repr_html_()


def test_the_head_tells_shape_base_gap_and_status():
    sv = Explanation(np.zeros((3, 2)), 4.25, gap=np.array([0.0, -0.5, 0.1]), status="BUDGET_SPENT")
    text = Reader(sv._repr_html_()).text
    assert "3 rows \N{MULTIPLICATION SIGN} 2 features" in text
    assert "base value 4.25" in text
    assert "largest gap 0.5" in text
    assert "BUDGET_SPENT" in text


def test_bars_of_one_row_have_whiskers_where_errors_are_known():
    def whiskers(error_std):
        html = Explanation([1.0, -2.0, 3.0], error_std=error_std)._repr_html_()
        return html.count("currentColor")

    assert whiskers([0.1, 0.2, 0.3]) == 3
    assert whiskers([0.1, np.nan, 0.0]) == 1
    assert whiskers(None) == 0


def test_bars_are_red_above_zero_and_blue_below():
    tags = Reader(Explanation([3.0, -1.0])._repr_html_()).tags
    bars = [attrs for tag, attrs in tags if tag == "rect"]
    assert [bar["fill"] for bar in bars] == ["#FF0051", "#008BFB"]
    assert float(bars[0]["width"]) == pytest.approx(3 * float(bars[1]["width"]), rel=0.01)


def test_the_head_tells_how_many_masked_rows_stand_out():
    text = Explanation([[1.0, 2.0]], plausibility=SimpleNamespace(score=0.36))._repr_html_()
    assert "36% of masked rows far from the background" in Reader(text).text
    assert "masked" not in Explanation([[1.0]], plausibility=SimpleNamespace(score=np.nan))._repr_html_()


def test_a_picked_column_is_named_and_shown():
    sv = Explanation(np.arange(8.0).reshape(4, 2), 0.5, feature_names=["<age>", "bmi"])
    text = sv[:, "<age>"]._repr_html_()
    assert text.count("&lt;age&gt;") == 2  # in the head line and on its own line
    assert "<svg" in text
    outputs = Explanation(np.ones((2, 2, 2)), output_names=["no", "yes"])
    assert "output yes" in outputs[..., "yes"]._repr_html_()


def test_interactions_are_shown_as_pairs_with_both_halves():
    cube = np.zeros((5, 3, 3))
    cube[:, 0, 0], cube[:, 1, 2], cube[:, 2, 1] = 1.0, 2.0, 2.0
    sv = Explanation(cube, np.zeros(5), np.ones((5, 3)), feature_names=["a<", "b", "c"])
    text = sv._repr_html_()
    lines = re.findall(r"text-align:left'>([^<]*)</td><td[^>]*>([^<]*)</td>", text)
    assert lines[:2] == [("b \N{MULTIPLICATION SIGN} c", "4"), ("a&lt;", "1")]
    assert len(lines) == 6


def test_names_that_no_document_can_hold_are_shown_by_a_mark():
    text = Explanation([[1.0, 2.0]], feature_names=["a\ud800b", "c\x00"])._repr_html_()
    text.encode("utf-8")
    assert "\x00" not in text
    assert "a\N{REPLACEMENT CHARACTER}b" in text
