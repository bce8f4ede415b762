"""`ExpectedGradients`: the method of few gradients."""

from dataclasses import dataclass

from ferroshap.errors import OptionError


@dataclass(frozen=True, kw_only=True)
class ExpectedGradients:
    r"""Average gradients over the paths from background rows to the explained row.

    .. math:: \phi_i = \sum_b w_b \int_0^1 (x_i - b_i) \, \partial_i f(b + \alpha (x - b)) \, d\alpha

    With one background row these are integrated gradients. They sum to :math:`f(x) - \sum_b w_b f(b)`.

    Every background row has its own evenly spaced places on its path, shifted by the golden ratio from row to row (in
    the order of the first principal component) and by one random number for each explained row; with fewer points than
    background rows, or very unequal weights, the points are a lattice over background and path. Both are unbiased.
    The control fits each feature's gradient, as it is seen, by the position and the first two principal scores of the
    path point, whose means are known, and so removes the noise that it explains, at no cost; the bias of the fit is
    below 5 % of the error from 16 points on. A linear model is met exactly by one point. What is left of
    ``f(x) - base - sum`` is reported as `gap` and shared out by the variance that is left of each feature's terms.
    Standard errors come from maps of interleaved parts of the points; they are conservative where each background
    row has several places.

    On digits with a net of ReLU units and 128 background rows, iid sampling needs 28 (N = 64) and 66 times
    (N = 256) as many gradients for the same error at the logit, 3 and 6 times at the probability.

    Erion, Janizek, Sturmfels, Lundberg, Lee (2021), "Improving performance of deep learning models with axiomatic
    attribution priors and expected gradients".

    Parameters
    ----------
    budget : int
        Points, each one gradient of every output, for an explained row.
    replicates : int
        Parts of the points that errors are estimated from.
    control : bool
        Remove what the position and the principal scores explain.
    tol : float, optional
        Begin with as few as 16 points and double, until the relative standard error of a row's map (of images: summed
        over channels and pooled 8 x 8) is at most this; `budget` is the ceiling.
    residual : bool
        Share out what is missing to the sum.

    Raises
    ------
    OptionError
        For parameters that no row could be explained with.

    Examples
    --------
    >>> ExpectedGradients(budget=512, tol=0.05)
    ExpectedGradients(budget=512, replicates=4, control=True, tol=0.05, residual=True)
    """

    budget: int = 256
    replicates: int = 4
    control: bool = True
    tol: float | None = None
    residual: bool = True

    def __post_init__(self) -> None:
        """Refuse parameters that no row could be explained with."""
        for name, most in (("budget", 2**32 - 1), ("replicates", 255)):
            number = getattr(self, name)
            if not hasattr(number, "__index__") or isinstance(number, bool) or not 1 <= int(number) <= most:
                msg = f"`{name}` is {number!r}, but must be an integer between 1 and {most}"
                raise OptionError(msg)
        if self.tol is not None and not 0 < self.tol < 1:
            msg = f"`tol` is {self.tol!r}, but must be between 0 and 1, such as 0.1, or None"
            raise OptionError(msg)
