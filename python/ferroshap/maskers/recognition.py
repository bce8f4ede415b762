"""From what the user gave to a masker."""

from typing import Any

from ferroshap.errors import InvalidMaskerError
from ferroshap.maskers.calling import is_called
from ferroshap.maskers.independent import Independent
from ferroshap.maskers.masker import Masker


def as_masker(masker: Any, *, argument: str = "masker", weights: Any = None) -> Masker:
    """Return the masker that is meant by a background, or the masker itself.

    Where columns of a summary are grouped, as in shap's ``DenseData``, the groups are the players.

    Raises
    ------
    InvalidMaskerError
        When there is no background, or weights are given beside a masker that has its own.
    """
    if masker is None:
        msg = f"`{argument}` is None, but this route needs background data: pass {argument}=X_background"
        raise InvalidMaskerError(msg)
    if isinstance(masker, Masker) and not masker.takes_calls:
        if masker.takes_images:
            msg = (
                f"`{argument}` is {masker!r}, whose players are regions of images: use Explainer, PartitionExplainer, "
                "PermutationExplainer, ExactExplainer or KernelExplainer"
            )
            raise InvalidMaskerError(msg)
        if weights is not None:
            msg = f"`weights` and a masker were given: pass them to maskers.{type(masker).__name__}(data, weights=...)"
            raise InvalidMaskerError(msg)
        return masker
    if is_called(masker):
        raise InvalidMaskerError(_refusal(masker, argument))
    return Independent(masker, weights=weights)


def _refusal(masker: Any, argument: str) -> str:
    return (
        f"`{argument}` is {masker!r}, a function: Explainer, PermutationExplainer, ExactExplainer, PartitionExplainer "
        "and KernelExplainer call it; all others want background data or a masker of a table"
    )


def is_marginal(masker: Any) -> bool:
    """Tell whether a masker, or what stands for one, fills absent features from a whole background.

    Its players may be groups of columns, but not stand in a tree.

    Examples
    --------
    >>> from ferroshap.maskers import Gaussian, Groups
    >>> data = [[0.0, 1.0], [1.0, 0.0]]
    >>> is_marginal(data), is_marginal(Groups(data, {"both": [0, 1]})), is_marginal(Gaussian(data))
    (True, True, False)
    """
    if isinstance(masker, Masker):
        return masker.tree is None and isinstance(masker.filler, Independent)
    return not callable(masker)


def as_marginal(masker: Any, route: str, *, argument: str = "masker", weights: Any = None) -> Masker:
    """Return the masker that is meant, for a route that fills features from the background as a whole.

    Raises
    ------
    InvalidMaskerError
        When it fills features in another way.
    """
    found = as_masker(masker, argument=argument, weights=weights)
    if not is_marginal(found):
        msg = (
            f"`{argument}` is {found!r}, but {route} fills features from a whole background: pass background data, "
            "maskers.Independent, or maskers.Groups over one of them, or explain through ExactExplainer, "
            "PermutationExplainer or KernelExplainer"
        )
        raise InvalidMaskerError(msg)
    return found
