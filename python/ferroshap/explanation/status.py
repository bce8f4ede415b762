"""How rows ended: one status for all, or one a row, of which the weakest stands for all."""

from typing import Any

import numpy as np

#: Strongest first; what is not known here is weaker than all.
STRENGTH = ("EXACT", "CONVERGED", "BUDGET_SPENT", "INTERRUPTED")


def status_name(status: Any) -> str | None:
    """The name of a status given as an enumeration member or a string."""
    return None if status is None else str(getattr(status, "name", status))


def weaker(a: Any, b: Any) -> Any:
    """The weaker of two statuses; unknown is weakest."""
    ranks = [STRENGTH.index(name) if (name := status_name(s)) in STRENGTH else len(STRENGTH) for s in (a, b)]
    return b if ranks[1] > ranks[0] else a


def weakest(status: Any) -> Any:
    """Return the status that stands for all rows.

    Examples
    --------
    >>> weakest(np.array(["EXACT", "BUDGET_SPENT", "CONVERGED"])), weakest("EXACT"), weakest(np.array([]))
    ('BUDGET_SPENT', 'EXACT', 'EXACT')
    """
    if not isinstance(status, np.ndarray):
        return status
    found = STRENGTH[0]
    for name in np.unique(status).tolist():
        found = weaker(found, name)
    return found
