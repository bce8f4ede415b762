"""Units that workers explain have the same bytes, and a worker that dies is named by its rows."""

import os
import pickle
import threading
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest

pytest.importorskip("pyarrow")

import pyarrow.parquet as pq
from tests.engines.parquet_sums import Sums
from tests.engines.parquet_tables import NAMES, UNIT_ROWS, expected, linear, same, table_of, write

import ferroshap as shap
from ferroshap.engines.files import explain_parquet
from ferroshap.engines.files.units import Block
from ferroshap.errors import ExecutorError

N_ROWS = 5 * UNIT_ROWS + 1_000


@pytest.fixture(scope="module")
def table():
    return table_of(N_ROWS)


@pytest.fixture(scope="module")
def file(table, tmp_path_factory):
    return write(table, tmp_path_factory.mktemp("table") / "rows.parquet")


@pytest.fixture(scope="module")
def serial(file, tmp_path_factory):
    path = tmp_path_factory.mktemp("serial") / "values.parquet"
    return explain_parquet(linear(), file, path, reducers=[Sums()], silent=True)


@pytest.fixture(scope="module")
def processes():
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        yield pool


@pytest.mark.parametrize("kind", ["threads", "processes"])
def test_workers_come_to_the_same_bytes(file, serial, tmp_path, kind, processes):
    threads = ThreadPoolExecutor(3)
    pool = processes if kind == "processes" else threads
    result = explain_parquet(
        linear(), file, tmp_path / "values.parquet", executor=pool, reducers=[Sums()], n_jobs=1, silent=True
    )
    threads.shutdown()
    assert result.path.read_bytes() == serial.path.read_bytes()
    assert result.reduced["Sums"].to_bytes() == serial.reduced["Sums"].to_bytes()


def test_a_block_travels_without_the_rows_around_it(table):
    block = Block(100, table.slice(100, 50))
    data = pickle.dumps(block)
    assert len(data) < 50 * 5 * 8 + 2_000
    assert pickle.loads(data).rows.equals(block.rows)


class Watched:
    """An executor that keeps the count of what is away."""

    shares_memory = True

    def __init__(self, n_workers):
        self._pool, self._max_workers = ThreadPoolExecutor(n_workers), n_workers
        self._lock, self.n_away, self.most_away = threading.Lock(), 0, 0

    def submit(self, *task):
        with self._lock:
            self.n_away += 1
            self.most_away = max(self.most_away, self.n_away)
        future = self._pool.submit(*task)
        watched = Future()

        def pass_on(done):
            watched.set_result(done.result())

        future.add_done_callback(pass_on)
        original = watched.result

        def result(*args):
            found = original(*args)
            with self._lock:
                self.n_away -= 1
            return found

        watched.result = result
        return watched


def test_no_more_units_are_away_than_workers_and_two(file, serial, tmp_path):
    watched = Watched(2)
    result = explain_parquet(linear(), file, tmp_path / "values.parquet", executor=watched, silent=True)
    assert result.path.read_bytes() == serial.path.read_bytes()
    assert watched.most_away == 4


def test_what_a_model_raises_on_a_thread_is_the_same_object(tmp_path):
    table = table_of(100)
    error = ZeroDivisionError("too large")

    def model(X):
        if (X[:, 0] > 1).any():
            raise error
        return X.sum(axis=1)

    explainer = shap.ExactExplainer(model, np.zeros((1, 3)), feature_names=NAMES)
    with ThreadPoolExecutor(2) as threads, pytest.raises(ZeroDivisionError) as raised:
        explain_parquet(explainer, table, tmp_path / "values.parquet", executor=threads, silent=True)
    assert raised.value is error
    assert "rows 0 to 99" in error.__notes__[0]


class Deadly:
    """A model that takes its process with it."""

    def __call__(self, X):
        if os.environ.get("MAY_DIE") and (X[:, 0] == 77.0).any():
            os._exit(3)
        return X.sum(axis=1)


def test_a_worker_that_dies_is_named_and_what_was_finished_is_kept(tmp_path, monkeypatch):
    table = table_of(2 * UNIT_ROWS)
    ages = table["age"].to_numpy().copy()
    ages[:UNIT_ROWS] = 0.0
    ages[UNIT_ROWS + 5] = 77.0
    table = table.set_column(2, "age", [ages]).set_column(1, "dose", [np.zeros(2 * UNIT_ROWS)])
    file = write(table.set_column(3, "bmi", [np.zeros(2 * UNIT_ROWS)]), tmp_path / "rows.parquet")
    explainer = shap.ExactExplainer(Deadly(), np.zeros((1, 3)), feature_names=NAMES)
    monkeypatch.setenv("MAY_DIE", "yes")
    with (
        ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool,
        pytest.raises(ExecutorError, match="lost a task") as error,
    ):
        explain_parquet(explainer, file, tmp_path / "values.parquet", executor=pool, silent=True)
    assert isinstance(error.value.__cause__, BrokenExecutor)
    rows = f"rows {UNIT_ROWS} to {2 * UNIT_ROWS - 1} of the source"
    assert f"explaining {rows}; what was finished before is kept" in error.value.__notes__[0]
    monkeypatch.delenv("MAY_DIE")
    result = explain_parquet(explainer, file, tmp_path / "values.parquet", silent=True)
    assert result.resumed_parts == 1
    assert same(pq.read_table(result.path), expected(explainer, pq.read_table(file)))
