"""What goes wrong is named by its piece, and what was finished before is kept."""

import errno
import os
import signal
import threading

import numpy as np
import pytest

pytest.importorskip("pyarrow")

import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet as pq
from tests.engines.parquet_sums import Sums
from tests.engines.parquet_tables import NAMES, UNIT_ROWS, expected, linear, same, table_of, write

import ferroshap as shap
from ferroshap.engines.files import explain_parquet
from ferroshap.engines.files.writing import durable
from ferroshap.errors import (
    DimensionError,
    FerroshapError,
    MemoryLimitError,
    OptionError,
    SourceColumnsError,
    SourceError,
    SourceMissingError,
)

N_ROWS = 3 * UNIT_ROWS + 1_000


@pytest.fixture
def table():
    return table_of(N_ROWS)


@pytest.fixture
def file(table, tmp_path):
    return write(table, tmp_path / "rows.parquet")


def explain(source, folder, explainer=None, **options):
    return explain_parquet(explainer or linear(), source, folder / "values.parquet", silent=True, **options)


def damage(file, group):
    """Overwrite the pages of a row group."""
    chunk = pq.read_metadata(file).row_group(group).column(1)
    at = chunk.dictionary_page_offset or chunk.data_page_offset
    with file.open("r+b") as pages:
        pages.seek(at)
        pages.write(b"\xff" * chunk.total_compressed_size)


def test_an_unreadable_row_group_is_named_and_what_came_before_is_kept(file, tmp_path):
    damage(file, 7)
    with pytest.raises(SourceError, match=r"row group 7 of '.*rows\.parquet' \(rows 140000 to 159999 of the source\)"):
        explain(file, tmp_path)
    with pytest.raises(SourceError):
        explain(file, tmp_path)
    assert not (tmp_path / "values.parquet").exists()
    manifest = (tmp_path / "values.parquet.unfinished" / "manifest").read_bytes()
    assert manifest.count(b"\n") == 1 + 2  # the header, and units 0 and 1


@pytest.mark.parametrize("kept", [0, 100, 50_000, -4])
def test_a_file_that_was_cut_is_refused_when_it_is_opened(file, tmp_path, kept):
    file.write_bytes(file.read_bytes()[:kept])
    with pytest.raises(SourceError, match=r"footer of '.*rows\.parquet' cannot be read"):
        explain(file, tmp_path)


def test_a_file_that_vanishes_is_named(table, tmp_path):
    files = [write(table.slice(0, 2 * UNIT_ROWS), tmp_path / "a.parquet"), write(table, tmp_path / "b.parquet")]

    def tell(*_):
        files[1].unlink(missing_ok=True)

    narrow = {"memory_limit": "66 MiB"}  # so that nothing is read ahead
    with pytest.raises(FileNotFoundError, match=r"b\.parquet") as error:
        explain_parquet(linear(), files, tmp_path / "values.parquet", progress=tell, **narrow)
    assert isinstance(error.value, SourceMissingError)
    write(table, files[1])  # with another time of change; nothing of it was explained
    assert explain(files, tmp_path).resumed_parts == 2


@pytest.mark.parametrize("source", ["nowhere.parquet", "no-*.parquet", "empty"])
def test_a_source_that_is_not_there_is_named(tmp_path, source):
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceMissingError, match=source.replace("*", r"\*")):
        explain(str(tmp_path / source), tmp_path)


def test_a_file_that_changes_while_it_is_read_is_no_result(file, table, tmp_path):
    def tell(done, _):
        if done == UNIT_ROWS:
            os.utime(file, ns=(1, 1))

    with pytest.raises(SourceError, match=r"rows\.parquet' was changed while it was read"):
        explain_parquet(linear(), file, tmp_path / "values.parquet", progress=tell)
    assert not (tmp_path / "values.parquet").exists()


def test_a_column_of_another_type_is_named_with_its_file(table, tmp_path):
    first = write(table, tmp_path / "a.parquet")
    text = table.set_column(3, "bmi", pa.array(["x"] * N_ROWS))
    second = write(text, tmp_path / "b.parquet")
    with pytest.raises(SourceColumnsError, match=r"'bmi' is string in '.*b\.parquet', but was double before"):
        explain([first, second], tmp_path)


def test_a_file_without_a_column_is_named_with_the_nearest(table, tmp_path):
    first = write(table, tmp_path / "a.parquet")
    second = write(table.rename_columns(["id", "dose", "age", "bmi_", "site"]), tmp_path / "b.parquet")
    with pytest.raises(SourceColumnsError, match=r"b\.parquet' has no column 'bmi'; did you mean 'bmi_'"):
        explain([first, second], tmp_path)


