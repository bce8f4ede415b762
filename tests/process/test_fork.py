"""A process that has used the thread pool may be forked, and so may its children."""

import os

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")


def test_children_and_grandchildren_compute_what_the_parent_computed(child):
    code = """
        import os, warnings
        import numpy as np
        import ferroshap

        warnings.simplefilter("ignore", DeprecationWarning)  # CPython 3.12 on: forking beside threads
        worths = np.random.default_rng(0).normal(size=2**20)  # many work units: a single one would run inline

        def game(coalitions):
            return np.sin(coalitions @ np.arange(1.0, 41.0))

        def answer():
            table = ferroshap.shapley_values(worths).tobytes()
            run = ferroshap.estimate(game, ferroshap.estimators.Leverage(), n_players=40, budget=4_000, rng=0)
            return table + run.values.tobytes()

        def forked(work):
            process = os.fork()
            if process == 0:
                os._exit(0 if work() else 1)
            return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 0

        expected = answer()
        same = lambda: answer() == expected
        assert forked(same), "child"
        assert forked(lambda: same() and forked(same)), "grandchild"
        assert forked(lambda: forked(same)), "grandchild of a child that computed nothing"
        assert same(), "parent afterwards"
        print("well")
    """
    assert child(code, FERROSHAP_NUM_THREADS="2").finish() == ["well"]
