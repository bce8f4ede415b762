"""What pages are built of: texts that stay texts, numbers that stay themselves."""

import html
import json
import math
from html.parser import HTMLParser
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ferroshap import svg

#: Every character, those among them that end something.
TEXTS = st.text(st.characters() | st.sampled_from("<>&\"'/`\u2028\u2029\ud800\x00"), max_size=40)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


def shown(text):
    """What a document can hold of a text."""
    return "".join("\ufffd" if svg._FORBIDDEN.match(letter) else letter for letter in text)


class Reader(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.title = [], None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.title = dict(attrs).get("title", self.title)


@given(TEXTS)
def test_escaped_texts_come_back_whole_and_open_no_tag(text):
    escaped = svg.escaped(text)
    assert html.unescape(escaped) == shown(text)
    escaped.encode("utf-8")
    for page in (f"<p>{escaped}</p>", f'<p title="{escaped}">', f"<p title='{escaped}'>"):
        assert Reader(page).tags == ["p"]


def finite(value):
    """What JSON can say of a value."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, str):
        return "".join(
            "\ufffd" if "\ud800" <= c <= "\udfff" or (svg._FORBIDDEN.match(c) and c >= "\x7f") else c for c in value
        )
    if isinstance(value, list):
        return [finite(part) for part in value]
    if isinstance(value, dict):
        return {finite(key): finite(part) for key, part in value.items()}
    return value


@given(JSON)
def test_json_in_a_script_says_the_same_and_cannot_leave_it(value):
    text = svg.script_json(value)
    assert json.loads(text) == finite(value)
    assert not set(text) & set("<>&\u2028\u2029")
    text.encode("utf-8")


def test_arrays_are_lists():
    assert svg.script_json({"a": np.array([1.5, np.inf]), 2: np.int64(3)}) == '{"a":[1.5,null],"2":3}'


@given(st.floats(-1e6, 1e6))
def test_coordinates_are_right_to_a_tenth(x):
    text = svg.coordinate(x)
    assert abs(float(text) - x) <= 0.05 + 1e-9  # half a tenth, and the rounding of the tenth itself
    assert len(text) <= len(repr(round(x, 1)))


@given(st.floats(-1e9, 1e9), st.floats(1e-6, 1e9), st.integers(1, 20))
def test_ticks_are_round_evenly_spaced_and_inside(low, span, about):
    high = low + span
    marks = svg.ticks(low, high, about)
    assert len(marks) <= about + 1
    if high - low > 1e-9 * max(abs(low), abs(high)):
        slack = 1e-8 * (high - low)
        assert all(low - slack <= x <= high + slack for x in marks)
        steps = [b - a for a, b in pairwise(marks)]
        # differences of numbers up to `low + span`, each rounded once
        rounding = 4 * 2**-52 * max(abs(low), abs(high))
        assert all(abs(step - steps[0]) <= rounding for step in steps)


@given(TEXTS, st.floats(20, 300))
def test_shortened_texts_fit_and_short_ones_stay(text, width):
    short = svg.shortened(text, width, 10.0)
    assert svg.text_width(short, 10.0) <= width
    if svg.text_width(text, 10.0) <= width:
        assert short == text


def test_the_same_content_has_two_names():
    one, other = svg.fresh_id("x"), svg.fresh_id("x")
    assert one != other
    assert one.split("-")[0] == other.split("-")[0] != svg.fresh_id("y").split("-")[0]
