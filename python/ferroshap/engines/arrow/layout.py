"""What a table of values looks like, known before a row is explained."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ferroshap.engines.arrow.explained import Explained
from ferroshap.export.libraries import met


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Columns of a table of values.

    Attributes
    ----------
    layout : {"columns", "list"}
        One column a feature, or one column of lists.
    dtype : {"float64", "float32"}
        Of the values.
    top_k : int or None
        Keep the features with the largest values alone.
    interactions : bool
        Pairs instead of values.
    keep : tuple of str
        Columns of the input that the output has too.
    """

    layout: str = "columns"
    dtype: str = "float64"
    top_k: int | None = None
    interactions: bool = False
    keep: tuple[str, ...] = ()

    def schema(self, explainer: Any) -> Any:
        """Return the schema of the table that `table` makes; nothing is run."""
        arrow = met("pyarrow", "output_schema")
        kind = arrow.from_numpy_dtype(np.dtype(self.dtype))
        names = [f"phi_{name}" for name in explainer.feature_names]
        return arrow.schema([(name, kind) for name in [*names, "base_value"]])

    def table(self, explainer: Any, explained: Explained) -> Any:
        """Lay out a block of values as a table."""
        arrow = met("pyarrow", "explain_arrow")
        schema = self.schema(explainer)
        columns = [*explained.values[..., 0].T, explained.base_values[:, 0]]
        arrays = [arrow.array(np.ascontiguousarray(column, dtype=self.dtype)) for column in columns]
        return arrow.table(arrays, schema=schema)
