"""`ferroshap explain`: tables of every kind in and out, and what cannot be read or written."""

import gzip
import io
import os
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet
import pytest
from tests.surface.command import (
    NAMES,
    XGBOOST,
    as_parts,
    explain,
    explained,
    same_bits,
    values_in,
    written,
    wrong,
)

WRITERS = {
    ".parquet": pa.parquet.write_table,
    ".csv": pa.csv.write_csv,
    ".tsv": lambda table, path: pa.csv.write_csv(table, path, pa.csv.WriteOptions(delimiter="\t")),
    ".feather": pa.feather.write_feather,
    ".arrow": lambda table, path: pa.feather.write_feather(table, path, compression="uncompressed"),
}


@pytest.mark.parametrize("ending", WRITERS)
def test_data_of_every_kind_gives_the_same_values(ending, tmp_path, rows):
    table, data = pa.parquet.read_table(rows), tmp_path / f"data{ending}"
    WRITERS[ending](table, data)
    assert explain("--model", XGBOOST, "--data", data, "--out", tmp_path / "v.parquet") == 0
    assert same_bits(values_in(written(tmp_path / "v.parquet")), explained(XGBOOST, table))


@pytest.mark.parametrize("ending", [".parquet", ".csv", ".arrow"])
def test_folders_patterns_and_lists_of_files_are_one_table(ending, tmp_path, rows):
    table = pa.parquet.read_table(rows)
    folder = as_parts(table, tmp_path / "parts", WRITERS[ending], ending)
    (folder / "_SUCCESS").touch()
    wanted = explained(XGBOOST, table)
    files = sorted(folder.glob(f"*{ending}"))
    for number, words in enumerate(
        [[folder], [folder / f"*{ending}"], files, [files[0], folder / f"part-[12]{ending}"]]
    ):
        out = tmp_path / f"values-{number}.parquet"
        assert explain("--model", XGBOOST, "--data", *words, "--out", out) == 0
        assert same_bits(values_in(written(out)), wanted)


def test_packed_csv_is_unpacked(tmp_path, rows):
    table, data = pa.parquet.read_table(rows), tmp_path / "rows.csv.gz"
    plain = io.BytesIO()
    pa.csv.write_csv(table, plain)
    data.write_bytes(gzip.compress(plain.getvalue()))
    assert explain("--model", XGBOOST, "--data", data, "--out", tmp_path / "v.parquet") == 0
    assert same_bits(values_in(written(tmp_path / "v.parquet")), explained(XGBOOST, table))


def test_csv_is_read_as_numbers_although_its_first_rows_look_like_integers_or_nothing(tmp_path):
    data, out = tmp_path / "rows.csv", tmp_path / "v.parquet"
    n_first = 200_000  # more than is looked at to tell the types
    data.write_text("a,b,c,d\n" + "1,,0,true\n" * n_first + "1.5,2,NA,false\n" + '2,3,4,"true"\n')
    assert explain("--model", XGBOOST, "--data", data, "--out", out) == 0
    last = np.array([[1, np.nan, 0, 1], [1.5, 2, np.nan, 0], [2, 3, 4, 1]], dtype=float)
    found = values_in(written(out).slice(n_first - 1))
    assert same_bits(found, explained(XGBOOST, last))


def test_no_rows_give_a_whole_file_of_none(tmp_path):
    data, out = tmp_path / "rows.csv", tmp_path / "v.parquet"
    data.write_text("a,b,c,d\n")
    assert explain("--model", XGBOOST, "--data", data, "--out", out) == 0
    assert written(out).num_rows == 0
    assert written(out).column_names == [*(f"phi_{name}" for name in NAMES), "base_value"]


