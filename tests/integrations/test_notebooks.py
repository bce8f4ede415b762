"""Notebooks written for shap run when their import line is changed, and the exact values in them are shap's."""

import importlib.util
import warnings
from pathlib import Path

import numpy as np
import pytest

matplotlib = pytest.importorskip("matplotlib")

FOLDER = Path(__file__).parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.py"))


def needed(source):
    return [
        name for name in ("xgboost", "lightgbm", "pandas") if f"import {name}" in source or "tests.tables" in source
    ]


def run(path, library):
    """Run every cell under one of the libraries; the import line is all that changes."""
    import matplotlib.pyplot as plt

    source = path.read_text()
    for name in needed(source):
        pytest.importorskip(name)
    assert source.count("import shap\n") == 1
    changed = source.replace("import shap\n", f"import {library} as shap\n")
    names = {"__name__": path.stem}
    with warnings.catch_warnings():
        if library == "shap":
            warnings.simplefilter("ignore")  # its own
        exec(compile(changed, str(path), "exec"), names)  # noqa: S102 - our own notebook
    plt.close("all")
    return names


def test_there_are_ten():
    assert len(NOTEBOOKS) >= 10


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_cell_runs_under_ferroshap(path):
    assert run(path, "ferroshap")["compared"]


@pytest.mark.skipif(importlib.util.find_spec("shap") is None, reason="shap is not installed beside us")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_exact_values_are_those_of_shap(path):
    if "only_ferroshap" in path.read_text():
        pytest.skip("shap refuses this model")
    ours, theirs = run(path, "ferroshap")["compared"], run(path, "shap")["compared"]
    assert ours.keys() == theirs.keys()
    for name, (value, tolerance) in ours.items():
        expected = np.asarray(theirs[name][0], dtype=float)
        scale = max(1.0, float(np.abs(expected).max()))
        found = np.asarray(value, dtype=float).reshape(expected.shape)
        assert np.abs(found - expected).max() <= tolerance * scale, name
