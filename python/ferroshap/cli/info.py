"""What is installed: the lines that a bug report should start with."""

import importlib.metadata
import platform
from collections.abc import Iterator

import numpy as np

import ferroshap
from ferroshap import _native
from ferroshap.threads import as_threads

OPTIONAL = ["narwhals", "scikit-learn", "matplotlib", "pandas", "polars", "pyarrow", "scipy", "tqdm"]


def facts() -> dict[str, str]:
    """Name and value: ferroshap, the machine, Python, NumPy, the libraries met when they come."""
    found = {
        "ferroshap": f"{ferroshap.__version__} (core {_native.__version__})",
        "threads": f"{as_threads(None)} in use, {_native.usable_threads()} usable",
        "processor": f"{platform.machine()}: {', '.join(_instruction_sets())}",
        "kernels": _kernels(),
        "system": platform.platform(),
        "python": f"{platform.python_version()} ({platform.python_implementation()})",
        "numpy": np.__version__,
    }
    return found | {library: _version_of(library) for library in OPTIONAL}


def lines(found: dict[str, str]) -> Iterator[str]:
    """Names and values, one a line."""
    return (f"{name:<14}{value}" for name, value in found.items())


def _kernels() -> str:
    """Name the instruction set that the core's own kernels run in, and how to choose another."""
    asked = getattr(_native, "instruction_sets", None)
    if asked is None:
        return "unknown: the native module was built from older sources"
    chosen, known = asked()
    others = ", ".join(name for name in known if name != chosen)
    return f"{chosen} (FERROSHAP_SIMD chooses another: {others})" if others else chosen


def _instruction_sets() -> list[str]:
    """Name what this processor has beyond the least of its kind, as NumPy found it; the core looks for itself."""
    config: dict[str, dict[str, list[str]]] = np.show_config(mode="dicts")  # type: ignore[assignment]
    return config.get("SIMD Extensions", {}).get("found", [])


def _version_of(library: str) -> str:
    try:
        return importlib.metadata.version(library)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