@pytest.mark.parametrize(
    "name,content,said",
    [
        ("absent.parquet", None, "is not there"),
        ("rows.xlsx", b"PK", "ending"),
        ("noise.parquet", b"noise", "noise.parquet"),
        ("noise.arrow", b"noise", "noise.arrow"),
        ("empty.csv", b"", "empty.csv"),
        ("ragged.csv", b"a,b,c,d\n1,2,3,4\n1,2\n", "ragged.csv"),
        ("*.parquet", None, "is not there"),
        ("late.csv", b"a,b,c,d\n" + b"1,2,3,4\n" * 600_000 + b"1,2,x,4\n", "late.csv"),
        ("twice.csv", b"a,b,a,c,d\n1,2,3,4,5\n", "several columns of the name 'a'"),
    ],
)
@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_data_that_cannot_be_read_is_named(name, content, said, ending, tmp_path, capsys):
    data, out = tmp_path / name, tmp_path / "out" / f"v{ending}"
    out.parent.mkdir()
    if content is not None:
        data.write_bytes(content)
    columns = ["--columns", "a,b,c,d"] if name == "twice.csv" else []
    assert said in wrong(capsys, "--model", XGBOOST, "--data", data, "--out", out, *columns)
    assert not list(out.parent.iterdir())  # nothing half written, nothing left beside


def test_a_file_with_another_type_is_named_with_the_column(tmp_path, rows, capsys):
    folder = as_parts(pa.parquet.read_table(rows), tmp_path / "parts", pa.parquet.write_table, ".parquet")
    table = pa.parquet.read_table(folder / "part-1.parquet")
    texts = table.set_column(2, "c", table["c"].cast(pa.string()))
    pa.parquet.write_table(texts, folder / "part-1.parquet")
    said = wrong(capsys, "--model", XGBOOST, "--data", folder, "--out", tmp_path / "v.csv")
    assert "part-1.parquet" in said
    assert "'c'" in said
    assert "string" in said


def test_files_of_several_kinds_are_refused(tmp_path, rows, capsys):
    (tmp_path / "rows.csv").write_text("a,b,c,d\n1,2,3,4\n")
    data = [rows, tmp_path / "rows.csv"]
    assert "several kinds" in wrong(capsys, "--model", XGBOOST, "--data", *data, "--out", tmp_path / "v.csv")


@pytest.mark.parametrize("ending", [".parquet", ".csv", ".arrow", ".feather"])
def test_values_are_written_by_the_ending_bit_for_bit(ending, tmp_path, rows):
    out = tmp_path / f"values{ending}"
    assert explain("--model", XGBOOST, "--data", rows, "--out", out) == 0
    assert same_bits(values_in(written(out)), explained(XGBOOST, pa.parquet.read_table(rows)))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["rows.parquet", out.name]


def test_a_word_without_an_ending_is_a_folder_of_parquet(tmp_path, rows):
    for data in (rows, tmp_path / "rows.csv"):
        if data.suffix == ".csv":
            pa.csv.write_csv(pa.parquet.read_table(rows), data)
        out = tmp_path / f"values-of-{data.suffix[1:]}"
        assert explain("--model", XGBOOST, "--data", data, "--out", out) == 0
        parts = pa.concat_tables(map(pa.parquet.read_table, sorted(out.glob("*.parquet"))))
        assert same_bits(values_in(parts), explained(XGBOOST, pa.parquet.read_table(rows)))


def test_minus_is_csv_on_the_standard_output_and_nothing_else_is(rows, capfdbinary):
    assert explain("--model", XGBOOST, "--data", rows, "--out", "-") == 0
    said = capfdbinary.readouterr()
    found = pa.csv.read_csv(io.BytesIO(said.out))
    assert same_bits(values_in(found), explained(XGBOOST, pa.parquet.read_table(rows)))
    assert said.err.count(b"\n") == 1


