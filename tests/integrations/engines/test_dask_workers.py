"""Dask's workers: what reaches them, and what becomes of rows when one raises or dies."""

import os

import numpy as np
import pytest

pytest.importorskip("dask.dataframe", reason="needs Dask: pip install ferroshap[distributed]")
pytest.importorskip("distributed", reason="needs Dask's scheduler: pip install ferroshap[distributed]")
pytest.importorskip("cloudpickle")
pd = pytest.importorskip("pandas")

import dask.array  # noqa: E402 - after the skips
import dask.dataframe  # noqa: E402
from distributed import Client, LocalCluster  # noqa: E402
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
    trees,
)

from ferroshap import TreeExplainer  # noqa: E402
from ferroshap.engines import reducers  # noqa: E402
from ferroshap.engines.dask import explain, reduce  # noqa: E402
from ferroshap.errors import OptionError, UnknownOptionError  # noqa: E402

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def workers():
    how = {"n_workers": 2, "threads_per_worker": 1, "host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"}
    with LocalCluster(processes=True, **how) as cluster, Client(cluster) as client:
        yield client


def frame(n_partitions=10):
    return dask.dataframe.from_pandas(table(), npartitions=n_partitions)


def test_the_explainer_is_pickled_once_and_read_once_by_each_worker(workers, tmp_path):
    one = kernel(noting(tmp_path))
    values = explain(frame(), one)
    before = set(tmp_path.iterdir())  # its fingerprint looks at the state too
    for _ in range(2):  # a second run sends the bytes again, and pickles nothing
        values.compute()
    assert notes(tmp_path, "pickled", before) == [os.getpid()]
    pids, readers = workers.run(os.getpid).values(), notes(tmp_path, "read", before)
    assert set(readers) <= set(pids)
    assert max(readers.count(pid) for pid in pids) <= 2  # once a run


def test_threads_share_the_explainer_itself(tmp_path):
    values = explain(frame(), kernel(noting(tmp_path)))
    before = set(tmp_path.iterdir())
    values.compute(scheduler="threads")
    assert set(tmp_path.iterdir()) == before


def test_a_worker_that_dies_is_replaced_and_its_rows_are_done_again(workers, tmp_path):
    mark = tmp_path / "killed"
    rows, one = frame(), kernel(killing(mark))
    values = explain(rows, one).compute()
    assert mark.exists()
    expected = one.explain_frame(rows.compute(scheduler="sync"), row_key="content")
    pd.testing.assert_frame_equal(values, expected, check_exact=True)


class TestErrors:
    @pytest.mark.parametrize("scheduler", ["sync", "threads", None])
    def test_an_error_of_the_model_is_itself_and_names_the_partition(self, workers, scheduler):
        values = explain(frame(), kernel(refusing("row 033")))
        with pytest.raises(ZeroDivisionError, match="row 033") as caught:
            values.compute(**{} if scheduler is None else {"scheduler": scheduler})
        (note,) = caught.value.__notes__
        assert note == "ferroshap was explaining partition 5 (6 rows, from 'row 030' to 'row 035')"

    def test_an_error_in_an_array_names_the_block(self):
        rows = dask.array.from_array(table().to_numpy(), (25, 8))
        with pytest.raises(ZeroDivisionError) as caught:
            explain(rows, kernel(refusing("row 033"))).compute(scheduler="sync")
        assert caught.value.__notes__ == ["ferroshap was explaining partition 1 (25 rows)"]

    def test_what_is_no_collection_is_refused(self):
        with pytest.raises(OptionError, match="`rows` is a pandas.*DataFrame, but must be a Dask dataframe or array"):
            explain(table(), explainer("trees"))

    def test_options_are_refused_before_anything_runs(self):
        with pytest.raises(UnknownOptionError, match="top_n.*top_k"):
            explain(frame(), explainer("trees"), top_n=3)
        array = dask.array.zeros((4, 8))
        with pytest.raises(UnknownOptionError, match="top_k"):
            explain(array, explainer("trees"), top_k=3)
        for options in ({"columns": NAMES}, {"row_key": "a"}):
            with pytest.raises(OptionError, match="`rows` is an array"):
                explain(array, explainer("trees"), **options)
        with pytest.raises(OptionError, match="`row_key` is None, but a piece of Dask"):
            explain(frame(), explainer("trees"), row_key=None)
        with pytest.raises(ValueError, match="'h'"):
            explain(frame()[NAMES[:-1]], explainer("trees"))


