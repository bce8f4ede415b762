"""Any frame in, a frame of the same kind out."""

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.engines.arrow_subjects import FEATURES, INTERACTING, MAKERS, explainer_of

from ferroshap.engines.arrow import explain_block
from ferroshap.errors import OptionError

FRAME = pd.DataFrame(
    {
        "day": pd.date_range("2026-01-01", periods=4, tz="Europe/Oslo"),
        "sex": [0.0, 1.0, 1.0, 0.0],
        "city": pd.Series(["Oslo", None, "Rome", "Oslo"]).astype("category"),
        "age": pd.array([3, 1, 2, 4], dtype="Int64"),
        "bmi": np.array([1, 5, 2, 0], dtype=np.float32),
    },
    index=pd.MultiIndex.from_tuples([("a", 1), ("a", 2), ("b", 1), ("b", 1)], names=["clinic", "bed"]),
)


@pytest.mark.parametrize("name", MAKERS)
def test_a_pandas_frame_keeps_its_index_and_its_columns(name):
    explainer = explainer_of(name)
    found = explainer.explain_frame(FRAME, keep=["city", "day"])
    assert isinstance(found, pd.DataFrame)
    pd.testing.assert_frame_equal(found[["city", "day"]], FRAME[["city", "day"]])
    values = found.drop(columns=["city", "day"])
    np.testing.assert_array_equal(values, explainer.explain_arrow(pa.table(FRAME[FEATURES])).to_pandas())
    pd.testing.assert_index_equal(values.index, FRAME.index)


@pytest.mark.parametrize("name", MAKERS)
@given(data=st.data())
def test_a_frame_without_rows_has_the_types_of_one_with_rows(name, data):
    explainer = explainer_of(name)
    layout = {
        "layout": data.draw(st.sampled_from(["columns", "list"])),
        "dtype": data.draw(st.sampled_from(["float32", "float64"])),
        "top_k": data.draw(st.sampled_from([None, 2])),
        "interactions": name in INTERACTING and data.draw(st.booleans()),
        "error_std": data.draw(st.booleans()),
    }
    frames = {"pandas": FRAME.reset_index(drop=True), "polars": pl.from_pandas(FRAME), "pyarrow": pa.table(FRAME)}
    kind = data.draw(st.sampled_from(sorted(frames)))
    whole = explainer.explain_frame(frames[kind], keep="city", **layout)
    none = explainer.explain_frame(frames[kind][:0], keep="city", **layout)
    bare = explainer.empty_output(kind, **layout)
    if kind == "pandas":
        pd.testing.assert_frame_equal(whole[:0], none)
        pd.testing.assert_frame_equal(whole[:0].drop(columns="city"), bare, check_index_type=False)
    elif kind == "polars":
        assert whole.schema == none.schema
        assert whole.drop("city").schema == bare.schema
    else:
        assert whole.schema == none.schema
        assert whole.drop_columns("city").schema == bare.schema


@pytest.mark.parametrize("name", MAKERS)
def test_every_library_gets_the_same_bits(name):
    explainer = explainer_of(name)
    expected = explainer.explain_arrow(pa.table(FRAME))
    found = {
        pl.DataFrame: explainer.explain_frame(pl.from_pandas(FRAME)),
        pa.Table: explainer.explain_frame(pa.table(FRAME)),
        pa.RecordBatch: explainer.explain_frame(pa.RecordBatch.from_pandas(FRAME)),
    }
    for kind, frame in found.items():
        assert isinstance(frame, kind)
        table = frame.to_arrow() if kind is pl.DataFrame else frame
        assert pa.table(table).cast(expected.schema).equals(expected)


def test_a_frame_of_another_library_comes_back_by_narwhals():
    explainer = explainer_of("linear")
    wrapped = nw.from_native(pl.from_pandas(FRAME))
    found = explainer.explain_frame(wrapped)
    assert isinstance(found, pl.DataFrame)
    assert found.equals(explainer.explain_frame(pl.from_pandas(FRAME)))


def test_names_of_the_largest_are_a_dictionary_of_all_features():
    found = explainer_of("trees").explain_frame(FRAME, top_k=2)
    assert list(found["feature_1"].cat.categories) == FEATURES
    assert found["feature_1"].map(dict.fromkeys(FEATURES, True)).all()


@pytest.mark.parametrize(
    "frame, said",
    [
        (pl.LazyFrame({"age": [1.0]}), "is a lazy frame .polars.* collect it first"),
        (np.ones((2, 3)), "is a numpy.ndarray, which is no frame"),
        ([[1.0, 2.0, 3.0]], "is a builtins.list, which is no frame"),
    ],
)
def test_lazy_frames_and_what_is_no_frame_are_refused(frame, said):
    with pytest.raises(OptionError, match=f"`frame` {said}"):
        explainer_of("linear").explain_frame(frame)
    with pytest.raises(OptionError, match="`kind` is 'panda', which is not known; did you mean 'pandas'"):
        explainer_of("linear").empty_output("panda")


def test_a_frame_is_not_changed():
    before = FRAME.copy(deep=True)
    for name in MAKERS:
        found = explainer_of(name).explain_frame(FRAME, keep="bmi")
        found.loc[:, "bmi"] = 0
    pd.testing.assert_frame_equal(FRAME, before)


def test_blocks_stay_what_they_are_while_others_are_explained():
    explainer = explainer_of("trees")
    first = explain_block(explainer, FRAME, dtype="float32")
    copies = [np.copy(part) for part in (first.values, first.base_values, first.data)]
    for scale in (2.0, 3.0):
        explain_block(explainer, FRAME[FEATURES].astype(float) * scale, dtype="float32")
    for copied, part in zip(copies, (first.values, first.base_values, first.data), strict=True):
        np.testing.assert_array_equal(part, copied)
