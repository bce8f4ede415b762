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

from pyspark.errors import PythonException  # noqa: E402 - after the skips
from pyspark.sql import SparkSession  # noqa: E402
from tests.integrations.engines.engine_cases import (  # noqa: E402
    CASES,
    NAMES,
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

from ferroshap import LinearExplainer  # noqa: E402
from ferroshap.engines.spark import explain, reduce  # noqa: E402
from ferroshap.errors import OptionError  # noqa: E402

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
        builder = SparkSession.builder.master("local[2,2]").config("spark.driver.bindAddress", "127.0.0.1")
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


@pytest.mark.parametrize(
    "layout",
    [{"layout": "list", "dtype": "float32"}, {"top_k": 3}, {"interactions": True}, {"keep": ["id", "a"]}],
    ids=str,
)
def test_layouts_are_those_of_arrow_with_words_and_arrays(session, rows, layout):
    one = explainer("trees")
    values = explain(frame(session, rows), one, **{"keep": "id"} | layout)
    table_of_values = values.toArrow().sort_by("id")
    expected = one.explain_arrow(pa.Table.from_pandas(rows), **{"keep": "id"} | layout)
    assert table_of_values.to_pylist() == expected.to_pylist()
    assert values.columns == expected.column_names


def test_nothing_runs_before_it_is_collected(session, rows):
    values = explain(frame(session, rows), kernel(refusing("row 033")), keep="id")
    assert [field.simpleString() for field in values.schema][:2] == ["id:bigint", "phi_a:double"]
    plan = values._jdf.queryExecution().executedPlan().toString()
    assert "MapInArrow" in plan


def test_columns_that_are_not_needed_stay_in_spark_and_nothing_is_shuffled(session, rows):
    given = frame(session, rows, 1).selectExpr("*", "make_interval(1) as no_arrow_has_this")
    values = explain(given.coalesce(1), explainer("trees"), keep="id")
    assert collected(values).id.tolist() == list(range(60))
    plan = explain(session.range(4).selectExpr("id", *(f"id * 0.5D as {name}" for name in NAMES)), explainer("trees"))
    assert "Exchange" not in plan._jdf.queryExecution().executedPlan().toString()


def test_names_may_have_dots_and_quotes(session):
    names = ["a.b", "c`d", "e f"]
    one = LinearExplainer((np.array([1.0, 2.0, 3.0]), 0.0), np.zeros((1, 3)), feature_names=names)
    rows = pd.DataFrame([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], columns=names).assign(**{"i.d": [0, 1]})
    values = explain(session.createDataFrame(pa.Table.from_pandas(rows)), one, keep="i.d").toArrow().to_pandas()
    assert values.columns.tolist() == ["i.d", "phi_a.b", "phi_c`d", "phi_e f", "base_value"]
    assert values.sort_values("i.d").iloc[:, 1:4].to_numpy().tolist() == [[1.0, 4.0, 9.0], [4.0, 10.0, 18.0]]


def test_partitions_without_rows_are_explained(session, rows):
    few = frame(session, rows).where("id < 2").repartition(5)
    assert len(collected(explain(few, explainer("permutations"), keep="id"))) == 2
    none = explain(few.where("id > 100"), explainer("permutations"), keep="id", dtype="float32").toArrow()
    assert none.num_rows == 0


def test_the_explainer_is_pickled_once_and_read_once_by_each_worker(session, rows, tmp_path):
    one = kernel(noting(tmp_path))
    before = [one.fingerprint, *tmp_path.iterdir()][1:]
    values = explain(frame(session, rows, 8), one, keep="id")
    values.collect()
    assert notes(tmp_path, "pickled", before) == [os.getpid()]
    readers = notes(tmp_path, "read", before)
    assert os.getpid() not in readers
    assert len(readers) == len(set(readers))


def test_a_worker_that_dies_is_replaced_and_its_rows_are_done_again(session, rows, tmp_path):
    mark = tmp_path / "killed"
    one = kernel(killing(mark))
    values = collected(explain(frame(session, rows), one, keep="id"))
    assert mark.exists()
    pd.testing.assert_frame_equal(values, one.explain_frame(rows, row_key="content", keep="id"), check_exact=True)


def test_an_error_of_the_model_is_shown_with_the_partition_and_the_rows(session, rows):
    values = explain(frame(session, rows, 1), kernel(refusing("row 033")))
    with pytest.raises(PythonException, match=r"ZeroDivisionError: row 033\n.*partition 0 \(its rows \d+ to \d+\)"):
        values.collect()


def test_what_is_no_frame_is_refused(session, rows):
    with pytest.raises(OptionError, match="`frame` is a pandas.*DataFrame, but must be a Spark frame"):
        explain(rows, explainer("trees"))
    with pytest.raises(ValueError, match="'h'"):
        explain(frame(session, rows).drop("h"), explainer("trees"))


@pytest.mark.parametrize("case", ["trees in single precision", "a design a row"])
def test_reducers_have_the_bytes_of_a_serial_run(session, rows, case):
    one, dtype = explainer(case), CASES[case].get("dtype", "float64")
    reduced = reduce(frame(session, rows), one, summaries(), dtype=dtype)
    assert states(reduced) == serial_states(one, rows, dtype)
