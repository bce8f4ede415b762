"""What is explained, and how: what has to be the same for a run to be taken up."""

import hashlib
import json
import pickle
from typing import Any

from ferroshap.engines.files.sources import Source
from ferroshap.engines.files.units import UNIT_ROWS
from ferroshap.engines.files.work import Work

#: What the journal's header is made of, in the order in which differences are told.
FIELDS = ("version", "explainer", "columns", "options", "reducers", "source")


def header_of(explainer: Any, source: Source, read: Any, work: Work) -> dict[str, Any]:
    """Return the header of a journal.

    Parameters
    ----------
    explainer : Explainer
        By its fingerprint.
    source : Source
        By its files.
    read : pyarrow.Schema
        The columns that are read.
    work : Work
        What is made of them.
    """
    options = {name: getattr(work.layout, name) for name in work.layout.__dataclass_fields__}
    options |= {"columns": None if work.columns is None else list(work.columns), "row_key": work.row_key}
    options |= {"compression": str(work.compression), "unit": UNIT_ROWS, "writes": work.schema is not None}
    header = {
        "version": _version(),
        "explainer": fingerprint_of(explainer),
        "columns": [[field.name, str(field.type)] for field in read],
        "options": options,
        "reducers": {name: repr(reducer.fresh()) for name, reducer in work.reducers.items()},
        "source": [[piece.name, piece.n_rows, piece.identity] for piece in source.pieces],
    }
    same: dict[str, Any] = json.loads(json.dumps(header))  # as it is read back: tuples are lists
    return same


def digest(header: dict[str, Any], *fields: str) -> str:
    """Return a fingerprint of some fields of a header: no name or path can be read from it."""
    chosen = {name: header[name] for name in fields or FIELDS}
    return hashlib.sha256(json.dumps(chosen, sort_keys=True).encode()).hexdigest()


def fingerprint_of(explainer: Any) -> str | None:
    """Return what tells an explainer from others; None where nothing does."""
    found = getattr(explainer, "fingerprint", None)
    try:
        found = found() if callable(found) else found
        data = pickle.dumps(explainer) if found is None else str(found).encode()
    except Exception:  # noqa: BLE001 - whatever the user's own model raises when it is pickled
        return None
    return hashlib.sha256(data).hexdigest()


def difference(old: dict[str, Any], new: dict[str, Any], done_rows: int) -> str | None:
    """Say what differs between two headers; None where a run can go on.

    Files of the source from which nothing was explained yet may have changed: one that was damaged and is mended.

    Parameters
    ----------
    old, new : dict
        Headers.
    done_rows : int
        Rows before which all finished units end.
    """
    if old["explainer"] != new["explainer"]:
        return "the explainer is another one"
    for name in ("version", "columns", "reducers"):
        if old[name] != new[name]:
            return f"{name} were {_shown(old[name])}, and are {_shown(new[name])}"
    for name in sorted({*old["options"], *new["options"]}):
        was, now = old["options"].get(name), new["options"].get(name)
        if was != now:
            return f"`{name}` was {was!r}, and is {now!r}"
    return _source_difference(old["source"], new["source"], done_rows)


def _source_difference(old: list[Any], new: list[Any], done_rows: int) -> str | None:
    is_counted = all(n_rows is not None for _, n_rows, _ in [*old, *new])
    first = 0
    for place, (name, n_rows, identity) in enumerate(old):
        if is_counted and first >= done_rows:
            return None
        if place >= len(new):
            return f"`source` had {len(old)} files, of which {name} was the {place + 1}th, and has {len(new)}"
        if new[place][0] != name:
            return f"file {place + 1} of `source` was {name}, and is {new[place][0]}"
        if new[place] != [name, n_rows, identity]:
            return f"{name} has changed ({_changed(identity, new[place][2])})"
        first += n_rows or 0
    return None if is_counted or len(old) == len(new) else f"`source` had {len(old)} files, and has {len(new)}"


def _changed(old: Any, new: Any) -> str:
    if not isinstance(old, dict) or not isinstance(new, dict):
        return "it cannot be recognised"
    words = {"size": "size", "mtime_ns": "time of change", "rows": "rows", "footer": "footer"}
    told = [
        f"{words.get(key, key)} {old.get(key)} before, {new.get(key)} now" for key in old if old[key] != new.get(key)
    ]
    return "; ".join(told) or "rows"


def _shown(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 200 else f"{text[:200]}..."


def _version() -> str:
    from ferroshap import _native

    return _native.__version__
