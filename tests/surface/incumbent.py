"""Runs the incumbent's own public tests against ferroshap, and reads the list of failures that are expected.

The tests come from shap's source distribution, fetched by whoever runs this; nothing of it is kept here.
"""

import subprocess
import sys
import tarfile
import tomllib
import xml.etree.ElementTree as ET
from pathlib import Path

HERE = Path(__file__).parent
LISTED = tomllib.loads((HERE / "incumbent.toml").read_text())


def matches(pattern, test):
    """Compare a listed test with one that ran; a star at the end stands for any ending (ids hold brackets)."""
    return test.startswith(pattern[:-1]) if pattern.endswith("*") else test == pattern


def listed_as(test):
    """The entries that name a test."""
    return [entry for entry in LISTED["expected"] if any(matches(pattern, test) for pattern in entry["tests"])]


def unpack(sdist, folder):
    """Extract the tests alone: shap's own package must not be found."""
    with tarfile.open(sdist) as archive:
        for member in archive.getmembers():
            inner = member.name.partition("/")[2]
            if member.isfile() and inner.startswith("tests/"):
                target = folder / inner
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(archive.extractfile(member).read())
    return folder


def run(part, folder, timeout=300):
    """Run some of the tests in a process of its own; outcomes by the name of the test."""
    written = folder / "outcomes.xml"
    left_out = [pattern for entry in LISTED["expected"] if not entry.get("run", True) for pattern in entry["tests"]]
    command = [sys.executable, "-P", "-m", "pytest", "-p", "ferroshap.compat.plugin", "-p", "no:dash", "-q"]
    command += ["-p", "no:cacheprovider", "-o", "addopts=", "-o", "junit_family=xunit1", "--tb=no", "-m", "not xslow"]
    command += [f"--timeout={timeout}", f"--junitxml={written}", "--continue-on-collection-errors"]
    command += [f"--deselect=tests/{pattern.removesuffix('*')}" for pattern in left_out]
    ran = subprocess.run([*command, f"tests/{part}"], cwd=folder, capture_output=True, text=True, check=False)
    if not written.exists():
        raise AssertionError(ran.stdout + ran.stderr)
    return dict(outcomes(written))


def outcomes(written):
    """Names and outcomes out of pytest's report."""
    for case in ET.parse(written).getroot().iter("testcase"):  # noqa: S314 - likewise
        kinds = {child.tag for child in case}
        kind = "failed" if kinds & {"failure", "error"} else "skipped" if "skipped" in kinds else "passed"
        yield name_of(case), kind


def name_of(case):
    """`explainers/test_tree.py::TestClass::test_it[1]`; a file that was not collected has no test."""
    file = case.get("file")
    if file is None:
        return case.get("name").removeprefix("tests.").replace(".", "/") + ".py"
    inner = case.get("classname").removeprefix(file.removesuffix(".py").replace("/", ".")).strip(".")
    return "::".join([file.removeprefix("tests/"), *filter(None, inner.split(".")), case.get("name")])
