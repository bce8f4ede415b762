"""Seconds for exact values once all worths are known, against reading them once and against shapiq."""

import time
from functools import partial

import numpy as np

from ferroshap.tables import interaction_values, shapley_values


def seconds(work, repeats=7):
    """The best of several runs."""
    best = float("inf")
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best


def against_reading():
    print(
        "| players | values, 1 thread | 2 threads | reading (numpy sum) | ratio, 1 | ratio, 2 | SII pairs, 2 threads |"
    )
    print("|---|---|---|---|---|---|---|")
    for n in (16, 20, 25):
        worths = np.random.default_rng(0).normal(size=2**n)
        read = seconds(worths.sum)
        one, two = (seconds(partial(shapley_values, worths, n_jobs=jobs)) for jobs in (1, 2))
        pairs = seconds(partial(interaction_values, worths, n_jobs=2), repeats=3)
        times = " | ".join(f"{1e3 * t:.3f} ms" for t in (one, two, read))
        print(f"| {n} | {times} | {one / read:.2f} | {two / read:.2f} | {1e3 * pairs:.2f} ms |")


def against_shapiq():
    try:
        from shapiq.game_theory import ExactComputer
    except ImportError:
        print("\nshapiq is not installed: no comparison")
        return
    print("\n| players | index | ferroshap | shapiq ExactComputer | ratio | largest difference |")
    print("|---|---|---|---|---|---|")
    for n in (12, 13, 14):
        worths = np.random.default_rng(n).normal(size=2**n)
        worths[0] = 0.0
        bits = 1 << np.arange(n)
        for index, order in (("SV", 1), ("SII", 2)):
            answers = []

            def ask_peer(n=n, index=index, order=order, worths=worths, bits=bits, answers=answers):
                # A new one each time, for it remembers; its worths come from one vectorised look-up.
                computer = ExactComputer(lambda rows: worths[rows @ bits], n_players=n)
                answers[:] = [computer(index, order)]

            def ask_us(order=order, worths=worths):
                return interaction_values(worths, order=order) if order > 1 else shapley_values(worths)

            theirs, ours = seconds(ask_peer, repeats=2), seconds(ask_us)
            found = interaction_values(worths, order=order)
            pairs = zip(found.sets, found.values, strict=True)
            gap = max(abs(answers[0][players] - value) for players, value in pairs if len(players) == order)
            print(f"| {n} | {index} | {1e3 * ours:.3f} ms | {1e3 * theirs:.1f} ms | {theirs / ours:,.0f} | {gap:.1e} |")


if __name__ == "__main__":
    against_reading()
    against_shapiq()
