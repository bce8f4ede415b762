"""`ferroshap explain --summary --report`: means over all rows, and a page of some of them."""

import json
import re

import numpy as np
import pyarrow as pa
import pyarrow.csv
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
    with_texts_xgboost,
    written,
    wrong,
)

import ferroshap
from ferroshap.cli.explain.streaming import SHOWN


def on_page(path):
    """The numbers that a report computes with."""
    scripts = re.findall(r'<script type="application/json" id="data">(.*?)</script>', path.read_text(), re.DOTALL)
    return json.loads(scripts[0])


def magnitudes(values):
    """Mean magnitudes as the command must give them: each the double nearest to the true mean."""
    return np.abs(values).mean(axis=0)


@pytest.mark.parametrize("out", [None, "values.parquet", "values.csv"])
def test_the_summary_is_of_all_rows_wherever_values_go(out, tmp_path, rows, capsys):
    words = [] if out is None else ["--out", tmp_path / out]
    assert explain("--model", XGBOOST, "--data", rows, *words, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    values, base = explained(XGBOOST, pa.parquet.read_table(rows))
    assert found["rows"] == len(values)
    assert found["base_values"] == [base[0]]
    means = found["mean_abs"]["Output 0"]
    assert list(means) == NAMES
    # A mean of n numbers rounds n times.
    assert np.allclose(list(means.values()), magnitudes(values), rtol=len(values) * 2.0**-52, atol=0.0)


def test_the_table_has_the_strongest_features_first(tmp_path, rows, capsys):
    assert explain("--model", XGBOOST, "--data", rows, "--summary") == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split() == ["feature", "mean", "|value|"]
    means = dict(zip(NAMES, magnitudes(explained(XGBOOST, pa.parquet.read_table(rows))[0]), strict=True))
    assert [line.split()[0] for line in lines] == sorted(means, key=lambda name: -means[name])
    assert [float(line.split()[1]) for line in lines] == pytest.approx(sorted(means.values(), reverse=True), abs=5e-4)
    assert len({len(line) for line in lines}) == 1  # in line


def test_every_output_has_a_column_in_the_summary(tmp_path, capsys):
    model, data = MODELS / "xgboost" / "classes-3.4.1.ubj", tmp_path / "rows.parquet"
    table = rows_of(model)
    pa.parquet.write_table(table, data)
    words = ["--model", model, "--data", data, "--output-names", "low,middle,high"]
    assert explain(*words, "--summary") == 0
    assert capsys.readouterr().out.splitlines()[0].split() == ["feature", "low", "middle", "high"]
    assert explain(*words, "--json") == 0
    values = ferroshap.TreeExplainer(ferroshap.trees.load(model)).shap_values(table)
    found = json.loads(capsys.readouterr().out)["mean_abs"]["high"]
    assert list(found.values()) == pytest.approx(magnitudes(values[:, :, 2]), rel=1e-12)


def test_the_report_shows_drawn_rows_and_the_importance_of_all(tmp_path, capsys):
    table = pa.table([*np.random.default_rng(0).normal(size=(4, 3 * SHOWN)).round(2)], NAMES)
    data, page = tmp_path / "rows.parquet", tmp_path / "report.html"
    pa.parquet.write_table(table, data)
    assert explain("--model", XGBOOST, "--data", data, "--report", page, "--seed", "3") == 0
    assert f"-> {page}" in capsys.readouterr().err
    found, values = on_page(page), explained(XGBOOST, table)[0]
    assert (found["n"], found["total"]) == (SHOWN, 3 * SHOWN)
    assert found["overall"][0]["mean"] == pytest.approx(magnitudes(values), rel=1e-5)
    assert found["values"][0][0] == pytest.approx(values[found["ids"], 0], abs=1e-5)
    assert "bars without a filter are means over all rows" in page.read_text()
    assert "What regression-3.4.1.json bases its outputs on" in page.read_text()
    assert ">exact<" in page.read_text()
    assert "not checked" not in page.read_text()


def test_the_seed_draws_the_rows_of_the_report(tmp_path):
    table = pa.table([*np.random.default_rng(0).normal(size=(4, 2 * SHOWN)).round(2)], NAMES)
    data, drawn = tmp_path / "rows.parquet", []
    pa.parquet.write_table(table, data)
    for seed in (0, 0, 1):
        assert explain("--model", XGBOOST, "--data", data, "--report", tmp_path / "r.html", "--seed", seed) == 0
        drawn.append(on_page(tmp_path / "r.html")["ids"])
    assert drawn[0] == drawn[1] != drawn[2]


def test_the_report_has_the_words_of_categories(tmp_path):
    model, data, page = with_texts_xgboost(tmp_path / "model.json"), tmp_path / "rows.csv", tmp_path / "report.html"
    table = pa.table([[0.5, -0.5, 1.5], [1.0, 2.0, 3.0], [0.0, 1.0, 2.0], [CATEGORIES[3], None, CATEGORIES[31]]], NAMES)
    pa.csv.write_csv(table, data)
    assert explain("--model", model, "--data", data, "--report", page) == 0
    assert on_page(page)["data"][3] == {"levels": [CATEGORIES[3], CATEGORIES[31]], "codes": [0, -1, 1]}


def test_a_report_is_of_a_saved_explainer_too(tmp_path, rows):
    model, page = tmp_path / "explainer.bin", tmp_path / "report.html"
    table = rows_of(XGBOOST)
    ferroshap.TreeExplainer(ferroshap.trees.load(XGBOOST), feature_names=NAMES).save(model)
    assert explain("--model", model, "--allow-pickle", "--data", rows, "--report", page) == 0
    assert on_page(page)["values"][0][0] == pytest.approx(explained(XGBOOST, table)[0][:, 0], abs=1e-5)


def test_values_summary_and_report_come_of_one_run(tmp_path, rows, capsys):
    out, page = tmp_path / "values.parquet", tmp_path / "report.html"
    assert explain("--model", XGBOOST, "--data", rows, "--out", out, "--report", page, "--summary") == 0
    said = capsys.readouterr()
    assert said.out.startswith("feature")
    assert f"-> {out}, {page}" in said.err
    assert written(out).num_rows == on_page(page)["n"]


def test_no_rows_have_no_summary(tmp_path, capsys):
    data = tmp_path / "rows.csv"
    data.write_text("a,b,c,d\n")
    assert "has no rows" in wrong(capsys, "--model", XGBOOST, "--data", data, "--summary")


def test_a_report_over_what_is_read_is_refused(tmp_path, rows, capsys):
    model = tmp_path / "model.html"
    model.write_bytes(XGBOOST.read_bytes())
    said = wrong(capsys, "--model", model, "--format", "xgboost", "--data", rows, "--report", model)
    assert "`--report`" in said
    assert model.read_bytes() == XGBOOST.read_bytes()