class TestThreads:
    def test_a_task_has_one_thread_unless_more_are_asked_for(self, monkeypatch):
        asked = []
        once = TreeExplainer.explain_frame

        def spied(self, rows, **options):
            asked.append(options["n_jobs"])
            return once(self, rows, **options)

        monkeypatch.setattr(TreeExplainer, "explain_frame", spied)
        explain(frame(2), explainer("trees")).compute(scheduler="sync")
        explain(frame(2), explainer("trees"), n_jobs=None).compute(scheduler="sync")
        assert asked == [1, 1, None, None]

    def test_workers_that_are_processes_leave_the_core_one_thread(self, workers):
        def threads():
            from ferroshap.threads import as_threads

            return as_threads(None)

        assert set(workers.run(threads).values()) == {1}  # their nannies set OMP_NUM_THREADS


def test_columns_can_be_named(workers):
    renamed = table().add_prefix("column ")
    rows = dask.dataframe.from_pandas(renamed.assign(other=1.0), npartitions=3)
    values = explain(rows, TreeExplainer(trees(), feature_names=NAMES), columns=list(renamed.columns)).compute()
    assert np.array_equal(values.to_numpy(), explain(frame(3), explainer("trees")).compute().to_numpy())


class TestReducers:
    @pytest.mark.parametrize("case", CASES)
    @pytest.mark.parametrize("n_partitions", [1, 5, 20])
    def test_they_have_the_bytes_of_a_serial_run(self, case, n_partitions):
        one, dtype = explainer(case), CASES[case].get("dtype", "float64")
        reduced = reduce(frame(n_partitions), one, summaries(), dtype=dtype).compute(scheduler="threads")
        assert states(reduced) == serial_states(one, table(), dtype)

    def test_workers_give_the_same_bytes_and_no_value_leaves_them(self, workers):
        one, rows = explainer("a design a row"), frame(20)
        some = rows[rows.a > 0]  # and partitions without rows
        summary = reduce(some, one, summaries())
        assert states(summary.compute()) == serial_states(one, some.compute(), "float64")
        merged = [key for key in dict(summary.dask) if str(key).startswith("reduced") and "-0-" not in str(key)]
        assert len(merged) == 3 + 1  # twenty parts, eight at a time

    def test_one_reducer_goes_by_its_class_and_stays_as_it_is(self):
        given = reducers.MeanAbs()
        found = reduce(frame(), explainer("trees"), given).compute(scheduler="sync")
        assert given.n_rows == 0
        values = explainer("trees")(table()).values
        # exact sums, rounded once, of 60 values each
        np.testing.assert_allclose(found["MeanAbs"].result().values, np.abs(values).mean(axis=0), rtol=60 * 2.0**-52)

    def test_no_rows_at_all_are_no_rows(self):
        rows = frame()
        found = reduce(rows[rows.a > 100], explainer("permutations"), summaries()).compute(scheduler="sync")
        assert [reducer.n_rows for reducer in found.values()] == [0] * 4

    def test_the_same_summary_has_the_same_keys(self):
        keys = [reduce(frame(), explainer("trees"), summaries()).key for _ in range(2)]
        assert keys[0] == keys[1] != reduce(frame(), explainer("trees"), reducers.Mean()).key

    def test_what_cannot_be_reduced_is_refused(self):
        with pytest.raises(OptionError, match="`frame` is a pandas"):
            reduce(table(), explainer("trees"), reducers.Mean())
        with pytest.raises(OptionError, match="`reducers` has"):
            reduce(frame(), explainer("trees"), reducers.Mean)

    def test_an_error_names_the_partition(self):
        with pytest.raises(ZeroDivisionError) as caught:
            reduce(frame(), kernel(refusing("row 033")), reducers.Mean()).compute(scheduler="sync")
        assert caught.value.__notes__ == ["ferroshap was explaining partition 5 (6 rows, from 'row 030' to 'row 035')"]
