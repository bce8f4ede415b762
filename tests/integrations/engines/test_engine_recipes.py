"""The recipes for engines run as they are written, each in a process of its own, and give the values of a serial call."""

import ast
import importlib.util
import os
import pickle
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import ferroshap

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

PAGE = Path(ferroshap.__file__).parent / "engines" / "recipes.md"
RECIPES = re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE.read_text(), re.DOTALL | re.MULTILINE)
RECIPES = {
    f"{name} {number}" if number else name: code
    for name, text in RECIPES
    for number, code in enumerate(re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE))
}
#: What each needs.
LIBRARIES = {
    "Dask": ("dask.dataframe", "ferroshap[distributed]"),
    "Spark": ("pyspark", "pyspark"),
    "Ray": ("ray.data", "'ray[data]'"),
    "Summaries instead of values": ("dask.dataframe", "ferroshap[distributed]"),
    "Polars": ("polars", "polars"),
    "DuckDB": ("duckdb", "duckdb"),
    "DuckDB 1": ("duckdb", "duckdb"),
    "Daft": ("daft", "daft, which wants an older pyarrow than others"),
}
PREAMBLE = """
import pickle, warnings
from pathlib import Path
warnings.simplefilter("ignore")  # the libraries' own
explainer = pickle.loads(Path("explainer.pickle").read_bytes())
"""
#: What is looked at where nothing is written: importances of the first features.
SHOWN = {"DuckDB 1": "importance[0]", "Summaries instead of values": "tuple(importance[:2].tolist())"}
#: Nothing is looked up in a network, reported or shown; workers are this interpreter.
QUIET = {
    "SPARK_LOCAL_IP": "127.0.0.1",
    "SPARK_LOCAL_HOSTNAME": "localhost",
    "PYSPARK_PYTHON": sys.executable,
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # the loopback address
    "DO_NOT_TRACK": "true",
}
FEATURES = ["age", "bmi", "bp"]


@pytest.fixture(scope="module")
def rows():
    numbers = np.random.default_rng(0).normal(size=(300, len(FEATURES)))
    return pa.table({"id": np.arange(300), **dict(zip(FEATURES, numbers.T, strict=True))})


@pytest.fixture(scope="module")
def explainer(rows):
    background = rows.select(FEATURES).slice(0, 50).to_pandas()
    return ferroshap.LinearExplainer((np.array([1.0, -2.0, 0.5]), 3.0), background)


def test_every_engine_has_a_recipe():
    assert list(RECIPES) == list(LIBRARIES)


def installed(library):
    try:
        return importlib.util.find_spec(library) is not None
    except ImportError:
        return False


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.timeout(300)
def test_a_recipe_runs_as_it_is_written(name, rows, explainer, tmp_path):
    library, install = LIBRARIES[name]
    if not installed(library):
        pytest.skip(f"{library} is not installed: pip install {install}")
    if name == "Spark" and shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        pytest.skip("needs a Java for Spark")
    pq.write_table(rows, tmp_path / "rows.parquet", row_group_size=64)
    (tmp_path / "explainer.pickle").write_bytes(pickle.dumps(explainer))
    shown = f"\nprint({SHOWN[name]})\n" if name in SHOWN else ""
    run = subprocess.run(
        [sys.executable, "-c", PREAMBLE + RECIPES[name] + shown],
        cwd=tmp_path,
        env=os.environ | QUIET,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-3000:]
    serial = explainer.explain_arrow(rows, keep="id", dtype="float64" if shown else "float32")
    if shown:
        expected = [np.abs(serial[f"phi_{feature}"]).mean() for feature in FEATURES[:2]]
        np.testing.assert_allclose(ast.literal_eval(run.stdout), expected, rtol=300 * 2.0**-52)
        return
    (written,) = tmp_path.glob("values*")
    values = pq.read_table(written).sort_by("id")
    if "where age > 0" in RECIPES[name]:
        serial = serial.filter(np.asarray(rows["age"]) > 0)
    if "phi" in values.column_names:
        lists = [serial[f"phi_{feature}"].to_pylist() for feature in FEATURES]
        assert values.to_pydict() == {"id": serial["id"].to_pylist(), "phi": [*map(list, zip(*lists, strict=True))]}
    else:
        assert values.to_pydict() == serial.to_pydict()
