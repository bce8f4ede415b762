"""The command `ferroshap`: `demo` explains a real model, `info` says what is installed."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from ferroshap.cli import demo, demo_images, demo_trees, info

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command with `arguments` (default: those of the process) and return its exit status.

    Returns
    -------
    int
        0 when all went well, 2 when an argument is wrong or a library is missing.
    """
    chosen = _parser().parse_args(arguments)
    missing = demo.missing_libraries() if chosen.command == "demo" else []
    if missing:
        names = " ".join(missing)
        sys.stderr.write(f"ferroshap demo needs {' and '.join(missing)}: pip install {names}\n")
        return 2
    if chosen.command == "info":
        lines = info.lines()
    else:
        lines = (demo_trees if chosen.trees else demo_images if chosen.images else demo).run(chosen.out)
    for line in lines:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="ferroshap", description="Shapley values of any model.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    demonstration = commands.add_parser(
        "demo",
        help="explain a real model on real data, exactly and by sampling",
        description="Explain a real model on real data, exactly and by sampling, with three pictures.",
    )
    demonstration.add_argument(
        "--out", type=Path, default=Path("demo"), metavar="DIR", help="where the pictures go (default: demo)"
    )
    which = demonstration.add_mutually_exclusive_group()
    which.add_argument(
        "--trees", action="store_true", help="explain an ensemble of trees: exact values, interactions, a probability"
    )
    which.add_argument(
        "--images", action="store_true", help="explain images by gradients and by regions; with PyTorch, a photograph"
    )
    commands.add_parser("info", help="versions, instruction set, threads")
    return parser
