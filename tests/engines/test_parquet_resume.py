"""What is finished is not done again, and nothing that belongs to another run is taken for one's own."""

import numpy as np
import pytest

pytest.importorskip("pyarrow")

import pyarrow as pa
import pyarrow.parquet as pq
from tests.engines.parquet_sums import Sums
from tests.engines.parquet_tables import NAMES, UNIT_ROWS, expected, linear, same, table_of, write

import ferroshap as shap
from ferroshap.engines.files import explain_parquet
from ferroshap.engines.files.writing.manifest import Manifest
from ferroshap.errors import DestinationBusyError, DestinationExistsError, OptionError, ResumeError, SourceError

N_ROWS = 3 * UNIT_ROWS + 1_000


@pytest.fixture
def table():
    return table_of(N_ROWS)


@pytest.fixture
def file(table, tmp_path):
    return write(table, tmp_path / "rows.parquet")


class Stop(Exception):  # noqa: N818 - it is none of what goes wrong
    """Ends a run from inside its progress."""


def stopped_after(n_rows):
    def tell(done, _):
        if done >= n_rows:
            raise Stop

    return tell


def begin(source, destination, after=2 * UNIT_ROWS, **options):
    """A run that ends when so many rows are on the disk."""
    with pytest.raises(Stop):
        explain_parquet(linear(), source, destination, progress=stopped_after(after), **options)


def aside(destination):
    return destination.with_name(f"{destination.name}.unfinished")


@pytest.mark.parametrize("name", ["values.parquet", "values"])
def test_finished_units_are_neither_read_nor_explained_again(file, table, tmp_path, name, monkeypatch):
    destination = tmp_path / name
    begin(file, destination)
    finished = len(Manifest(aside(destination) / "manifest").lines)
    assert finished >= 2
    groups = []
    read = pq.ParquetFile.iter_batches
    monkeypatch.setattr(
        pq.ParquetFile,
        "iter_batches",
        lambda self, n, row_groups, **options: groups.extend(row_groups) or read(self, n, row_groups, **options),
    )
    told = []
    result = explain_parquet(linear(), file, destination, progress=lambda *now: told.append(now[0]))
    assert result.resumed_parts == finished
    assert told[0] == finished * UNIT_ROWS
    assert min(groups) == finished * UNIT_ROWS // 20_000
    assert same(pq.read_table(destination), expected(linear(), table))
    assert not aside(destination).exists()


def test_a_destination_that_is_whole_is_left_as_it_is(file, tmp_path):
    destination = tmp_path / "values.parquet"
    first = explain_parquet(linear(), file, destination, silent=True)
    written = destination.stat()
    again = explain_parquet(linear(), file, destination, silent=True)
    assert (again.rows, again.parts, again.resumed_parts) == (first.rows, first.parts, first.parts)
    assert destination.stat().st_mtime_ns == written.st_mtime_ns
    anew = explain_parquet(linear(), file, destination, silent=True, resume=False)
    assert anew.resumed_parts == 0
    assert destination.stat().st_ino != written.st_ino


def test_another_table_or_another_option_is_written_over_what_is_whole(file, table, tmp_path):
    destination = tmp_path / "values.parquet"
    explain_parquet(linear(), file, destination, silent=True)
    assert explain_parquet(linear(), file, destination, silent=True, dtype="float32").resumed_parts == 0
    assert pq.read_schema(destination).field("phi_age").type == pa.float32()
    write(table.slice(0, 10), file)
    assert explain_parquet(linear(), file, destination, silent=True).rows == 10


@pytest.mark.parametrize("name", ["values.parquet", "values"])
def test_something_else_is_not_replaced_where_that_is_not_wanted(file, tmp_path, name):
    destination = tmp_path / name
    begin(file, destination, overwrite=False)
    assert explain_parquet(linear(), file, destination, silent=True, overwrite=False).resumed_parts >= 2
    whole = explain_parquet(linear(), file, destination, silent=True, overwrite=False)
    assert whole.resumed_parts == whole.parts
    with pytest.raises(FileExistsError, match="is there already"):
        explain_parquet(linear(), file, destination, silent=True, overwrite=False, dtype="float32")
    with pytest.raises(DestinationExistsError):
        explain_parquet(linear(), file, destination, silent=True, overwrite=False, resume=False)
    assert not aside(destination).exists()
    assert explain_parquet(linear(), file, destination, silent=True, dtype="float32").resumed_parts == 0


