"""What is said at the end: the last line, the summary, the report."""

import json
import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ferroshap.cli.explain.sinks import aside
from ferroshap.cli.failing import WorkError, say

#: Features of a summary; all of them are in its JSON.
LISTED = 20


@dataclass
class Outcome:
    """What the work came to.

    Attributes
    ----------
    n_rows : int
        Explained, all in all.
    n_resumed : int
        Of them in an earlier run.
    seconds : float
        From the first look at the files.
    reduced : dict
        Results of the reducers.
    """

    n_rows: int
    n_resumed: int = 0
    seconds: float = 0.0
    reduced: dict[str, Any] = field(default_factory=dict)


def said(outcome: Outcome, out: str | None, report: Path | None) -> None:
    """Say on the standard error what was done, how fast, and where it is."""
    here = [str(place) for place in (out, report) if place is not None and place != "-"]
    where = f" -> {', '.join(here)}" if here else ""
    fresh = outcome.n_rows - outcome.n_resumed
    before = f", {outcome.n_resumed:,} of them in an earlier run" if outcome.n_resumed else ""
    speed = f", {fresh / outcome.seconds:,.0f} rows/s" if fresh and outcome.seconds > 0.0 else ""
    say(f"ferroshap explain: {outcome.n_rows:,} rows{before}, {outcome.seconds:.1f} s{speed}{where}")


def summarised(explainer: Any, outcome: Outcome, *, as_json: bool) -> None:
    """Print the mean magnitude of every feature's values, for each output."""
    means = importance(explainer, outcome)
    outputs = list(explainer.output_names or ["Output 0"])
    if as_json:
        found = {
            "rows": outcome.n_rows,
            "seconds": round(outcome.seconds, 3),
            "base_values": np.atleast_1d(explainer.expected_value).tolist(),
            "mean_abs": {
                output: dict(zip(explainer.feature_names, means[:, at].tolist(), strict=True))
                for at, output in enumerate(outputs)
            },
        }
        sys.stdout.write(json.dumps(found, indent=2, ensure_ascii=False) + "\n")
        return
    sys.stdout.writelines(f"{line}\n" for line in _table(list(explainer.feature_names), outputs, means))


def _table(names: list[str], outputs: list[str], means: Any) -> Iterator[str]:
    """Features by the size of their values, the largest first."""
    order = np.argsort(-means.sum(axis=1), kind="stable")
    shown = order[:LISTED]
    decimals = _decimals(float(means.max(initial=0.0)))
    width = max([len("feature"), *(len(names[at]) for at in shown)])
    titles = outputs if len(outputs) > 1 else ["mean |value|"]
    widths = [max(12, len(title)) for title in titles]
    heads = "".join(f"  {title:>{wide}}" for title, wide in zip(titles, widths, strict=True))
    yield f"{'feature':<{width}}{heads}"
    for at in shown:
        cells = "".join(f"  {mean:>{wide},.{decimals}f}" for mean, wide in zip(means[at], widths, strict=True))
        yield f"{names[at]:<{width}}{cells}"
    if len(order) > LISTED:
        yield f"and {len(order) - LISTED:,} weaker features (--json has them all)"


def _decimals(largest: float) -> int:
    """Decimals that show four digits of the largest number.

    Examples
    --------
    >>> _decimals(0.4954), _decimals(12.3), _decimals(48_000.0), _decimals(0.0)
    (4, 2, 0, 0)
    """
    return 0 if largest <= 0.0 else max(0, 3 - math.floor(math.log10(largest)))


def importance(explainer: Any, outcome: Outcome) -> Any:
    """Mean magnitudes ``(features, outputs)``.

    Raises
    ------
    WorkError
        When there are no rows to take a mean of.
    """
    if not outcome.n_rows:
        msg = "`--data` has no rows: there is nothing to summarise"
        raise WorkError(msg)
    means = outcome.reduced["importance"].result().values
    return np.asarray(means).reshape(len(explainer.feature_names), -1)


def report_written(path: Path, explainer: Any, outcome: Outcome, model: Path) -> None:
    """Write the report: importance over all rows, and the rows that were drawn."""
    from ferroshap.explainers import TreeExplainer
    from ferroshap.explanation import Explanation
    from ferroshap.export.report import Population, report

    means = importance(explainer, outcome)
    drawn = outcome.reduced["rows"].result()
    known: dict[str, Any] = {"plan": getattr(explainer, "plan", None), "display_data": words_of(explainer, drawn.data)}
    if isinstance(explainer, TreeExplainer):
        known |= {"status": "EXACT", "error_std": np.zeros_like(drawn.values), "gap": _gap(explainer, drawn)}
    shown = Explanation(drawn, **{name: value for name, value in known.items() if value is not None})
    population = Population(outcome.n_rows, means, [int(name) for name in drawn.instance_names])
    with aside(path) as unfinished:
        report(shown, unfinished, title=f"What {model.name} bases its outputs on", population=population)


def _gap(explainer: Any, drawn: Any) -> Any:
    """How far drawn rows are from adding up to what the trees predict; None where codes do not lead back to rows."""
    if explainer._trees.category_key is not None:  # noqa: SLF001 - ours
        return None
    outputs = explainer.model.predict(drawn.data)
    return np.abs(drawn.base_values + drawn.values.sum(axis=1) - outputs.reshape(np.shape(drawn.base_values)))


def words_of(explainer: Any, data: Any) -> Any:
    """Put the categories in the place of their codes, where the model file holds them; None where it holds none."""
    trees = getattr(explainer, "_trees", None)
    if trees is None or trees.category_key is not None or trees.forest.n_columns != data.shape[1]:
        return None
    known = [None if described is None else described["values"] for described in trees.forest.categories]
    if not any(known):
        return None
    shown = np.array(data, dtype=object)
    for column, words in enumerate(known):
        if words:
            codes = [int(code) if np.isfinite(code) else -1 for code in data[:, column]]
            shown[:, column] = [words[code] if 0 <= code < len(words) else None for code in codes]
    return shown
