"""JSON: standard, safe inside a page, and with everything that there is."""

import io
import json

import numpy as np
from hypothesis import given
from tests.export.explained import explanations

from ferroshap.explanation import Explanation


def refuse(word):
    raise AssertionError(word)


@given(sv=explanations())
def test_any_explanation_is_standard_json(sv):
    text = sv.to_json()
    document = json.loads(text, parse_constant=refuse)  # NaN and Infinity are no JSON
    assert text.isascii()
    assert "</" not in text
    assert document["axes"] == list(sv.axes)
    assert np.array_equal(np.array(document["values"], dtype=sv.values.dtype).reshape(sv.shape), sv.values)
    if sv.feature_names is not None:
        assert document["feature_names"] == sv.feature_names


def test_names_cannot_close_a_script():
    text = Explanation([1.0], feature_names=["</script>\u2028"]).to_json()
    assert "</script" not in text
    assert "\u2028" not in text
    assert json.loads(text)["feature_names"] == ["</script>\u2028"]


def test_what_is_missing_is_null():
    data = np.array([[float("inf"), None, np.datetime64("2024-01-31"), np.datetime64("NaT")]], dtype=object)
    document = json.loads(Explanation([[1.0, np.nan, 2.0, 3.0]], data=data, status="EXACT").to_json())
    assert document["values"] == [[1.0, None, 2.0, 3.0]]
    assert document["data"] == [[None, None, "2024-01-31", None]]
    assert (document["status"], document["statuses"]) == ("EXACT", ["EXACT"])


def test_it_is_written_to_paths_and_streams(tmp_path):
    sv = Explanation([1.0, 2.0])
    assert sv.to_json(tmp_path / "sv.json") is None
    assert (tmp_path / "sv.json").read_text() == sv.to_json()
    stream = io.StringIO()
    sv.to_json(stream, indent=1)
    assert json.loads(stream.getvalue()) == json.loads(sv.to_json())
