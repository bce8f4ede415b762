"""The page on a billion rows calculates what it says, from what the bench printed."""

import contextlib
import io
import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
PAGE = REPOSITORY / "python" / "ferroshap" / "engines" / "a_billion_rows.md"


@pytest.fixture
def page():
    return PAGE.read_text(encoding="utf-8")


def test_the_numbers_follow_from_the_rates(page):
    [(code, said)] = re.findall(r"```python\n(.*?)```\n+```text\n(.*?)```", page, re.DOTALL)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(code, {})  # noqa: S102 - our own page
    assert printed.getvalue() == said


def test_the_rates_are_those_of_the_table_of_results(page):
    results = (REPOSITORY / "benches" / "RESULTS.md").read_text(encoding="utf-8")
    section = results.partition("`scale_out.py`")[2].partition("\n## ")[0]
    seconds, peak = re.search(r"^\| whole +\| +[\d.]+ +\| ([\d.]+) +\| ([\d,]+) ", section, re.MULTILINE).groups()
    assert f'"processor s": {seconds}}}' in page
    assert f"peak = {int(peak.replace(',', '')) / 1000:.2f}e9" in page
