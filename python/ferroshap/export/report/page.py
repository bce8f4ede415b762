"""The page of a report: its frame, the facts in its head, and everything it needs within itself."""

import base64
import hashlib
from importlib import resources
from typing import Any

import numpy as np

from ferroshap import _native, svg
from ferroshap.explanation import Explanation
from ferroshap.explanation.status import status_name
from ferroshap.export.report.chosen import Chosen
from ferroshap.export.report.payload import payload

_SCRIPTS = ("state.js", "canvas.js", "overview.js", "dependence.js", "waterfall.js", "table.js", "page.js")
_STATIC = 20
_STATUS = {
    "EXACT": ("good", "exact"),
    "CONVERGED": ("good", "converged to the accuracy asked for"),
    "BUDGET_SPENT": ("warn", "budget spent; a larger one shortens the whiskers"),
    "INTERRUPTED": ("bad", "interrupted before it was done"),
}


def page(explanation: Explanation, chosen: Chosen, title: str | None) -> str:
    """Put the page together; nothing in it comes from anywhere else, and the browser is told to see to that."""
    script = "(() => {\n" + "".join(without_comments(_resource(name)) for name in _SCRIPTS) + "})();\n"
    digest = base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; img-src data:"
    heading = svg.escaped(title or "What the model bases its outputs on")
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{heading}</title><style>{_resource('report.css')}</style></head>\n<body>"
        f'<div class="page"><a class="skip" href="#feats">Skip to the features</a><header><h1>{heading}</h1>'
        f"{_head(explanation, chosen)}</header>"
        f"<main>{_body(chosen)}</main>"
        f"<footer>Made with ferroshap {_native.__version__}. This file is complete: it fetches nothing.</footer>"
        '<div id="tip" class="tip" aria-hidden="true"></div>'
        '<div id="live" class="sr" role="status" aria-live="polite"></div></div>\n'
        f'<script type="application/json" id="data">{payload(chosen)}</script>\n'
        f"<script>{script}</script></body></html>\n"
    )


def without_comments(script: str) -> str:
    r"""Leave out what only the reader of our files needs: lines of comment and indentation. Ours have no long strings.

    Examples
    --------
    >>> without_comments("// Why.\nif (x) {\n  y();\n}\n")
    'if (x) {\ny();\n}\n'
    """
    lines = (line.strip() for line in script.splitlines())
    return "".join(f"{line}\n" for line in lines if line and not line.startswith("//"))


def _resource(name: str) -> str:
    return resources.files("ferroshap.export.report").joinpath(name).read_text(encoding="utf-8")


def _head(explanation: Explanation, chosen: Chosen) -> str:
    """How the values came about, and how far they can be trusted."""
    facts = [("Rows explained", f"{chosen.n_rows:,}"), ("Features", f"{explanation.shape[_features(explanation)]:,}")]
    if len(chosen.outputs) > 1:
        facts.append(("Outputs", f"{len(chosen.outputs):,}"))
    listed = "".join(f"<div><dt>{name}</dt><dd>{svg.escaped(value)}</dd></div>" for name, value in facts)
    if explanation.base_values is not None:
        listed += f'<div><dt>Base value</dt><dd id="f-base">{svg.number(chosen.base[:, 0].mean())}</dd></div>'
    outputs = chosen.base[:, 0] + np.nan_to_num(chosen.values[:, :, 0]).sum(axis=1)
    listed += f'<div><dt>Mean output</dt><dd id="f-mean">{svg.number(outputs.mean())}</dd></div>'
    for name, value, kind in (_status(explanation), _gap(explanation), _accuracy(explanation)):
        mark = f'<span class="dot {kind}"></span>' if kind else ""
        listed += f"<div><dt>{name}</dt><dd>{mark}{svg.escaped(value)}</dd></div>"
    if explanation.n_evaluations is not None:
        total = int(np.sum(explanation.n_evaluations)) * (
            chosen.n_rows if np.ndim(explanation.n_evaluations) == 0 else 1
        )
        listed += f"<div><dt>Evaluations</dt><dd>{total:,}</dd></div>"
    captions = "".join(f'<p class="caption">{svg.escaped(text)}</p>' for text in _captions(chosen))
    how = "" if explanation.plan is None else f'<p class="muted">{svg.escaped(_sentence(str(explanation.plan)))}</p>'
    return f'{how}<dl class="facts">{listed}</dl>{captions}'


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")


