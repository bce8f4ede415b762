"""What the benches share: one thread of linear algebra, interleaved repetitions, printed tables.

Import this before numpy.
"""

import os
import platform
import statistics
import sys
import time
from importlib import metadata
from pathlib import Path

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}

REPOSITORY = Path(__file__).parents[2]


class Recorder:
    """A model that remembers how many rows each call had."""

    def __init__(self, model):
        self.model = model
        self.sizes = []

    def __call__(self, rows):
        self.sizes.append(len(rows))
        return self.model(rows)


def seconds(function):
    """Time of one call."""
    begun = time.perf_counter()
    function()
    return time.perf_counter() - begun


def interleaved(functions, repetitions=5, at_least=3.0):
    """Seconds of every function in every repetition, one after the other so that all meet the same weather.

    Short ones are repeated more often, until `at_least` seconds have passed.
    """
    times = {name: [] for name in functions}
    begun = time.perf_counter()
    repetition = 0
    while repetition < repetitions or time.perf_counter() - begun < at_least:
        for name, function in functions.items():
            times[name].append(seconds(function))
        repetition += 1
    return times


def median(numbers):
    """The median."""
    return statistics.median(numbers)


def ratio(times, name, other):
    """Median over repetitions of the ratio of two things measured in the same one."""
    return median([one / two for one, two in zip(times[name], times[other], strict=True)])


def table(head, rows):
    """Print a table in Markdown."""
    cells = [[str(cell) for cell in row] for row in [head, *rows]]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    for number, row in enumerate(cells):
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |")
        if number == 0:
            print("|" + "|".join("-" * (width + 2) for width in widths) + "|")
    print(flush=True)


def environment(*packages):
    """Print what was measured, and on what."""
    processor = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = [
            line for line in info.read_text(encoding="ascii", errors="replace").splitlines() if "model name" in line
        ]
        processor = lines[0].partition(":")[2].strip() if lines else processor
    versions = [f"{package} {version(package)}" for package in ["numpy", *packages]]
    print(f"Python {platform.python_version()}, {', '.join(versions)}; {processor}, {os.cpu_count()} cores;")
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    print(f"one thread of linear algebra; load {load:.1f}; command: python {' '.join(sys.argv)}\n", flush=True)


def version(package):
    """Version of a distribution."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "(from the source tree)"
