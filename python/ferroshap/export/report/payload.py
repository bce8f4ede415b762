"""The numbers of a report as JSON: columns, six digits, null where a number is missing."""

import math
from typing import Any

import numpy as np

from ferroshap import svg
from ferroshap.explanation import Explanation
from ferroshap.explanation.apparent import approximate_interactions
from ferroshap.export.report.chosen import Chosen
from ferroshap.plots.colors import red_blue_nodes

_SCREENED = 5_000_000  # products that may go into looking for interactions: a third of a second
_TOLD_APART_BY = 10  # features: groups that the weaker ones would make are no news
_COHORTS = 4
_STEPS = 64  # colours from low to high


def payload(chosen: Chosen) -> str:
    """Write everything that the page computes with; safe inside a ``<script>`` element."""
    columns = columns_of(chosen)
    values = chosen.values
    rest = {
        "n": len(values),
        "total": chosen.n_rows,
        "names": chosen.names,
        "outputs": chosen.outputs,
        "rows": chosen.row_names,
        "ids": None if chosen.ids is None else chosen.ids.tolist(),
        "base": [_one_or_all(chosen.base[:, k]) for k in range(values.shape[2])],
        "t": chosen.t,
        "overall": [_overall(chosen, k) for k in range(values.shape[2])],
        "near": _partners(chosen, columns),
        "cohorts": _cohorts(chosen),
        "ramp": _ramp(),
    }
    parts = [svg.script_json(rest)[1:-1], f'"values":{_cube(values)}']
    errors = chosen.errors
    parts.append(f'"errors":{_cube(errors) if errors is not None and np.nanmax(errors, initial=0.0) > 0.0 else "null"}')
    parts.append(f'"data":{_table(columns)}')
    return "{" + ",".join(parts) + "}"


def numbers(column: Any) -> str:
    """Write numbers to six digits, what is not finite as null.

    Examples
    --------
    >>> numbers(np.array([0.1, -2.0, np.nan, 1234567.0]))
    '[0.1,-2,null,1.23457e+06]'
    """
    if not len(column):
        return "[]"
    text = ",".join(["%.6g"] * len(column)) % tuple(column.tolist())
    if not np.isfinite(column).all():
        text = ",".join("null" if part.lstrip("-") in {"nan", "inf"} else part for part in text.split(","))
    return f"[{text}]"


def _cube(cube: Any) -> str:
    """Outputs of features of rows."""
    outputs = (",".join(numbers(cube[:, j, k]) for j in range(cube.shape[1])) for k in range(cube.shape[2]))
    return "[" + ",".join(f"[{features}]" for features in outputs) + "]"


def _table(columns: list[dict[str, Any] | None] | None) -> str:
    if columns is None:
        return "null"
    parts = []
    for column in columns:
        if column is None:
            parts.append("null")
        elif "levels" in column:
            parts.append(svg.script_json({"levels": column["levels"], "codes": column["codes"]}))
        else:
            listed = column["numbers"]
            text = svg.script_json(listed.tolist()) if column["whole"] else numbers(listed)
            parts.append(f'{{"numbers":{text},"whole":{str(column["whole"]).lower()},"step":{column["step"]:.6g}}}')
    return "[" + ",".join(parts) + "]"


def columns_of(chosen: Chosen) -> list[dict[str, Any] | None] | None:
    """Each feature as numbers, or as levels and the number of each row's; None for those that were summed."""
    if chosen.data is None:
        return None
    columns: list[dict[str, Any] | None] = []
    for j in range(chosen.n_own):
        behind = None if chosen.numeric is None else chosen.numeric[:, j]
        columns.append(column_of(chosen.data[:, j], behind))
    return columns + [None] * (chosen.n_merged > 0)


def column_of(column: Any, behind: Any = None) -> dict[str, Any]:
    """Read a column: numbers if all of it are numbers or missing, else levels.

    Levels are in the order of the numbers `behind` them, else of the alphabet.

    Examples
    --------
    >>> column_of(np.array(["b", None, "a"], dtype=object))
    {'levels': ['a', 'b'], 'codes': [1, -1, 0]}
    >>> column_of(np.array([3, 1, 2]))["whole"]
    True
    """
    values = column.tolist()
    kinds = set(map(type, values)) if column.dtype == object else set()
    if column.dtype.kind in "iu" or kinds == {int}:
        if all(abs(x) < 2**53 for x in (min(values, default=0), max(values, default=0))):
            return {"numbers": np.array(values, dtype=np.int64), "whole": True, "step": _step(np.array(values, float))}
    elif column.dtype.kind == "f" or (kinds and all(_is_number(kind) for kind in kinds)):
        floats = np.array([math.nan if x is None else x for x in values], dtype=float)
        known = floats[np.isfinite(floats)]
        if len(known) or not len(floats):
            return {"numbers": floats, "whole": False, "step": _step(known)}
    texts = [None if _is_missing(x) else str(x) for x in values]
    keys: dict[str, Any] = {text: text for text in texts if text is not None}
    if behind is not None and behind.dtype.kind in "iuf":
        found: dict[str, list[float]] = {}
        for text, x in zip(texts, behind.tolist(), strict=True):
            if text is not None and math.isfinite(x):
                found.setdefault(text, []).append(x)
        keys = {text: (sum(found[text]) / len(found[text]) if text in found else math.inf, text) for text in keys}
    levels = sorted(keys, key=keys.__getitem__)
    code = {text: c for c, text in enumerate(levels)}
    return {"levels": levels, "codes": [-1 if text is None else code[text] for text in texts]}