def _features(explanation: Explanation) -> int:
    return explanation.axes.index("feature")


def _status(explanation: Explanation) -> tuple[str, str, str]:
    name = status_name(explanation.status)
    if name is None:
        return "Status", "not recorded", ""
    kind, words = _STATUS.get(name, ("warn", name))
    statuses = explanation.statuses
    if isinstance(statuses, np.ndarray) and kind != "good":
        count = int(np.count_nonzero(statuses == name))
        words = f"{words} ({count:,} of {len(statuses):,} rows)" if count < len(statuses) else words
    return "Status", words, kind


def _gap(explanation: Explanation) -> tuple[str, str, str]:
    """How far base value and values together were from the model's output."""
    if explanation.gap is None:
        return "Adds up to the output", "not checked", ""
    largest = float(np.max(np.abs(np.nan_to_num(explanation.gap)), initial=0.0))
    values = np.asarray(explanation.values, dtype=float)
    size = float(np.nanmax(np.abs(values), initial=0.0)) or 1.0
    words = "to the last digit" if largest == 0.0 else f"within {svg.number(largest, digits=2)}"
    return "Adds up to the output", words, "good" if largest <= 1e-4 * size else "warn"


def _accuracy(explanation: Explanation) -> tuple[str, str, str]:
    """Standard errors in a word."""
    if explanation.error_std is None:
        return "Standard errors", "none given", ""
    errors = np.asarray(explanation.error_std, dtype=float)
    unknown = int(np.isnan(errors).sum())
    largest = float(np.nanmax(errors, initial=0.0))
    if unknown == errors.size:
        return "Standard errors", "unknown", "warn"
    words = "none: values are exact" if largest == 0.0 else f"up to {svg.number(largest, digits=2)}"
    return "Standard errors", words + (f", {unknown:,} unknown" if unknown else ""), "warn" if unknown else ""


def _captions(chosen: Chosen) -> list[str]:
    """What the reader would otherwise take for all there is."""
    captions = []
    if chosen.ids is not None:
        captions.append(
            f"{len(chosen.values):,} of {chosen.n_rows:,} rows were drawn at random to be shown singly; "
            "bars without a filter are means over all rows."
        )
    if chosen.n_merged:
        captions.append(
            f"The {chosen.n_own} strongest features have rows of their own; "
            f"the other {chosen.n_merged:,} are shown as their sum."
        )
    return captions


def _bars(chosen: Chosen) -> str:
    """The strongest features as they stand before any script runs."""
    mean = chosen.mean[:, 0]
    order = np.argsort(-mean, kind="stable")[:_STATIC]
    largest = float(mean.max(initial=0.0)) or 1.0
    items = []
    for j in order.tolist():
        share = f"width:{100.0 * mean[j] / largest:.1f}%;height:18px;top:5px"
        items.append(
            f'<li role="option" aria-selected="false"><b>{svg.escaped(chosen.names[j])}</b>'
            f'<span class="t"><i style="{share}"></i></span><em>{svg.number(mean[j])}</em></li>'
        )
    return "".join(items)


def _body(chosen: Chosen) -> str:
    """The sections; what only a script can fill is hidden until one runs."""
    text = _resource("body.html")
    parts: dict[str, Any] = {
        "BARS": _bars(chosen),
        "OUTPUT": svg.escaped(chosen.outputs[0]),
    }
    for name, part in parts.items():
        text = text.replace(f"<!--{name}-->", part)
    return text
