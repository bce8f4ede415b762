"""The command: what it prints, where it writes, and how it refuses."""

import subprocess
import sys

import pytest

from ferroshap import cli
from ferroshap.cli import demo


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """Lines of the demonstration, and the folder of its pictures."""
    folder = tmp_path_factory.mktemp("demo") / "pictures"
    return list(demo.run(folder)), folder


def test_the_demonstration_adds_up(report):
    numbers = {}
    for line in report[0]:
        for name in ["average prediction", "sum", "the model predicts"]:
            if line.strip().startswith(name):
                numbers[name] = line.split("difference")[0].split()[-1]
    assert numbers["sum"] == numbers["the model predicts"] != numbers["average prediction"]


def test_the_demonstration_draws_three_pictures_and_says_where(report):
    lines, folder = report
    assert sorted(path.name for path in folder.iterdir()) == ["bar.png", "beeswarm.png", "waterfall.png"]
    for path in folder.iterdir():
        assert path.read_bytes().startswith(b"\x89PNG")
        assert any(str(path) in line for line in lines), f"the report does not say where {path.name} is"


def test_every_line_fits_a_terminal_of_a_hundred_columns(report):
    lines, folder = report
    assert all(len(line) <= 100 for line in lines if str(folder) not in line)


def test_the_command_prints_the_report(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(demo, "run", lambda out: [f"explained into {out}"])
    assert cli.main(["demo", "--out", str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"explained into {tmp_path}\n"


def test_info_names_what_a_bug_report_needs(capsys):
    assert cli.main(["info"]) == 0
    names = {line.split()[0] for line in capsys.readouterr().out.splitlines()}
    assert {"ferroshap", "threads", "processor", "python", "numpy", "scikit-learn"} <= names


def test_a_missing_library_is_named_with_its_remedy(monkeypatch, capsys):
    monkeypatch.setattr(demo, "missing_libraries", lambda: ["scikit-learn", "matplotlib"])
    assert cli.main(["demo"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == ("ferroshap demo needs scikit-learn and matplotlib: pip install scikit-learn matplotlib\n")


@pytest.mark.parametrize("arguments", [[], ["explain-everything"], ["demo", "--colour"]])
def test_a_wrong_command_line_ends_with_status_two(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 2
    assert "usage: ferroshap" in capsys.readouterr().err


def test_the_command_loads_nothing_heavy_before_it_must():
    code = "import sys, ferroshap.cli; sys.exit('sklearn' in sys.modules or 'matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60, check=False).returncode == 0
