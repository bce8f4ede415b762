"""What reducers answer with: numbers of each feature, and of each output where there are several."""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.export.libraries import met


@dataclass(frozen=True, eq=False)
class PerFeature:
    """Numbers of each feature; of one output ``(features,)``, of several ``(features, outputs)``.

    Attributes
    ----------
    feature_names, output_names : tuple of str
        Along the axes.
    n_rows : int
        Rows that were seen.
    """

    feature_names: tuple[str, ...]
    output_names: tuple[str, ...]
    n_rows: int

    def _columns(self) -> dict[str, NDArray[Any]]:
        """Columns of a table, each of the shape above."""
        names = [field.name for field in fields(self)]
        return {name: getattr(self, name) for name in names[len(fields(PerFeature)) :]}

    def to_pandas(self) -> Any:
        """Return a pandas frame: a line a feature (and output, then the index has two levels), a column a number."""
        pandas = met("pandas", "to_pandas")
        if len(self.output_names) > 1:
            index = pandas.MultiIndex.from_product([self.feature_names, self.output_names], names=["feature", "output"])
        else:
            index = pandas.Index(self.feature_names, name="feature")
        columns = {name: np.reshape(column, len(index)) for name, column in self._columns().items()}
        return pandas.DataFrame(columns, index=index)

    def to_dict(self) -> dict[str, dict[str, Any]]:
        """Return plain numbers, ``{feature: {name: number, or list with one an output}}``, as JSON takes them."""
        columns = {name: np.asarray(column).tolist() for name, column in self._columns().items()}
        return {
            feature: {name: column[place] for name, column in columns.items()}
            for place, feature in enumerate(self.feature_names)
        }


def shaped(column: NDArray[Any], features: tuple[str, ...], outputs: tuple[str, ...]) -> NDArray[Any]:
    """Give flat numbers, features by outputs, the shape that users see."""
    shape = (len(features), len(outputs)) if len(outputs) > 1 else (len(features),)
    return column.reshape(shape)
