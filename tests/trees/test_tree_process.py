"""Pickles, copies, forks, threads, Ctrl-C and memory: what a process does to an explainer, in processes of their own."""

import copy
import os
import pickle
import signal
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from tests.process.conftest import child  # noqa: F401 - the fixture

import ferroshap
from ferroshap.explainers.trees import parts as tree_parts

MODEL = """
    import numpy as np
    from sklearn.ensemble import RandomForestRegressor
    import ferroshap

    rng = np.random.default_rng(0)
    X = rng.normal(size=(2_000, 8))
    model = RandomForestRegressor(50, max_depth=8, random_state=0, n_jobs=1).fit(X, X[:, 0] * X[:, 1] + X[:, 2])
    explainer = ferroshap.TreeExplainer(model)
"""


def test_ctrl_c_stops_a_call_and_the_explainer_goes_on(child):  # noqa: F811 - the fixture
    running = child(
        MODEL
        + """
    many = np.tile(X, (200, 1))
    expected = explainer.shap_values(X[:5])
    try:
        print("begun", flush=True)  # the signal may come before this has returned
        for _ in range(1_000):
            explainer.shap_interaction_values(many[:20_000])
    except KeyboardInterrupt:
        print("interrupted")
    print(explainer.shap_values(X[:5]).tobytes() == expected.tobytes())
    """
    )
    running.wait_for("begun")
    running.process.send_signal(signal.SIGINT)
    assert running.finish() == ["interrupted", "True"]


def test_an_interrupted_call_leaves_the_rows_that_were_done(monkeypatch, forest):
    """Parts of two rows, and a signal after the second part."""
    monkeypatch.setattr(tree_parts, "PART", 1)
    monkeypatch.setattr(tree_parts, "LEAST_ROWS", 2)

    def stop(done, total):
        if done >= 4:
            raise KeyboardInterrupt

    explainer = ferroshap.TreeExplainer(forest.model, forest.background, progress=stop)
    expected = ferroshap.TreeExplainer(forest.model, forest.background)(forest.rows)
    with pytest.raises(KeyboardInterrupt):
        explainer(forest.rows)
    partial = explainer.partial
    assert partial.status == "INTERRUPTED"
    np.testing.assert_array_equal(partial.values, expected.values[:4])
    np.testing.assert_array_equal(partial.base_values, expected.base_values[:4])
    np.testing.assert_array_equal(partial.data, forest.rows[:4])
    explainer(forest.rows[:2])
    assert explainer.partial is None


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_children_compute_what_the_parent_computed(child):  # noqa: F811 - the fixture
    code = (
        MODEL
        + """
    import os, warnings
    warnings.simplefilter("ignore", DeprecationWarning)  # CPython 3.12 on: forking beside threads
    expected = explainer.shap_values(X).tobytes()  # many work units: a single one would run inline

    def forked(work):
        process = os.fork()
        if process == 0:
            os._exit(0 if work() else 1)
        return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 0

    same = lambda: explainer.shap_values(X).tobytes() == expected
    assert forked(same), "child"
    assert forked(lambda: same() and forked(same)), "grandchild"
    assert same(), "parent afterwards"
    print("well")
    """
    )
    assert child(code, FERROSHAP_NUM_THREADS="2").finish() == ["well"]


def test_a_python_thread_goes_on_while_the_core_works(child):  # noqa: F811 - the fixture
    code = (
        MODEL
        + """
    import threading
    explainer = ferroshap.TreeExplainer(model, X[:50])
    count, stop = 0, threading.Event()

    def counting():
        global count
        while not stop.is_set():
            count += 1

    thread = threading.Thread(target=counting)
    thread.start()
    before = count
    explainer.shap_values(X, n_jobs=1, check_additivity=False)
    after = count
    stop.set()
    thread.join()
    print(after - before > 1_000)
    """
    )
    assert child(code).finish() == ["True"]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="resident memory is read from /proc")
def test_a_thousand_calls_leave_nothing_behind(child):  # noqa: F811 - the fixture
    """Each call makes 200 rows of 3 x 3 doubles, 14 kB: a leak of one in ten calls' results would show.

    Trees of arrays: a library's own `predict` may leave something behind, as scikit-learn's does.
    """
    code = """
    import gc, sys
    import numpy as np
    import ferroshap

    def resident():
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * 4096

    X = np.random.default_rng(0).normal(size=(200, 3))
    model = ferroshap.trees.from_arrays(
        [1, 3, -1, -1, -1], [2, 4, -1, -1, -1], [0, 2, -1, -1, -1], np.zeros(5), np.arange(5.0), n_columns=3
    )
    small = ferroshap.TreeExplainer(model, X[:20])

    def calls(count):
        for _ in range(count):
            small(X)
            small.shap_interaction_values(X)
        gc.collect()

    calls(100)
    bytes_before, blocks_before = resident(), sys.getallocatedblocks()
    calls(1_000)
    print(resident() - bytes_before, sys.getallocatedblocks() - blocks_before)
    """
    n_bytes, n_blocks = child(code).finish()
    assert int(n_bytes) < 1_000 * 200 * 3 * 3 * 8 / 10
    assert int(n_blocks) < 1_000 / 10


