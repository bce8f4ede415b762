"""The page for those who come from shap: its examples run, its links lead somewhere, and every difference has a test."""

import re
from pathlib import Path

from tests.surface.test_readme import examples, run

REPOSITORY = Path(__file__).parents[2]
PAGE = REPOSITORY / "python" / "ferroshap" / "compat" / "migration.md"


def test_the_examples_print_what_the_page_says(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "migration"}
    seen = list(examples(PAGE.read_text()))
    assert seen
    for line, code, output in seen:
        printed = run(code, line, names)
        if output is not None:
            assert printed.rstrip() == output.rstrip(), f"migration.md, line {line}"


def test_its_links_lead_to_files():
    links = re.findall(r"\]\(([^)#]+)\)", PAGE.read_text())
    assert links
    for link in links:
        assert (PAGE.parent / link).exists(), link


def test_every_difference_has_a_test_of_its_number():
    numbers = [int(number) for number in re.findall(r"^\| D(\d+) \|", PAGE.read_text(), re.MULTILINE)]
    assert numbers == list(range(1, 29))
    tests = "\n".join(path.read_text() for path in (REPOSITORY / "tests").rglob("test_*.py"))
    missing = [number for number in numbers if not re.search(rf"def test_d{number:02d}_", tests)]
    assert not missing, f"no test of D{missing}"
