"""The question: what an engine costs where one machine would do, its start told apart from its work.

300,000 rows of 20 columns in single precision, from Parquet to Parquet, 100 trees of depth 6, two threads or workers;
each engine in a process of its own. What an engine that is not installed costs is not known.

    python benches/engines.py [none dask dask-processes spark ray polars duckdb] [--rows 300000] [--times 3]
"""

import argparse
import importlib.util
import os
import sys
import tempfile
import time
from pathlib import Path

import measuring
import pyarrow.parquet as pq
from scale_out import in_child, write_model, write_table

import ferroshap
from ferroshap.trees import load

LAYOUT = {"dtype": "float32"}
#: Nothing is looked up in a network or reported; workers are this interpreter.
QUIET = {
    "SPARK_LOCAL_IP": "127.0.0.1",
    "SPARK_LOCAL_HOSTNAME": "localhost",
    "PYSPARK_PYTHON": sys.executable,
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
}


def none(source, explainer, destination):
    """The engine of the house."""
    yield
    ferroshap.explain_parquet(explainer, source, destination / "values.parquet", n_jobs=2, silent=True, **LAYOUT)


def dask(source, explainer, destination):
    """Threads of this process."""
    import dask.dataframe as dd

    from ferroshap.engines import dask as engine

    yield
    rows = dd.read_parquet(source, split_row_groups=True)
    engine.explain(rows, explainer, **LAYOUT).to_parquet(destination / "values", write_index=False)


def dask_processes(source, explainer, destination):
    """Two processes of one thread, on this machine."""
    from distributed import Client, LocalCluster

    workers = {"n_workers": 2, "threads_per_worker": 1, "host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"}
    with LocalCluster(processes=True, **workers) as cluster, Client(cluster):
        yield from dask(source, explainer, destination)


def spark(source, explainer, destination):
    """Two threads of a Java on this machine, and a Python worker for each."""
    from pyspark.sql import SparkSession

    from ferroshap.engines import spark as engine

    builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    for name in ("spark.driver.bindAddress", "spark.driver.host"):
        builder = builder.config(name, "127.0.0.1")
    session = builder.config("spark.sql.execution.arrow.maxRecordsPerBatch", "65536").getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    session.range(1).count()
    yield
    rows = session.read.parquet(str(source))
    engine.explain(rows, explainer, **LAYOUT).write.parquet(str(destination / "values"))
    session.stop()


def ray(source, explainer, destination):
    """Two workers on this machine."""
    import logging

    import ray
    import ray.data

    from ferroshap.engines import ray as engine

    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    yield
    rows = ray.data.read_parquet(str(source))
    engine.explain(rows, explainer, **LAYOUT).write_parquet(str(destination / "values"))
    ray.shutdown()


def polars(source, explainer, destination):
    """The recipe."""
    import polars as pl

    yield
    empty = explainer.empty_output("polars", **LAYOUT)
    values = pl.scan_parquet(source).map_batches(
        lambda batch: explainer.explain_frame(batch, **LAYOUT), schema=empty.schema, streamable=True
    )
    values.sink_parquet(destination / "values.parquet")


def duckdb(source, explainer, destination):
    """The recipe."""
    import duckdb

    yield
    with duckdb.connect() as database:
        batches = database.sql(f"select * from '{source}'").to_arrow_reader(65_536)  # noqa: S608 - our own file
        with pq.ParquetWriter(destination / "values.parquet", explainer.output_schema(**LAYOUT)) as file:
            for batch in batches:
                file.write_table(explainer.explain_arrow(batch, **LAYOUT))


#: Each engine, and the library that it is.
ENGINES = {
    "none": (none, "pyarrow"),
    "dask": (dask, "dask"),
    "dask-processes": (dask_processes, "distributed"),
    "spark": (spark, "pyspark"),
    "ray": (ray, "ray"),
    "polars": (polars, "polars"),
    "duckdb": (duckdb, "duckdb"),
}


def start_and_work(source, model, name):
    """Seconds until an engine stands; seconds from there to the values, and their rows."""
    explainer = ferroshap.TreeExplainer(load(model))
    with tempfile.TemporaryDirectory(dir=source.parent) as folder:
        begun = time.perf_counter()
        steps = ENGINES[name][0](source, explainer, Path(folder))
        next(steps)
        stood = time.perf_counter()
        for _ in steps:
            pass
        spent = time.perf_counter() - stood
        n_rows = sum(pq.ParquetFile(path).metadata.num_rows for path in Path(folder).rglob("*.parquet"))
    return stood - begun, (spent, n_rows)


def main():
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("engines", nargs="*", default=list(ENGINES))
    parser.add_argument("--rows", type=int, default=300_000)
    parser.add_argument("--times", type=int, default=3)
    asked = parser.parse_args()
    os.environ.update(QUIET)
    with tempfile.TemporaryDirectory() as folder:
        source, model = Path(folder) / "rows.parquet", Path(folder) / "model.ubj"
        write_table(source, asked.rows, 20)
        write_model(model, 20)
        lines = []
        for name in asked.engines:
            if importlib.util.find_spec(ENGINES[name][1]) is None:
                continue
            runs = [in_child(start_and_work, source, model, name) for _ in range(asked.times)]
            if any(n_rows != asked.rows for _, _, (_, n_rows), _ in runs):
                raise RuntimeError(name)
            start, work = (
                measuring.median(times) for times in zip(*((run[0], run[2][0]) for run in runs), strict=True)
            )
            lines.append([name, f"{start:.2f}", f"{work:.2f}", f"{asked.rows / work / 1e6:.2f}"])
        measuring.table([f"{asked.rows:,} rows x 20", "start, s", "run, s", "million rows a s"], lines)


if __name__ == "__main__":
    main()