def test_missing_features_are_named_with_the_nearest(table, tmp_path):
    with pytest.raises(DimensionError, match="'dose_mg' for 'dose'"):
        explain(write(table.rename_columns(["id", "dose_mg", "age", "bmi", "site"]), tmp_path / "a.parquet"), tmp_path)


def test_types_that_hold_the_same_numbers_go_together(tmp_path):
    rng = np.random.default_rng(0)
    whole = {name: rng.integers(0, 9, 3_000) for name in NAMES}
    kinds = [pa.int32(), pa.int64(), pa.float32(), pa.float64(), pa.uint8()]
    files = [
        write(pa.table({name: pa.array(whole[name], kind) for name in NAMES}), tmp_path / f"{kind}.parquet")
        for kind in kinds
    ]
    result = explain(files, tmp_path)
    wanted = expected(linear(), pa.table(whole))
    assert same(pq.read_table(result.path), pa.concat_tables([wanted] * len(kinds)))


def test_words_and_dictionaries_of_words_go_together(table, tmp_path):
    plain = table.set_column(4, "site", table["site"].cast(pa.string()))
    files = [write(table, tmp_path / "a.parquet"), write(plain, tmp_path / "b.parquet")]
    found = pq.read_table(explain(files, tmp_path, keep="site").path)
    assert found["site"].type == pa.string()
    assert found["site"].to_pylist() == plain["site"].to_pylist() * 2


