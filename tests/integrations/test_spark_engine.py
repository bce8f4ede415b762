"""Spark on this machine: the same values from its Python workers, lazily, and the explainer broadcast once."""

import os
import shutil
import sys

import numpy as np
import pytest

pytest.importorskip("pyspark", reason="needs PySpark: pip install pyspark")
pa = pytest.importorskip("pyarrow")
pd = pytest.importorskip("pandas")
if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
    pytest.skip("needs a Java for Spark", allow_module_level=True)

from pyspark.sql import SparkSession  # noqa: E402 - after the skips
from tests.integrations.engine_cases import CASES, explainer, table  # noqa: E402

from ferroshap.engines.spark import explain  # noqa: E402

pytestmark = [
    pytest.mark.timeout(300),
    # pyspark 4.3.0
    pytest.mark.filterwarnings(
        "ignore:PySpark does not yet fully support pandas >= 3.0.0. Some features may not work correctly. "
        "It is recommended to use pandas < 3.0.0 for now.:FutureWarning"
    ),
]


@pytest.fixture(scope="module")
def session():
    with pytest.MonkeyPatch.context() as patch:
        # No name of this machine is looked up, and workers are this interpreter.
        patch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        patch.setenv("SPARK_LOCAL_HOSTNAME", "localhost")
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        builder = SparkSession.builder.master("local[2]").config("spark.driver.bindAddress", "127.0.0.1")
        for name, value in {
            "spark.driver.host": "127.0.0.1",
            "spark.ui.enabled": "false",
            "spark.driver.memory": "1g",
            "spark.sql.execution.arrow.pyspark.enabled": "true",
            "spark.sql.execution.arrow.maxRecordsPerBatch": "7",
        }.items():
            builder = builder.config(name, value)
        session = builder.getOrCreate()
        session.sparkContext.setLogLevel("OFF")
        yield session
        session.stop()


def frame(session, rows, n_partitions=3):
    return session.createDataFrame(pa.Table.from_pandas(rows, preserve_index=False)).repartition(n_partitions)


def collected(values):
    return values.toArrow().sort_by("id").to_pandas()


@pytest.fixture(scope="module")
def rows():
    return table().reset_index(drop=True).assign(id=np.arange(60))


@pytest.mark.parametrize("case", CASES)
def test_values_are_the_serial_ones(session, rows, case):
    one = explainer(case)
    values = collected(explain(frame(session, rows), one, keep="id", **CASES[case]))
    serial = one.explain_frame(rows, row_key="content", keep="id", **CASES[case])
    pd.testing.assert_frame_equal(values, serial, check_exact=True)
