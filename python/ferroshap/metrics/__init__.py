"""What is measured over many rows: how much each feature matters, how good values, maps and maskers are."""

from ferroshap.metrics.comparison import MaskerComparison, compare_maskers
from ferroshap.metrics.completeness import completeness_gap
from ferroshap.metrics.importance import Importance, global_importance
from ferroshap.metrics.infidelity import infidelity
from ferroshap.metrics.localisation import best_iou, energy_inside, iou_at_size, pointing_game
from ferroshap.metrics.performance import sage
from ferroshap.metrics.pixel_curves import PixelCurve, deletion, insertion
from ferroshap.metrics.randomisation import randomisation_similarity
from ferroshap.metrics.relative_error import relative_rmse
from ferroshap.metrics.sensitivity import SensitivityN, sensitivity_n
from ferroshap.metrics.value_function import ValueFunctionError, value_function_error

__all__ = [
    "Importance",
    "MaskerComparison",
    "PixelCurve",
    "SensitivityN",
    "ValueFunctionError",
    "best_iou",
    "compare_maskers",
    "completeness_gap",
    "deletion",
    "energy_inside",
    "global_importance",
    "infidelity",
    "insertion",
    "iou_at_size",
    "pointing_game",
    "randomisation_similarity",
    "relative_rmse",
    "sage",
    "sensitivity_n",
    "value_function_error",
]
