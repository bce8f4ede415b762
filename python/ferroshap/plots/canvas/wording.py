"""Numbers, names and axis texts as the pictures write them."""

import math
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from ferroshap.explanation import OpHistoryItem

MINUS = "\N{MINUS SIGN}"
_FORMULA = re.compile(r"\$[^$]*[\\^_{][^$]*\$")
_TINY, _HUGE = 1e-4, 1e8  # beyond these a power of ten reads better than a row of zeros
_LINES = (38, 42, 54)  # characters that one, each of two and each of three lines may have; the type gets smaller


def decimals_for(largest: float) -> int:
    """Decimals that tell bars of this size apart: two in the middle, more below, none above.

    Examples
    --------
    >>> decimals_for(3.2), decimals_for(0.02), decimals_for(25_000.0)
    (2, 3, 0)
    """
    if not math.isfinite(largest) or largest <= 0.0 or 0.1 <= largest < 1e4:
        return 2
    return 1 - math.floor(math.log10(largest)) if largest < 0.1 else 0


def amount(value: float, largest: float, *, signed: bool = True, extra: int = 0) -> str:
    """Write a number with the decimals of the largest beside it, zeros stripped after the point only.

    Examples
    --------
    >>> amount(0.3701, 2.0), amount(-1.2, 2.0), amount(100.0, 2e5), amount(-0.0004, 2.0)
    ('+0.37', '−1.2', '+100', '−0')
    """
    if not math.isfinite(value):
        return str(value).replace("-", MINUS)
    sign = "+" if signed else ""
    if (largest >= _HUGE or 0.0 < largest < _TINY) and value != 0.0:
        mantissa, _, exponent = f"{value:{sign}.{2 + extra}e}".partition("e")
        return f"{stripped(mantissa)}e{int(exponent)}".replace("-", MINUS)
    text = stripped(f"{value:{sign}.{decimals_for(largest) + extra}f}")
    if float(text) == 0.0:
        text = "-0" if value < 0.0 and signed else f"{sign}0"  # the direction is known even where the digits are not
    return text.replace("-", MINUS)


def as_formula(text: str) -> str:
    r"""Write a power of ten as one inside a formula.

    Examples
    --------
    >>> as_formula("1.5e−7"), as_formula("2.25")
    ('1.5 \\times 10^{−7}', '2.25')
    """
    mantissa, mark, exponent = text.partition("e")
    return rf"{mantissa} \times 10^{{{exponent}}}" if mark else text


def stripped(text: str) -> str:
    """Take the zeros off the end of a decimal fraction, and nothing off a whole number."""
    return text.rstrip("0").rstrip(".") if "." in text else text


def datum(value: Any) -> str:
    """Write the value of a feature: numbers to three decimals, everything else as it is.

    Examples
    --------
    >>> datum(2.0), datum(0.123456), datum("A100"), datum(-5), datum(1.5e-7)
    ('2', '0.123', 'A100', '−5', '1.5e−07')
    """
    if isinstance(value, (bool, np.bool_)):
        return str(value)
    if isinstance(value, (float, np.floating)):
        number = float(value)
        if (number != 0.0 and (abs(number) < 5e-4 or abs(number) >= 1e12)) or not math.isfinite(number):
            return f"{number:.3g}".replace("-", MINUS)
        return stripped(f"{number:.3f}").replace("-", MINUS)
    if isinstance(value, (int, np.integer)):
        return str(value).replace("-", MINUS)
    return str(value)


def looks_like_formula(name: str) -> bool:
    r"""Tell whether a name has mathematics between dollar signs, not only two prices.

    Examples
    --------
    >>> looks_like_formula("$x_1$"), looks_like_formula("from 5$ to 7$")
    (True, False)
    """
    return _FORMULA.search(name) is not None


def wrapped(name: str, before: int = 0, lines: tuple[int, ...] = _LINES) -> str:
    """Break a long name into two or three lines, whole as far as they hold it, else cut in its middle.

    `before` characters of the first line are taken by the value of the feature;
    `lines` are the characters that one, each of two and each of three lines may have.
    """
    name = " ".join(name.split("\n"))
    if looks_like_formula(name) or len(name) + before <= lines[0]:
        return name
    for n_lines, room in ((2, lines[1]), (3, lines[2])):
        shortest = math.ceil((len(name) + before) / n_lines)
        for width in range(shortest, room + 1):
            parts = _broken(name, width, before)
            if len(parts) <= n_lines:
                return "\n".join(parts)
    kept = 3 * (lines[2] - lines[2] // 4 - 1) - before
    head = kept * 2 // 3
    return wrapped(f"{name[:head]}…{name[head - kept + 1 :]}", before, lines)


def _broken(name: str, width: int, before: int) -> list[str]:
    """Break at spaces, after underscores and the like, and inside a word only if nothing else helps."""
    chunks = re.findall(r"[^\s_/.:,;|-]*[\s_/.:,;|-]*", name)
    lines, line, room = [], "", width - before
    for whole in chunks:
        chunk = whole
        while len((line + chunk).rstrip()) > room:
            if line:
                lines.append(line.rstrip())
                line, room = "", width
                continue
            lines.append(chunk[:room])
            chunk, room = chunk[room:], width
        line += chunk
    return [*lines, line.rstrip()] if line.strip() else lines


def shortened(text: str, longest: int) -> str:
    """Cut a text in its middle, where it is too long.

    Examples
    --------
    >>> shortened("Married-AF-spouse", 12), shortened("cat", 12)
    ('Married…ouse', 'cat')
    """
    text = " ".join(text.split())
    if len(text) <= longest:
        return text
    tail = (longest - 1) * 2 // 5
    return f"{text[: longest - 1 - tail]}…{text[len(text) - tail :]}"


def value_label(history: Sequence[OpHistoryItem]) -> str:
    """Build the text of a value axis from what was done to the values.

    Examples
    --------
    >>> from ferroshap.explanation import Explanation
    >>> value_label(Explanation([[1.0, 2.0]]).abs.mean(0).op_history)
    'mean(|SHAP value|)'
    """
    label = "SHAP value"
    for item in history:
        if item.name == "abs":
            label = f"|{label}|"
        elif item.name in {"mean", "max", "min", "sum"}:
            label = f"{item.name}({label})"
        elif item.name == "__neg__":
            label = f"{MINUS}{label}"
    return label


def only_cut(history: Sequence[OpHistoryItem]) -> bool:
    """Tell whether nothing was done but choosing rows, features and outputs."""
    return all(item.name == "__getitem__" for item in history)
