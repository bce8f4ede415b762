"""The README's examples run, in order, and print what it says they print."""

import contextlib
import io
import re
import shlex
import shutil
from pathlib import Path

from sklearn.datasets import load_diabetes

from ferroshap import cli

README = Path(__file__).parents[2] / "README.md"
#: XGBoost 3.2, 20 trees of depth 3, fitted to scikit-learn's table of diabetes patients as it comes as a frame.
MODEL = Path(__file__).parent / "models" / "diabetes.ubj"


def examples(text):
    """Line, code and output of each `python` block; the output is the `text` block next to it, or None."""
    fence = re.compile(r"^```python\n(.*?)^```\n(?:\s*^```text\n(.*?)^```$)?", re.DOTALL | re.MULTILINE)
    for match in fence.finditer(text):
        yield text[: match.start()].count("\n") + 2, match[1], match[2]


def run(code, line, names):
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile("\n" * (line - 1) + code, str(README), "exec"), names)  # noqa: S102  our own README
    return printed.getvalue()


def test_the_examples_print_what_the_readme_says(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "readme"}
    seen = list(examples(README.read_text()))
    assert seen
    for line, code, output in seen:
        printed = run(code, line, names)
        if output is not None:
            assert printed.rstrip() == output.rstrip(), f"README.md, line {line}"


def commands(text):
    """The commands of each `sh` block that has an output, and that output."""
    fence = re.compile(r"^```sh\n((?:(?!```)[^\n]*\n)*)```\n\s*^```text\n(.*?)^```$", re.DOTALL | re.MULTILINE)
    for block, output in fence.findall(text):
        yield [shlex.split(line) for line in block.splitlines()], output


def test_the_commands_print_what_the_readme_says(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    shutil.copy(MODEL, "model.ubj")
    load_diabetes(as_frame=True, scaled=False).frame.to_csv("patients.csv", index=False)
    seen = list(commands(README.read_text()))
    assert seen
    for lines, output in seen:
        for name, *words in lines:
            assert name == "ferroshap"
            assert cli.main(words) == 0
        assert capsys.readouterr().out.rstrip() == output.rstrip()


def test_the_first_forty_lines_hold_what_a_newcomer_needs():
    first = "\n".join(README.read_text().splitlines()[:40])
    for needed in ["# ferroshap", "```python", "```text", "pip install", "benches/RESULTS.md"]:
        assert needed in first


def test_the_reader_of_blocks_pairs_code_with_its_output():
    text = "a\n```python\nx = 1\nprint(x)\n```\n\n```text\n1\n```\n\n```python\nx\n```\n"
    assert list(examples(text)) == [(3, "x = 1\nprint(x)\n", "1\n"), (12, "x\n", None)]