@pytest.mark.parametrize("ending", [".csv", ".arrow", ".parquet"])
def test_what_is_there_is_written_over_only_by_force(ending, tmp_path, rows, capsys):
    out = tmp_path / f"values{ending}"
    out.write_bytes(b"precious")
    assert "--force" in wrong(capsys, "--model", XGBOOST, "--data", rows, "--out", out)
    assert out.read_bytes() == b"precious"
    assert explain("--model", XGBOOST, "--data", rows, "--out", out, "--force") == 0
    assert same_bits(values_in(written(out)), explained(XGBOOST, pa.parquet.read_table(rows)))


def test_what_is_there_already_is_not_done_again(tmp_path, rows, capsys):
    out = tmp_path / "values.parquet"
    for said in ("24 rows, ", "24 rows, 24 of them in an earlier run, "):
        assert explain("--model", XGBOOST, "--data", rows, "--out", out) == 0
        assert f"ferroshap explain: {said}" in capsys.readouterr().err
    assert "--force" in wrong(capsys, "--model", XGBOOST, "--data", rows, "--out", out, "--top-k", "1")
    assert explain("--model", XGBOOST, "--data", rows, "--out", out, "--top-k", "1", "--force") == 0
    assert "feature_1" in written(out).column_names


def test_what_is_read_is_never_written_over(tmp_path, rows, capsys):
    before = rows.read_bytes()
    said = wrong(capsys, "--model", XGBOOST, "--data", rows, "--out", rows, "--force")
    assert "is what is read" in said
    (tmp_path / "link.parquet").symlink_to(rows)
    words = ["--model", XGBOOST, "--data", tmp_path / "link.parquet", "--out", rows, "--force"]
    assert "is what is read" in wrong(capsys, *words)
    assert "is what is read" in wrong(capsys, "--model", XGBOOST, "--data", rows, "--out", tmp_path, "--force")
    assert rows.read_bytes() == before


def test_an_output_in_no_folder_is_refused_before_any_work(tmp_path, rows, capsys):
    said = wrong(capsys, "--model", XGBOOST, "--data", rows, "--out", tmp_path / "no" / "such" / "v.csv")
    assert "there is no folder" in said


def test_a_full_disk_says_so(rows):
    """`/dev/full` takes nothing."""
    if not sys.platform.startswith("linux"):
        pytest.skip("/dev/full is Linux's own")
    words = [sys.executable, "-m", "ferroshap", "explain", "--model", XGBOOST, "--data", rows, "--out", "-"]
    with open("/dev/full", "wb") as full:  # noqa: PTH123 - a device
        run = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    assert run.returncode == 1
    assert "No space left on device" in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize("words", [[], ["--no-resume"]])
def test_an_interrupted_run_goes_on_where_it_was_or_is_begun_anew(words, tmp_path, capsys):
    """A row group that cannot be read stops it; when the file is mended, what was done is not done again."""
    table = pa.table([*np.random.default_rng(0).normal(size=(4, 200_000)).round(2)], NAMES)
    data, out = tmp_path / "rows.parquet", tmp_path / "values.parquet"
    pa.parquet.write_table(table, data, row_group_size=65_536, compression="none")
    whole, stamp = data.read_bytes(), data.stat().st_mtime_ns
    at = pa.parquet.ParquetFile(data).metadata.row_group(2).column(0).dictionary_page_offset
    data.write_bytes(whole[:at] + b"\xff" * 64 + whole[at + 64 :])
    os.utime(data, ns=(stamp, stamp))
    assert "row group 2" in wrong(capsys, "--model", XGBOOST, "--data", data, "--out", out)
    assert not out.exists()
    data.write_bytes(whole)
    os.utime(data, ns=(stamp, stamp))
    assert explain("--model", XGBOOST, "--data", data, "--out", out, *words) == 0
    said = capsys.readouterr().err
    assert ("200,000 rows, 131,072 of them in an earlier run" in said) == (not words)
    assert ("earlier run" in said) == (not words)
    assert same_bits(values_in(written(out)), explained(XGBOOST, table))
    assert {path.name for path in tmp_path.iterdir()} == {"rows.parquet", "values.parquet"}
