"""Dask's workers: what reaches them, and what becomes of rows when one raises or dies."""

import os
import signal
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("dask.dataframe", reason="needs Dask: pip install ferroshap[distributed]")
pytest.importorskip("distributed", reason="needs Dask's scheduler: pip install ferroshap[distributed]")
pytest.importorskip("cloudpickle")
pd = pytest.importorskip("pandas")

import dask.array  # noqa: E402 - after the skips
import dask.dataframe  # noqa: E402
from distributed import Client, LocalCluster  # noqa: E402
from tests.integrations.engine_cases import NAMES, explainer, table, trees  # noqa: E402

from ferroshap import KernelExplainer, TreeExplainer  # noqa: E402
from ferroshap.engines.dask import explain  # noqa: E402
from ferroshap.errors import OptionError, UnknownOptionError  # noqa: E402

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def workers():
    how = {"n_workers": 2, "threads_per_worker": 1, "host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"}
    with LocalCluster(processes=True, **how) as cluster, Client(cluster) as client:
        yield client


def frame(n_partitions=10):
    return dask.dataframe.from_pandas(table(), npartitions=n_partitions)


def kernel(model):
    return KernelExplainer(model, table(20, seed=2).to_numpy(), feature_names=NAMES, nsamples=60)


def noting(folder):
    """Make a model that leaves a file wherever it is pickled or read."""

    class Noting:
        def __call__(self, rows):
            return rows[:, 0] * rows[:, 1]

        def __getstate__(self):
            self.note("pickled")
            return {}

        def __setstate__(self, state):
            self.note("read")

        def note(self, what):
            Path(folder, f"{what} {len([*Path(folder).iterdir()])} by {os.getpid()}").touch()

    return Noting()


def test_the_explainer_is_pickled_once_and_read_once_by_each_worker(workers, tmp_path):
    one = kernel(noting(tmp_path))
    values = explain(frame(), one)
    before = set(tmp_path.iterdir())  # its fingerprint looks at the state too
    for _ in range(2):  # a second run sends the bytes again, and pickles nothing
        values.compute()
    notes = [path.name.split() for path in set(tmp_path.iterdir()) - before]
    assert [by for what, _, _, by in notes if what == "pickled"] == [str(os.getpid())]
    pids = workers.run(os.getpid).values()
    readers = [int(by) for what, _, _, by in notes if what == "read"]
    assert set(readers) <= set(pids)
    assert max(readers.count(pid) for pid in pids) <= 2  # once a run


def test_threads_share_the_explainer_itself(tmp_path):
    values = explain(frame(), kernel(noting(tmp_path)))
    before = set(tmp_path.iterdir())
    values.compute(scheduler="threads")
    assert set(tmp_path.iterdir()) == before


def test_a_worker_that_dies_is_replaced_and_its_rows_are_done_again(workers, tmp_path):
    mark, here = tmp_path / "killed", os.getpid()

    def model(rows):
        if os.getpid() != here and len(rows) > 100 and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return rows[:, 0] * rows[:, 1] * rows[:, 2]

    rows, one = frame(), kernel(model)
    values = explain(rows, one).compute()
    assert mark.exists()
    expected = one.explain_frame(rows.compute(scheduler="sync"), row_key="content")
    pd.testing.assert_frame_equal(values, expected, check_exact=True)


class TestErrors:
    @staticmethod
    def model_that_refuses(label):
        refused = table().loc[label].to_numpy()

        def model(rows):
            if (rows == refused).all(axis=1).any():
                raise ZeroDivisionError(label)
            return rows[:, 0]

        return model

    @pytest.mark.parametrize("scheduler", ["sync", "threads", None])
    def test_an_error_of_the_model_is_itself_and_names_the_partition(self, workers, scheduler):
        values = explain(frame(), kernel(self.model_that_refuses("row 033")))
        with pytest.raises(ZeroDivisionError, match="row 033") as caught:
            values.compute(**{} if scheduler is None else {"scheduler": scheduler})
        (note,) = caught.value.__notes__
        assert note == "ferroshap was explaining partition 5 (6 rows, from 'row 030' to 'row 035')"

    def test_an_error_in_an_array_names_the_block(self):
        rows = dask.array.from_array(table().to_numpy(), (25, 8))
        with pytest.raises(ZeroDivisionError) as caught:
            explain(rows, kernel(self.model_that_refuses("row 033"))).compute(scheduler="sync")
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
