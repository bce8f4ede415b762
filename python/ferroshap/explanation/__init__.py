"""What every route returns: values with all that is needed to read, cut, combine and draw them."""

from ferroshap.explanation.cohorts import Cohorts
from ferroshap.explanation.explanation import Explanation
from ferroshap.explanation.history import OpHistoryItem
from ferroshap.explanation.names import NameTable
from ferroshap.explanation.op_chain import OpChain
from ferroshap.explanation.student import student_quantile

__all__ = ["Cohorts", "Explanation", "NameTable", "OpChain", "OpHistoryItem", "student_quantile"]
