"""Frames and Arrow: wide and long, and back without loss."""

import numpy as np
import pytest
from hypothesis import given
from tests.export.explained import explanations

from ferroshap.errors import DimensionError, OptionError
from ferroshap.explanation import Explanation

pandas = pytest.importorskip("pandas")
polars = pytest.importorskip("polars")
pyarrow = pytest.importorskip("pyarrow")

TABLES = [("row", "feature"), ("row", "feature", "output"), ("feature",), ("row", "feature", "feature"), ("row",)]


def as_arrays(frame):
    """The columns of a frame of any of the three libraries, missing values as None."""
    if isinstance(frame, pyarrow.Table):
        return {name: frame.column(name).to_pylist() for name in frame.column_names}
    if isinstance(frame, polars.DataFrame):
        return {name: frame[name].to_list() for name in frame.columns}
    return {name: [None if pandas.isna(v) else v for v in frame[name].tolist()] for name in frame.columns}


@given(sv=explanations(axes=TABLES))
@pytest.mark.parametrize("method", ["to_pandas", "to_polars", "to_arrow"])
def test_the_long_form_has_every_value_once_with_its_names(method, sv):
    columns = as_arrays(getattr(sv, method)(form="long"))
    assert np.array_equal(np.array(columns["value"], dtype=sv.values.dtype).reshape(sv.shape), sv.values)
    rows = sv.instance_names or list(range(len(sv) if "row" in sv.axes else 1))
    size = sv.values.size
    per_row = size // max(len(rows), 1)
    assert columns["row"] == [name for name in rows for _ in range(per_row)]
    if sv.axes[-1] == "output" and sv.shape[-1] > 1 and size:
        names = sv.output_names or [f"Output {i}" for i in range(sv.shape[-1])]
        assert columns["output"] == names * (size // len(names))
    if sv.base_values is not None and size:
        base = np.asarray(sv.base_values)
        shape = [1 if role == "feature" else n for role, n in zip(sv.axes, sv.shape, strict=True)]
        assert columns["base_value"] == np.broadcast_to(base.reshape(shape), sv.shape).ravel().tolist()


@given(sv=explanations(axes=[("row", "feature"), ("feature",)]))
@pytest.mark.parametrize("method", ["to_pandas", "to_polars", "to_arrow"])
def test_the_wide_form_has_a_column_a_feature(method, sv):
    frame = getattr(sv, method)()
    columns = as_arrays(frame)
    assert list(columns) == sv.feature_names
    for at, column in enumerate(columns.values()):
        assert np.array_equal(np.array(column, dtype=sv.values.dtype), np.atleast_1d(sv.values[..., at]))
    if method == "to_pandas" and sv.instance_names and sv.feature_names:
        assert frame.index.tolist() == sv.instance_names


def test_data_keep_their_kinds():
    data = np.empty((3, 6), dtype=object)
    data[:, 0], data[:, 1], data[:, 2] = ["a", None, "b"], [1, 2, 3], [1, None, 3]
    data[:, 3], data[:, 4] = [True, None, False], [0.5, float("nan"), 1]
    data[:, 5] = list(pandas.date_range("2024-01-31", periods=3))
    sv = Explanation(np.ones((3, 6)), data=data, feature_names=["word", "whole", "gaps", "flag", "mixed", "time"])
    frame = sv.to_pandas("data")
    assert [str(kind) for kind in frame.dtypes][1:4] == ["int64", "Int64", "boolean"]
    assert frame["time"].dtype.kind == "M"
    assert frame["gaps"].isna().tolist() == [False, True, False]
    kinds = ["String", "Int64", "Int64", "Boolean", "Float64", "Datetime"]
    assert [str(kind).partition("(")[0] for kind in sv.to_polars("data").dtypes] == kinds
    kinds = ["string", "int64", "int64", "bool", "double", "timestamp"]
    assert [str(kind).partition("[")[0] for kind in sv.to_arrow("data").schema.types] == kinds
    assert sv.to_polars("data")["mixed"].to_list() == [0.5, None, 1.0]
    long = sv.to_pandas(form="long")
    assert long["data"].tolist()[:2] == ["a", 1]
    assert sv.to_arrow(form="long").column("data").to_pylist()[:2] == ["a", "1"]


def test_several_outputs_need_a_choice():
    sv = Explanation(np.arange(12.0).reshape(2, 3, 2), output_names=["no", "yes"])
    with pytest.raises(OptionError, match="there are 2 outputs: name one with `output=`, such as 'yes'"):
        sv.to_pandas()
    assert np.array_equal(sv.to_pandas(output="yes").to_numpy(), sv.values[..., 1])
    assert np.array_equal(sv.to_pandas(output=0).to_numpy(), sv.values[..., 0])
    assert sv.to_pandas(form="long", output="yes")["output"].tolist() == ["yes"] * 6
    assert np.array_equal(sv[..., :1].to_pandas().to_numpy(), sv.values[..., 0])
    with pytest.raises(OptionError, match="has one output"):
        sv[..., 0].to_pandas(output="yes")


def test_what_frames_cannot_hold_is_refused():
    sv = Explanation(np.ones((2, 2)), feature_names=["a", "a"])
    assert sv.to_pandas().columns.tolist() == ["a", "a"]
    for method in ("to_polars", "to_arrow"):
        with pytest.raises(OptionError, match="'a' comes twice"):
            getattr(sv, method)()
    with pytest.raises(OptionError, match="did you mean 'values'"):
        sv.to_pandas("value")
    with pytest.raises(OptionError, match="did you mean 'long'"):
        sv.to_pandas(form="lon")
    with pytest.raises(OptionError, match="has no error_std"):
        sv.to_pandas("error_std")
    with pytest.raises(OptionError, match="every field as a column"):
        sv.to_pandas("error_std", form="long")
    with pytest.raises(OptionError, match="two features each"):
        Explanation(np.ones((2, 3, 3)), axes=("row", "feature", "feature")).to_pandas()
    images = Explanation(np.ones((1, 4, 4, 3)), axes=("row", "feature", "feature", "feature"))
    with pytest.raises(DimensionError, match="images have no columns"):
        images.to_pandas(form="long")


def test_interactions_name_both_features():
    sv = Explanation(
        np.arange(8.0).reshape(2, 2, 2), np.zeros(2), np.array([[1.0, 2.0], [3.0, 4.0]]), feature_names=["a", "b"]
    )
    assert sv.axes == ("row", "feature", "feature")
    frame = sv.to_pandas(form="long")
    assert frame["feature"].tolist() == list("aabb") * 2
    assert frame["partner"].tolist() == list("abab") * 2
    assert frame["data"].tolist() == [1.0, 1.0, 2.0, 2.0, 3.0, 3.0, 4.0, 4.0]


def test_other_libraries_read_the_stream():
    sv = Explanation(np.arange(12.0).reshape(2, 3, 2), output_names=["no", "yes"])
    assert pyarrow.table(sv[..., 0]).column_names == ["Feature 0", "Feature 1", "Feature 2"]
    assert polars.DataFrame(pyarrow.table(sv)).columns[:4] == ["row", "feature", "output", "value"]
    assert np.array_equal(polars.from_arrow(pyarrow.table(sv[..., 1])).to_numpy(), sv.values[..., 1])


def test_the_stream_needs_polars_only(monkeypatch):
    import ferroshap.export.arrow as room

    monkeypatch.setattr(room, "find_spec", lambda name: None if name == "pyarrow" else object())
    sv = Explanation(np.arange(6.0).reshape(2, 3))
    assert polars.DataFrame(sv).rows() == [(0.0, 1.0, 2.0), (3.0, 4.0, 5.0)]
