"""The command as a process: statuses, interrupts, pipes, what it loads, and its own help."""

import io
import re
import shlex
import signal
import subprocess
import sys

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest
from tests.surface.command import MODELS, XGBOOST, explained, rows_of, same_bits, values_in, written

from ferroshap import cli
from ferroshap.cli.parser import EXPLAIN_EXAMPLES, INFO_EXAMPLES

COMMAND = [sys.executable, "-m", "ferroshap"]
#: Libraries of models, which their files do without, and of what nothing here needs. (pyarrow loads pandas for itself.)
LIBRARIES = ["xgboost", "lightgbm", "catboost", "onnx", "onnxruntime", "sklearn", "polars", "matplotlib"]


def run(*words, **options):
    words = [*COMMAND, *map(str, words)]
    return subprocess.run(words, capture_output=True, text=True, timeout=60, check=False, **options)


def test_a_run_ends_with_status_zero_and_one_line_that_says_how_it_went(rows, tmp_path):
    out = tmp_path / "values.csv"
    ended = run("explain", "--model", XGBOOST, "--data", rows, "--out", out)
    assert (ended.returncode, ended.stdout) == (0, "")
    n_rows = pa.parquet.read_table(rows).num_rows
    assert re.fullmatch(
        rf"ferroshap explain: {n_rows} rows, [\d.]+ s, [\d,]+ rows/s -> {re.escape(str(out))}\n", ended.stderr
    )


def test_a_quiet_run_says_nothing(rows, tmp_path):
    ended = run("explain", "--model", XGBOOST, "--data", rows, "--out", tmp_path / "values.csv", "--quiet")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


def test_work_that_fails_ends_with_status_one_and_wrong_usage_with_two(rows, tmp_path):
    failed = run("explain", "--model", tmp_path / "none.json", "--data", rows, "--out", tmp_path / "values.csv")
    assert (failed.returncode, failed.stderr.count("\n")) == (1, 1)
    wrong = run("explain", "--model", XGBOOST, "--data", rows)
    assert (wrong.returncode, wrong.stderr.count("\n")) == (2, 1)
    unknown = run("explain", "--model", XGBOOST, "--data", rows, "--colour")
    assert unknown.returncode == 2
    assert "Traceback" not in failed.stderr + wrong.stderr + unknown.stderr


@pytest.mark.parametrize(
    "number,status,words", [(signal.SIGINT, 130, "ferroshap explain: interrupted\n"), (signal.SIGTERM, 143, "")]
)
@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_a_signal_ends_it_with_a_status_of_its_own_and_leaves_nothing(ending, number, status, words, tmp_path):
    """It waits for rows that never come: the signal finds it at work."""
    out = tmp_path / f"values{ending}"
    line = [*COMMAND, "explain", "--model", str(XGBOOST), "--data", "-", "--out", str(out)]
    work = subprocess.Popen(line, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with work:
        work.stdin.write("a,b,c,d\n" + "1,2,3,4\n" * 1_000_000)  # more than the pipe holds: it is reading
        work.stdin.flush()
        work.send_signal(number)
        said = work.stderr.read()
    assert (work.returncode, said) == (status, words)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["csv", "arrow"])
def test_the_standard_input_is_csv_or_a_stream_of_arrow(kind, rows, tmp_path):
    table, stream, out = pa.parquet.read_table(rows), io.BytesIO(), tmp_path / "values.parquet"
    if kind == "csv":
        pa.csv.write_csv(table, stream)
    else:
        with pa.ipc.new_stream(stream, table.schema) as writer:
            writer.write_table(table, max_chunksize=7)
    words = [*COMMAND, "explain", "--model", XGBOOST, "--data", "-", "--out", out]
    ended = subprocess.run(words, input=stream.getvalue(), capture_output=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stderr
    assert same_bits(values_in(written(out)), explained(XGBOOST, table))


def test_a_reader_that_goes_away_is_no_error_to_speak_of(tmp_path):
    data = tmp_path / "rows.parquet"
    pa.parquet.write_table(pa.concat_tables([rows_of(XGBOOST)] * 5_000), data)
    words = [*COMMAND, "explain", "--model", str(XGBOOST), "--data", str(data), "--out", "-", "--quiet"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as work:
        assert work.stdout.readline().startswith('"phi_a"')
        work.stdout.close()
        said = work.stderr.read()
    assert (work.returncode, said) == (141, "")


def loaded(code, *others):
    """Which of the heavy libraries are loaded after some code."""
    listed = [*LIBRARIES, "pyarrow", *others]
    code = f"import sys\n{code}\nprint(*[name for name in {listed} if name in sys.modules])"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    return set(ended.stdout.splitlines()[-1].split())


def test_help_and_version_load_nothing_heavy():
    for words in (["--help"], ["--version"], ["explain", "--help"]):
        code = f"from ferroshap import cli\ntry:\n    cli.main({words})\nexcept SystemExit as ended:\n    assert ended.code == 0"
        assert loaded(code, "pandas") == set()


@pytest.mark.parametrize(
    "model",
    ["xgboost/regression-3.4.1.ubj", "lightgbm/regression-4.7.0.txt", "catboost/one_hot.json", "onnx/forest.onnx"],
)
def test_no_library_of_models_is_loaded(model, tmp_path):
    model, data = MODELS / model, tmp_path / "rows.csv"
    names = ["x", "colour", "y", "city", "code"] if "catboost" in str(model) else ["a", "b", "c", "d"]
    pa.csv.write_csv(rows_of(model, names), data)
    words = ["--model", model, "--data", data, "--background", data, "--out", tmp_path / "values.parquet", "--quiet"]
    code = f"from ferroshap import cli\nassert cli.main({['explain', *map(str, words)]}) == 0"
    assert loaded(code) == {"pyarrow"}


def examples():
    """The commands of the help texts."""
    return [line.strip() for line in (EXPLAIN_EXAMPLES + INFO_EXAMPLES).splitlines() if line.startswith("  ferroshap ")]


@pytest.mark.parametrize("line", examples())
def test_every_example_of_the_help_runs(line, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    table = rows_of(XGBOOST)
    for name, model in [
        ("json", XGBOOST),
        ("txt", MODELS / "lightgbm" / "regression-4.7.0.txt"),
        ("onnx", MODELS / "onnx" / "forest.onnx"),
    ]:
        (tmp_path / f"model.{name}").write_bytes(model.read_bytes())
    pa.parquet.write_table(table, "rows.parquet")
    pa.csv.write_csv(table, "training.csv")
    with_id = table.append_column("id", pa.array(range(table.num_rows))) if "--keep id" in line else table
    pa.csv.write_csv(with_id, "rows.csv")
    before = set(tmp_path.iterdir())
    assert cli.main(shlex.split(line)[1:]) == 0
    promised = re.findall(r"--(?:out|report) (\S+)", line)
    assert {path.name for path in set(tmp_path.iterdir()) - before} == set(promised)


def test_the_help_lists_every_option_with_a_word_about_it(capsys):
    with pytest.raises(SystemExit):
        cli.main(["explain", "--help"])
    text = capsys.readouterr().out
    assert "exit status:" in text
    assert "examples:" in text
    listed = set(re.findall(r"^  (--[a-z-]+)", text, flags=re.MULTILINE))
    described = re.findall(r"^  (--[a-z-]+)(?: \S+)*?(?:  +|\n {20,})\S", text, flags=re.MULTILINE)
    assert listed == set(described) >= {"--model", "--data", "--out", "--report", "--background", "--seed", "--quiet"}
    assert all(len(line) <= 120 for line in text.splitlines())
