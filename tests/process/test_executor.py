"""Pools of processes and threads evaluate coalitions: the same bits, the model once a worker, errors that name causes."""

import pytest

#: What every child begins with: a model in a module of its own would do as well.
HEAD = """
    import multiprocessing, os, pickle, sys
    from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
    import numpy as np
    import ferroshap
    from ferroshap.errors import ExecutorError

    rng = np.random.default_rng(0)
    background, rows = rng.normal(size=(20, 6)), rng.normal(size=(4, 6))

    def model(table):
        return table[:, 0] * table[:, 1] + table[:, 2] * np.abs(table[:, 3])

    def pool(start, n=2, **options):
        return ProcessPoolExecutor(n, mp_context=multiprocessing.get_context(start), **options)
"""
TAIL = """
    if __name__ == "__main__":
        main()
        print("well")
"""


@pytest.mark.parametrize("start", ["spawn", "forkserver", "fork"])
def test_processes_give_the_same_bits(child, start):
    code = f"""
    def main():
        with pool({start!r}) as workers:
            for front_door in ["ExactExplainer", "KernelExplainer", "PermutationExplainer", "PartitionExplainer"]:
                explain = getattr(ferroshap, front_door)
                here, there = explain(model, background)(rows), explain(model, background, executor=workers)(rows)
                assert there.values.tobytes() == here.values.tobytes(), front_door
                assert list(there.status) == list(here.status), front_door
            game = ferroshap.Game(model, background, rows[0])
            for number in range(3):
                here = ferroshap.estimate(game, budget=60, rng=number)
                there = ferroshap.estimate(game, budget=60, rng=number, executor=workers)
                assert here.values.tobytes() == there.values.tobytes()
    """
    assert child(HEAD + code + TAIL).finish() == ["well"]


def test_a_lambda_travels_to_loky_and_to_every_backend_of_joblib(child):
    pytest.importorskip("joblib")
    code = """
    def main():
        import joblib
        from joblib.externals.loky import get_reusable_executor

        scale = 3.0
        hidden = lambda table: table[:, 0] * table[:, 1] * scale
        here = ferroshap.KernelExplainer(hidden, background)(rows).values.tobytes()
        loky = get_reusable_executor(2)
        assert ferroshap.KernelExplainer(hidden, background, executor=loky)(rows).values.tobytes() == here
        loky.shutdown()
        for options in [
            {}, {"backend": "threading"}, {"backend": "multiprocessing"}, {"return_as": "generator_unordered"},
        ]:
            explainer = ferroshap.KernelExplainer(hidden, background, executor=joblib.Parallel(2, **options))
            assert explainer(rows).values.tobytes() == here, options
        with joblib.Parallel(2) as parallel:
            assert ferroshap.KernelExplainer(hidden, background, executor=parallel)(rows).values.tobytes() == here
    """
    pytest.importorskip("cloudpickle")
    assert child(HEAD + code + TAIL).finish() == ["well"]


def test_the_model_travels_once_to_each_worker(child):
    """Its bytes are far more than what goes along with every task."""
    code = """
    counts = None

    def begin(shared):
        global counts
        counts = shared

    class Large:
        def __init__(self):
            self.weights = np.arange(100_000.0)

        def __setstate__(self, state):
            self.__dict__ = state
            with counts.get_lock():
                counts.value += 1

        def __call__(self, table):
            return table @ self.weights[:6]

    def main():
        spawn = multiprocessing.get_context("spawn")
        begin(spawn.Value("q", 0))
        with ProcessPoolExecutor(2, mp_context=spawn, initializer=begin, initargs=(counts,)) as workers:
            explainer = ferroshap.PermutationExplainer(
                Large(), background, executor=workers, method=ferroshap.estimators.Permutation(shared_design=False)
            )
            for _ in range(3):
                explainer(rows)  # four parts, each of several tasks
            assert 1 <= counts.value <= 2, counts.value
    """
    assert child(HEAD + code + TAIL).finish() == ["well"]


