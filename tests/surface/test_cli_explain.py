"""`ferroshap explain`: the values in its files are the library's own, bit for bit, for every kind of model."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet
import pytest
from tests.surface.command import (
    CATEGORIES,
    MODELS,
    NAMES,
    XGBOOST,
    explain,
    explained,
    rows_of,
    same_bits,
    values_in,
    with_texts_lightgbm,
    with_texts_xgboost,
    written,
    wrong,
)

import ferroshap
from ferroshap import _native


@pytest.mark.parametrize(
    "model",
    [
        "xgboost/regression-3.4.1.json",
        "xgboost/regression-3.4.1.ubj",
        "xgboost/dart-1.6.2.ubj",
        "lightgbm/regression-4.7.0.txt",
        "lightgbm/categories-4.7.0.txt",
        "catboost/symmetric.json",
        "catboost/lossguide.json",
    ],
)
def test_values_of_every_kind_of_model_file_are_the_explainer_s_bits(model, tmp_path):
    model, data, out = MODELS / model, tmp_path / "rows.parquet", tmp_path / "values.parquet"
    names = ferroshap.trees.load(model).feature_names or NAMES
    table = rows_of(model, names)
    pa.parquet.write_table(table, data)
    assert explain("--model", model, "--data", data, "--out", out) == 0
    assert same_bits(values_in(written(out), names), explained(model, table))


def test_an_onnx_model_is_explained_over_a_background(tmp_path):
    model, data, out = MODELS / "onnx" / "forest.onnx", tmp_path / "rows.parquet", tmp_path / "values.parquet"
    table = rows_of(model)
    pa.parquet.write_table(table, data)
    assert explain("--model", model, "--data", data, "--background", data, "--out", out) == 0
    assert same_bits(values_in(written(out)), explained(model, table, table))


def test_a_model_that_needs_a_background_says_which_option_brings_one(tmp_path, capsys):
    model, data = MODELS / "onnx" / "forest.onnx", tmp_path / "rows.parquet"
    pa.parquet.write_table(rows_of(model), data)
    said = wrong(capsys, "--model", model, "--data", data, "--out", tmp_path / "values.parquet")
    assert "pass --background FILE" in said
    assert not (tmp_path / "values.parquet").exists()


def test_every_output_of_several_has_columns_of_its_own(tmp_path):
    model, data, out = MODELS / "xgboost" / "classes-3.4.1.ubj", tmp_path / "rows.parquet", tmp_path / "values.parquet"
    table = rows_of(model)
    pa.parquet.write_table(table, data)
    assert explain("--model", model, "--data", data, "--out", out, "--output-names", "low,middle,high") == 0
    values, table = ferroshap.TreeExplainer(ferroshap.trees.load(model)).shap_values(table), written(out)
    for at, output in enumerate(["low", "middle", "high"]):
        found = np.column_stack([table[f"phi_{name}_{output}"].to_numpy() for name in NAMES])
        assert np.array_equal(found, values[:, :, at])


def test_the_format_of_a_model_can_be_given(tmp_path, rows):
    model = tmp_path / "model.dat"
    model.write_bytes(XGBOOST.read_bytes())
    assert explain("--model", model, "--format", "xgboost", "--data", rows, "--out", tmp_path / "values.parquet") == 0


@pytest.mark.parametrize("write", [with_texts_xgboost, with_texts_lightgbm])
@pytest.mark.parametrize("ending", [".parquet", ".csv"])
def test_texts_are_the_categories_that_the_file_holds(write, ending, tmp_path):
    model, data, out = write(tmp_path / "model.txt"), tmp_path / f"rows{ending}", tmp_path / "values.parquet"
    codes = np.array([0, 3, np.nan, 31, 40, 2, 7, 66], dtype=float)
    numbers = np.random.default_rng(0).normal(size=(8, 3)).round(3)
    cities = [None if np.isnan(code) else CATEGORIES[int(code)] for code in codes]
    table = pa.table([*numbers.T, pa.array(cities)], NAMES)
    write_table = pa.parquet.write_table if ending == ".parquet" else pa.csv.write_csv
    write_table(table, data)
    assert explain("--model", model, "--data", data, "--out", out) == 0
    source = "xgboost/categories-3.4.1.json" if write is with_texts_xgboost else "lightgbm/categories-4.7.0.txt"
    assert same_bits(values_in(written(out)), explained(MODELS / source, np.column_stack([numbers, codes])))


@pytest.mark.parametrize("ending", [".parquet", ".csv"])
def test_texts_are_the_categories_whose_hashes_the_file_holds(ending, tmp_path):
    model, data, out = MODELS / "catboost" / "one_hot.json", tmp_path / f"rows{ending}", tmp_path / "values.parquet"
    names = ferroshap.trees.load(model).feature_names
    table = rows_of(model, names)
    write_table = pa.parquet.write_table if ending == ".parquet" else pa.csv.write_csv
    write_table(table, data)  # the last column's categories are digits
    assert explain("--model", model, "--data", data, "--out", out) == 0
    assert same_bits(values_in(written(out), names), explained(model, table.to_pandas()))


def test_text_where_the_file_holds_no_categories_is_refused_with_the_remedy(tmp_path, capsys):
    model, data = MODELS / "xgboost" / "categories-3.2.0.json", tmp_path / "rows.csv"
    data.write_text("a,b,c,d\n1,2,3,red\n")
    said = wrong(capsys, "--model", model, "--data", data, "--out", tmp_path / "v.csv")
    assert "'d'" in said
    assert "does not hold the categories" in said
    assert "give the codes" in said


def test_text_where_the_model_compares_numbers_is_refused_by_name(tmp_path, capsys):
    data = tmp_path / "rows.csv"
    data.write_text("a,b,c,d\n1,two,3,4\n")
    said = wrong(capsys, "--model", XGBOOST, "--data", data, "--out", tmp_path / "v.csv")
    assert "string values in column 'b'" in said
    assert str(data) in said


def test_a_category_that_the_model_does_not_know_is_refused_with_its_rows(tmp_path, capsys):
    model, data = with_texts_xgboost(tmp_path / "model.json"), tmp_path / "rows.csv"
    data.write_text("a,b,c,d\n1,2,3,city 1\n1,2,3,citty 2\n")
    said = wrong(capsys, "--model", model, "--data", data, "--out", tmp_path / "v.csv")
    assert "'citty 2'" in said
    assert "in rows 0 to 1 of" in said


def test_a_category_spelled_like_a_missing_value_stays_one(tmp_path):
    """Only texts that the model does not know stand for what is missing."""
    model, data, out = with_texts_lightgbm(tmp_path / "model.txt"), tmp_path / "rows.csv", tmp_path / "v.parquet"
    model.write_text(model.read_text().replace('"city 3"', '"NA"'))
    data.write_text("a,b,c,d\n1,2,3,NA\n1,2,3,null\n1,2,3,\n")
    assert explain("--model", model, "--data", data, "--out", out) == 0
    coded = np.array([[1, 2, 3, 3], [1, 2, 3, np.nan], [1, 2, 3, np.nan]], dtype=float)
    assert same_bits(values_in(written(out)), explained(MODELS / "lightgbm" / "categories-4.7.0.txt", coded))


def test_a_missing_category_is_the_word_that_catboost_learned_for_it(tmp_path):
    """CatBoost takes texts alone, and pandas makes "nan" of what is missing."""
    plain, model = MODELS / "catboost" / "one_hot.json", tmp_path / "model.json"
    red, nan = (str(_native.category_hash(word)) for word in ("red", "nan"))
    model.write_text(plain.read_text().replace(red, nan))
    data, out = tmp_path / "rows.csv", tmp_path / "v.parquet"
    data.write_text("x,colour,y,city,code\n0.5,,1.5,city 4,7\n-0.5,NA,0.5,city 1,3\n")
    assert explain("--model", model, "--data", data, "--out", out) == 0
    table = pa.table(
        [[0.5, -0.5], ["red", "red"], [1.5, 0.5], ["city 4", "city 1"], ["7", "3"]],
        ["x", "colour", "y", "city", "code"],
    )
    wanted = explained(plain, table)
    assert same_bits(values_in(written(out), table.column_names), wanted)
    assert not same_bits(wanted, explained(plain, table.set_column(1, "colour", pa.array(["no", "no"]))))


@pytest.fixture
def named(tmp_path):
    """A model whose file has names."""
    path = tmp_path / "named.json"
    model = json.loads(XGBOOST.read_text())
    model["learner"]["feature_names"] = ["age", "income", "height", "weight"]
    path.write_text(json.dumps(model))
    return path


def test_columns_are_matched_by_name_whatever_else_is_there(named, tmp_path):
    table, out = rows_of(XGBOOST, ["age", "income", "height", "weight"]), tmp_path / "values.parquet"
    shuffled = table.select(["weight", "age", "height", "income"]).append_column("id", pa.array(range(len(table))))
    pa.parquet.write_table(shuffled, tmp_path / "rows.parquet")
    assert explain("--model", named, "--data", tmp_path / "rows.parquet", "--out", out, "--keep", "id") == 0
    found = written(out)
    assert same_bits(values_in(found, table.column_names), explained(named, table))
    assert found["id"].to_pylist() == list(range(len(table)))


def test_a_missing_column_is_named_with_the_nearest(named, tmp_path, capsys):
    data = tmp_path / "rows.csv"
    data.write_text("age,incomes,height,weight\n1,2,3,4\n")
    said = wrong(capsys, "--model", named, "--data", data, "--out", tmp_path / "v.csv")
    assert "lacks the column 'income', which the model needs; did you mean 'incomes' for 'income'?" in said


def test_columns_without_names_are_counted(tmp_path, rows, capsys):
    table = pa.parquet.read_table(rows).append_column("target", pa.array([0.0] * pa.parquet.read_table(rows).num_rows))
    data, out = tmp_path / "more.parquet", tmp_path / "values.parquet"
    pa.parquet.write_table(table, data)
    said = wrong(capsys, "--model", XGBOOST, "--data", data, "--out", out)
    assert "has 5 columns, and the model was trained on 4 without names: name them by --columns" in said
    assert explain("--model", XGBOOST, "--data", data, "--out", out, "--columns", "a,b,c,d") == 0
    assert same_bits(values_in(written(out)), explained(XGBOOST, pa.parquet.read_table(rows)))
    kept = tmp_path / "kept.parquet"
    assert explain("--model", XGBOOST, "--data", data, "--out", kept, "--keep", "target") == 0
    assert set(written(kept)["target"].to_pylist()) == {0.0}


@pytest.mark.parametrize(
    "words,said",
    [
        (["--columns", "a,b,c,e"], "lacks the column 'e', which `--columns` names"),
        (["--columns", "a,b,c"], "`--columns` names 3 columns, but the model has 4"),
        (["--keep", "idd"], "lacks the column 'idd', which `--keep` names"),
    ],
)
def test_columns_that_are_not_there_are_refused(words, said, rows, tmp_path, capsys):
    assert said in wrong(capsys, "--model", XGBOOST, "--data", rows, "--out", tmp_path / "v.parquet", *words)
