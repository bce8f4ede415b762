"""The question: how long the pictures take, from the call to the last pixel, and how much memory, against shap's.

Each cell is one process: rows of correlated normal data and values that bend with them, drawn at 100 dots an inch into
memory; the best of three (of one beyond five seconds), in seconds of the processor (other work on the machine does not
count), and the most memory that the process needed beyond what it had with the data made and one small picture drawn.
"""

import json
import platform
import resource
import subprocess
import sys
import time

import measuring
import numpy as np

CASES = [
    ("beeswarm", 1_000, 20),
    ("beeswarm", 10_000, 20),
    ("beeswarm", 100_000, 20),
    ("summary_plot", 10_000, 20),
    ("violin", 10_000, 20),
    ("heatmap", 2_000, 20),
    ("bar", 10_000, 20),
    ("bar", 10_000, 1_000),
    ("waterfall", 1, 20),
]
REPEATS = 3
_LONG = 5.0  # seconds: what takes longer is drawn once


def made_up(n_rows, n_features):
    rng = np.random.default_rng(0)
    shared = rng.normal(size=(n_rows, 1))
    data = 0.6 * shared + 0.8 * rng.normal(size=(n_rows, n_features))
    weights = rng.normal(size=n_features) * np.exp(-np.arange(n_features) / 6)
    return np.tanh(data) * weights, data


def drawing(library, plot, n_rows, n_features):
    """A function that draws one picture from the call to the last pixel, and closes it."""
    import matplotlib as mpl

    mpl.use("agg")
    import matplotlib.pyplot as plt

    module = __import__(library)
    values, data = made_up(n_rows, n_features)
    sv = module.Explanation(values, np.zeros(n_rows), data, feature_names=[f"feature {i}" for i in range(n_features)])

    def draw(explanation):
        plt.figure()
        if plot == "summary_plot":
            module.summary_plot(explanation, show=False, **({"rng": 0} if library == "shap" else {}))
        elif plot == "waterfall":
            module.plots.waterfall(explanation[0], max_display=20, show=False)
        else:
            more = {} if plot in {"violin", "heatmap"} else {"max_display": 20}
            getattr(module.plots, plot)(explanation, show=False, **more)
        plt.gcf().canvas.draw()
        plt.close("all")

    return draw, sv


def measured(library, plot, n_rows, n_features):
    draw, sv = drawing(library, plot, n_rows, n_features)
    draw(sv[:5] if n_rows > 5 else sv)  # what is imported or made at the first call counts for nobody
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds = []
    for _ in range(REPEATS):
        begun = time.process_time()
        draw(sv)
        seconds.append(time.process_time() - begun)
        if seconds[-1] > _LONG:
            break
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"seconds": min(seconds), "megabytes": (most - before) / 1024}


def in_a_process(library, *case):
    """Measure there; None where the library is not installed or gives up."""
    command = [sys.executable, __file__, library, *map(str, case)]
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=1_800)
    return json.loads(run.stdout) if run.returncode == 0 else None


def main():
    packages = ("numpy", "matplotlib", "shap")
    print(f"Python {platform.python_version()}", *(f"{name} {measuring.version(name)}" for name in packages), sep=", ")
    print("\n| plot | rows | features | ferroshap s | shap s | times | ferroshap MB | shap MB |")
    print("|---|---|---|---|---|---|---|---|")
    for plot, n_rows, n_features in CASES:
        ours, theirs = (in_a_process(library, plot, n_rows, n_features) for library in ("ferroshap", "shap"))
        peer = ("-", "-", "-")
        if theirs:
            times = theirs["seconds"] / ours["seconds"]
            peer = (f"{theirs['seconds']:.2f}", f"{times:.1f}", f"{theirs['megabytes']:.0f}")
        line = (plot, f"{n_rows:,}", f"{n_features:,}", f"{ours['seconds']:.2f}", *peer[:2], f"{ours['megabytes']:.0f}")
        print(f"| {' | '.join((*line, peer[2]))} |", flush=True)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(measured(*sys.argv[1:3], *map(int, sys.argv[3:]))))
    else:
        main()
