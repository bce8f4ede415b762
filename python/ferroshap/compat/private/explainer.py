"""`shap.explainers._explainer`: where the incumbent's front door lives."""

from ferroshap.explainers.explainer import Explainer
from ferroshap.explanation import Explanation

__all__ = ["Explainer", "Explanation"]
