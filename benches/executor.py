"""The question: how much sooner several processes explain a model that holds Python's lock, and what that costs.

The model is a loop over the numbers of a row in plain Python, some 50 us a row; one row with a moderate budget, and
rows that each ask by themselves. All but the last column is a share of the serial call: the time, the processor time
of the busiest process (the time that would be left on a machine with nothing else to do), and that of all processes.
The last is what one evaluation costs beside the model: the processor time of all processes beyond the serial one, over
the evaluations, with a model that costs nothing.
"""

import multiprocessing
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import numpy as np

import ferroshap

REPETITIONS = 3
N_FEATURES, N_BACKGROUND = 12, 20
SHOWN = ("one row", "forty rows")


def slow(table):
    """About 50 us a row."""
    found = []
    for row in table.tolist():
        total = 0.0
        for turn in range(65):
            for number in row:
                total += number * (turn & 1)
        found.append(total + row[0] * row[1])
    return np.array(found)


def free(table):
    return table[:, 0] * table[:, 1]


def made(name, n_workers, stack):
    """An executor by its name, started before it is timed."""
    if name == "threads":
        return stack.enter_context(ThreadPoolExecutor(n_workers))
    if name in {"spawn", "fork"}:
        context = multiprocessing.get_context(name)
        return stack.enter_context(ProcessPoolExecutor(n_workers, mp_context=context))
    import joblib

    if name == "joblib":
        return stack.enter_context(joblib.Parallel(n_workers))
    if name == "dask":
        from distributed import Client, LocalCluster

        cluster = LocalCluster(n_workers=n_workers, threads_per_worker=1, dashboard_address=":0")
        return stack.enter_context(Client(stack.enter_context(cluster)))
    from joblib.externals.loky import get_reusable_executor

    executor = get_reusable_executor(n_workers)
    stack.callback(executor.shutdown)
    return executor


def processor_seconds():
    """Seconds of the processor by process: this one and all that it has started."""
    parents, seconds = {}, {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended meanwhile
        parents[int(folder.name)] = int(fields[1])
        seconds[int(folder.name)] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    own = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in own} - own:
        own |= more
    return {pid: seconds[pid] for pid in own}


def best(call):
    """The least of some repetitions: seconds, seconds of the processor in all, those of the busiest process.

    One more goes before, so that workers have started. The last is what the call returned.
    """
    found, timed = call(), []
    for _ in range(REPETITIONS):
        before, begun = processor_seconds(), time.perf_counter()
        found = call()
        seconds = time.perf_counter() - begun
        spent = [after - before.get(pid, 0.0) for pid, after in processor_seconds().items()]
        timed.append((seconds, sum(spent), max(spent)))
    return (*np.min(timed, axis=0).tolist(), found)


def calls(executor):
    """What is timed, by name: each a call that returns an Explanation."""
    rng = np.random.default_rng(0)
    background, rows = rng.normal(size=(N_BACKGROUND, N_FEATURES)), rng.normal(size=(40, N_FEATURES))
    alone = ferroshap.estimators.Permutation(shared_design=False)
    one = ferroshap.KernelExplainer(slow, background, executor=executor)
    many = ferroshap.PermutationExplainer(slow, background, executor=executor, method=alone)
    nothing = ferroshap.PermutationExplainer(free, background, executor=executor)
    return {
        "one row": lambda: one(rows[:1], nsamples=800, silent=True),
        "forty rows": lambda: many(rows, max_evals=49, silent=True),
        "free": lambda: nothing(rows[:1], max_evals=20_000, silent=True),
    }


def main():
    begun = time.process_time()
    slow(np.zeros((2000, N_FEATURES)))
    print(f"model: {(time.process_time() - begun) / 2000 * 1e6:.0f} us a row\n")
    print("| executor | workers | one row: times | busiest | in all | forty rows: times | busiest | in all | us |")
    print("|---|---|---|---|---|---|---|---|---|")
    serial = {name: best(call) for name, call in calls(None).items()}
    shown = [f"{serial[what][0]:.2f} s | {serial[what][1]:.2f} s | {serial[what][1]:.2f} s" for what in SHOWN]
    print(f"| none | | {shown[0]} | {shown[1]} | |")
    for name in sys.argv[1:] or ["threads", "fork", "spawn", "loky", "joblib", "dask"]:
        for n_workers in (1, 2):
            with ExitStack() as stack:
                timed = {what: best(call) for what, call in calls(made(name, n_workers, stack)).items()}
            for what, found in timed.items():
                if found[3].values.tobytes() != serial[what][3].values.tobytes():
                    sys.exit(f"{name} with {n_workers} workers gave other values for {what}")
            cells = [" | ".join(f"{timed[what][k] / serial[what][k]:.2f}" for k in (0, 2, 1)) for what in SHOWN]
            beyond = (timed["free"][1] - serial["free"][1]) / timed["free"][3].n_evaluations.sum() * 1e6
            print(f"| {name} | {n_workers} | {cells[0]} | {cells[1]} | {beyond:.0f} |", flush=True)


if __name__ == "__main__":
    main()
