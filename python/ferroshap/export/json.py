"""JSON that any browser reads."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from ferroshap.explanation import Explanation
from ferroshap.explanation.fields import FOLLOWS
from ferroshap.explanation.levels import is_missing

FORMAT, VERSION = "ferroshap.explanation.json", 1


def to_json(explanation: Explanation, path: Any = None, *, indent: int | None = None) -> str | None:
    """Return JSON text, or write it: `Explanation.to_json`."""
    document: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "axes": list(explanation.axes),
        "shape": list(explanation.shape),
        "values": plain(explanation.values),
    }
    for name in FOLLOWS:
        field = getattr(explanation, name)
        if field is not None:
            document[name] = plain(field)
    statuses = explanation.statuses
    if statuses is not None:
        document["statuses"] = plain(statuses)
    text = as_text(document, indent=indent)
    if path is None:
        return text
    if hasattr(path, "write"):
        path.write(text)
    else:
        Path(path).write_text(text, encoding="ascii")
    return None


def as_text(document: Any, *, indent: int | None = None) -> str:
    """Write JSON that is safe inside a script element of a page: ASCII, and no ``</``.

    Examples
    --------
    >>> print(as_text({"name": "</script>"}).replace(chr(92), "[backslash]"))
    {"name": "<[backslash]/script>"}
    """
    return json.dumps(document, allow_nan=False, indent=indent).replace("</", "<\\/")


def plain(value: Any) -> Any:
    """Bring anything to what JSON knows: missing values, NaN and infinities to null, the rest to its text.

    Examples
    --------
    >>> plain(np.array([1.0, np.nan, np.inf])), plain(np.datetime64("2024-01-31")), plain((1, "a", None))
    ([1.0, None, None], '2024-01-31', [1, 'a', None])
    """
    if isinstance(value, np.ndarray):
        if value.dtype.kind == "f" and not np.isfinite(value).all():
            finite, value = np.isfinite(value), value.astype(object)
            value[~finite] = None
            return value.tolist()
        if value.dtype.kind in "biuf":
            return value.tolist()
        if value.dtype.kind in "mM":
            texts = value.astype(str).astype(object)
            texts[np.isnat(value)] = None
            return texts.tolist()
        return [plain(part) for part in value] if value.ndim else plain(value[()])
    if isinstance(value, np.generic) and not isinstance(value, (np.datetime64, np.timedelta64)):
        value = value.item()
    if isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    if isinstance(value, dict):
        return {str(key): plain(part) for key, part in value.items()}
    return None if is_missing(value) else str(value)
