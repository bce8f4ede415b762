"""Options of `ferroshap explain` that do not go together."""

import importlib.util
from typing import Any

from ferroshap.cli.explain.sinks import COMPRESSIONS, kind_of
from ferroshap.cli.failing import UsageError

#: What has no meaning for an explainer that was saved ready.
_OF_FILES = ("background", "background_rows", "model_output", "feature_perturbation", "format", "output_names")


def check_usage(chosen: Any) -> None:
    """Refuse a command line that asks for nothing, or for what excludes itself.

    Raises
    ------
    UsageError
        Naming the options, and what to do.
    """
    if importlib.util.find_spec("pyarrow") is None:
        msg = "tables in files need pyarrow, which is not installed: pip install pyarrow"
        raise UsageError(msg)
    for is_wrong, msg in _rules(chosen):
        if is_wrong:
            raise UsageError(msg)
    if chosen.out is not None:
        _check_kind(chosen)


def _rules(chosen: Any) -> list[tuple[bool, str]]:
    asks_summary = chosen.summary or chosen.json
    wants_background = chosen.feature_perturbation == "interventional" or chosen.background_rows is not None
    which = "--background-rows" if chosen.background_rows is not None else "--feature-perturbation interventional"
    return [
        (
            chosen.out is None and not asks_summary and chosen.report is None,
            "there is nothing to do: say where values go with --out FILE, or ask for --summary or --report FILE",
        ),
        (
            chosen.out == "-" and asks_summary,
            "`--out` - and `--summary` would both write to the standard output: give --out a file",
        ),
        (wants_background and not chosen.background, f"`{which}` needs rows to take: give --background FILE"),
        (
            list(chosen.data).count("-") + list(chosen.background or []).count("-") > 1,
            "`--data` and `--background` cannot both be the standard input",
        ),
        (
            chosen.interactions and (asks_summary or chosen.report is not None),
            "`--summary` and `--report` are of the features' own values: leave out --interactions",
        ),
    ]


def _check_kind(chosen: Any) -> None:
    kind = kind_of(chosen.out)
    if kind == "csv" and chosen.layout == "list":
        msg = "`--layout` list cannot be written as CSV, which has no lists: write .parquet or .arrow"
        raise UsageError(msg)
    known = COMPRESSIONS["parquet" if kind == "folder" else kind]
    if chosen.compression is not None and chosen.compression not in known:
        has = f"has {', '.join(known)}" if known else "has none"
        msg = f"`--compression` {chosen.compression} is not known to {chosen.out}, which {has}"
        raise UsageError(msg)


def check_saved(chosen: Any) -> None:
    """Refuse options that a saved explainer has decided already.

    Raises
    ------
    UsageError
        Naming the first.
    """
    for name in _OF_FILES:
        if getattr(chosen, name) is not None:
            option = f"--{name.replace('_', '-')}"
            msg = f"`{option}` is not for a saved explainer, which was made with its own: leave it out"
            raise UsageError(msg)
