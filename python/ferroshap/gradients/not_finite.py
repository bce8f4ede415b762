"""A gradient met on a device that is NaN or infinite."""

import numpy as np
import numpy.typing as npt

from ferroshap.errors import ExplainerError


class NonFiniteGradientError(ExplainerError):
    """A model has no finite gradient at a point of a path.

    Attributes
    ----------
    row, background : int
        Which of the rows and background rows that were loaded onto the device.
    alpha : float
        How far the point lies on the way from the background row to the row.
    """

    def __init__(self, row: int, background: int, alpha: float, *, what: str = "gradient") -> None:
        """Say where; `what` may be the output as well."""
        super().__init__(
            f"the {what} of the model is not finite on the path from background row {background} to row {row} of "
            f"`X`, at {alpha:.6g} of the way: path points lie off the data, where the model must be defined, too"
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
    background row 7 to row 3 of `X`, at 0.25 of the way: path points lie off the data, where the model must be
    defined, too
    """
    bad = np.flatnonzero(~is_finite)
    if len(bad):
        raise NonFiniteGradientError(int(row[bad[0]]), int(background[bad[0]]), float(alpha[bad[0]]))
