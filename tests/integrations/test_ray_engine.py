"""Ray Data on this machine: the same values from its workers, lazily, and the explainer in the object store once."""

import logging

import numpy as np
import pytest

pytest.importorskip("ray", reason="needs Ray: pip install 'ray[data]'")
pa = pytest.importorskip("pyarrow")
pd = pytest.importorskip("pandas")

import ray  # noqa: E402 - after the skips
import ray.data  # noqa: E402
from tests.integrations.engine_cases import CASES, explainer, table  # noqa: E402

from ferroshap.engines.ray import explain  # noqa: E402

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
