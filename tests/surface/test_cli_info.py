"""`ferroshap info model`: what it says of model files, and how it refuses others."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

import ferroshap
from ferroshap import cli
from ferroshap.explainers import TreeExplainer

MODELS = Path(__file__).parents[1] / "trees" / "models"
#: A file of each kind.
FILES = {
    "XGBoost JSON": "xgboost/regression-3.4.1.json",
    "XGBoost UBJSON": "xgboost/classes-3.4.1.ubj",
    "LightGBM": "lightgbm/regression-4.7.0.txt",
    "CatBoost": "catboost/one_hot.json",
    "ONNX": "onnx/forest.onnx",
}


def facts_of(path, capsys):
    assert cli.main(["info", str(path), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("file", FILES.values(), ids=FILES)
def test_the_facts_are_those_of_the_forest(file, capsys):
    found, trees = facts_of(MODELS / file, capsys), ferroshap.trees.load(MODELS / file)
    forest = trees.forest
    counts = [found[name] for name in ("trees", "leaves", "depth", "outputs", "library", "precision")]
    asked = [forest.n_trees, forest.n_leaves, forest.depth, forest.n_outputs, forest.library, forest.predicts_in]
    assert counts == asked
    assert found["bytes"] == (MODELS / file).stat().st_size
    assert found["offset"] == forest.offset.tolist()
    assert (found["objective"] or "") == trees.loss
    assert [feature["name"] for feature in found["features"]] == (forest.names or [None] * forest.n_columns)
    kinds = ["number" if described is None else "category" for described in forest.categories]
    assert [feature["kind"] for feature in found["features"]] == kinds


@pytest.mark.parametrize("name", ["XGBoost JSON", "XGBoost UBJSON", "LightGBM", "CatBoost"])
def test_base_value_and_kernels_are_those_of_the_explainer(name, capsys):
    found = facts_of(MODELS / FILES[name], capsys)["without_background"]
    explainer = TreeExplainer(ferroshap.trees.load(MODELS / FILES[name]))
    assert found["possible"]
    assert found["base_values"] == np.atleast_1d(explainer.expected_value).tolist()
    assert found["kernels"] == list(explainer.plan.details["kernels"])


def test_the_kernels_over_a_background_are_those_of_the_explainer(capsys):
    found = facts_of(MODELS / FILES["ONNX"], capsys)
    background = np.random.default_rng(1).normal(size=(100, len(found["features"])))
    explainer = TreeExplainer(ferroshap.trees.load(MODELS / FILES["ONNX"]), background)
    assert found["with_background"]["kernels"] == list(explainer.plan.details["kernels"])


@pytest.mark.parametrize(
    "file,reason", [("onnx/forest.onnx", "training rows"), ("lightgbm/linear-4.7.0.txt", "linear")]
)
def test_a_model_that_needs_a_background_says_why(file, reason, capsys):
    found = facts_of(MODELS / file, capsys)["without_background"]
    assert not found["possible"]
    assert reason in found["reason"]
    assert cli.main(["info", str(MODELS / file)]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert f"without background not possible: {found['reason']}" in printed


def test_categories_are_listed_counted_or_said_to_be_missing(capsys):
    by_hash = facts_of(MODELS / FILES["CatBoost"], capsys)["features"]
    assert [feature["categories"] for feature in by_hash] == [None, 4, None, 6, 10]
    codes = facts_of(MODELS / "xgboost" / "categories-3.4.1.ubj", capsys)["features"]
    assert [(feature["kind"], feature["categories"]) for feature in codes][3] == ("category", None)
    assert cli.main(["info", str(MODELS / FILES["CatBoost"])]) == 0
    assert "colour: 4 known by hash" in capsys.readouterr().out
    assert cli.main(["info", str(MODELS / "xgboost" / "categories-3.4.1.ubj")]) == 0
    assert "3: codes; the file does not hold what they stand for" in capsys.readouterr().out


def test_columns_in_no_split_are_counted(capsys):
    found = facts_of(MODELS / "xgboost" / "no_trees-3.0.5.ubj", capsys)
    assert not any(feature["used"] for feature in found["features"])
    assert cli.main(["info", str(MODELS / "xgboost" / "no_trees-3.0.5.ubj")]) == 0
    printed = capsys.readouterr().out
    assert re.search(r"features +4, 4 of them in no split", printed)
    assert "no trees: all values are 0" in printed


RECORDED = sorted(path for path in MODELS.glob("*/*.*") if not path.name.endswith((".rows.json", ".py")))


@pytest.mark.parametrize("file", RECORDED, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_recorded_model_is_described_on_lines_that_fit_or_refused_in_one(file, capsys):
    status = cli.main(["info", str(file)])
    said = capsys.readouterr()
    assert (status, bool(said.out), said.err.count("\n")) in {(0, True, 0), (1, False, 1)}
    assert all(len(line) <= 100 for line in said.out.splitlines() if str(file) not in line)


@pytest.mark.parametrize(
    "name,content,said",
    [
        ("absent.json", None, "absent.json cannot be read: No such file or directory"),
        ("empty.json", b"", "pass --format, one of xgboost, lightgbm, catboost, onnx"),
        ("words.txt", b"not a model\n", "LightGBM"),
        ("own.cbm", b"CBM1....", "save_model(path, format='json')"),
        ("cut.ubj", (MODELS / FILES["XGBoost UBJSON"]).read_bytes()[:500], "XGBoost"),
    ],
)
def test_what_is_no_model_is_refused_by_name_in_one_line(name, content, said, tmp_path, capsys):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    assert cli.main(["info", str(path)]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("ferroshap info: error: ")
    assert said in printed.err
    assert str(path) in printed.err
    assert printed.err.count("\n") == 1


def test_a_folder_is_no_model(tmp_path, capsys):
    assert cli.main(["info", str(tmp_path)]) == 1
    assert "is a folder" in capsys.readouterr().err


def test_a_saved_explainer_is_not_opened(tmp_path, capsys):
    path = tmp_path / "explainer.ferroshap"
    TreeExplainer(ferroshap.trees.load(MODELS / FILES["XGBoost JSON"])).save(path)
    assert cli.main(["info", str(path)]) == 2
    assert "--allow-pickle" in capsys.readouterr().err


def test_the_format_can_be_given(tmp_path, capsys):
    path = tmp_path / "model.dat"
    path.write_bytes((MODELS / FILES["ONNX"]).read_bytes())
    assert cli.main(["info", str(path), "--format", "onnx"]) == 0
    assert re.search(r"written by +ONNX", capsys.readouterr().out)


def test_what_is_installed_comes_as_json_too(capsys):
    assert cli.main(["info", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["ferroshap"].startswith(ferroshap.__version__)
    assert {"threads", "processor", "python", "pyarrow"} <= set(found)
