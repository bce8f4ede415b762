"""Ray Data on this machine: the same values from its workers, lazily, and the explainer in the object store once."""

import logging
import os

import numpy as np
import pytest

pytest.importorskip("ray", reason="needs Ray: pip install 'ray[data]'")
pa = pytest.importorskip("pyarrow")
pd = pytest.importorskip("pandas")

import ray  # noqa: E402 - after the skips
import ray.data  # noqa: E402
import ray.data.expressions  # noqa: E402
from tests.integrations.engines.engine_cases import (  # noqa: E402
    CASES,
    explainer,
    kernel,
    killing,
    notes,
    noting,
    refusing,
    serial_states,
    states,
    summaries,
    table,
)

from ferroshap.engines.ray import explain, reduce  # noqa: E402
from ferroshap.errors import OptionError  # noqa: E402

pytestmark = [
    pytest.mark.timeout(300),
    # ray 2.60.0, of its own defaults
    pytest.mark.filterwarnings(
        "ignore:`use_push_based_shuffle` is deprecated! Configure `shuffle_strategy` instead.:DeprecationWarning"
    ),
    pytest.mark.filterwarnings(
        "ignore:`use_polars` is deprecated, please configure `use_polars_sort`  instead.:DeprecationWarning"
    ),
    pytest.mark.filterwarnings(
        "ignore:`use_arrow_tensor_v2` is deprecated. Configure `arrow_fixed_shape_tensor_format` instead.:DeprecationWarning"
    ),
]


@pytest.fixture(scope="module")
def data():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        ray.init(
            num_cpus=2,
            include_dashboard=False,
            _node_ip_address="127.0.0.1",
            object_store_memory=200_000_000,
            log_to_driver=False,
            logging_level=logging.ERROR,
        )
        logging.getLogger("ray.data").setLevel(logging.CRITICAL)
        yield ray.data
        ray.shutdown()


@pytest.fixture(scope="module")
def rows():
    return table().reset_index(drop=True).assign(id=np.arange(60))


def dataset(data, rows, n_blocks=4):
    parts = np.array_split(np.arange(len(rows)), n_blocks)
    return data.from_arrow([pa.Table.from_pandas(rows.iloc[part], preserve_index=False) for part in parts])


def collected(values):
    return pa.concat_tables(ray.get(values.to_arrow_refs())).sort_by("id").to_pandas()


@pytest.mark.parametrize("case", CASES)
def test_values_are_the_serial_ones(data, rows, case):
    one = explainer(case)
    values = collected(explain(dataset(data, rows), one, keep="id", **CASES[case]))
    serial = one.explain_frame(rows, row_key="content", keep="id", **CASES[case])
    pd.testing.assert_frame_equal(values, serial, check_exact=True)


@pytest.mark.parametrize(
    "layout",
    [{"layout": "list", "dtype": "float32"}, {"top_k": 3}, {"interactions": True}, {"keep": ["id", "a"]}],
    ids=str,
)
def test_layouts_are_those_of_arrow(data, rows, layout):
    one = explainer("trees")
    values = explain(dataset(data, rows), one, **{"keep": "id"} | layout)
    expected = one.explain_arrow(pa.Table.from_pandas(rows), **{"keep": "id"} | layout)
    assert pa.concat_tables(ray.get(values.to_arrow_refs())).sort_by("id").to_pylist() == expected.to_pylist()


def test_nothing_runs_before_it_is_taken(data, rows):
    explain(dataset(data, rows), kernel(refusing("row 033")), keep="id")


def test_blocks_without_rows_are_explained(data, rows):
    few = dataset(data, rows).filter(expr=ray.data.expressions.col("id") < 2)
    assert len(collected(explain(few, explainer("permutations"), keep="id"))) == 2


def test_the_explainer_is_pickled_once_and_read_once_by_each_worker(data, rows, tmp_path):
    one = kernel(noting(tmp_path))
    before = [one.fingerprint, *tmp_path.iterdir()][1:]
    values = explain(dataset(data, rows, 12), one, keep="id")
    collected(values)
    assert notes(tmp_path, "pickled", before) == [os.getpid()]
    readers = notes(tmp_path, "read", before)
    assert os.getpid() not in readers
    assert len(readers) == len(set(readers)) < 12


def test_a_worker_that_dies_is_replaced_and_its_rows_are_done_again(data, rows, tmp_path):
    mark = tmp_path / "killed"
    one = kernel(killing(mark))
    values = collected(explain(dataset(data, rows), one, keep="id"))
    assert mark.exists()
    pd.testing.assert_frame_equal(values, one.explain_frame(rows, row_key="content", keep="id"), check_exact=True)


def test_an_error_of_the_model_is_shown_with_the_batch(data, rows):
    values = explain(dataset(data, rows), kernel(refusing("row 033")))
    with pytest.raises(
        ray.exceptions.RayTaskError, match="ZeroDivisionError: row 033\nferroshap was explaining a batch"
    ):
        values.materialize()
    context = data.DataContext.get_current()
    context.raise_original_map_exception = True
    try:
        with pytest.raises(ZeroDivisionError, match="row 033"):
            explain(dataset(data, rows), kernel(refusing("row 033"))).materialize()
    finally:
        context.raise_original_map_exception = False


def test_what_is_no_dataset_is_refused(rows):
    with pytest.raises(OptionError, match="`dataset` is a pandas.*DataFrame, but must be a ray.data.Dataset"):
        explain(rows, explainer("trees"))


@pytest.mark.parametrize("case", ["trees in single precision", "a design a row"])
def test_reducers_have_the_bytes_of_a_serial_run(data, rows, case):
    one, dtype = explainer(case), CASES[case].get("dtype", "float64")
    reduced = reduce(dataset(data, rows), one, summaries(), dtype=dtype)
    assert states(reduced) == serial_states(one, rows, dtype)
