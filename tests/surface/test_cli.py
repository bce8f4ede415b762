"""The command: what it prints, where it writes, and how it refuses."""

import subprocess
import sys

import pytest

from ferroshap import cli
from ferroshap.cli import demo, demo_images, demo_photograph, demo_trees


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """Lines of the demonstration, and the folder of its pictures."""
    folder = tmp_path_factory.mktemp("demo") / "pictures"
    return list(demo.run(folder)), folder


@pytest.fixture(scope="module")
def report_on_trees(tmp_path_factory):
    """The same of the demonstration of trees."""
    folder = tmp_path_factory.mktemp("demo") / "pictures"
    return list(demo_trees.run(folder)), folder


@pytest.fixture(scope="module")
def report_on_images(tmp_path_factory):
    """The same of the demonstration of images, without the photograph."""
    folder = tmp_path_factory.mktemp("demo") / "pictures"
    return list(demo_images.run(folder, photograph=False)), folder


def sums(lines, names):
    """The numbers at the end of the lines that begin with these names."""
    return [
        next(line.split("difference")[0].split()[-1] for line in lines if line.strip().startswith(name))
        for name in names
    ]


def test_the_demonstrations_add_up(report, report_on_trees):
    for lines, start in ((report[0], "average prediction"), (report_on_trees[0], "average of training")):
        base, total, predicted = sums(lines, [start, "sum", "the model predicts"])
        assert total == predicted != base


def test_the_demonstration_of_trees_finds_no_difference_worth_a_word(report_on_trees):
    differences = [line.rsplit(maxsplit=1)[1] for line in report_on_trees[0] if "largest difference" in line]
    ours = differences[:3]
    assert len(ours) == 3
    assert all(float(difference) < 1e-10 for difference in ours)
    assert all(float(difference) < 1e-4 for difference in differences[3:])  # beside XGBoost, in single precision


def test_the_demonstration_draws_three_pictures_and_says_where(report):
    lines, folder = report
    assert sorted(path.name for path in folder.iterdir()) == ["bar.png", "beeswarm.png", "waterfall.png"]
    for path in folder.iterdir():
        assert path.read_bytes().startswith(b"\x89PNG")
        assert any(str(path) in line for line in lines), f"the report does not say where {path.name} is"


def test_the_demonstration_of_trees_draws_three_pictures_of_its_own(report_on_trees):
    lines, folder = report_on_trees
    names = ["trees_bar.png", "trees_beeswarm.png", "trees_waterfall.png"]
    assert sorted(path.name for path in folder.iterdir()) == names
    assert all(any(name in line for line in lines) for name in names)


def numbers(lines, name):
    """The numbers of every line of this name: one for each output."""
    found = [line.split(name)[1].replace("%", "").split() for line in lines if line.strip().startswith(name)]
    return [[float(number) for number in line] for line in found]


def test_the_demonstration_of_images_adds_up_with_and_without_gradients(report_on_images):
    lines = report_on_images[0]
    bases = numbers(lines, "average of background") + numbers(lines, "without any ink")
    totals = numbers(lines, "sum of the 64 values") + numbers(lines, "sum of the values")
    predictions = numbers(lines, "the network predicts")
    for base, total, predicted in zip(bases, totals, predictions, strict=True):
        found = [b + t for b, t in zip(base, total, strict=True)]
        assert found == pytest.approx(predicted, abs=1.51e-4)  # three numbers with four decimals
    assert all(difference < 1e-9 for (difference,) in numbers(lines, "largest difference"))


def test_the_errors_that_the_demonstration_states_are_those_it_has(report_on_images):
    stated, has = (numbers(report_on_images[0], name)[0] for name in ("error it states", "error it has"))
    # The target of reported over true error, pooled over outputs, is 0.8 to 3.
    assert sum(e**2 for e in has) ** 0.5 < sum(e**2 for e in stated) ** 0.5 / 0.8


def test_the_demonstration_of_images_writes_pictures_and_says_where(report_on_images):
    lines, folder = report_on_images
    names = ["images_gradients.png", "images_plot.png", "images_regions.png"]
    assert sorted(path.name for path in folder.iterdir()) == names
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in folder.iterdir())
    assert all(any(name in line for line in lines) for name in names)


def test_the_demonstration_says_what_the_photograph_needs(monkeypatch, tmp_path):
    monkeypatch.setattr(demo_photograph, "missing_packages", lambda: ["torch", "scikit-image"])
    lines = list(demo_images.run(tmp_path))
    assert any("Left out: it needs torch scikit-image." in line for line in lines)


def test_every_line_fits_a_terminal_of_a_hundred_columns(report, report_on_trees, report_on_images):
    for lines, folder in (report, report_on_trees, report_on_images):
        assert all(len(line) <= 100 for line in lines if str(folder) not in line)


def test_the_command_prints_the_report(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(demo, "run", lambda out: [f"explained into {out}"])
    monkeypatch.setattr(demo_trees, "run", lambda out: [f"trees explained into {out}"])
    monkeypatch.setattr(demo_images, "run", lambda out: [f"images explained into {out}"])
    assert cli.main(["demo", "--images", "--out", str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"images explained into {tmp_path}\n"
    assert cli.main(["demo", "--out", str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"explained into {tmp_path}\n"
    assert cli.main(["demo", "--trees", "--out", str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"trees explained into {tmp_path}\n"


def test_info_names_what_a_bug_report_needs(capsys):
    assert cli.main(["info"]) == 0
    names = {line.split()[0] for line in capsys.readouterr().out.splitlines()}
    assert {"ferroshap", "threads", "processor", "kernels", "python", "numpy", "scikit-learn"} <= names


def test_a_missing_library_is_named_with_its_remedy(monkeypatch, capsys):
    monkeypatch.setattr(demo, "missing_libraries", lambda: ["scikit-learn", "matplotlib"])
    assert cli.main(["demo"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == ("ferroshap demo needs scikit-learn and matplotlib: pip install scikit-learn matplotlib\n")


@pytest.mark.parametrize(
    "arguments", [[], ["explain-everything"], ["demo", "--colour"], ["demo", "--trees", "--images"]]
)
def test_a_wrong_command_line_ends_with_status_two(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 2
    assert "usage: ferroshap" in capsys.readouterr().err


def test_the_command_loads_nothing_heavy_before_it_must():
    code = "import sys, ferroshap.cli; sys.exit('sklearn' in sys.modules or 'matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60, check=False).returncode == 0
