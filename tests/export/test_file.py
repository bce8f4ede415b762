"""The file: nothing is lost, nothing is executed, damage is told."""

import io
import json
import pickle
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.export.explained import assert_same, explanations

import ferroshap
from ferroshap.errors import ExplanationFileError
from ferroshap.explanation import Explanation
from ferroshap.export.file import VERSION


def saved(sv):
    stream = io.BytesIO()
    sv.save(stream)
    return stream.getvalue()


def loaded(content):
    return Explanation.load(io.BytesIO(content))


@given(sv=explanations())
def test_what_was_saved_is_loaded(sv):
    again = loaded(saved(sv))
    assert_same(again, sv)
    assert again.op_history == sv.op_history
    assert saved(again) == saved(sv)  # the same Explanation, the same bytes
    assert_same(pickle.loads(pickle.dumps(sv)), sv)


@given(sv=explanations(axes=[("row", "feature", "output")]))
def test_slices_and_operations_are_saved_as_they_are(sv):
    for part in (sv[:1], sv[..., 0], sv.abs.sum(0), sv - sv, sv[:, :0]):
        again = loaded(saved(part))
        assert_same(again, part)
        assert [item.name for item in again.op_history] == [item.name for item in part.op_history]
        assert [item.prev_shape for item in again.op_history] == [item.prev_shape for item in part.op_history]


def test_data_of_frames_come_back_in_their_kinds():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(
        {
            "word": pandas.Series(["a", None, "b"]),
            "category": pandas.Categorical(["x", "y", "x"]),
            "whole": pandas.array([1, None, 3], dtype="Int64"),
            "flag": pandas.array([True, None, False], dtype="boolean"),
            "time": pandas.to_datetime(["2024-01-31", None, "2024-02-29"]),
            "zone": pandas.to_datetime(["2024-01-31", "2024-02-01", "2024-02-29"]).tz_localize("Europe/Berlin"),
            "span": pandas.to_timedelta([1, 2, 3], unit="s"),
        }
    )
    sv = Explanation(np.ones((3, 7)), data=frame)
    again = loaded(saved(sv))
    assert again.feature_names == list(frame.columns)
    for entry, wanted in zip(again.data.ravel(), sv.data.ravel(), strict=True):
        assert type(entry) is type(wanted)
        assert entry is wanted or entry == wanted or pandas.isna(entry)


def test_what_an_explainer_returns_is_kept_with_its_plan():
    X = np.random.default_rng(0).normal(size=(30, 3))
    sv = ferroshap.Explainer(lambda rows: rows[:, 0] * rows[:, 1], X)(X[:4])
    again = loaded(saved(sv))
    assert_same(again, sv)
    assert again.plan == sv.plan
    assert again.statuses.tolist() == sv.statuses.tolist()


def test_maps_of_images_are_kept():
    sv = Explanation(
        np.arange(64.0).reshape(1, 8, 8),
        0.0,
        np.ones((1, 8, 8)),
        segments=np.zeros((8, 8), dtype=int),
        pooled_error_std=np.ones((1, 1, 1)),
        relative_error=[0.5],
        replicates=np.ones((1, 2, 8, 8)),
        axes=("row", "feature", "feature"),
    )
    assert_same(loaded(saved(sv)), sv)


def test_a_path_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "sv.zip"
    sv = Explanation([1.0, 2.0])
    sv.save(path)
    before = path.read_bytes()
    assert_same(Explanation.load(str(path)), sv)
    with pytest.raises(TypeError, match=r"`data` holds .* which no file can keep"):
        Explanation([1.0], data=np.array([object()])).save(path)
    with pytest.raises(TypeError, match="no file can keep"):
        Explanation([1.0], data=np.array([{1: 2}, None], dtype=object)[:1]).save(path)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["sv.zip"]
    with pytest.raises(FileNotFoundError):
        Explanation.load(tmp_path / "nothing.zip")


def test_there_are_no_pickles_in_it():
    data = np.array([["a", 1, None], [2.5, True, b"x"]], dtype=object)
    with zipfile.ZipFile(io.BytesIO(saved(Explanation(np.ones((2, 3)), data=data)))) as archive:
        header = json.loads(archive.read("header.json"))
        assert (header["format"], header["version"]) == ("ferroshap.explanation", VERSION)
        for name in set(archive.namelist()) - {"header.json"}:
            np.load(io.BytesIO(archive.read(name)), allow_pickle=False)


def rewritten(content, change=lambda header: header, member=None, body=b""):
    """The same file with another header, or another member."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(stream, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            if name == "header.json":
                part = json.dumps(change(json.loads(part))).encode()
            new.writestr(name, body if name == member else part)
    return stream.getvalue()


def test_newer_versions_are_refused_by_name():
    content = saved(Explanation([1.0, 2.0]))
    newer = rewritten(content, lambda header: header | {"version": VERSION + 1, "written_by": "ferroshap 9.0"})
    with pytest.raises(ExplanationFileError, match=r"written by ferroshap 9\.0 in format 2.*upgrade ferroshap"):
        loaded(newer)
    with_more = rewritten(content, lambda header: header | {"fields": header["fields"] | {"mood": {"text": "good"}}})
    assert loaded(with_more).values.tolist() == [1.0, 2.0]


def test_other_files_are_refused():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("readme.txt", "hello")
    for content, message in (
        (b"", "is damaged, or no file that `save` wrote"),
        (b"PK\x03\x04 hello", "is damaged, or no file"),
        (stream.getvalue(), "is a zip, but no Explanation"),
        (rewritten(saved(Explanation([1.0])), lambda header: {"format": "other"}), "holds no Explanation"),
    ):
        with pytest.raises(ExplanationFileError, match=message):
            loaded(content)


@given(at=st.integers(0, 10**6), bit=st.integers(0, 7))
def test_one_wrong_bit_is_told_or_changes_nothing(at, bit):
    sv = Explanation(np.arange(6.0).reshape(2, 3), [1.0, 2.0], np.array([["a", 1, None]] * 2, dtype=object))
    content = bytearray(saved(sv))
    content[at % len(content)] ^= 1 << bit
    try:
        again = loaded(bytes(content))
    except ExplanationFileError:
        return
    assert_same(again, sv)


@pytest.mark.parametrize("length", [10, 100, 400, 900])
def test_half_a_file_is_told(length):
    sv = Explanation(np.arange(60.0).reshape(20, 3), data=np.ones((20, 3)))
    with pytest.raises(ExplanationFileError, match="damaged"):
        loaded(saved(sv)[:length])


def test_a_huge_shape_is_not_made_room_for():
    body = io.BytesIO()
    np.lib.format.write_array_header_1_0(body, {"descr": "<f8", "fortran_order": False, "shape": (2**50, 3)})
    bad = rewritten(saved(Explanation(np.ones((2, 3)))), member="values.npy", body=body.getvalue())
    with pytest.raises(ExplanationFileError, match="does not have the size that it says"):
        loaded(bad)


def test_fields_that_do_not_fit_each_other_are_told():
    def swapped(header):
        header["axes"] = ["feature", "row"]
        return header

    with pytest.raises(ExplanationFileError, match="`axes` is"):
        loaded(rewritten(saved(Explanation(np.ones((2, 3)))), swapped))
