"""`Quantiles`: how the values of each feature are distributed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap import _native
from ferroshap.engines.reducers.native import _Native
from ferroshap.engines.reducers.results import PerFeature
from ferroshap.errors import OptionError


@dataclass(frozen=True, eq=False)
class QuantilesFound(PerFeature):
    """Quantiles of each feature's values.

    Attributes
    ----------
    q : ndarray of shape ``(quantiles,)``
        Which.
    values : ndarray of shape ``(quantiles, features)`` or ``(quantiles, features, outputs)``
        The quantiles, each within ``2**-8`` of itself.
    """

    q: NDArray[np.float64]
    values: NDArray[np.float64]

    def _columns(self) -> dict[str, NDArray[Any]]:
        return {f"q{q:g}": column for q, column in zip(self.q, self.values, strict=True)}


class Quantiles(_Native):
    """Quantiles of each feature's values, within 0.4 %, from a histogram that needs no bounds.

    A bucket of the histogram is a sign, an exponent and the top seven bits of the mantissa of a double, so its middle
    is within ``2**-8`` of each number in it, however large or small (zero is exact; below ``1e-307`` the error is at
    most ``2**-1030``). Quantile `q` of `n` values is the one of rank ``ceil(q * n)``, as
    ``numpy.quantile(method="inverted_cdf")`` has it, or the smallest for ``q=0``. NaN for a feature with a NaN.

    Parameters
    ----------
    q : sequence of float
        Which quantiles, from 0 to 1.

    Raises
    ------
    OptionError
        For others.

    Examples
    --------
    >>> from ferroshap import Explanation
    >>> rows = Explanation(np.arange(1.0, 102.0)[:, None], 0.0, feature_names=["age"])
    >>> quantiles = Quantiles([0.05, 0.5, 0.95]).update(rows)
    >>> quantiles.result().values[:, 0]
    array([ 6.015625, 51.125   , 96.25    ])

    The histogram itself:

    >>> lower, upper, count = quantiles.histogram("age")
    >>> int(count.sum()), float(lower[0]), float(upper[-1])
    (101, 1.0, 101.5)
    """

    _kind = _native.Histograms

    def __init__(self, q: Sequence[float] | float = (0.05, 0.25, 0.5, 0.75, 0.95)) -> None:
        try:
            found = tuple(float(one) for one in np.atleast_1d(np.asarray(q, dtype=np.float64)))
        except (TypeError, ValueError):
            found = ()
        if not found or not all(0 <= one <= 1 for one in found):
            msg = f"`q` is {q!r}, but must be numbers from 0 to 1"
            raise OptionError(msg)
        self.q = found

    def _options(self) -> dict[str, Any]:
        return {"q": list(self.q)}

    def result(self) -> QuantilesFound:
        """Return the quantiles."""
        state, features, outputs = self._seen()
        columns = state.quantiles(list(self.q)).reshape(len(features), len(outputs), len(self.q))
        values = np.moveaxis(columns, 2, 0)
        single = len(outputs) == 1
        return QuantilesFound(**self._about(), q=np.array(self.q), values=values[..., 0] if single else values)

    def histogram(
        self, feature: str | int, output: str | int = 0
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.uint64]]:
        """Return the buckets of one feature that hold something: lower ends, upper ends, counts.

        Raises
        ------
        OptionError
            For a feature or output that there is not.
        """
        state, features, outputs = self._seen()
        column = place_of(feature, features, "feature") * len(outputs) + place_of(output, outputs, "output")
        lower, upper, count = state.buckets(column)
        return lower, upper, count


def place_of(wanted: str | int, names: tuple[str, ...], kind: str) -> int:
    """Return the place of a feature or output, by name or by place."""
    if isinstance(wanted, str) and wanted in names:
        return names.index(wanted)
    if isinstance(wanted, int | np.integer) and -len(names) <= wanted < len(names):
        return int(wanted) % len(names)
    msg = f"`{kind}` is {wanted!r}, but must be the name or the place of one of {len(names)} {kind}s"
    raise OptionError(msg)
