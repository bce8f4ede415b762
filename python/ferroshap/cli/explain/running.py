"""The run of `ferroshap explain`: from options to values, and what is said of them."""

import time
from typing import Any

from ferroshap.cli.explain.background import read_background
from ferroshap.cli.explain.columns import Known, chosen_columns
from ferroshap.cli.explain.outcome import Outcome, report_written, said, summarised
from ferroshap.cli.explain.sinks import check_out, kind_of
from ferroshap.cli.explain.sources import opened
from ferroshap.cli.explain.streaming import Job, explain
from ferroshap.cli.explain.usage import check_saved, check_usage
from ferroshap.cli.failing import UsageError
from ferroshap.cli.models import check_model, is_saved_explainer, read_explainer, read_trees
from ferroshap.engines.arrow import Layout
from ferroshap.errors import OptionError
from ferroshap.explainers import TreeExplainer


def run(chosen: Any) -> int:
    """Do what the command line asks for.

    Parameters
    ----------
    chosen : argparse.Namespace
        The options.

    Returns
    -------
    int
        0.

    Raises
    ------
    UsageError
        When options do not go together.
    FerroshapError, OSError
        When the work fails.
    """
    check_usage(chosen)
    begun = time.perf_counter()
    check_model(chosen.model)
    source = opened(chosen.data, "--data")
    _check_places(chosen, list(source.paths))
    explainer, reading = _prepared(chosen, source)
    job = Job(
        explainer=explainer,
        source=source,
        reading=reading,
        layout=_layout(chosen),
        out=chosen.out,
        n_jobs=chosen.n_jobs,
        memory_limit=chosen.memory_limit,
        compression=chosen.compression,
        seed=chosen.seed,
        is_quiet=chosen.quiet,
        may_resume=not chosen.no_resume,
        may_overwrite=chosen.force,
        wants_importance=chosen.summary or chosen.json or chosen.report is not None,
        wants_rows=chosen.report is not None,
    )
    outcome: Outcome = explain(job)
    outcome.seconds = time.perf_counter() - begun
    if chosen.report is not None:
        report_written(chosen.report, explainer, outcome, chosen.model)
    if chosen.summary or chosen.json:
        summarised(explainer, outcome, as_json=chosen.json)
    if not chosen.quiet:
        said(outcome, chosen.out, chosen.report)
    return 0


def _check_places(chosen: Any, data: list[str]) -> None:
    """See that everything can be written before any work is done."""
    inputs = [*data, str(chosen.model)]
    if chosen.background is not None:
        inputs += opened(chosen.background, "--background").paths if "-" not in chosen.background else []
    if chosen.out not in {None, "-"}:
        # Of Parquet `explain_parquet` itself knows whether what is there is what would be written.
        may_be_there = chosen.force or kind_of(chosen.out) in {"parquet", "folder"}
        check_out(chosen.out, "--out", inputs, may_be_there=may_be_there)
    if chosen.report is not None:
        check_out(str(chosen.report), "--report", inputs, may_be_there=True)


def _prepared(chosen: Any, source: Any) -> tuple[Any, Any]:
    """The explainer, and how its columns are read from the data."""
    if is_saved_explainer(chosen.model) and chosen.allow_pickle:
        check_saved(chosen)
        explainer = read_explainer(chosen.model)
        names = list(explainer.feature_names)
        known = Known(names, len(names))
        return explainer, chosen_columns(source, known, chosen.columns, chosen.keep)
    trees = read_trees(chosen.model, chosen.format)
    known = Known(trees.feature_names, trees.forest.n_columns, trees)
    reading = chosen_columns(source, known, chosen.columns, chosen.keep)
    background = None
    if chosen.background is not None:
        background = read_background(chosen.background, known, reading.columns, chosen.background_rows, chosen.seed)
    explainer = TreeExplainer(
        trees,
        background,
        model_output=chosen.model_output or "raw",
        feature_perturbation=chosen.feature_perturbation or "auto",
        feature_names=reading.columns,
        output_names=None if chosen.output_names is None else list(chosen.output_names),
        n_jobs=chosen.n_jobs,
        memory_limit=chosen.memory_limit,
        progress=False,
    )
    return explainer, reading


def _layout(chosen: Any) -> Layout:
    """What the values look like."""
    try:
        return Layout(
            layout=chosen.layout,
            dtype=chosen.dtype,
            top_k=chosen.top_k,
            interactions=chosen.interactions,
            keep=tuple(chosen.keep),
        )
    except OptionError as error:
        raise UsageError(str(error)) from error
