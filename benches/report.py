"""Seconds to write a report, its size, and milliseconds from an action to the next frame in a headless Chromium."""

import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from ferroshap.explanation import Explanation
from ferroshap.export.report import report
from ferroshap.plots import force

ACT = (Path(__file__).parent / "measuring" / "report_actions.js").read_text(encoding="utf-8")
STEPS = [
    "choose a feature",
    "choose a row",
    "point at a dot",
    "brush, each move",
    "search",
    "sort the table",
    "scroll the table",
    "order the bars",
    "split into groups",
    "all features",
]


def explanation(n_rows, n_features, *, errors=False):
    rng = np.random.default_rng(0)
    data = rng.normal(size=(n_rows, n_features)).astype(object)
    data[:, n_features - 1] = rng.choice(["red", "green", "blue"], n_rows)
    values = rng.normal(size=(n_rows, n_features)) * np.geomspace(1.0, 0.02, n_features)
    return Explanation(
        values,
        np.zeros(n_rows),
        data,
        feature_names=[f"f{j}" for j in range(n_features)],
        error_std=np.full(values.shape, 0.01) if errors else None,
    )


def writing():
    print("| rows x features | standard errors | seconds | MB |")
    print("|---|---|---|---|")
    for n_rows, n_features, errors in (
        (200, 12, False),
        (2_000, 20, False),
        (2_000, 20, True),
        (5_000, 50, False),
        (5_000, 50, True),
        (50_000, 50, True),
    ):
        sv = explanation(n_rows, n_features, errors=errors)
        times = []
        for _ in range(3):
            begun = time.perf_counter()
            text = report(sv)
            times.append(time.perf_counter() - begun)
        size = len(text.encode()) / 1e6
        print(f"| {n_rows:,} x {n_features} | {'yes' if errors else 'no'} | {min(times):.2f} | {size:.2f} |")


def force_plots():
    try:
        import shap
    except ImportError:
        shap = None
    print("\n| force plot | seconds | MB | shap: seconds | MB with its library |")
    print("|---|---|---|---|---|")
    for n_rows, n_features in ((1, 20), (1_000, 20)):  # shap orders 3,000 rows for minutes
        sv = explanation(n_rows, n_features)
        begun = time.perf_counter()
        text = force(sv).html()
        line = f"| {n_rows:,} x {n_features} | {time.perf_counter() - begun:.2f} | {len(text.encode()) / 1e6:.2f}"
        if shap is None:
            print(f"{line} | | |")
            continue
        begun = time.perf_counter()
        theirs = shap.plots.force(0.0, sv.values, np.asarray(sv.data), feature_names=sv.feature_names).html()
        seconds = time.perf_counter() - begun
        print(f"{line} | {seconds:.2f} | {len((shap.getjs() + theirs).encode()) / 1e6:.2f} |")


def busy(session):
    """Milliseconds of processor time that the page's own thread has used."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    return 1e3 * next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration")


def looking(repeats=9):
    try:
        import playwright.sync_api  # noqa: F401 - tests.browsing would skip
    except ImportError:
        print("\nplaywright is not installed: nobody looked")
        return
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from tests.browsing import chromium

    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        path = Path(folder) / "report.html"
        report(explanation(5_000, 50, errors=True), path)
        for ratio in (1, 2):
            context = browser.new_context(viewport={"width": 1400, "height": 1000}, device_scale_factor=ratio)
            tab = context.new_page()
            session = context.new_cdp_session(tab)
            session.send("Performance.enable", {"timeDomain": "threadTicks"})
            begun = time.perf_counter()
            tab.goto(path.as_uri())
            tab.wait_for_function("() => document.querySelector('#fall svg')")
            opened, used = time.perf_counter() - begun, busy(session)
            tab.wait_for_timeout(300)
            print(
                f"\n5,000 rows x 50 features, {ratio} device pixels a pixel: "
                f"opened in {opened:.2f} s, {used:.0f} ms of processor\n"
            )
            print("| action | processor, median ms | largest | until shown, median ms | largest |")
            print("|---|---|---|---|---|")
            for name in STEPS:
                walls, uses = [], []
                for q in range(repeats):
                    before = busy(session)
                    walls.append(tab.evaluate(ACT, [name, q]))
                    uses.append(busy(session) - before)
                tab.evaluate(ACT, ["tidy", 0])
                print(
                    f"| {name} | {np.median(uses):.0f} | {max(uses):.0f} | {np.median(walls):.0f} | {max(walls):.0f} |"
                )
            context.close()


if __name__ == "__main__":
    writing()
    force_plots()
    looking()