@pytest.mark.parametrize(
    "options,said",
    [
        ({"dtype": "float32"}, "`dtype` was 'float64', and is 'float32'"),
        ({"keep": "id"}, "columns were"),
        ({"compression": "zstd"}, "`compression` was 'snappy', and is 'zstd'"),
        ({"top_k": 2}, "`top_k` was None, and is 2"),
    ],
)
def test_other_options_are_refused_by_name(file, tmp_path, options, said):
    begin(file, tmp_path / "values.parquet")
    with pytest.raises(ResumeError, match=said) as refused:
        explain_parquet(linear(), file, tmp_path / "values.parquet", silent=True, **options)
    assert "resume=False" in str(refused.value)
    result = explain_parquet(linear(), file, tmp_path / "values.parquet", silent=True, resume=False, **options)
    assert (result.rows, result.resumed_parts) == (N_ROWS, 0)


def test_an_explainer_that_has_explained_is_still_the_same(file, table, tmp_path):
    explainer = shap.PermutationExplainer(
        lambda X: X[:, 0] * X[:, 1] - X[:, 2], table.select(NAMES).to_pandas().to_numpy()[:3], feature_names=NAMES
    )
    rows = write(table.slice(0, UNIT_ROWS + 20), tmp_path / "few.parquet")
    linear_one = linear()
    for one, source, after in [(linear_one, file, 2 * UNIT_ROWS), (explainer, rows, UNIT_ROWS)]:
        with pytest.raises(Stop):
            explain_parquet(one, source, tmp_path / "values.parquet", progress=stopped_after(after))
        one(table.slice(0, 5).select(NAMES).to_pandas(), silent=True)
        assert explain_parquet(one, source, tmp_path / "values.parquet", silent=True).resumed_parts >= 1


def test_another_explainer_is_refused(file, tmp_path):
    begin(file, tmp_path / "values.parquet")
    other = shap.Explainer((np.array([1.0, 2.0, -3.5]), 0.5), np.zeros((1, 3)), feature_names=NAMES)
    with pytest.raises(ResumeError, match="the explainer is another one"):
        explain_parquet(other, file, tmp_path / "values.parquet", silent=True)


def test_a_source_that_has_changed_is_refused_by_name(file, table, tmp_path):
    begin(file, tmp_path / "values.parquet")
    write(table.slice(0, N_ROWS - 1), file)
    with pytest.raises(ResumeError, match=r"rows\.parquet' has changed \(size"):
        explain_parquet(linear(), file, tmp_path / "values.parquet", silent=True)


