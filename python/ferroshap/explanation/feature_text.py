"""Features as users write them: by name, position or rank; and their values as text."""

import re
from typing import Any

import numpy as np

from ferroshap.errors import OptionError, nearest

_RANK = re.compile(r"rank\((-?\d+)\)")
_FRACTION = re.compile(r"-?\d+\.\d+")


def convert_name(ind: Any, shap_values: Any, input_names: Any) -> Any:
    """Return the position of a feature that is given by name or rank.

    Parameters
    ----------
    ind : int, str or None
        A name; ``"rank(k)"`` for the k-th strongest feature by mean magnitude; ``"sum()"``, which is returned as it
        is, as positions and None are.
    shap_values : array of shape ``(n_rows, n_features)``, or None
        What strength is read off.
    input_names : sequence of str
        The names of the features.

    Raises
    ------
    OptionError
        For a name that is no feature's, a rank that there is not, or a rank without values.

    Examples
    --------
    >>> (
    ...     convert_name("b", None, ["a", "b"]),
    ...     convert_name("rank(0)", [[1.0, -3.0]], ["a", "b"]),
    ...     convert_name(0, None, []),
    ... )
    (1, 1, 0)
    """
    if not isinstance(ind, str):
        return ind
    names = [] if input_names is None else [str(name) for name in input_names]
    if ind in names:
        return names.index(ind)
    rank = _RANK.fullmatch(ind)
    if rank is None:
        if ind == "sum()":
            return ind
        msg = f"Could not find feature named: {ind!r}{nearest(ind, names)}"
        raise OptionError(msg)
    if shap_values is None:
        msg = f"{ind!r} needs `shap_values`: features have no strength without them"
        raise OptionError(msg)
    strengths = np.abs(np.asarray(shap_values)).mean(axis=0)
    place = int(rank[1])
    if not -len(strengths) <= place < len(strengths):
        msg = f"{ind!r} is asked for, but there are {len(strengths)} features: ranks start at 0"
        raise OptionError(msg)
    return int(np.argsort(-strengths, kind="stable")[place])


def format_value(s: Any, format_str: str) -> str:
    """Write a value with a format, without zeros at the end of a fraction and with a real minus sign.

    Words stay as they are, whole numbers too: ``"A100"`` is no fraction.

    Examples
    --------
    >>> format_value(-1.5, "%0.03f"), format_value(100.0, "%0.03f"), format_value("A100", "%s")
    ('−1.5', '100', 'A100')
    """
    text = s if isinstance(s, str) else format_str % s
    if _FRACTION.fullmatch(text):
        text = text.rstrip("0").rstrip(".")
    is_negative = text.startswith("-") and text[1:2].isdigit()
    return "\N{MINUS SIGN}" + text[1:] if is_negative else text
