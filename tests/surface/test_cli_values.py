"""`ferroshap explain`: which values are asked for, of which explainer."""

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet
import pytest
from tests.surface.command import (
    MODELS,
    NAMES,
    XGBOOST,
    as_parts,
    explain,
    explained,
    rows_of,
    same_bits,
    values_in,
    written,
    wrong,
)

import ferroshap


def test_single_precision_is_the_explainer_s_own(tmp_path, rows):
    out = tmp_path / "values.parquet"
    assert explain("--model", XGBOOST, "--data", rows, "--out", out, "--dtype", "float32") == 0
    table = written(out)
    assert set(table.schema.types[:4]) == {pa.float32()}
    explainer = ferroshap.TreeExplainer(ferroshap.trees.load(XGBOOST))
    values = explainer.shap_values(pa.parquet.read_table(rows), dtype="float32")
    assert np.array_equal(np.column_stack([table[f"phi_{name}"].to_numpy() for name in NAMES]), values)


@pytest.mark.parametrize(
    "options",
    [{"layout": "list"}, {"top_k": 2}, {"interactions": True}, {"layout": "list", "dtype": "float32"}],
    ids=str,
)
def test_layouts_are_those_of_explain_arrow(options, tmp_path, rows):
    out = tmp_path / "values.arrow"
    words = []
    for name, value in options.items():
        words += [f"--{name.replace('_', '-')}"] if value is True else [f"--{name.replace('_', '-')}", value]
    assert explain("--model", XGBOOST, "--data", rows, "--out", out, *words) == 0
    explainer = ferroshap.TreeExplainer(ferroshap.trees.load(XGBOOST), feature_names=NAMES)
    assert written(out).equals(explainer.explain_arrow(pa.parquet.read_table(rows), **options))


def test_names_of_strong_features_are_texts_in_csv(tmp_path, rows):
    out = tmp_path / "values.csv"
    assert explain("--model", XGBOOST, "--data", rows, "--out", out, "--top-k", "1") == 0
    assert set(written(out)["feature_1"].to_pylist()) <= set(NAMES)


@pytest.mark.parametrize("model_output", ["raw", "probability", "predict_proba", "predict"])
def test_outputs_and_backgrounds_are_those_of_the_explainer(model_output, tmp_path):
    model, data, out = MODELS / "xgboost" / "logistic-3.4.1.ubj", tmp_path / "rows.parquet", tmp_path / "v.parquet"
    table = rows_of(model)
    background = table.slice(0, 10)
    pa.parquet.write_table(table, data)
    pa.csv.write_csv(background, tmp_path / "background.csv")
    words = ["--background", tmp_path / "background.csv", "--model-output", model_output]
    assert explain("--model", model, "--data", data, "--out", out, *words) == 0
    if model_output == "predict_proba":
        explainer = ferroshap.TreeExplainer(ferroshap.trees.load(model), background, model_output=model_output)
        columns = [[f"phi_{name}_Output {k}" for name in NAMES] for k in range(2)]
        found = np.dstack([np.column_stack([written(out)[name].to_numpy() for name in names]) for names in columns])
        assert np.array_equal(found, explainer.shap_values(table))
    else:
        wanted = explained(model, table, background, model_output=model_output)
        assert same_bits(values_in(written(out)), wanted)


def test_a_background_can_be_counted_at_the_nodes(tmp_path, rows):
    out, table = tmp_path / "v.parquet", pa.parquet.read_table(rows)
    words = ["--background", rows, "--feature-perturbation", "tree_path_dependent"]
    assert explain("--model", XGBOOST, "--data", rows, "--out", out, *words) == 0
    wanted = explained(XGBOOST, table, table, feature_perturbation="tree_path_dependent")
    assert same_bits(values_in(written(out)), wanted)


def test_drawn_background_rows_depend_on_the_seed_and_not_on_how_they_lie_in_files(tmp_path, rows):
    table = pa.parquet.read_table(rows)
    many = pa.concat_tables([table] * 30)
    pa.parquet.write_table(many, tmp_path / "whole.parquet", row_group_size=100)
    folder = as_parts(many, tmp_path / "parts", pa.parquet.write_table, ".parquet")
    found = {}
    for name, background, seed in [("one", "whole.parquet", 3), ("same", folder, 3), ("other", folder, 4)]:
        out = tmp_path / f"{name}.parquet"
        words = ["--background", tmp_path / background, "--background-rows", 20, "--seed", seed]
        assert explain("--model", XGBOOST, "--data", rows, "--out", out, *words) == 0
        found[name] = values_in(written(out))
    assert same_bits(found["one"], found["same"])
    assert not same_bits(found["one"], found["other"])


def test_more_background_rows_than_there_are_is_all_of_them(tmp_path, rows):
    table, out = pa.parquet.read_table(rows), tmp_path / "v.parquet"
    words = ["--background", rows, "--background-rows", 10_000]
    assert explain("--model", XGBOOST, "--data", rows, "--out", out, *words) == 0
    assert same_bits(values_in(written(out)), explained(XGBOOST, table, table))


def test_threads_change_no_bit(tmp_path, rows):
    for n_jobs in (1, 2):
        out = tmp_path / f"v{n_jobs}.parquet"
        assert explain("--model", XGBOOST, "--data", rows, "--out", out, "--n-jobs", n_jobs) == 0
    assert same_bits(values_in(written(tmp_path / "v1.parquet")), values_in(written(tmp_path / "v2.parquet")))


def saved(path):
    table = rows_of(XGBOOST)
    ferroshap.TreeExplainer(ferroshap.trees.load(XGBOOST), table).save(path)
    return path


def test_a_saved_explainer_needs_to_be_trusted(tmp_path, rows, capsys):
    model, out = saved(tmp_path / "explainer.bin"), tmp_path / "v.parquet"
    said = wrong(capsys, "--model", model, "--data", rows, "--out", out, status=2)
    assert "--allow-pickle" in said
    assert explain("--model", model, "--allow-pickle", "--data", rows, "--out", out) == 0
    table = pa.parquet.read_table(rows)
    assert same_bits(values_in(written(out)), explained(XGBOOST, table, table))


def test_options_that_a_saved_explainer_has_decided_are_refused(tmp_path, rows, capsys):
    words = [
        "--model",
        saved(tmp_path / "explainer.bin"),
        "--allow-pickle",
        "--data",
        rows,
        "--out",
        tmp_path / "v.csv",
    ]
    assert "`--background`" in wrong(capsys, *words, "--background", rows, status=2)
    assert "`--model-output`" in wrong(capsys, *words, "--model-output", "raw", status=2)


def test_no_pickle_is_read_without_leave(tmp_path, rows, capsys):
    """Whatever a file says of itself."""
    model = tmp_path / "evil.json"
    model.write_bytes(saved(tmp_path / "explainer.bin").read_bytes())
    assert "--allow-pickle" in wrong(capsys, "--model", model, "--data", rows, "--out", tmp_path / "v.csv", status=2)
