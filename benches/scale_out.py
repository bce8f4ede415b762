"""The question: what a table costs that is explained from file to file, and how that grows.

The whole against its parts (reading, writing, the kernel, each alone in a process of its own), against rows, and
against workers; memory is the most that the process held (VmHWM). The parts are those of the whole: blocks of 65,536
rows, two threads for the kernel, the writer's own options. Peers explain fewer rows of the same table; their cost is
linear in rows.

    python benches/scale_out.py [whole] [growth] [workers] [peers] [--rows 3000000] [--most 10000000] [--keep FOLDER]
"""

import argparse
import multiprocessing
import tempfile
import time
from pathlib import Path

import measuring
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import ferroshap
from ferroshap.trees import load

UNIT = 65_536
#: Columns of the table whose peers are published: KDD Cup 1999 after one-hot encoding.
WIDE = 127
#: Columns of the tables that grow.
NARROW = 20
#: Seconds that peers state for 3 million rows of 127 columns, 100 trees of depth 6.
PUBLISHED = {"shap 0.46, published": 51 * 60, "WOODELF on a processor, published": 96}


def simulated(rng, n_rows, n_columns):
    """A third each of continuous columns, counts and flags."""
    table = rng.normal(size=(n_rows, n_columns)).astype(np.float32)
    third = n_columns // 3
    table[:, third : 2 * third] = np.round(3 * table[:, third : 2 * third])
    table[:, 2 * third :] = table[:, 2 * third :] > 1.2
    return table


def write_table(path, n_rows, n_columns):
    """Write a simulated table in row groups of 125,000."""
    rng = np.random.default_rng(n_columns)
    names = [f"f{column}" for column in range(n_columns)]
    with pq.ParquetWriter(path, pa.schema([(name, pa.float32()) for name in names])) as writer:
        for first in range(0, n_rows, 125_000):
            table = simulated(rng, min(125_000, n_rows - first), n_columns)
            writer.write_table(pa.table([np.ascontiguousarray(column) for column in table.T], names=names))


def write_model(path, n_columns):
    """Train 100 trees of depth 6 on a simulated table of 100,000 rows, and write them."""
    import xgboost

    rng = np.random.default_rng(0)
    X = simulated(rng, 100_000, n_columns)
    y = X @ rng.normal(size=n_columns) + 2 * X[:, 0] * X[:, 1] + np.sin(3 * X[:, 2]) * X[:, -1]
    table = xgboost.DMatrix(X, y, feature_names=[f"f{column}" for column in range(n_columns)])
    xgboost.train({"max_depth": 6, "eta": 0.1, "nthread": 2}, table, 100).save_model(path)


def reading(source, _model, _destination, _n_jobs):
    """Read every block."""
    begun = time.perf_counter()
    n_rows = sum(batch.num_rows for batch in pq.ParquetFile(source).iter_batches(UNIT))
    return time.perf_counter() - begun, n_rows


def writing(source, _model, destination, _n_jobs):
    """Write what is read, counting the writing alone: `source` is a table of values."""
    spent, n_rows = 0.0, 0
    file = pq.ParquetFile(source)
    options = {"compression": "snappy", "use_dictionary": False}
    with pq.ParquetWriter(destination, file.schema_arrow, **options) as writer:
        for batch in file.iter_batches(UNIT):
            begun = time.perf_counter()
            writer.write_batch(batch)
            spent += time.perf_counter() - begun
            n_rows += batch.num_rows
    return spent, n_rows


def kernel(source, model, _destination, n_jobs):
    """Explain every block, counting the kernel alone."""
    explainer = ferroshap.TreeExplainer(load(model))
    spent, n_rows, out = 0.0, 0, None
    for batch in pq.ParquetFile(source).iter_batches(UNIT):
        rows = np.empty((batch.num_rows, batch.num_columns), np.float32, order="F")
        for column, numbers in enumerate(batch.columns):
            rows[:, column] = numbers.to_numpy()
        if out is None or len(out) != len(rows):
            out = np.empty(rows.shape, np.float32)
        begun = time.perf_counter()
        explainer.shap_values(rows, out=out, dtype=np.float32, n_jobs=n_jobs, check_additivity=False, silent=True)
        spent += time.perf_counter() - begun
        n_rows += len(rows)
    return spent, n_rows


def whole(source, model, destination, n_jobs):
    """Explain the file."""
    explainer = ferroshap.TreeExplainer(load(model))
    begun = time.perf_counter()
    result = ferroshap.explain_parquet(explainer, source, destination, dtype="float32", n_jobs=n_jobs, silent=True)
    return time.perf_counter() - begun, result.rows


