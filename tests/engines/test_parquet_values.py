"""Tables in files get the values that they would get at once, wherever they lie and however they are cut."""

import io
import itertools
import json

import numpy as np
import pytest

pytest.importorskip("pyarrow")

import polars as pl
import pyarrow as pa
import pyarrow.csv
import pyarrow.dataset
import pyarrow.feather
import pyarrow.parquet as pq
from tests.engines.parquet_tables import NAMES, UNIT_ROWS, expected, linear, same, table_of, write

import ferroshap as shap
from ferroshap.engines.files import explain_parquet

N_ROWS = 2 * UNIT_ROWS + 5_000


@pytest.fixture(scope="module")
def table():
    return table_of(N_ROWS)


@pytest.fixture(scope="module")
def file(table, tmp_path_factory):
    return write(table, tmp_path_factory.mktemp("table") / "rows.parquet")


def run(source, folder, **options):
    result = explain_parquet(linear(), source, folder / "values.parquet", silent=True, **options)
    assert not (folder / "values.parquet.unfinished").exists()
    return result


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"dtype": "float32"},
        {"layout": "list"},
        {"top_k": 2, "keep": "id"},
        {"keep": ["site", "id"], "compression": "zstd"},
    ],
    ids=str,
)
def test_values_are_those_of_the_whole_table(file, table, tmp_path, options):
    result = run(file, tmp_path, **options)
    laid_out = {name: value for name, value in options.items() if name != "compression"}
    assert same(pq.read_table(result.path), expected(linear(), table, **laid_out))
    assert (result.rows, result.parts, result.resumed_parts) == (N_ROWS, 3, 0)


def test_values_do_not_depend_on_row_groups_and_files(file, table, tmp_path):
    whole = run(file, tmp_path).path.read_bytes()
    for number, cuts in enumerate([[7], [UNIT_ROWS], [1, 2, 100_000], [30_000, 60_000, 90_000]]):
        folder = tmp_path / f"cut-{number}"
        folder.mkdir()
        edges = [0, *cuts, N_ROWS]
        files = [
            write(table.slice(first, last - first), folder / f"part-{place}.parquet", 1 + number * 33_333)
            if number
            else write(table.slice(first, last - first), folder / f"part-{place}.parquet")
            for place, (first, last) in enumerate(itertools.pairwise(edges))
        ]
        written = run(files, folder).path
        assert same(pq.read_table(written), pq.read_table(io.BytesIO(whole)))
        assert pq.read_metadata(written).num_row_groups == 3


@pytest.mark.parametrize(
    "kind", ["glob", "folder", "arrow", "stream", "csv", "csv.gz", "dataset", "filtered", "opened"]
)
def test_sources_of_any_kind_have_the_same_values(file, table, tmp_path, kind):
    features = table.select(["id", *NAMES])
    if kind in {"glob", "folder"}:
        (tmp_path / "in").mkdir()
        for place in range(11):  # part-10 comes after part-9
            write(table.slice(place * 13_000, 13_000), tmp_path / "in" / f"part-{place}.parquet")
        (tmp_path / "in" / "_SUCCESS").touch()
        source = tmp_path / "in" if kind == "folder" else str(tmp_path / "in" / "part-*.parquet")
    elif kind == "arrow":
        pyarrow.feather.write_feather(features, source := tmp_path / "rows.feather", chunksize=9_999)
    elif kind == "stream":
        with pa.ipc.new_stream(source := tmp_path / "rows.arrows", features.schema) as writer:
            writer.write_table(features, max_chunksize=9_999)
    elif kind.startswith("csv"):
        source = tmp_path / f"rows.{kind}"
        with pa.CompressedOutputStream(source, "gzip") if kind.endswith("gz") else source.open("wb") as sink:
            pyarrow.csv.write_csv(features, sink)
    elif kind == "opened":
        source = pq.ParquetFile(file)
    else:
        source = pyarrow.dataset.dataset(file)
        source = source.filter(pyarrow.dataset.field("id") >= 0) if kind == "filtered" else source
    result = run(source, tmp_path)
    assert same(pq.read_table(result.path), expected(linear(), table))


@pytest.mark.parametrize(
    "make",
    [
        lambda table: table,
        lambda table: table.to_reader(10_001),
        lambda table: iter(table.to_batches(10_001)),
        pl.from_arrow,
    ],
    ids=["table", "reader", "iterator", "polars"],
)
def test_what_can_be_read_once_is_read_once(table, tmp_path, make):
    assert same(pq.read_table(run(make(table), tmp_path).path), expected(linear(), table))