def test_files_of_which_nothing_was_explained_may_be_mended_and_added(table, tmp_path):
    first = write(table.slice(0, 2 * UNIT_ROWS + 10), tmp_path / "a.parquet")
    second = write(table.slice(2 * UNIT_ROWS + 10), tmp_path / "b.parquet")
    data = second.read_bytes()
    second.write_bytes(data[:4] + bytes(len(data) // 2) + data[4 + len(data) // 2 :])
    destination = tmp_path / "values.parquet"
    with pytest.raises(SourceError, match=r"row group 0 of '.*b\.parquet'"):
        explain_parquet(linear(), [first, second], destination, silent=True)
    second.write_bytes(data)
    third = write(table.slice(0, 5), tmp_path / "c.parquet")
    result = explain_parquet(linear(), [first, second, third], destination, silent=True)
    assert result.resumed_parts == 2
    assert same(pq.read_table(destination), expected(linear(), pa.concat_tables([table, table.slice(0, 5)])))


@pytest.mark.parametrize("name", ["values.parquet", "values"])
def test_a_unit_whose_bytes_have_changed_is_done_again(file, table, tmp_path, name):
    destination = tmp_path / name
    begin(file, destination, after=3 * UNIT_ROWS, reducers=[Sums()])
    growing = aside(destination) / ("values.parquet" if name.endswith("parquet") else "parts/part-00000.parquet")
    with growing.open("r+b") as values:
        values.seek(1000)
        values.write(b"damaged")
    result = explain_parquet(linear(), file, destination, silent=True, reducers=[Sums()])
    assert result.resumed_parts == 2
    assert same(pq.read_table(destination), expected(linear(), table))
    (sums,) = result.reduced.values()
    assert sums.n_rows == N_ROWS  # the damaged unit had been seen already, and is not seen twice


@pytest.mark.parametrize("tear", [1, 7, 40])
def test_a_torn_line_is_as_good_as_none(file, table, tmp_path, tear):
    destination = tmp_path / "values.parquet"
    begin(file, destination, after=3 * UNIT_ROWS)
    manifest = aside(destination) / "manifest"
    manifest.write_bytes(manifest.read_bytes()[:-tear])
    assert explain_parquet(linear(), file, destination, silent=True).resumed_parts == 2
    assert same(pq.read_table(destination), expected(linear(), table))


def test_one_process_at_a_time(file, tmp_path):
    destination = tmp_path / "values.parquet"
    refused = []

    def second(done, _):
        if not refused:
            with pytest.raises(DestinationBusyError, match="another process is writing") as error:
                explain_parquet(linear(), file, destination, silent=True)
            refused.append(error)

    explain_parquet(linear(), file, destination, progress=second)
    assert refused


def test_a_lock_is_given_back_by_whoever_dies(file, tmp_path):
    destination = tmp_path / "values.parquet"
    begin(file, destination)
    assert (aside(destination) / "lock").exists()
    assert explain_parquet(linear(), file, destination, silent=True).resumed_parts >= 2


def test_what_is_not_ours_is_not_deleted(file, tmp_path):
    folder = aside(tmp_path / "values.parquet")
    folder.mkdir()
    (folder / "thesis.tex").write_text("the only copy")
    with pytest.raises(OptionError, match="thesis"):
        explain_parquet(linear(), file, tmp_path / "values.parquet", silent=True)
    (tmp_path / "values").mkdir()
    (tmp_path / "values" / "thesis.tex").write_text("the only copy")
    with pytest.raises(OptionError, match="thesis"):
        explain_parquet(linear(), file, tmp_path / "values", silent=True)


def test_a_stream_cannot_be_taken_up_and_begins_anew(file, table, tmp_path):
    destination = tmp_path / "values.parquet"
    begin(table.to_reader(10_000), destination)
    result = explain_parquet(linear(), table.to_reader(10_000), destination, silent=True)
    assert result.resumed_parts == 0
    assert same(pq.read_table(destination), expected(linear(), table))


def test_a_stream_does_not_wipe_out_what_could_be_taken_up(file, table, tmp_path):
    begin(file, tmp_path / "values.parquet")
    with pytest.raises(ResumeError):
        explain_parquet(linear(), table.to_reader(10_000), tmp_path / "values.parquet", silent=True)


def test_csv_is_taken_up_too(table, tmp_path):
    import pyarrow.csv

    with (tmp_path / "rows.csv").open("wb") as sink:
        pyarrow.csv.write_csv(table.select(["id", *NAMES]), sink)
    destination = tmp_path / "values.parquet"
    begin(tmp_path / "rows.csv", destination)
    result = explain_parquet(linear(), tmp_path / "rows.csv", destination, silent=True)
    assert result.resumed_parts >= 2
    assert result.rows == N_ROWS
    assert same(pq.read_table(destination), expected(linear(), table))


def test_reducers_alone_write_nothing_and_can_have_a_checkpoint(file, table, tmp_path):
    plain = explain_parquet(linear(), file, reducers={"sums": Sums()}, silent=True)
    assert plain.path is None
    assert sorted(path.name for path in tmp_path.iterdir()) == ["rows.parquet"]
    begin(file, None, reducers={"sums": Sums()}, checkpoint=tmp_path / "checkpoint")
    result = explain_parquet(linear(), file, reducers={"sums": Sums()}, checkpoint=tmp_path / "checkpoint", silent=True)
    assert result.resumed_parts >= 2
    assert result.reduced["sums"].to_bytes() == plain.reduced["sums"].to_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["rows.parquet"]
    wanted = expected(linear(), table)["phi_age"].to_numpy()
    assert result.reduced["sums"].result()["age"] == np.rint(wanted * 1000).astype(int).sum()


def test_the_user_s_own_reducers_see_nothing(file):
    mine = Sums()
    explain_parquet(linear(), file, reducers=[mine], silent=True)
    assert mine.n_rows == 0
