"""The older bar plot, which takes arrays of one row."""

import numpy as np
import pytest

from ferroshap import plots
from ferroshap.errors import DimensionError
from ferroshap.explanation import Explanation

VALUES = np.array([1.0, -3.0, 2.0])


def labels(ax):
    return [label.get_text() for label in ax.get_yticklabels()][::-1]


@pytest.mark.parametrize(
    "given",
    [
        (VALUES, [52, 31.5, "A100"], ["age", "bmi", "code"]),
        (VALUES[None], np.array([52, 31.5, "A100"], dtype=object), ["age", "bmi", "code"]),
        (Explanation(VALUES, 0.0, [52, 31.5, "A100"], feature_names=["age", "bmi", "code"]),),
    ],
    ids=["vector", "one row", "explanation"],
)
def test_one_row_is_drawn_with_its_signs_names_and_data(given):
    ax = plots.bar_plot(*given, show=False)
    assert labels(ax) == ["31.5 = bmi", "A100 = code", "52 = age"]
    assert [patch.get_width() for patch in sorted(ax.patches, key=lambda patch: -patch.get_y())] == [-3.0, 2.0, 1.0]
    assert ax.get_xlabel() == "SHAP value (impact on model output)"


def test_a_series_brings_the_names():
    pandas = pytest.importorskip("pandas")
    ax = plots.bar_plot(VALUES, pandas.Series([1.0, 2.0, 3.0], index=["a", "b", "c"]), show=False)
    assert labels(ax) == ["2 = b", "3 = c", "1 = a"]


def test_seven_rows_are_drawn_the_last_one_a_sum():
    assert labels(plots.bar_plot(np.arange(9.0), show=False)) == [
        *(f"Feature {k}" for k in range(8, 2, -1)), "Sum of 3 other features",
    ]  # fmt: skip
    assert len(labels(plots.bar_plot(np.arange(9.0), max_display=2, show=False))) == 2


def test_what_is_no_row_is_refused():
    with pytest.raises(DimensionError, match=r"pass one row, as shap_values\[0\]"):
        plots.bar_plot(np.ones((2, 3)), show=False)
    with pytest.raises(DimensionError, match="`features` has 2 values"):
        plots.bar_plot(VALUES, [1.0, 2.0], show=False)
    with pytest.raises(ValueError, match="2 outputs"):
        plots.bar_plot(Explanation(np.ones((1, 3, 2)))[0], show=False)
