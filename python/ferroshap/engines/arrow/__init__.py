"""Arrow in, Arrow out: the one form in which every engine, file and frame is explained."""

from ferroshap.engines.arrow.calls import explain_arrow, output_schema
from ferroshap.engines.arrow.explained import Explained, empty_block, explain_block
from ferroshap.engines.arrow.frames import empty_output, explain_frame
from ferroshap.engines.arrow.layout import Layout
from ferroshap.engines.arrow.needed import needed_columns
from ferroshap.engines.arrow.subject import output_names_of

__all__ = [
    "Explained",
    "Layout",
    "empty_block",
    "empty_output",
    "explain_arrow",
    "explain_block",
    "explain_frame",
    "needed_columns",
    "output_names_of",
    "output_schema",
]
