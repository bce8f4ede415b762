"""Numbers and names are written whole, or shortened where nothing is lost."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ferroshap.explanation import Explanation
from ferroshap.plots.canvas.wording import amount, datum, decimals_for, value_label, wrapped


@pytest.mark.parametrize(
    "value, largest, text",
    [
        (0.37, 2.0, "+0.37"),
        (-1.2, 2.0, "−1.2"),
        (-0.001, 2.0, "−0"),
        (-0.0, 2.0, "+0"),
        (0.012, 0.05, "+0.012"),
        (100.0, 100.0, "+100"),
        (12345.6, 12345.6, "+12346"),
        (1.5e-7, 2e-7, "+1.5e−7"),
        (0.0, 2e-7, "+0"),
        (2.5e12, 2.5e12, "+2.5e12"),
        (np.nan, 1.0, "nan"),
        (-np.inf, 1.0, "−inf"),
    ],
)
def test_amounts(value, largest, text):
    assert amount(value, largest) == text


@given(st.floats(1e-4, 1e7))
def test_the_largest_bar_keeps_two_digits(largest):
    assert decimals_for(largest) >= 0
    written = float(amount(largest, largest).replace("−", "-"))
    assert abs(written - largest) <= 0.06 * largest


@pytest.mark.parametrize(
    "value, text",
    [
        (3.0, "3"),
        (100, "100"),
        (-2.5, "−2.5"),
        (1e-7, "1e−07"),
        (True, "True"),
        ("10.00", "10.00"),
        (None, "None"),
        (np.nan, "nan"),
    ],
)
def test_data(value, text):
    assert datum(value) == text


@given(st.text(alphabet="ab _-./", max_size=110), st.integers(0, 12))
def test_wrapping_loses_no_character_but_blanks_at_the_breaks(name, before):
    lines = wrapped(name, before).split("\n")
    assert len(lines) <= 3
    assert "".join(lines).replace(" ", "") == name.replace(" ", "")


@given(st.text(max_size=400), st.integers(0, 12))
def test_names_of_any_length_take_three_lines_at_most(name, before):
    lines = wrapped(name, before).split("\n")
    assert len(lines) <= 3 or "$" in name
    assert max(map(len, lines)) <= 54 or "$" in name


def test_the_axis_text_tells_what_was_done():
    sv = Explanation(np.ones((3, 2)))
    assert value_label(sv[:2].abs.mean(0).op_history) == "mean(|SHAP value|)"
    assert value_label(sv.max(0).op_history) == "max(SHAP value)"
    assert value_label((-sv).op_history) == "−SHAP value"
