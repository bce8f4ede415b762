"""`ferroshap explain`: command lines that are refused."""

import pytest
from tests.surface.command import (
    XGBOOST,
    explain,
    wrong,
)

import ferroshap
from ferroshap import cli


@pytest.mark.parametrize(
    "words,said",
    [
        ([], "there is nothing to do"),
        (["--out", "-", "--summary"], "both write to the standard output"),
        (["--out", "v.xlsx"], "known are"),
        (["--out", "v.csv", "--background-rows", "5"], "give --background"),
        (["--out", "v.csv", "--feature-perturbation", "interventional"], "give --background"),
        (["--out", "v.csv", "--layout", "list"], "CSV, which has no lists"),
        (["--out", "v.csv", "--compression", "zstd"], "which has none"),
        (["--out", "v.arrow", "--compression", "gzip"], "which has zstd, lz4, none"),
        (["--interactions", "--summary"], "leave out --interactions"),
    ],
)
def test_options_that_do_not_go_together_end_with_status_two(words, said, rows, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert said in wrong(capsys, "--model", XGBOOST, "--data", rows, *words, status=2)


@pytest.mark.parametrize(
    "words,said",
    [
        (["--n-jobs", "0"], "argument --n-jobs: '0' must be"),
        (["--memory-limit", "much"], "argument --memory-limit: 'much' must be"),
        (["--top-k", "0"], "argument --top-k"),
        (["--seed", "-1"], "argument --seed"),
        (["--keep", "a,,b"], "argument --keep: 'a,,b' has an empty name"),
        (["--columns", "a,a"], "argument --columns: 'a,a' has a name twice"),
        (["--report", "report.pdf"], "argument --report: 'report.pdf' must end in .html"),
        (["--dtype", "float16"], "invalid choice: 'float16'"),
        (["--interaction"], "unrecognized arguments: --interaction"),
    ],
)
def test_a_wrong_option_is_named_with_what_it_takes(words, said, capsys):
    with pytest.raises(SystemExit) as ended:
        explain("--model", "m", "--data", "d", "--out", "o.csv", *words)
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


def test_missing_pyarrow_is_named_with_its_remedy(monkeypatch, rows, capsys):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    said = wrong(capsys, "--model", XGBOOST, "--data", rows, "--out", "v.csv", status=2)
    assert "pip install pyarrow" in said


def test_the_version_is_the_package_s(capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"ferroshap {ferroshap.__version__}\n"


def test_an_unexpected_error_asks_for_a_report_and_debugging_shows_it(monkeypatch, rows, capsys, tmp_path):
    def broken(*_):
        msg = "oh"
        raise ZeroDivisionError(msg)

    monkeypatch.setattr("ferroshap.cli.explain.running.opened", broken)
    words = ["--model", XGBOOST, "--data", rows, "--out", tmp_path / "v.csv"]
    assert "ZeroDivisionError: oh (a mistake of ferroshap's own" in wrong(capsys, *words)
    monkeypatch.setenv("FERROSHAP_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        explain(*words)
