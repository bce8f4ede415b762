"""What may stand on the command line, and the help that says so."""

import argparse
from pathlib import Path
from typing import TypeAlias

from ferroshap import _native
from ferroshap.cli import options

_Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 - argparse gives it no public name
_Group: TypeAlias = "argparse._ArgumentGroup"  # noqa: SLF001 - likewise

STATUS = """\
exit status:
  0    all went well
  1    the work failed: a file that cannot be read or written, a model and data that do not fit
  2    the command line is wrong, or a library is missing
  130  interrupted with Ctrl-C
  141  the reader of the standard output went away
  143  ended by SIGTERM
"""

EXPLAIN = """\
Shapley values of a tree model for every row of a table that may be larger than memory.

The model is a file of XGBoost (JSON or UBJSON), LightGBM (text), CatBoost (JSON) or ONNX (trees); none of
these libraries is needed. Values are exact: without a background by the training rows that the file
counts, with one by all of its rows. Columns of the data are matched with the model's by name where the
file has names, else by position."""

EXPLAIN_EXAMPLES = """\
examples:
  ferroshap explain --model model.json --data rows.parquet --out values.parquet
  ferroshap explain --model model.txt --data rows.csv --out values.csv --keep id
  ferroshap explain --model model.onnx --data rows.csv --background training.csv --out values.parquet
  ferroshap explain --model model.json --data rows.parquet --out top.parquet --top-k 3 --dtype float32
  ferroshap explain --model model.json --data rows.parquet --report report.html --summary

A run from Parquet to Parquet that was interrupted goes on where it was: give the same command again.
With FERROSHAP_DEBUG=1 errors show where in the program they arose.

"""

INFO = """\
Without a file: the versions that a bug report should start with. With one: what a model file holds, and
how it would be explained."""

INFO_EXAMPLES = """\
examples:
  ferroshap info
  ferroshap info model.json
  ferroshap info model.txt --json

"""


def parser() -> argparse.ArgumentParser:
    """Make the parser of the whole command."""
    whole = argparse.ArgumentParser(
        prog="ferroshap",
        description="Shapley values of any model.",
        epilog=STATUS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    whole.add_argument("--version", action="version", version=f"ferroshap {_native.__version__}")
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_explain(commands)
    _add_info(commands)
    _add_demo(commands)
    return whole


def _command(commands: _Commands, name: str, *, help: str, text: str, epilog: str) -> argparse.ArgumentParser:  # noqa: A002
    """Add a command; its help keeps the lines as they are written."""
    as_written = argparse.RawDescriptionHelpFormatter
    return commands.add_parser(
        name, help=help, description=text, epilog=epilog, formatter_class=as_written, allow_abbrev=False
    )


def _add_explain(commands: _Commands) -> None:
    explain = _command(
        commands,
        "explain",
        help="explain a model file on a table in files",
        text=EXPLAIN,
        epilog=EXPLAIN_EXAMPLES + STATUS,
    )
    _add_inputs(explain.add_argument_group("what is explained"))
    _add_outputs(explain.add_argument_group("where it goes"))
    _add_values(explain.add_argument_group("which values"))
    _add_work(explain.add_argument_group("how the work is done"))


def _add_inputs(group: _Group) -> None:
    group.add_argument(
        "--model", required=True, type=Path, metavar="FILE", help="model.json, .ubj, .txt, .cbm.json or .onnx"
    )
    group.add_argument(
        "--format", choices=["xgboost", "lightgbm", "catboost", "onnx"], help="of the model, where it cannot be told"
    )
    group.add_argument(
        "--allow-pickle",
        action="store_true",
        help="let --model be an explainer that explainer.save wrote: such files can run any code when they are read",
    )
    group.add_argument(
        "--data",
        required=True,
        nargs="+",
        metavar="FILE",
        help="rows: .parquet, .csv, .tsv, .arrow or .feather files, folders and patterns of them; - for CSV or an "
        "Arrow stream from the standard input",
    )
    group.add_argument(
        "--columns", type=options.names, metavar="A,B", help="the model's columns in the data, in the model's order"
    )
    group.add_argument(
        "--background", nargs="+", metavar="FILE", help="rows that absent features are taken from, in such files too"
    )
    group.add_argument(
        "--background-rows", type=options.count, metavar="N", help="draw so many of them by --seed (default: all)"
    )


def _add_outputs(group: _Group) -> None:
    group.add_argument(
        "--out",
        metavar="FILE",
        help="values: .parquet, a folder, .csv, .arrow or .feather; - for CSV on the standard output",
    )
    group.add_argument("--force", action="store_true", help="write over what is there already")
    group.add_argument("--no-resume", action="store_true", help="begin anew where an interrupted run could go on")
    group.add_argument(
        "--compression",
        choices=["snappy", "zstd", "lz4", "gzip", "none"],
        help="of Parquet (default: snappy), or of .arrow and .feather: zstd, lz4 or none (the default)",
    )
    group.add_argument("--summary", action="store_true", help="print the mean magnitude of every feature's values")
    group.add_argument("--json", action="store_true", help="print the summary as JSON")
    group.add_argument(
        "--report",
        type=options.page,
        metavar="FILE",
        help="one HTML page: importance over all rows, and 2,000 rows singly",
    )


def _add_values(group: _Group) -> None:
    group.add_argument(
        "--model-output",
        choices=["raw", "probability", "predict_proba", "predict"],
        help="raw, the sum of the trees (default); the others need a background unless they are that sum",
    )
    group.add_argument(
        "--feature-perturbation",
        choices=["auto", "interventional", "tree_path_dependent"],
        help="absent features from the background, or by the rows counted in the trees (default: auto)",
    )
    group.add_argument(
        "--interactions", action="store_true", help="main effects and the pairs that can interact, instead of values"
    )
    group.add_argument("--top-k", type=options.count, metavar="K", help="the K largest values of every row alone")
    group.add_argument(
        "--layout", choices=["columns", "list"], default="columns", help="a column a feature (default), or one of lists"
    )
    group.add_argument(
        "--dtype", choices=["float64", "float32"], default="float64", help="of the values (default: float64)"
    )
    group.add_argument(
        "--keep", type=options.names, default=(), metavar="A,B", help="columns of the data that the output has too"
    )
    group.add_argument(
        "--output-names", type=options.names, metavar="A,B", help="names of the model's outputs, such as its classes"
    )


def _add_work(group: _Group) -> None:
    group.add_argument("--n-jobs", type=options.threads, metavar="N", help="threads (default: all usable)")
    group.add_argument(
        "--memory-limit", type=options.memory, metavar="SIZE", help="such as 2GiB (default: half of what is free)"
    )
    group.add_argument("--seed", type=options.seed, default=0, metavar="N", help="of rows that are drawn (default: 0)")
    group.add_argument("--quiet", action="store_true", help="say nothing but errors")


def _add_info(commands: _Commands) -> None:
    info = _command(
        commands,
        "info",
        help="versions, instruction set, threads; what a model file holds",
        text=INFO,
        epilog=INFO_EXAMPLES + STATUS,
    )
    info.add_argument("model", nargs="?", type=Path, metavar="FILE", help="a model file, as explain takes it")
    info.add_argument(
        "--format", choices=["xgboost", "lightgbm", "catboost", "onnx"], help="of the model, where it cannot be told"
    )
    info.add_argument("--json", action="store_true", help="as JSON")


def _add_demo(commands: _Commands) -> None:
    demonstration = _command(
        commands,
        "demo",
        help="explain a real model on real data, exactly and by sampling",
        text="Explain a real model on real data, exactly and by sampling, with three pictures.",
        epilog=STATUS,
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