def test_all_workers_together_keep_the_budget(child):
    code = """
    counts = None

    def begin(shared):
        global counts
        counts = shared

    def counted(table):
        with counts.get_lock():
            counts.value += len(table)
        return model(table)

    def main():
        fork = multiprocessing.get_context("fork")
        begin(fork.Value("q", 0))
        with ProcessPoolExecutor(2, mp_context=fork, initializer=begin, initargs=(counts,)) as workers:
            for method in ["permutation", "leverage", "auto"]:
                for budget in [13, 20, 33, 64]:
                    asked = []
                    for executor in [None, workers]:
                        counts.value = 0
                        explainer = ferroshap.PermutationExplainer(counted, background, executor=executor, method=method)
                        counts.value = 0
                        explanation = explainer(rows, max_evals=budget)
                        asked.append(counts.value)
                        granted = len(rows) + (budget - 2) * len(rows) * len(background)
                        assert counts.value <= granted, (method, budget, executor)
                    assert asked[0] == asked[1], (method, budget, asked)
    """
    assert child(HEAD + code + TAIL).finish() == ["well"]


def test_an_exception_of_the_model_comes_back_as_it_was(child):
    code = """
    class Own(Exception):
        def __init__(self, row, reason):
            super().__init__(f"row {row}: {reason}")
            self.row = row

    def failing(table):
        if multiprocessing.parent_process() is not None:
            raise Own(7, "out of range")
        return model(table)

    def main():
        with pool("spawn") as workers:
            explainer = ferroshap.PermutationExplainer(failing, background, executor=workers)
            try:
                explainer(rows)
            except Own as error:
                assert type(error) is Own and str(error) == "row 7: out of range" and error.row == 7
                assert "in failing" in str(error.__cause__), error.__cause__
            else:
                raise SystemExit("not raised")
            assert explainer.partial.shape == (4, 6)
            run = ferroshap.Run(ferroshap.Game(failing, background, rows[0]), budget=60, executor=workers)
            try:
                run.finish()
            except Own:
                pass
            estimate = run.estimate()
            assert estimate.n_evaluations == 2 and estimate.status == "INTERRUPTED"
            assert ferroshap.PermutationExplainer(model, background, executor=workers)(rows).shape == (4, 6)
    """
    assert child(HEAD + code + TAIL).finish() == ["well"]


def test_a_worker_that_dies_is_an_error_of_the_executor_and_what_was_told_stays(child):
    code = """
    def deadly(table):
        if multiprocessing.parent_process() is not None and (table[:, 0] == rows[0, 0]).mean() > 0.75:
            os._exit(3)
        return model(table)

    def main():
        with pool("fork", 1) as workers:
            run = ferroshap.Run(
                ferroshap.Game(deadly, background, rows[0]), "leverage", budget=64, executor=workers, batch_size=20
            )
            try:
                run.finish()
            except ExecutorError as error:
                assert "`executor` (ProcessPoolExecutor)" in str(error), error
                assert type(error.__cause__).__name__ == "BrokenProcessPool", error.__cause__
            else:
                raise SystemExit("not raised")
            estimate = run.estimate()
            assert np.isfinite(estimate.values).all() and estimate.status == "INTERRUPTED"
            try:
                ferroshap.ExactExplainer(model, background, executor=workers)(rows)
            except ExecutorError as error:
                assert "no more work" in str(error), error
    """
    assert child(HEAD + code + TAIL).finish() == ["well"]


def test_an_executor_that_was_shut_down_is_named(child):
    code = """
    def main():
        for workers in [pool("fork"), ThreadPoolExecutor(2)]:
            workers.shutdown()
            try:
                ferroshap.ExactExplainer(model, background, executor=workers)(rows)
            except ExecutorError as error:
                assert f"`executor` ({type(workers).__name__}) takes no more work" in str(error), error
                assert "shutdown" in str(error), error
            else:
                raise SystemExit("not raised")
    """
    assert child(HEAD + code + TAIL).finish() == ["well"]


