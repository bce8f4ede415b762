"""Other Python threads go on while the native code works."""

import pytest

CALLS = {
    "table": "ferroshap.shapley_values(worths)",
    "leverage": "ferroshap.estimate(game, ferroshap.estimators.Leverage(), n_players=300, budget=6_000)",
}


@pytest.mark.parametrize("call", sorted(CALLS))
def test_a_thread_makes_progress_during_a_native_call(child, call):
    """Asked of the middle half of the call, far from where Python itself changes threads.

    The game gives back an array made beforehand, so that nearly all the time is spent in native code. On a busy
    machine a thread may wait longer than one call lasts: hence up to fifty calls, of which one suffices.
    """
    code = f"""
        import threading, time
        import numpy as np
        import ferroshap

        worths = np.random.default_rng(0).normal(size=2**24)
        game = lambda coalitions: worths[: len(coalitions)]
        ticks, stop = [], threading.Event()

        def tick():
            while not stop.is_set():
                ticks.append(time.perf_counter())
                time.sleep(0)

        def has_progressed():
            ticks.clear()
            begun = time.perf_counter()
            {CALLS[call]}
            quarter = (time.perf_counter() - begun) / 4
            return any(begun + quarter < t < begun + 3 * quarter for t in ticks.copy())

        thread = threading.Thread(target=tick)
        thread.start()
        print(any(has_progressed() for _ in range(50)))
        stop.set()
        thread.join()
    """
    assert child(code).finish() == ["True"]