def by_dask(source, model, destination, n_workers):
    """Explain the file in Dask's own processes, one thread each; the cluster's start is left out."""
    import dask.dataframe as dd
    from distributed import Client, LocalCluster

    from ferroshap.engines import dask as engine

    explainer = ferroshap.TreeExplainer(load(model))
    with (
        LocalCluster(n_workers=n_workers, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
        Client(cluster),
    ):
        begun = time.perf_counter()
        frame = dd.read_parquet(source, split_row_groups=True)
        engine.explain(frame, explainer, dtype="float32").to_parquet(destination)
        spent = time.perf_counter() - begun
    return spent, pq.ParquetFile(source).metadata.num_rows


def in_child(function, *arguments):
    """Seconds, processor seconds, rows and peak memory in MB of a function in a fresh process."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    child = context.Process(target=_answer, args=(theirs, function, arguments))
    child.start()
    answer = ours.recv()
    child.join()
    return answer


def _answer(pipe, function, arguments):
    begun = time.process_time()
    spent, n_rows = function(*arguments)
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    pipe.send((spent, time.process_time() - begun, n_rows, int(peak.split()[1]) / 1e3))


def compare_whole(folder, n_rows):
    """The whole against its parts, three times in turn, medians."""
    source, model, values = folder / "wide.parquet", folder / "wide.ubj", folder / "values.parquet"
    if not source.exists():
        write_model(model, WIDE)
        write_table(source, n_rows, WIDE)
    found = {name: [] for name in ("reading", "kernel", "whole", "writing")}
    for _ in range(3):
        values.unlink(missing_ok=True)
        found["reading"].append(in_child(reading, source, model, None, 2))
        found["kernel"].append(in_child(kernel, source, model, None, 2))
        found["whole"].append(in_child(whole, source, model, values, 2))
        found["writing"].append(in_child(writing, values, model, folder / "again.parquet", 2))
    parts = [sum(runs[k][0] for name, runs in found.items() if name != "whole") for k in range(3)]
    lines = [
        [
            name,
            *(f"{measuring.median([run[at] for run in runs]):,.1f}" for at in (0, 1)),
            f"{max(r[3] for r in runs):,.0f}",
        ]
        for name, runs in found.items()
    ]
    ratios = [run[0] / part for run, part in zip(found["whole"], parts, strict=True)]
    lines.append(["whole / (reading + writing + kernel)", f"{measuring.median(ratios):.2f}", "", ""])
    seconds = measuring.median([run[0] for run in found["whole"]])
    for name, theirs in PUBLISHED.items():
        lines.append([f"{name}: / ours", f"{theirs * n_rows / 3_000_000 / seconds:,.0f}", "", ""])
    measuring.table([f"{n_rows:,} rows x {WIDE}", "s", "processor s", "peak MB"], lines)


def compare_growth(folder, most):
    """Time against rows."""
    model = folder / "narrow.ubj"
    write_model(model, NARROW)
    lines, n_rows = [], 10_000
    while n_rows <= most:
        source, values = folder / f"{n_rows}.parquet", folder / f"{n_rows}.values.parquet"
        write_table(source, n_rows, NARROW)
        spent, cpu, _, peak = in_child(whole, source, model, values, 2)
        size = [path.stat().st_size / n_rows for path in (source, values)]
        lines.append(
            [f"{n_rows:,}", f"{spent:.2f}", f"{spent / n_rows * 1e6:.2f}", f"{cpu / n_rows * 1e6:.2f}", f"{peak:,.0f}"]
            + [f"{one:.1f}" for one in size]
        )
        source.unlink()
        values.unlink()
        n_rows *= 10
    heads = [f"rows x {NARROW}", "s", "us a row", "processor us a row", "peak MB", "bytes a row in", "out"]
    measuring.table(heads, lines)


def compare_workers(folder, n_rows):
    """Time against threads, and against Dask's processes."""
    source, model = folder / "workers.parquet", folder / "workers.ubj"
    write_model(model, WIDE)
    write_table(source, n_rows, WIDE)
    lines = []
    for name, function in (("explain_parquet, threads", whole), ("Dask, processes of one thread", by_dask)):
        spent = []
        for count in (1, 2):
            values = folder / f"{function.__name__}{count}.values.parquet"
            spent.append(in_child(function, source, model, values, count)[0])
        lines.append([name, *(f"{one:.2f}" for one in spent), f"{spent[0] / spent[1]:.2f}"])
    measuring.table([f"{n_rows:,} rows x {WIDE}", "1: s", "2: s", "1 / 2"], lines)


def compare_peers(folder):
    """What peers take for the values alone, of as many rows as they manage in seconds; one thread each."""
    import shap
    import xgboost

    model = folder / "peers.ubj"
    write_model(model, WIDE)
    booster = xgboost.Booster({"nthread": 1}, model_file=str(model))
    X = simulated(np.random.default_rng(1), 100_000, WIDE)
    names = [f"f{column}" for column in range(WIDE)]
    explainer, theirs = ferroshap.TreeExplainer(load(model)), shap.TreeExplainer(booster)
    cases = {
        "ferroshap": (
            100_000,
            lambda n: explainer.shap_values(X[:n], dtype=np.float32, n_jobs=1, check_additivity=False, silent=True),
        ),
        "xgboost pred_contribs": (
            4_000,
            lambda n: booster.predict(xgboost.DMatrix(X[:n], feature_names=names), pred_contribs=True),
        ),
        "shap": (1_000, lambda n: theirs.shap_values(X[:n], check_additivity=False)),
    }
    lines = []
    for name, (n_rows, call) in cases.items():
        call(100)
        each = measuring.median([measuring.seconds(lambda c=call, n=n_rows: c(n)) for _ in range(3)]) / n_rows
        lines.append([name, f"{n_rows:,}", f"{each * 1e6:,.1f}", f"{each * 3e6:,.0f}"])
    measuring.table(["values alone, one thread", "rows", "us a row", "s for 3,000,000"], lines)


def main():
    """Print the tables asked for, or all."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("tables", nargs="*", choices=[[], "whole", "growth", "workers", "peers"])
    asked.add_argument("--rows", type=int, default=3_000_000)
    asked.add_argument("--most", type=int, default=10_000_000)
    asked.add_argument("--keep", type=Path)
    options = asked.parse_args()
    tables = options.tables or ["whole", "growth", "workers", "peers"]
    measuring.environment("ferroshap", "xgboost-cpu", "shap", "pyarrow", "dask")
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.keep or Path(temporary)
        folder.mkdir(exist_ok=True)
        if "whole" in tables:
            compare_whole(folder, options.rows)
        if "growth" in tables:
            compare_growth(folder, options.most)
        if "workers" in tables:
            compare_workers(folder, options.rows // 10)
        if "peers" in tables:
            compare_peers(folder)


if __name__ == "__main__":
    main()
