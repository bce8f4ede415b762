"""The one place where input becomes arrays or is refused: tables, their columns, and their encoding."""

from ferroshap.inputs.column import Column
from ferroshap.inputs.matching import as_written_in, match_columns
from ferroshap.inputs.pairing import Block, Pairing, pair
from ferroshap.inputs.reading import read_table
from ferroshap.inputs.sparse_pairing import SparsePairing
from ferroshap.inputs.table import Table

__all__ = [
    "Block",
    "Column",
    "Pairing",
    "SparsePairing",
    "Table",
    "as_written_in",
    "match_columns",
    "pair",
    "read_table",
]
