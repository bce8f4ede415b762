"""Ctrl-C stops a call in the middle, and what was reached stays."""

import signal


def test_a_native_call_stops_before_its_end(child):
    running = child("""
        import time
        import numpy as np
        import ferroshap

        worths = np.random.default_rng(0).normal(size=(2**23, 8))
        begun = time.perf_counter()
        ferroshap.shapley_values(worths)
        whole = time.perf_counter() - begun
        begun = time.perf_counter()
        try:
            print("begun", flush=True)  # the signal may come before this has returned
            for _ in range(20):
                ferroshap.shapley_values(worths)
        except KeyboardInterrupt:
            print(time.perf_counter() - begun < 20 * whole)
        print(ferroshap.shapley_values(np.arange(4.0)))  # the pool still works
    """)
    running.wait_for("begun")
    running.process.send_signal(signal.SIGINT)
    assert running.finish() == ["True", "[1.", "2.]"]


def test_the_search_for_neighbours_stops_before_its_end(child):
    running = child("""
        import time
        import numpy as np
        from ferroshap import _native

        rng = np.random.default_rng(0)
        tables = [rng.normal(size=(n, 60)) for n in (1500, 256, 256)]
        rest = rng.random((256, 60)) < 0.5, np.zeros(60, dtype=bool), 2
        begun = time.perf_counter()
        _native.plausibility(*tables, *rest)
        whole = time.perf_counter() - begun
        begun = time.perf_counter()
        try:
            print("begun", flush=True)  # the signal may come before this has returned
            for _ in range(20):
                _native.plausibility(*tables, *rest)
        except KeyboardInterrupt:
            print(time.perf_counter() - begun < 20 * whole)
    """)
    running.wait_for("begun")
    running.process.send_signal(signal.SIGINT)
    assert running.finish() == ["True"]


EXPLAINER = """
    import os, signal
    import numpy as np
    import ferroshap

    calls = 0

    def model(rows):
        global calls
        calls += 1
        if calls == stop_at:
            interrupt()
        return np.sin(rows).sum(axis=1) + rows[:, 0] * rows[:, 1]

    rng = np.random.default_rng(0)
    background, rows = rng.normal(size=(50, 30)), rng.normal(size=(200, 30))
    stop_at = None
    explainer = ferroshap.PermutationExplainer(model, background)
    explainer(rows[:2], max_evals=200, silent=True)
    assert explainer.partial is None
    calls, stop_at = 0, 5
"""

OUTCOME = """
    try:
        explainer(rows, max_evals=2_000, silent=True)
    except KeyboardInterrupt as error:
        assert error.__traceback__ is not None
    else:
        raise SystemExit("not interrupted")
    partial = explainer.partial
    assert partial.status == "INTERRUPTED" or partial.status.name == "INTERRUPTED", partial.status
    assert 1 <= len(partial) <= len(rows)
    assert partial.values.shape == (len(partial), 30)
    assert np.isfinite(partial.values).all()
    gap = partial.base_values + partial.values.sum(axis=1) - model(rows[: len(partial)])
    assert np.abs(gap).max() < 1e-9, gap
    explainer(rows[:2], max_evals=200, silent=True)  # it goes on, and forgets
    assert explainer.partial is None
    print("well")
"""


def test_an_interrupt_inside_the_model_leaves_a_partial_explanation(child):
    interrupt = """
    def interrupt():
        signal.raise_signal(signal.SIGINT)
    """
    assert child_of(child, interrupt).finish() == ["well"]


def test_an_interrupt_from_outside_leaves_a_partial_explanation(child):
    """The model reports that it has begun and goes on: the signal comes whenever it comes."""
    interrupt = """
    def interrupt():
        print("begun", flush=True)
    """
    running = child_of(child, interrupt)
    running.wait_for("begun")
    running.process.send_signal(signal.SIGINT)
    assert running.finish() == ["well"]


def test_an_interrupt_of_rows_that_stop_by_themselves_leaves_a_partial_explanation(child):
    interrupt = """
    def interrupt():
        signal.raise_signal(signal.SIGINT)
    """
    outcome = OUTCOME.replace("max_evals=2_000,", "max_evals=2_000, tol=1e-9,")
    assert outcome != OUTCOME
    assert child_of(child, interrupt, outcome).finish() == ["well"]


def child_of(child, interrupt, outcome=OUTCOME):
    return child(EXPLAINER + interrupt + outcome)


def test_an_interrupted_run_still_answers(child):
    code = """
        import signal
        import numpy as np
        import ferroshap

        weights = np.arange(40.0)
        calls = 0

        def game(coalitions):
            global calls
            calls += 1
            if calls == 4:
                signal.raise_signal(signal.SIGINT)
            return coalitions @ weights

        run = ferroshap.Run(
            game, ferroshap.estimators.Permutation(), n_players=40, budget=8_000, rng=0, batch_size=200
        )
        try:
            for _ in run:
                pass
        except KeyboardInterrupt:
            print("interrupted")
        estimate = run.estimate()
        assert estimate.status == "INTERRUPTED" or estimate.status.name == "INTERRUPTED", estimate.status
        assert 0 < estimate.n_evaluations < 8_000
        assert np.abs(estimate.values - weights).max() < 1e-9
        print("well")
    """
    assert child(code).finish() == ["interrupted", "well"]
