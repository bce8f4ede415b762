"""What is drawn without a library: texts made safe, numbers made short, and the few shapes that pages are built of.

The notebook table, the force plots and the report draw with these. Everything that comes from a user
passes through :func:`escaped` on its way into markup and through :func:`script_json` on its way into a script.
"""

import hashlib
import html
import itertools
import json
import math
import re
from collections.abc import Sequence
from typing import Any

MINUS = "\N{MINUS SIGN}"
# Not allowed in XML at all, whatever the escape; lone surrogates cannot even be written as UTF-8.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
# Inside a script even a string may not hold what ends the script, opens a comment, or ended a line before ES2019.
_IN_SCRIPTS = {ord(c): f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"}
_COUNTER = itertools.count()

# Widths in thousandths of the font size, from the metrics that Helvetica, Arial and Liberation Sans share.
_NARROW = {**dict.fromkeys("ijl'|", 222), **dict.fromkeys(" !,./:;I[]\\ft", 278), **dict.fromkeys('()r`"-*', 340)}
_MIDDLE = {**dict.fromkeys("ckJsvxyz^{}", 500), **dict.fromkeys("+<=>~\N{MINUS SIGN}", 584)}
_WIDE = {**dict.fromkeys("&ABEKPSVXY", 667), **dict.fromkeys("CDHNRUw", 722), **dict.fromkeys("GOQ", 778)}
_WIDEST = {**dict.fromkeys("Mm", 833), "W": 944, "%": 889, "@": 1015, "…": 1000, "T": 611, "F": 611, "Z": 611}
_WIDTHS = _NARROW | _MIDDLE | _WIDE | _WIDEST
_OTHER, _FAR_EAST = 556, 1000


def escaped(text: object) -> str:
    r"""Make a text safe between tags and inside quoted attributes, of HTML and of XML.

    Characters that no document may hold become U+FFFD.

    Examples
    --------
    >>> escaped("<b title='x'> & \"more\"")
    '&lt;b title=&#x27;x&#x27;&gt; &amp; &quot;more&quot;'
    """
    return html.escape(_FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", str(text)), quote=True)


def script_json(value: Any) -> str:
    r"""Write JSON that may stand inside a ``<script>`` element or a script, whatever texts it holds.

    ``<``, ``>``, ``&``, U+2028 and U+2029 are written as escapes; numbers that are not finite as ``null``.

    Examples
    --------
    >>> script_json(["</script>", float("nan"), 1.5])
    '["\\u003c/script\\u003e",null,1.5]'
    """
    text = json.dumps(_plain(value), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text).translate(_IN_SCRIPTS)


def _plain(value: Any) -> Any:
    """Take what JSON has no word for to what it has."""
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    if hasattr(value, "tolist"):  # an array, or one of its numbers
        return _plain(value.tolist())
    return value if value is None or isinstance(value, (str, int)) else str(value)


def number(value: Any, *, digits: int = 4, signed: bool = False) -> str:
    """Write a number with so many significant digits and a real minus sign.

    Examples
    --------
    >>> number(-1234.567), number(0.25, signed=True), number(float("nan"))
    ('−1235', '+0.25', 'nan')
    """
    return format(float(value), f"{'+' if signed else ''}.{digits}g").replace("-", MINUS)


def coordinate(x: float) -> str:
    """Write a coordinate to a tenth, as short as it gets.

    Examples
    --------
    >>> coordinate(12.04), coordinate(-0.01), coordinate(0.26)
    ('12', '0', '.3')
    """
    tenths = round(float(x) * 10.0)
    text = f"{tenths / 10:.1f}".removesuffix(".0")
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text


def path(points: Sequence[tuple[float, float]], *, closed: bool = False) -> str:
    """Join points by straight lines: the ``d`` of a ``<path>``.

    Examples
    --------
    >>> path([(0, 0), (10, 2.5)], closed=True)
    'M0 0L10 2.5Z'
    """
    return "M" + "L".join(f"{coordinate(x)} {coordinate(y)}" for x, y in points) + ("Z" if closed else "")


def bar(start: float, end: float, y: float, height: float, fill: str) -> str:
    """Draw a bar between two positions, whichever is the larger.

    Examples
    --------
    >>> bar(30, 10, 2, 12, "#FF0051")
    '<rect x="10" y="2" width="20" height="12" fill="#FF0051"/>'
    """
    left, right = sorted((start, end))
    place = f'x="{coordinate(left)}" y="{coordinate(y)}" width="{coordinate(right - left)}"'
    return f'<rect {place} height="{coordinate(height)}" fill="{escaped(fill)}"/>'


def text_width(text: str, size: float) -> float:
    """Estimate how wide a sans-serif font sets a text, in the unit of `size`.

    Exact for most letters of Helvetica, Arial and Liberation Sans; DejaVu Sans is an eighth wider.

    Examples
    --------
    >>> round(text_width("MedInc = 8.3", 10), 1)
    58.1
    """
    total = sum(_WIDTHS.get(c, _OTHER if c < "\u2e80" else _FAR_EAST) for c in text)
    return total * size / 1000.0


def shortened(text: str, width: float, size: float) -> str:
    """Cut a text in its middle, where names differ least, until it is no wider than `width`.

    Examples
    --------
    >>> shortened("median income of the block group", 100, 10)
    'median in…ock group'
    """
    if text_width(text, size) <= width:
        return text
    few, many = 0, len(text) - 1
    while few < many:
        kept = (few + many + 1) // 2
        few, many = (kept, many) if text_width(_cut(text, kept), size) <= width else (few, kept - 1)
    return _cut(text, few)


def _cut(text: str, kept: int) -> str:
    head = (kept + 1) // 2
    return f"{text[:head].rstrip()}…{text[len(text) - (kept - head) :].lstrip()}" if kept else "…"


def ticks(low: float, high: float, about: int = 8) -> list[float]:
    """Round numbers between two ends: steps of 1, 2 or 5 times a power of ten, at most `about` of them.

    Examples
    --------
    >>> ticks(-0.3, 1.2, 5)
    [0.0, 0.5, 1.0]
    """
    span = high - low
    if not (math.isfinite(span) and span > 0.0):
        return [low] if math.isfinite(low) else []
    least = span / max(about, 1)
    power = 10.0 ** math.floor(math.log10(least)) if least > 1e-300 else 1e-300
    step = next((m * power for m in (1.0, 2.0, 5.0, 10.0) if m * power >= least * (1 - 1e-9)), 10.0 * power)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    # A range that is tiny beside its distance from zero has no room for different floats.
    return list(dict.fromkeys(k * step for k in range(first, min(last, first + 10 * about) + 1)))


def fresh_id(content: str) -> str:
    """Name an element: a hash of what it shows, and a count, for the same picture may stand on a page twice."""
    digest = hashlib.blake2s(content.encode("utf-8", "replace"), digest_size=6).hexdigest()
    return f"f{digest}-{next(_COUNTER)}"
