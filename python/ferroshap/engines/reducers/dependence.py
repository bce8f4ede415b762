"""`Dependence`: how the values of a feature depend on the feature itself."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ferroshap import _native
from ferroshap.engines.reducers.blocks import Block, as_floats
from ferroshap.engines.reducers.curve import Curve
from ferroshap.engines.reducers.native import _Native
from ferroshap.engines.reducers.quantiles import place_of
from ferroshap.errors import OptionError, ReducerError


class Curves(Mapping[str, Curve]):
    """A dependence curve of each feature, by name or by place."""

    def __init__(self, state: _native.Curves, features: tuple[str, ...], outputs: tuple[str, ...]) -> None:
        self._state, self._features, self._outputs = state, features, outputs

    def __getitem__(self, feature: str | int) -> Curve:
        """Return one curve.

        Raises
        ------
        KeyError
            For a feature that was not followed.
        """
        try:
            place = place_of(feature, self._features, "feature")
        except OptionError as error:
            raise KeyError(str(error)) from None
        lower, upper, count, mean, variance = self._state.buckets(place)
        shape = (len(lower), len(self._outputs))[: 1 + (len(self._outputs) > 1)]
        name = self._features[place]
        return Curve(name, self._outputs, lower, upper, count, mean.reshape(shape), np.sqrt(variance).reshape(shape))

    def __iter__(self) -> Iterator[str]:
        """Go through the names."""
        return iter(self._features)

    def __len__(self) -> int:
        """Count the features."""
        return len(self._features)


class Dependence(_Native):
    """Dependence curves: mean and spread of each feature's values in buckets of the feature's own numbers.

    The buckets are found from the data, and do not depend on the order in which rows come: the finest ones, of a nested
    family, of which no more than `bins` are filled. Where a feature has no more than `bins` distinct numbers (counts,
    categories by their codes), each has a bucket of its own. Else a bucket is a sign, an exponent and some top bits of
    the mantissa, so small and large numbers are told apart equally well. NaN has its own bucket.

    A value is taken with the 24 bits of a single; sums of these are exact.

    Parameters
    ----------
    features : sequence of str or int, optional
        Features to follow, by name or place; all by default.
    bins : int
        The most buckets of a feature, 2 to 16,384. Memory is about 100 bytes a bucket, feature and output.

    Raises
    ------
    OptionError
        For other `bins`; at the first rows, for features that there are not.

    Examples
    --------
    >>> from ferroshap import Explanation
    >>> x = np.array([[20.0], [30.0], [30.0], [np.nan]])
    >>> rows = Explanation(np.array([[1.0], [2.0], [4.0], [0.5]]), 0.0, x, feature_names=["age"])
    >>> curve = Dependence().update(rows).result()["age"]
    >>> curve.x, curve.count, curve.mean, curve.std
    (array([20., 30., nan]), array([1, 2, 1], dtype=uint64), array([1. , 3. , 0.5]), array([0., 1., 0.]))
    """

    _kind = _native.Curves

    def __init__(self, features: Sequence[str | int] | None = None, bins: int = 512) -> None:
        if isinstance(bins, bool) or not isinstance(bins, int | np.integer) or not 2 <= bins <= 2**14:
            msg = f"`bins` is {bins!r}, but must be an integer from 2 to {2**14}"
            raise OptionError(msg)
        if features is not None:
            features = [features] if isinstance(features, str) else list(features)
            is_known = [isinstance(one, str | int | np.integer) and not isinstance(one, bool) for one in features]
            if not features or not all(is_known) or len(set(features)) < len(features):
                msg = f"`features` is {features!r}, but must be names or places, each once"
                raise OptionError(msg)
            features = [one if isinstance(one, str) else int(one) for one in features]
        self.features = features
        self.bins = int(bins)

    def _options(self) -> dict[str, Any]:
        return {"features": self.features, "bins": self.bins}

    def _places(self, features: tuple[str, ...]) -> list[int] | None:
        if self.features is None:
            return None
        places = [place_of(one, features, "feature") for one in self.features]
        if len(set(places)) < len(places):
            msg = f"`features` is {self.features!r}, which names a feature twice"
            raise OptionError(msg)
        return places

    def _n_followed(self, n_features: int) -> int:
        return n_features if self.features is None else len(self.features)

    def _started(self, n_features: int, n_outputs: int) -> _native.Curves:
        return _native.Curves(self._n_followed(n_features), n_outputs, self.bins)

    def _read(self, state: bytes, n_features: int, n_outputs: int) -> _native.Curves:
        curves = _native.Curves.from_bytes(state)
        self._check_shape(curves.shape, (self._n_followed(n_features), n_outputs, self.bins))
        return curves

    def _absorb(self, state: _native.Curves, block: Block, n_threads: int) -> None:
        if block.data is None:
            msg = "`explained` has no data, but Dependence is of values against data"
            raise ReducerError(msg)
        places = self._places(block.feature_names)
        if places is None:
            state.add(block.values, as_floats(block.data, "Dependence"), n_threads)
        else:
            data = as_floats(np.asarray(block.data)[:, places], "Dependence")
            state.add(np.ascontiguousarray(block.values[:, places]), data, n_threads)

    def result(self) -> Curves:
        """Return the curves: a mapping from names to `Curve`."""
        state, features, outputs = self._seen()
        places = self._places(features)
        names = features if places is None else tuple(features[place] for place in places)
        return Curves(state.copy(), names, outputs)
