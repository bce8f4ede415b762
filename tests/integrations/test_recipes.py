"""The recipes for libraries that import shap run as they are written, each in a process of its own."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "python" / "ferroshap" / "compat" / "recipes.md"
RECIPES = dict(re.findall(r"^## (.+?)\n.*?^```python\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE))
PREAMBLE = """
import os, warnings
warnings.simplefilter("ignore")  # the libraries' own
import matplotlib; matplotlib.use("agg")
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestClassifier
X, y = load_breast_cancer(return_X_y=True, as_frame=True)
X_train, X_test, y_test = X.iloc[:60, :6], X.iloc[60:90, :6], y.iloc[60:90]
model = RandomForestClassifier(n_estimators=5, random_state=0).fit(X_train, y.iloc[:60])
"""
NOT_SERVED = "import explainerdashboard\nexplainerdashboard.ExplainerDashboard.run = lambda self: None\n"


def test_every_library_has_a_recipe():
    assert list(RECIPES) == ["The alias", "MLflow", "explainerdashboard", "shapash", "interpret"]


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_runs_as_it_is_written(name, tmp_path):
    library = name.lower()
    if name != "The alias" and importlib.util.find_spec(library) is None:
        pytest.skip(f"{library} is not installed")
    code = PREAMBLE + (NOT_SERVED if library == "explainerdashboard" else "") + RECIPES[name]
    # Tests of MLflow leave the number of their experiment in the environment.
    env = {key: value for key, value in os.environ.items() if not key.startswith("MLFLOW_")}
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=300, check=False
    )
    assert run.returncode == 0, run.stderr[-2000:]
