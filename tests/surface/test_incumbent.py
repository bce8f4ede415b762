"""The incumbent's own tests fail where `incumbent.toml` says so, and nowhere else."""

import os
import re
from collections import Counter

import pytest
from tests.surface import incumbent

SDIST = os.environ.get("FERROSHAP_INCUMBENT_SDIST")
REASONS = {"internals", "wording", "download", "stream", "delegated", "theirs"}


def test_every_expected_failure_has_a_reason():
    for entry in incumbent.LISTED["expected"]:
        assert entry["reason"] in REASONS or re.fullmatch(r"D([1-9]|1\d|2[0-8])", entry["reason"]), entry["reason"]
        assert entry["note"].strip()
        assert entry["tests"]


def test_no_failure_is_listed_twice():
    counted = Counter(test for entry in incumbent.LISTED["expected"] for test in entry["tests"])
    assert [test for test, times in counted.items() if times > 1] == []


@pytest.mark.parametrize(
    "pattern,test,same",
    [
        ("a.py::t", "a.py::t", True),
        ("a.py::t", "a.py::t[1]", False),
        ("a.py::t*", "a.py::t[1]", True),
        ("a.py", "a.py::t", False),
    ],
)
def test_a_star_stands_for_any_ending(pattern, test, same):
    assert incumbent.matches(pattern, test) is same


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return incumbent.unpack(SDIST, tmp_path_factory.mktemp("incumbent"))


@pytest.mark.skipif(SDIST is None, reason="needs shap's source: FERROSHAP_INCUMBENT_SDIST=/path/to/shap-0.54.1.tar.gz")
@pytest.mark.timeout(7_200)
@pytest.mark.parametrize("part", incumbent.LISTED["parts"])
def test_the_incumbent_s_tests_fail_only_where_we_differ_on_purpose(part, folder, record_property):
    found = incumbent.run(part, folder)
    record_property("outcomes", dict(Counter(found.values())))
    unlisted = [test for test, kind in found.items() if kind == "failed" and not incumbent.listed_as(test)]
    healed = [
        test
        for test, kind in found.items()
        if kind == "passed" and any(not entry.get("either") for entry in incumbent.listed_as(test))
    ]
    assert (unlisted, healed) == ([], [])