def explainers(forest, log_odds):
    yield ferroshap.TreeExplainer(forest.model)
    yield ferroshap.TreeExplainer(forest.model, forest.background, weights=np.arange(9.0))
    yield ferroshap.TreeExplainer(forest.model, forest.background, feature_perturbation="tree_path_dependent")
    yield ferroshap.TreeExplainer(log_odds.model, log_odds.background, model_output="probability")
    yield ferroshap.TreeExplainer(log_odds.model, log_odds.background, model_output="predict_proba")


def test_pickles_carry_the_forest_and_not_the_model(forest, log_odds):
    for explainer in explainers(forest, log_odds):
        data = pickle.dumps(explainer, protocol=5)
        assert b"sklearn" not in data
        again = pickle.loads(data)
        assert again.shap_values(forest.rows).tobytes() == explainer.shap_values(forest.rows).tobytes()
        assert again.model.original_model is None
        assert again.plan == explainer.plan
        assert again(forest.rows).feature_names == explainer(forest.rows).feature_names
        np.testing.assert_array_equal(again.expected_value, explainer.expected_value)


def test_a_pickle_of_a_loss_still_knows_its_base(log_odds):
    explainer = ferroshap.TreeExplainer(log_odds.model, log_odds.background, model_output="log_loss")
    again = pickle.loads(pickle.dumps(explainer))
    assert again.expected_value(1) == explainer.expected_value(1)


def test_copies_explain_alike_and_share_the_model(forest, log_odds):
    for explainer in explainers(forest, log_odds):
        for twin in (copy.deepcopy(explainer), copy.copy(explainer)):
            assert twin is not explainer
            assert twin.shap_values(forest.rows).tobytes() == explainer.shap_values(forest.rows).tobytes()
        assert copy.deepcopy(explainer).model.original_model is explainer.model.original_model


def test_cloudpickle_and_joblib_take_them(forest, tmp_path):
    cloudpickle = pytest.importorskip("cloudpickle")
    joblib = pytest.importorskip("joblib")
    explainer = ferroshap.TreeExplainer(forest.model, forest.background)
    expected = explainer.shap_values(forest.rows).tobytes()
    assert cloudpickle.loads(cloudpickle.dumps(explainer)).shap_values(forest.rows).tobytes() == expected
    joblib.dump(explainer, tmp_path / "explainer")
    assert joblib.load(tmp_path / "explainer").shap_values(forest.rows).tobytes() == expected


def test_the_forest_of_a_pickle_is_checked_as_a_file_is(forest):
    data = ferroshap.TreeExplainer(forest.model)._engine.forest.to_bytes()
    for damaged in (data[:-1], data[:40], data[:200] + b"\xff" + data[201:], b"FSHP"):
        with pytest.raises(ValueError, match="ferroshap model is damaged"):
            ferroshap.trees.load(damaged)


def test_many_threads_share_one_explainer(forest):
    explainer = ferroshap.TreeExplainer(forest.model, forest.background)
    expected = [explainer.shap_values(forest.rows + shift).tobytes() for shift in range(16)]
    fresh = ferroshap.TreeExplainer(forest.model, forest.background)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda shift: fresh.shap_values(forest.rows + shift).tobytes(), range(16)))
    assert found == expected


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the limit is on the address space")
def test_means_of_interactions_never_hold_the_matrices(child):  # noqa: F811 - the fixture
    """20,000 matrices of 60 x 60 doubles are 576 MB; what may still be taken is half of that."""
    code = """
    import resource
    import numpy as np
    import ferroshap

    X = np.random.default_rng(0).normal(size=(20_000, 60))
    model = ferroshap.trees.from_arrays(
        [1, 3, -1, -1, -1], [2, 4, -1, -1, -1], [0, 59, -1, -1, -1], np.zeros(5), np.arange(5.0), n_columns=60
    )
    explainer = ferroshap.TreeExplainer(model, X[:20])
    explainer.shap_interaction_values(X[:2_000], reduce="mean_abs")  # the pool is there
    with open("/proc/self/statm") as file:
        taken = int(file.read().split()[0]) * 4096
    resource.setrlimit(resource.RLIMIT_AS, (taken + 288_000_000, taken + 288_000_000))
    mean = explainer.shap_interaction_values(X, reduce="mean_abs", silent=True)
    print(mean.shape == (60, 60), bool(mean[0, 59] > 0))
    block = explainer.shap_interaction_values(X, features=[0, 59])
    print(block.shape == (20_000, 2, 2))
    try:
        explainer.shap_interaction_values(X)
    except MemoryError:
        print("refused")
    """
    assert child(code).finish() == ["True", "True", "True", "refused"]
