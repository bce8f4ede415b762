"""The question: what Leverage costs beside the game, drawing coalitions and solving, up to 10,000 players."""

import json
import subprocess
import sys

import measuring
import numpy as np

from ferroshap import _native

REPETITIONS = 5
LARGEST = """
import json, resource, time
import numpy as np
import ferroshap

n, rows = 10_000, {rows}
rng = np.random.default_rng(0)
weights, X, baseline = rng.normal(size=n), rng.normal(size=(rows, n)), rng.normal(size=(1, n))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
explainer = ferroshap.KernelExplainer(lambda Z: Z @ weights, baseline, nsamples=2 * n + 2046, n_jobs=2{method})
begun = time.perf_counter()
explanation = explainer(X, silent=True)
seconds = time.perf_counter() - begun
truth = weights * (X - baseline)
print(json.dumps({{
    "seconds": seconds,
    "before": before / 2**20,
    "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
    "error": float(np.abs(explanation.values - truth).max() / np.abs(truth).max()),
    "evaluations": int(explanation.n_evaluations.max()),
    "status": explanation.status,
}}))
"""


#: One approximation by a peer, in a process that can be stopped; prints its seconds, those of the game taken off.
PEER = """
import sys, time
import numpy as np
import shapiq.approximator

name, n_players, budget = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
gains = np.random.default_rng(0).normal(size=n_players)
in_game = [0.0]

def game(coalitions):
    begun = time.perf_counter()
    worths = np.tanh(0.1 * (coalitions @ gains))
    in_game[0] += time.perf_counter() - begun
    return worths

approximator = getattr(shapiq.approximator, name)(n=n_players, random_state=0)
begun = time.perf_counter()
approximator.approximate(budget=budget, game=game)
print(time.perf_counter() - begun - in_game[0])
"""
PATIENCE = 120  # seconds


def game(coalitions):
    """Costs next to nothing."""
    return np.tanh(0.1 * (coalitions @ np.random.default_rng(0).normal(size=coalitions.shape[1])))


def ours(n_players, budget, n_threads, worths):
    """Sampling, telling and solving; the worths are there already."""
    ends = (worths[:1, None], worths[1:2], np.ones(1), worths[:1])
    estimator = _native.Estimator("leverage", n_players, 1, budget - 2, 0, 0, ends)
    first, words, _ = estimator.ask(budget)
    estimator.tell(first, worths[2 : 2 + len(words), None])
    return words, estimator.estimate(n_threads)


def theirs(name, n_players, budget):
    """Seconds of one approximation; infinite where it fails or takes too long."""
    command = [sys.executable, "-W", "ignore", "-c", PEER, name, str(n_players), str(budget)]
    try:
        ran = subprocess.run(command, capture_output=True, text=True, check=True, timeout=PATIENCE)
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError):
        return float("inf")
    return float(ran.stdout)


def measure(n_players, budget):
    words, _ = ours(n_players, budget, 1, np.zeros(budget))
    ends = np.array([[False] * n_players, [True] * n_players])
    worths = np.zeros(budget)
    worths[:2] = game(ends)
    worths[2 : 2 + len(words)] = game(_native.unpack_coalitions(words, n_players))
    functions = {f"Leverage, {k} thread": lambda k=k: ours(n_players, budget, k, worths) for k in [1, 2]}
    times = measuring.interleaved(functions, REPETITIONS)
    for name in ["LeverageSHAP", "KernelSHAP"]:
        times[f"shapiq {name}"] = [theirs(name, n_players, budget)]
        if n_players < 100:
            times[f"shapiq {name}"] += [theirs(name, n_players, budget) for _ in range(2)]
    base = measuring.median(times["Leverage, 1 thread"])
    return [
        [n_players, f"{budget:,}", name, f"{measuring.median(took) * 1e3:,.1f}", f"{measuring.median(took) / base:.1f}"]
        for name, took in times.items()
    ]


def largest(rows, method):
    """Ten thousand features, in a process of their own."""
    program = LARGEST.format(rows=rows, method=method)
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        return [rows, method, "failed", ran.stderr.strip().splitlines()[-1], "", "", "", ""]
    found = json.loads(ran.stdout)
    return [
        rows,
        method.removeprefix(", ") or "method chosen",
        f"{found['seconds']:.0f}",
        f"{found['peak']:.2f}",
        f"{found['before']:.2f}",
        f"{found['error']:.1e}",
        f"{found['evaluations']:,}",
        found["status"],
    ]


def main():
    measuring.environment("ferroshap", "shapiq")
    lines = measure(60, 20_000) + measure(1000, 20_000)
    measuring.table(["players", "evaluations", "sampling and solving", "ms", "over ours"], lines)
    print(f"(inf: failed, or took more than {PATIENCE} seconds)\n", flush=True)
    if "small" in sys.argv[1:]:
        return
    measuring.table(
        [
            "rows of 10,000 features",
            "by",
            "seconds",
            "peak GiB",
            "GiB before",
            "largest error",
            "evaluations",
            "status",
        ],
        [largest(100, ""), largest(10, ', method="leverage"')],
    )


if __name__ == "__main__":
    main()
