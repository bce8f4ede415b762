"""What `import ferroshap` loads: counted in modules, never in seconds."""

import json
import subprocess
import sys

HEAVY = [
    "pandas",
    "polars",
    "pyarrow",
    "scipy",
    "sklearn",
    "matplotlib",
    "narwhals",
    "torch",
    "jax",
    "tqdm",
    "IPython",
]
COUNT = """
import json, sys
import numpy
before = set(sys.modules)
import ferroshap
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def modules_loaded():
    run = subprocess.run([sys.executable, "-c", COUNT], check=True, capture_output=True, text=True, timeout=60)
    return json.loads(run.stdout)


def test_no_heavy_library_is_loaded():
    loaded = {name.partition(".")[0] for name in modules_loaded()}
    assert loaded.isdisjoint(HEAVY)


def test_few_modules_are_loaded_over_numpy():
    assert len(modules_loaded()) < 150
