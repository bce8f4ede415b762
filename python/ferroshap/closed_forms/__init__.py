"""Values that need no sampling: models whose form is known."""

from ferroshap.closed_forms.correlated import CorrelatedForm, correlated_form
from ferroshap.closed_forms.linear import LinearForm, linear_form, read_linear

__all__ = ["CorrelatedForm", "LinearForm", "correlated_form", "linear_form", "read_linear"]
