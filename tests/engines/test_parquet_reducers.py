"""Reducers over files come to the bytes that they have for the whole table at once."""

import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

pytest.importorskip("pyarrow")

import pyarrow.parquet as pq
from tests.engines.parquet_tables import NAMES, UNIT_ROWS, linear, table_of, write

import ferroshap as shap
from ferroshap.engines import reducers
from ferroshap.engines.arrow import explain_block
from ferroshap.engines.files import explain_parquet

N_ROWS = 2 * UNIT_ROWS + 5_000


def some():
    return {
        "mean_abs": reducers.MeanAbs(),
        "variance": reducers.Variance(),
        "quantiles": reducers.Quantiles([0.05, 0.5, 0.95]),
        "counts": reducers.TopCounts(k=2),
        "rows": reducers.Reservoir(300, seed=7),
    }


@pytest.fixture(scope="module")
def table():
    return table_of(N_ROWS)


@pytest.fixture(scope="module")
def file(table, tmp_path_factory):
    return write(table, tmp_path_factory.mktemp("table") / "rows.parquet")


@pytest.fixture(scope="module")
def wanted(table):
    explained = explain_block(linear(), table)
    return {name: reducer.update(explained).to_bytes() for name, reducer in some().items()}


def as_bytes(result):
    return {name: reducer.to_bytes() for name, reducer in result.reduced.items()}


@pytest.mark.parametrize("way", ["file", "folder", "alone", "narrow", "threads"])
def test_they_see_each_row_once_however_the_table_is_cut(file, wanted, tmp_path, way):
    destination = {"folder": tmp_path / "values", "alone": None}.get(way, tmp_path / "values.parquet")
    with ThreadPoolExecutor(2) as pool:
        options = {"narrow": {"memory_limit": "66 MiB"}, "threads": {"executor": pool}}.get(way, {})
        result = explain_parquet(linear(), file, destination, reducers=some(), silent=True, **options)
    assert as_bytes(result) == wanted


class Stop(Exception):  # noqa: N818 - it is none of what goes wrong
    """Ends a run from inside its progress."""


@pytest.mark.parametrize("after", [UNIT_ROWS, 2 * UNIT_ROWS, N_ROWS])
def test_they_see_each_row_once_over_restarts(file, wanted, tmp_path, after):
    def tell(done, _):
        if done >= after:
            raise Stop

    with pytest.raises(Stop):
        explain_parquet(linear(), file, tmp_path / "values.parquet", reducers=some(), progress=tell)
    result = explain_parquet(linear(), file, tmp_path / "values.parquet", reducers=some(), silent=True)
    assert result.resumed_parts >= 1
    assert as_bytes(result) == wanted


def test_what_they_had_seen_is_not_taken_where_it_is_damaged(file, wanted, tmp_path):
    def tell(done, _):
        if done >= 2 * UNIT_ROWS:
            raise Stop

    with pytest.raises(Stop):
        explain_parquet(linear(), file, tmp_path / "values.parquet", reducers=some(), progress=tell)
    for state in (tmp_path / "values.parquet.unfinished").glob("reducers-*"):
        state.write_bytes(state.read_bytes()[:-1] + b"?")
    result = explain_parquet(linear(), file, tmp_path / "values.parquet", reducers=some(), silent=True)
    assert result.resumed_parts == 0
    assert as_bytes(result) == wanted


def test_a_file_that_is_whole_has_no_reducers_so_it_is_done_again(file, wanted, tmp_path):
    explain_parquet(linear(), file, tmp_path / "values.parquet", silent=True)
    result = explain_parquet(linear(), file, tmp_path / "values.parquet", reducers=some(), silent=True)
    assert as_bytes(result) == wanted
    assert pq.read_metadata(result.path).num_rows == N_ROWS


def test_a_list_is_named_by_classes_and_bound_to_the_features(file, table):
    result = explain_parquet(linear(), file, reducers=[reducers.MeanAbs(), reducers.Mean()], silent=True)
    assert list(result.reduced) == ["MeanAbs", "Mean"]
    found = result.reduced["Mean"].result()
    assert list(found.feature_names) == NAMES
    values = linear().explain_arrow(table)["phi_age"].to_numpy()
    assert found.values[0] == pytest.approx(np.mean(values), rel=N_ROWS * 2**-53 * 100)


def test_several_outputs_keep_their_names(tmp_path):
    X = np.random.default_rng(0).normal(size=(50, 2))
    explainer = shap.ExactExplainer(
        lambda rows: np.column_stack([rows.sum(axis=1), rows[:, 0]]), X[:3], feature_names=["age", "bmi"]
    )
    table = table_of(200).select(["age", "bmi"])
    result = explain_parquet(explainer, table, tmp_path / "v.parquet", reducers=reducers.MeanAbs(), silent=True)
    assert result.reduced["MeanAbs"].result().values.shape == (2, 2)
    told = json.loads(pq.read_schema(result.path).metadata[b"ferroshap"])
    assert len(told["base_value"]) == len(told["output_names"]) == 2