def test_a_directory_gets_a_part_for_each_unit(file, table, tmp_path):
    result = explain_parquet(linear(), file, tmp_path / "values", keep="id", silent=True)
    parts = sorted(result.path.iterdir())
    assert [part.name for part in parts] == ["part-00000.parquet", "part-00001.parquet", "part-00002.parquet"]
    assert [pq.read_metadata(part).num_rows for part in parts] == [UNIT_ROWS, UNIT_ROWS, 5_000]
    assert same(pq.read_table(result.path), expected(linear(), table, keep="id"))


def test_the_file_is_the_one_that_a_single_writer_writes(file, table, tmp_path):
    path = run(file, tmp_path, keep="site").path
    wanted = io.BytesIO()
    schema = pq.read_schema(path)
    with pq.ParquetWriter(wanted, schema, compression="snappy", use_dictionary=["site"]) as writer:
        for first in range(0, N_ROWS, UNIT_ROWS):
            unit = table.slice(first, UNIT_ROWS)
            writer.write_table(expected(linear(), unit, keep="site").replace_schema_metadata(schema.metadata))
    assert path.read_bytes() == wanted.getvalue()


def test_other_readers_read_it(file, table, tmp_path):
    frame = pl.read_parquet(run(file, tmp_path, top_k=1, keep="site").path)
    wanted = expected(linear(), table, top_k=1, keep="site")
    assert frame["value_1"].to_numpy().tobytes() == wanted["value_1"].to_numpy().tobytes()
    assert frame["feature_1"].to_list() == wanted["feature_1"].to_pylist()


def test_interactions_of_trees_are_written(tmp_path):
    tree = {
        "children_left": [1, -1, 3, -1, -1],
        "children_right": [2, -1, 4, -1, -1],
        "children_default": [2, -1, 4, -1, -1],
        "features": [0, -1, 1, -1, -1],
        "thresholds": [0.0, 0, 0.5, 0, 0],
        "values": [[0.0], [1.0], [0.0], [5.0], [-2.0]],
        "node_sample_weight": [8, 3, 5, 2, 3],
    }
    explainer = shap.TreeExplainer({"trees": [tree]}, feature_names=["age", "bmi"])
    table = table_of(3_000).select(["age", "bmi"])
    result = explain_parquet(explainer, table, tmp_path / "v.parquet", interactions=True, silent=True)
    assert same(pq.read_table(result.path), expected(explainer, table, interactions=True))


def test_a_table_without_rows_becomes_a_file_without_rows(table, tmp_path):
    source = write(table.slice(0, 0), tmp_path / "rows.parquet")
    for destination in (tmp_path / "values.parquet", tmp_path / "values"):
        result = explain_parquet(linear(), source, destination, silent=True)
        assert same(pq.read_table(result.path), expected(linear(), table.slice(0, 0)))
        assert (result.rows, result.parts) == (0, 0)


def test_sampled_values_do_not_depend_on_how_the_table_is_cut(table, tmp_path):
    rows = table.slice(0, 50)
    explainer = shap.PermutationExplainer(
        lambda X: X[:, 0] * X[:, 1] + np.sin(X[:, 2]),
        rows.select(NAMES).to_pandas().to_numpy()[:5],
        feature_names=NAMES,
    )
    files = [write(rows.slice(0, 7), tmp_path / "a.parquet", 3), write(rows.slice(7), tmp_path / "b.parquet")]
    found = [
        pq.read_table(explain_parquet(explainer, source, tmp_path / f"{name}.parquet", silent=True, **options).path)
        for name, source, options in [
            ("one", rows, {}),
            ("two", files, {}),
            ("narrow", files, {"memory_limit": "65 MiB"}),
            ("key", files, {"row_key": "id"}),
        ]
    ]
    assert all(same(other, found[0]) for other in found[1:])


def test_metadata_say_what_it_is_and_nothing_of_this_machine(file, tmp_path):
    written = run(file, tmp_path).path
    told = json.loads(pq.read_schema(written).metadata[b"ferroshap"])
    assert told["base_value"] == 0.5
    assert told["version"] == shap.__version__
    assert str(tmp_path) not in str(told)
    assert str(tmp_path).encode() not in written.read_bytes()


def test_chosen_columns_are_the_features_in_their_order(table, tmp_path):
    renamed = table.rename_columns(["id", "c", "a", "b", "site"])
    result = explain_parquet(linear(), renamed, tmp_path / "v.parquet", columns=["a", "b", "c"], silent=True)
    assert same(pq.read_table(result.path), expected(linear(), table))


def test_progress_is_told_in_rows_until_all_are_done(file, tmp_path):
    told = []
    explain_parquet(linear(), file, tmp_path / "v.parquet", progress=lambda done, total: told.append((done, total)))
    assert told == [(UNIT_ROWS, N_ROWS), (2 * UNIT_ROWS, N_ROWS), (N_ROWS, N_ROWS)]