@pytest.mark.parametrize("at", [1, 2, 3, 5])
def test_a_full_disk_keeps_what_was_finished(file, table, tmp_path, monkeypatch, at):
    flushes = []
    flush = durable.flush

    def full(opened):
        flushes.append(opened)
        if len(flushes) == at:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        flush(opened)

    for room in ("durable", "one_file", "manifest"):
        monkeypatch.setattr(f"ferroshap.engines.files.writing.{room}.flush", full)
    with pytest.raises(OSError, match="No space left") as error:
        explain(file, tmp_path)
    assert error.value.errno == errno.ENOSPC
    if at > 1:  # the first is that of the journal itself
        assert "make room for more" in str(error.value.__notes__)
    monkeypatch.undo()
    result = explain(file, tmp_path)
    assert result.resumed_parts in {max(0, at - 2) // 2, (at - 1) // 2}  # a line may be whole though it was not flushed
    assert same(pq.read_table(result.path), expected(linear(), table))


@pytest.mark.skipif(not hasattr(signal, "SIGXFSZ"), reason="files have no limits there")
@pytest.mark.parametrize("name", ["values.parquet", "values"])
def test_a_write_that_the_system_refuses_keeps_what_was_finished(file, table, tmp_path, name):
    """A limit on the size of files stands for a disk of that size."""
    import resource

    whole = explain_parquet(linear(), file, tmp_path / f"whole-{name}", silent=True)
    largest = max(path.stat().st_size for path in [whole.path, *tmp_path.glob(f"whole-{name}/*")] if path.is_file())
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest * 2 // 3, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large") as error:
            explain_parquet(linear(), file, tmp_path / name, silent=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert error.value.errno == errno.EFBIG
    assert "make room for more" in str(error.value.__notes__)
    assert not (tmp_path / name).exists()
    result = explain_parquet(linear(), file, tmp_path / name, silent=True)
    assert result.resumed_parts == (2 if name == "values.parquet" else 0)
    assert same(pq.read_table(result.path), expected(linear(), table))


class Broken(Exception):  # noqa: N818 - the user's own
    """What a model raises."""


def test_what_a_model_raises_comes_out_as_it_is_with_a_note(file, table, tmp_path):
    error = Broken("no")
    left = [UNIT_ROWS + 3]

    def model(X):
        left[0] -= len(X)
        if left[0] < 0:
            raise error
        return X.sum(axis=1)

    explainer = shap.ExactExplainer(model, np.zeros((1, 3)), feature_names=NAMES)
    with pytest.raises(Broken) as raised:
        explain(file, tmp_path, explainer)
    assert raised.value is error
    with pytest.raises(Broken):
        explain(file, tmp_path, explainer)
    assert error.__notes__ == [
        "ferroshap was explaining rows 0 to 65535 of the source; what was finished before is kept"
    ]


def test_ctrl_c_keeps_what_was_finished(file, table, tmp_path):
    def tell(done, _):
        if done == 2 * UNIT_ROWS:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        explain_parquet(linear(), file, tmp_path / "values.parquet", progress=tell)
    result = explain(file, tmp_path)
    assert result.resumed_parts >= 2
    assert same(pq.read_table(result.path), expected(linear(), table))


def test_memory_is_planned_ahead(file, tmp_path):
    with pytest.raises(MemoryLimitError, match=r"grants 0 MiB: pass dtype='float32', `top_k`"):
        explain(file, tmp_path, memory_limit="10 KiB")
    assert explain(file, tmp_path, memory_limit="65 MiB").rows == N_ROWS  # in smaller blocks


@pytest.mark.parametrize(
    "destination,options,said",
    [
        ("values.csv", {}, "must be a file"),
        ("no/such/values.parquet", {}, "there is no directory"),
        (None, {}, "nothing would come of it"),
        ("v.parquet", {"compression": "snapy"}, "did you mean 'snappy'"),
        ("v.parquet", {"layout": "lists"}, "did you mean 'list'"),
        ("v.parquet", {"checkpoint": "elsewhere"}, "`checkpoint` is for runs without a destination"),
        ("v.parquet", {"reducers": [Sums(), Sums()]}, "two of the name 'Sums'"),
        ("v.parquet", {"reducers": [Sums]}, "make one, Sums"),
        ("v.parquet", {"keep": "idd"}, "did you mean 'id'"),
        (7, {}, "must be a path"),
    ],
    ids=str,
)
def test_options_are_refused_by_name(file, tmp_path, destination, options, said):
    place = tmp_path / destination if isinstance(destination, str) else destination
    with pytest.raises(OptionError, match=said):
        explain_parquet(linear(), file, place, silent=True, **options)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["rows.parquet"]


@pytest.mark.parametrize("source", [7, [7], [], "s3://bucket/rows", iter(()), b"rows.parquet"], ids=str)
def test_sources_that_are_none_are_refused(tmp_path, source):
    with pytest.raises((OptionError, FerroshapError), match="source"):
        explain(source, tmp_path)


def test_what_is_read_is_not_written_over(table, tmp_path):
    (tmp_path / "in").mkdir()
    file = write(table, tmp_path / "in" / "part-00000.parquet")
    data = file.read_bytes()
    for destination in (file, tmp_path / "in"):
        for source in (file, pyarrow.dataset.dataset(tmp_path / "in")):
            with pytest.raises(OptionError, match="name another place"):
                explain_parquet(linear(), source, destination, silent=True)
    (tmp_path / "soft.parquet").symlink_to(file)
    (tmp_path / "hard.parquet").hardlink_to(file)
    (tmp_path / "soft").symlink_to(tmp_path / "in")
    for source, destination in [
        (file, tmp_path / "soft.parquet"),
        (tmp_path / "soft.parquet", file),
        (file, tmp_path / "hard.parquet"),
        (tmp_path / "in", tmp_path / "soft"),
        (tmp_path / "soft", tmp_path / "in"),
        (tmp_path / "soft" / "part-00000.parquet", tmp_path / "in" / ".." / "in"),
        ([file], file),
        (tmp_path / "in" / "*.parquet", file),
    ]:
        with pytest.raises((OptionError, SourceMissingError)):
            explain_parquet(linear(), source, destination, silent=True)
    for source in (pq.ParquetFile(file), pq.ParquetFile(file).iter_batches()):
        with pytest.raises(OptionError, match="may be what the"):
            explain_parquet(linear(), source, file, silent=True)
    with pytest.raises(OptionError, match=r"part-00000.parquet', which is no part of values"):
        explain_parquet(linear(), table, tmp_path / "in", silent=True)
    assert file.read_bytes() == data


def test_an_iterator_is_read_where_it_was_made(table, tmp_path):
    threads = set()

    def batches():
        for batch in table.to_batches(10_000):
            threads.add(threading.current_thread())
            yield batch

    assert explain(batches(), tmp_path).rows == N_ROWS
    assert threads == {threading.current_thread()}


def test_what_an_iterator_raises_comes_out_as_it_is(table, tmp_path):
    error = Broken("no more")

    def batches():
        yield from table.to_batches(10_000)[:5]
        raise error

    with pytest.raises(Broken) as raised:
        explain(batches(), tmp_path)
    assert raised.value is error


def test_the_destination_is_not_read_as_a_source(table, tmp_path):
    write(table, tmp_path / "rows.parquet")
    explain(tmp_path, tmp_path, dtype="float32")
    assert explain(tmp_path, tmp_path).rows == N_ROWS
