"""What a call of `explain_parquet` is told: options that are none, links, and directories that change."""

import pytest

pytest.importorskip("pyarrow")

import pyarrow.parquet as pq
from tests.engines.parquet_tables import UNIT_ROWS, expected, linear, same, table_of, write

from ferroshap.engines.files import explain_parquet
from ferroshap.errors import OptionError


@pytest.mark.parametrize("options", [{"row_key": 3}, {"n_jobs": 0}, {"n_jobs": "2"}, {"progress": 3}], ids=str)
def test_what_no_option_may_be_is_refused_before_anything_is_read(tmp_path, options):
    file = write(table_of(10), tmp_path / "rows.parquet")
    with pytest.raises(OptionError, match=f"`{next(iter(options))}` is "):
        explain_parquet(linear(), file, tmp_path / "values.parquet", **options)
    assert not (tmp_path / "values.parquet.unfinished").exists()


def test_a_change_of_directory_in_the_middle_moves_neither_source_nor_destination(tmp_path, monkeypatch):
    rows = table_of(2 * UNIT_ROWS)
    write(rows, tmp_path / "rows.parquet")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    explain_parquet(
        linear(), "rows.parquet", "values.parquet", progress=lambda *_: monkeypatch.chdir(tmp_path / "elsewhere")
    )
    assert same(pq.read_table(tmp_path / "values.parquet"), expected(linear(), rows))


@pytest.mark.parametrize("is_there", [True, False])
def test_a_destination_that_is_a_link_stays_one(tmp_path, is_there):
    rows, target, link = table_of(100), tmp_path / "far" / "kept", tmp_path / "values.parquet"
    target.parent.mkdir()
    if is_there:
        target.touch()
    link.symlink_to(target)
    result = explain_parquet(linear(), write(rows, tmp_path / "rows.parquet"), link, silent=True)
    assert link.is_symlink()
    assert result.path == target
    assert same(pq.ParquetFile(target).read(), expected(linear(), rows))
    assert not list(tmp_path.glob("**/*.unfinished"))
