"""Arrow in, Arrow out: the one form in which every engine, file and frame is explained."""

from ferroshap.engines.arrow.calls import empty_output, explain_arrow, explain_frame, output_schema
from ferroshap.engines.arrow.explained import Explained, explain_block
from ferroshap.engines.arrow.layout import Layout

__all__ = [
    "Explained",
    "Layout",
    "empty_output",
    "explain_arrow",
    "explain_block",
    "explain_frame",
    "output_schema",
]
