"""Values that need no sampling: models whose form is known."""

from ferroshap.closed_forms.linear import LinearForm, read_linear

__all__ = ["LinearForm", "read_linear"]
