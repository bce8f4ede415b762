"""The text that `repr` gives."""

from typing import TYPE_CHECKING

from ferroshap.explanation.status import status_name

if TYPE_CHECKING:
    from ferroshap.explanation.explanation import Explanation


def as_text(explanation: "Explanation") -> str:
    """Values, base values and data, whichever are there; a line on the status if the result may still move.

    Examples
    --------
    >>> from ferroshap.explanation import Explanation
    >>> Explanation([1.0, -2.0], base_values=0.5)
    .values =
    array([ 1., -2.])
    <BLANKLINE>
    .base_values =
    0.5
    """
    parts = [(name, getattr(explanation, name)) for name in ("values", "base_values", "data")]
    text = "\n\n".join(f".{name} =\n{value!r}" for name, value in parts if value is not None)
    status = status_name(explanation.status)
    if status is None or status in {"EXACT", "CONVERGED"}:
        return text
    return f"{text}\n\n.status = {status}"
