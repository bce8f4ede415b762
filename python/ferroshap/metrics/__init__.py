"""What is measured over many rows: how much each feature matters, to outputs and to a loss; how good maskers are."""

from ferroshap.metrics.comparison import MaskerComparison, compare_maskers
from ferroshap.metrics.importance import Importance, global_importance
from ferroshap.metrics.performance import sage
from ferroshap.metrics.value_function import ValueFunctionError, value_function_error

__all__ = [
    "Importance",
    "MaskerComparison",
    "ValueFunctionError",
    "compare_maskers",
    "global_importance",
    "sage",
    "value_function_error",
]
