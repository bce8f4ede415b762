"""Conditional filling: absent features are drawn given those that are present."""

import math
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ferroshap import _native
from ferroshap.errors import OptionError
from ferroshap.inputs import Pairing, Table
from ferroshap.maskers.masker import Masker
from ferroshap.seeds import Seed, as_seed

Floats = NDArray[np.float64]
Words = NDArray[Any]

#: The largest number of anything that can be asked for.
MOST = 2**31 - 1


class Averaging(Protocol):
    """From the outputs of model rows to the worths of coalitions."""

    def add(self, outputs: Floats, /) -> None:
        """Take the outputs of the next model rows, ``(count, n_outputs)``."""

    def worths(self) -> Floats:
        """Return the worths, ``(evaluations, rows, outputs)`` laid flat, once all outputs were added."""


class Draws(Protocol):
    """The conditional rows of a batch of coalitions: coalition after coalition, explained row after explained row."""

    n_model_rows: int

    def fill(self, out: list[Words], first: int, *, is_immediate: bool) -> "_native.Filling":
        """Begin to write the model rows from `first` on, as many as `out` holds."""

    def average(self, n_outputs: int) -> Averaging:
        """Begin to average what the model returns for them."""


class Prepared(Protocol):
    """A conditional masker and the rows to explain.

    Attributes
    ----------
    like : list of ndarray
        One array for each block of columns, with the dtype and the number of columns of what is filled.
    """

    like: list[Words]

    def most_model_rows(self) -> int:
        """Return the most model rows of one coalition and explained row."""

    def draw(self, words: NDArray[np.uint64], rows: NDArray[np.intp], *, n_threads: int) -> Draws:
        """Draw the conditional rows of coalitions of columns, for the explained rows at `rows`."""

    def outputs(self, filled: list[Words], count: int) -> Floats | None:
        """Return the outputs of what was filled where the masker knows them; None to ask the model."""


class Conditional(Masker):
    r"""Fill absent features given those that are present: :math:`v(S) = E[f(X) \mid X_S = x_S]`.

    Not to be made directly. The worth of nobody is the mean over the background, the worth of everybody the model
    on the row itself. A feature that the model never looks at can have a value: it tells about others.

    Attributes
    ----------
    n_samples : int
        The most model rows that one evaluation takes.
    seed : int
        Where the draws start from.
    """

    is_conditional = True
    n_samples: int
    seed: int

    def _read_conditional(self, data: Any, n_samples: int, weights: Any, seed: Seed) -> None:
        """Take what every conditional masker is given."""
        self.n_samples = counted(n_samples, "n_samples")
        self.seed = as_seed(seed, argument="seed")
        self._read(data, weights)

    def learn(self, outputs: Floats) -> "Conditional":  # noqa: ARG002 - for those who learn
        """Give the masker for a model that returns these on the background, ``(n_background, n_outputs)``."""
        return self

    def prepare(self, pairing: Pairing, rows: Table, *, n_threads: int) -> Prepared:
        """Get ready to draw for these rows, whose columns stand as those of the background do."""
        raise NotImplementedError


def counted(number: Any, argument: str) -> int:
    """Return a positive integer that a user gave.

    Raises
    ------
    OptionError
        For anything else.
    """
    is_integer = hasattr(number, "__index__") and not isinstance(number, bool)
    if not is_integer or not 1 <= int(number) <= MOST:
        at_most = f" of at most {MOST}" if is_integer and int(number) > MOST else ""
        msg = f"`{argument}` is {number!r}, but must be a positive integer{at_most}"
        raise OptionError(msg)
    return int(number)


def unit_of(outputs: Floats) -> float:
    """Return a power of two by which outputs are divided without rounding, and whose squares are then ordinary."""
    widest = float(np.abs(outputs).max(initial=0.0))
    return 2.0 ** (math.frexp(widest)[1] - 1) if 0.0 < widest < math.inf else 1.0
