"""What every route returns: values with all that is needed to read, cut, combine and draw them."""

from typing import TYPE_CHECKING, Any

from ferroshap.explanation.explanation import Explanation
from ferroshap.explanation.history import OpHistoryItem
from ferroshap.explanation.names import NameTable
from ferroshap.explanation.op_chain import OpChain
from ferroshap.explanation.student import student_quantile

if TYPE_CHECKING:
    from ferroshap.explanation.cohorts import Cohorts

__all__ = ["Cohorts", "Explanation", "NameTable", "OpChain", "OpHistoryItem", "student_quantile"]


def __getattr__(name: str) -> Any:
    """Import `Cohorts` when somebody asks for it."""
    if name == "Cohorts":
        from ferroshap.explanation.cohorts import Cohorts

        return Cohorts
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)