def test_a_model_that_cannot_be_sent_is_named_with_the_remedies(child):
    code = """
    import threading

    class Locked:
        def __init__(self):
            self.lock = threading.Lock()

        def predict(self, table):
            return model(table)

    def main():
        with pool("fork") as workers:
            try:
                ferroshap.ExactExplainer(Locked().predict, background, executor=workers)(rows)
            except ExecutorError as error:
                for part in ["`executor`", "Locked.predict", "cannot pickle", "top of a module", "ThreadPoolExecutor"]:
                    assert part in str(error), (part, error)
            else:
                raise SystemExit("not raised")
        with ThreadPoolExecutor(2) as threads:
            explainer = ferroshap.ExactExplainer(Locked().predict, background, executor=threads)
            assert explainer(rows).shape == (4, 6)
    """
    assert child(HEAD + code + TAIL).finish() == ["well"]


def test_what_a_worker_cannot_import_travels_by_value(child):
    """A worker that is not started from this file does not know what is defined in it."""
    pytest.importorskip("cloudpickle")
    code = """
    def main():
        context = multiprocessing.get_context("forkserver")
        main_module = sys.modules["__main__"]
        found, main_module.__file__ = main_module.__file__, None
        main_module.__spec__ = None
        del main_module.__file__  # as in a notebook
        with ProcessPoolExecutor(2, mp_context=context) as workers:
            here = ferroshap.ExactExplainer(model, background)(rows).values
            there = ferroshap.ExactExplainer(model, background, executor=workers)(rows).values
            assert here.tobytes() == there.tobytes()
    """
    assert child(HEAD + code + TAIL).finish() == ["well"]


def test_ctrl_c_leaves_a_partial_explanation_and_nothing_in_the_queue(child):
    """The model takes a while only in workers, and the signal comes when the third of its calls has ended."""
    code = """
    import signal

    calls = None

    def begin(shared):
        global calls
        calls = shared
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def signalling(table):
        with calls.get_lock():
            calls.value += 1
            if calls.value == 3:
                os.kill(os.getppid(), signal.SIGINT)
        return model(table)

    def main():
        fork = multiprocessing.get_context("fork")
        shared = fork.Value("q", 0)
        with ProcessPoolExecutor(2, mp_context=fork, initializer=begin, initargs=(shared,)) as workers:
            global calls
            calls = fork.Value("q", 100)  # here nobody is interrupted
            explainer = ferroshap.PermutationExplainer(
                signalling, background, executor=workers, method=ferroshap.estimators.Permutation(shared_design=False)
            )
            many = np.repeat(rows, 50, axis=0)
            try:
                explainer(many, batch_size=40, max_evals=100)
            except KeyboardInterrupt:
                pass
            else:
                raise SystemExit("not interrupted")
            partial = explainer.partial
            assert 1 <= len(partial) < len(many)
            gap = partial.base_values + partial.values.sum(axis=1) - model(many[: len(partial)])
            assert np.abs(gap).max() < 1e-9
            assert explainer(rows).shape == (4, 6)
    """
    assert child(HEAD + code + TAIL).finish() == ["well"]


def test_workers_fill_on_one_thread_unless_their_environment_says_otherwise(child):
    code = """
    def main():
        from ferroshap.threads import of_worker
        with pool("fork", 1) as workers:
            assert workers.submit(of_worker).result() == 1
            os.environ["OMP_NUM_THREADS"] = "3"
        with pool("fork", 1) as workers:
            assert workers.submit(of_worker).result() == 3
    """
    environment = dict.fromkeys(["FERROSHAP_NUM_THREADS", "RAYON_NUM_THREADS", "OMP_NUM_THREADS"], "")
    environment.pop("FERROSHAP_NUM_THREADS")
    assert child(HEAD + code + TAIL, **environment).finish() == ["well"]
