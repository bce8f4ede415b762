"""Nothing is left behind by a thousand calls."""

import sys

import pytest

CODE = """
    import gc, sys
    import numpy as np
    import ferroshap

    rng = np.random.default_rng(0)
    worths = rng.normal(size=2**15)
    background, rows = rng.normal(size=(64, 7)), rng.normal(size=(1, 7))
    explainer = ferroshap.ExactExplainer(lambda table: table.sum(axis=1), background)

    def resident():
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * 4096

    def calls(n_calls):
        for number in range(n_calls):
            ferroshap.shapley_values(worths)
            explainer(rows)
            ferroshap.estimate(
                lambda coalitions: coalitions.sum(axis=1) + 0.0,
                ferroshap.estimators.Leverage(),
                n_players=80, budget=400, rng=number,
            )
        gc.collect()

    calls(100)
    bytes_before, blocks_before = resident(), sys.getallocatedblocks()
    calls(1_000)
    print(resident() - bytes_before, sys.getallocatedblocks() - blocks_before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="resident memory is read from /proc")
def test_a_thousand_calls_leave_nothing_behind(child):
    """The bounds are a tenth of what the smallest leak would leave.

    Each call works on a table of 2^15 worths, a batch of 2^7 * 64 rows of 7 numbers and a Gram matrix of
    80^2, which is the smallest: 51 kB. One Python object left a call would be 1,000 blocks.
    """
    n_bytes, n_blocks = child(CODE).finish()
    assert int(n_bytes) < 80 * 80 * 8 * 1_000 / 10
    assert int(n_blocks) < 1_000 / 10
