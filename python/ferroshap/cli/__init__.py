"""The command `ferroshap`: `explain` a table in files, `info` on what is installed or on a model file, `demo`."""

import json
import sys
from collections.abc import Sequence
from typing import Any

from ferroshap.cli import demo, demo_images, demo_trees, info, model_info
from ferroshap.cli.failing import guarded, say
from ferroshap.cli.parser import parser

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command with `arguments` (default: those of the process) and return its exit status.

    Returns
    -------
    int
        0 when all went well, 1 when the work failed, 2 when an argument is wrong or a library is missing,
        130 after Ctrl-C, 141 when nobody reads the standard output any more. SIGTERM ends the process with 143.
    """
    chosen = parser().parse_args(arguments)
    return guarded(f"ferroshap {chosen.command}", lambda: _run(chosen))


def _run(chosen: Any) -> int:
    if chosen.command == "explain":
        from ferroshap.cli.explain import run

        return run(chosen)
    if chosen.command == "info":
        return _inform(chosen)
    missing = demo.missing_libraries()
    if missing:
        say(f"ferroshap demo needs {' and '.join(missing)}: pip install {' '.join(missing)}")
        return 2
    for line in (demo_trees if chosen.trees else demo_images if chosen.images else demo).run(chosen.out):
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
    return 0


def _inform(chosen: Any) -> int:
    """Say what is installed, or what is in a model file, as lines or as JSON."""
    facts = info.facts() if chosen.model is None else model_info.facts(chosen.model, chosen.format)
    if chosen.json:
        lines = iter([json.dumps(facts, indent=2, ensure_ascii=False)])
    else:
        lines = info.lines(facts) if chosen.model is None else model_info.lines(facts)
    sys.stdout.writelines(f"{line}\n" for line in lines)
    return 0
