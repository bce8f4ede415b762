"""A gradient or output on a path that is NaN or infinite."""

import numpy as np
import numpy.typing as npt

from ferroshap.errors import ExplainerError


class NonFiniteGradientError(ExplainerError):
    """A model has no finite gradient, or output, at a point of a path.

    Attributes
    ----------
    row, background : int
        Which row and background row: of those loaded when a device says it, in the user's arrays when the user
        reads it.
    alpha : float
        How far the point lies on the way from the background row to the row.
    """

    def __init__(self, row: int, background: int, alpha: float, what: str = "gradient") -> None:
        """Say where."""
        super().__init__(
            f"the {what} of the model is not finite on the path from background row {background} to row {row} of `X`, "
            f"at {alpha:.6g} of the way: path points lie off the data, and the model must be defined there"
        )
        self.row, self.background, self.alpha = row, background, alpha


def refuse_unless(
    is_finite: npt.NDArray[np.bool_],
    row: npt.NDArray[np.integer],
    background: npt.NDArray[np.integer],
    alpha: npt.NDArray[np.floating],
) -> None:
    """Raise for the first point of a block that is not finite.

    Examples
    --------
    >>> refuse_unless(np.array([True]), np.array([3]), np.array([7]), np.array([0.25]))
    >>> refuse_unless(np.array([False]), np.array([3]), np.array([7]), np.array([0.25]))
    Traceback (most recent call last):
    ...
    ferroshap.gradients.not_finite.NonFiniteGradientError: the gradient of the model is not finite on the path from
    background row 7 to row 3 of `X`, at 0.25 of the way: path points lie off the data, and the model must be
    defined there
    """
    bad = np.flatnonzero(~is_finite)
    if len(bad):
        raise NonFiniteGradientError(int(row[bad[0]]), int(background[bad[0]]), float(alpha[bad[0]]))
