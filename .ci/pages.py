"""Build the pages of the interface: every public name of every room, also those that are imported when asked for."""
# ruff: noqa: INP001 - a script, not a package

import argparse
import importlib
import pkgutil
import warnings
from pathlib import Path

import pdoc

import ferroshap


def resolve_names() -> None:
    """Make what a room imports when it is asked for one of its variables: there the pages look."""
    names = ["ferroshap", *(module.name for module in pkgutil.walk_packages(ferroshap.__path__, "ferroshap."))]
    for name in names:
        module = importlib.import_module(name)
        for public in getattr(module, "__all__", ()):
            setattr(module, public, getattr(module, public))


def main() -> None:
    """Write the pages into the folder that is named; a name that leads nowhere is an error."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    resolve_names()
    warnings.filterwarnings("error", module="pdoc")
    # `Seed` stays text: to evaluate it would load `numpy.random`, at every import of ours.
    warnings.filterwarnings("ignore", message=r"Error parsing type annotation int \| np\.integer", module="pdoc")
    pdoc.render.configure(docformat="numpy", math=True)
    pdoc.pdoc("ferroshap", "!ferroshap._native", "!ferroshap.compat.private", output_directory=folder)


if __name__ == "__main__":
    main()
