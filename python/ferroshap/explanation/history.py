"""What was done to an Explanation, so that plots can label their axes."""

from typing import NamedTuple


class OpHistoryItem(NamedTuple):
    """One operation: its name, the shape it met, its arguments, and whether it merged rows.

    Examples
    --------
    >>> from ferroshap.explanation import Explanation
    >>> history = Explanation([[1.0, -2.0], [3.0, 4.0]]).abs.mean(0).op_history
    >>> [(item.name, item.collapsed_instances) for item in history]
    [('abs', False), ('mean', True)]
    """

    name: str
    prev_shape: tuple[int, ...]
    args: tuple[object, ...] = ()
    kwargs: dict[str, object] | None = None
    collapsed_instances: bool = False
