"""Values that need no sampling: models whose form is known."""

import importlib
from typing import TYPE_CHECKING, Any

from ferroshap.closed_forms.correlated import CorrelatedForm, correlated_form
from ferroshap.closed_forms.linear import LinearForm, linear_form, read_linear

if TYPE_CHECKING:
    from ferroshap.closed_forms.additive import AdditiveForm, read_additive
    from ferroshap.closed_forms.boosted_terms import BoostedTerms, is_boosted_terms, read_boosted_terms

#: Files that are imported when somebody asks for them.
MET_RARELY = {
    "AdditiveForm": "additive",
    "BoostedTerms": "boosted_terms",
    "is_boosted_terms": "boosted_terms",
    "read_additive": "additive",
    "read_boosted_terms": "boosted_terms",
}

__all__ = [
    "AdditiveForm",
    "BoostedTerms",
    "CorrelatedForm",
    "LinearForm",
    "correlated_form",
    "is_boosted_terms",
    "linear_form",
    "read_additive",
    "read_boosted_terms",
    "read_linear",
]


def __getattr__(name: str) -> Any:
    """Import the forms that are met only when somebody asks for them."""
    if name in MET_RARELY:
        return getattr(importlib.import_module(f"ferroshap.closed_forms.{MET_RARELY[name]}"), name)
    msg = f"module 'ferroshap.closed_forms' has no attribute {name!r}"
    raise AttributeError(msg)