def _is_number(kind: type) -> bool:
    return kind is type(None) or issubclass(kind, (float, np.floating, np.integer)) or kind is int


def _is_missing(x: Any) -> bool:
    return x is None or (isinstance(x, float) and math.isnan(x)) or str(x) in {"NaT", "<NA>"}


def _step(known: Any) -> float:
    """The smallest gap between numbers of which each stands for ten rows or more; 0 where dots need no jitter."""
    distinct = np.unique(known)
    if len(distinct) < 2 or len(known) < 10 * len(distinct):
        return 0.0
    return float(np.diff(distinct).min())


def _one_or_all(base: Any) -> Any:
    return float(base[0]) if len(base) and np.all(base == base[0]) else [float(f"{x:.6g}") for x in base]


def _overall(chosen: Chosen, k: int) -> dict[str, Any]:
    half = None if chosen.half is None else [float(f"{x:.6g}") for x in chosen.half[:, k]]
    return {"mean": [float(f"{x:.6g}") for x in chosen.mean[:, k]], "half": half}


def _partners(chosen: Chosen, columns: list[dict[str, Any] | None] | None) -> list[list[int]] | None:
    """For each output and feature the feature it seems to interact with most, -1 for none.

    Looked for in evenly spaced rows, as many as a third of a second allows.
    """
    n_rows, _, n_outputs = chosen.values.shape
    n_own = chosen.n_own
    if columns is None or n_rows < 10 or n_own < 2:
        return None
    n_looked_at = min(n_rows, max(_SCREENED // (n_own * n_own * n_outputs), 300))
    rows = np.unique(np.linspace(0, n_rows - 1, n_looked_at).round().astype(int))
    table = np.column_stack([_as_floats(column, n_rows) for column in columns[:n_own]])[rows]
    varies = np.array([len(np.unique(table[:, j])) > 1 for j in range(n_own)])
    partners = []
    for k in range(n_outputs):
        values = np.nan_to_num(chosen.values[rows, :n_own, k])
        best = []
        for j in range(n_own):
            order = approximate_interactions(j, values, table).tolist()
            best.append(next((int(i) for i in order if i != j and varies[i]), -1))
        partners.append(best + [-1] * (chosen.n_merged > 0))
    return partners


def _as_floats(column: dict[str, Any] | None, n_rows: int) -> Any:
    if column is None:
        return np.full(n_rows, np.nan)
    if "levels" in column:
        codes = np.array(column["codes"], dtype=float)
        return np.where(codes < 0, np.nan, codes)
    return np.asarray(column["numbers"], dtype=float)


def _cohorts(chosen: Chosen) -> dict[str, Any] | None:
    """Groups of rows whose values are alike, by thresholds on the data; for one output only."""
    if chosen.data is None or chosen.values.shape[2] != 1 or len(chosen.values) < 20:
        return None
    n_rows, n_own = len(chosen.values), chosen.n_own
    strongest = np.sort(np.argsort(-chosen.mean[:n_own, 0], kind="stable")[:_TOLD_APART_BY])
    found = Explanation(
        np.nan_to_num(chosen.values[:, strongest, 0]),
        data=chosen.data[:, strongest],
        feature_names=[chosen.names[j] for j in strongest],
        instance_names=[str(i) for i in range(n_rows)],
    ).cohorts(_COHORTS)
    groups = found.cohorts
    if len(groups) < 2:
        return None
    of = np.zeros(n_rows, dtype=int)
    for at, part in enumerate(groups.values()):
        of[[int(name) for name in part.instance_names]] = at
    return {"names": list(groups), "of": of.tolist()}


def _ramp() -> list[str]:
    """Colours from low to high as the plots have them."""
    nodes = red_blue_nodes()
    chosen = np.round(nodes[np.linspace(0, len(nodes) - 1, _STEPS).round().astype(int)] * 255.0).astype(int)
    return [f"#{r:02x}{g:02x}{b:02x}" for r, g, b in chosen.tolist()]
