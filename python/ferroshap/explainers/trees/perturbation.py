"""`feature_perturbation=`: what stands for absent features, and the options that mean nothing for trees."""

from typing import Any

from ferroshap import links
from ferroshap.errors import InvalidFeaturePerturbationError, OptionError, nearest, warn_user

KNOWN = ("auto", "interventional", "tree_path_dependent")


class Deprecated:
    """The default of an option that is accepted and does nothing."""

    def __repr__(self) -> str:
        """Show in signatures what it is."""
        return "DEPRECATED"


DEPRECATED = Deprecated()


def as_perturbation(name: Any, *, has_data: bool) -> str:
    """Return "interventional" or "tree_path_dependent".

    Raises
    ------
    InvalidFeaturePerturbationError
        For any other name.

    Examples
    --------
    >>> as_perturbation("auto", has_data=True), as_perturbation("auto", has_data=False)
    ('interventional', 'tree_path_dependent')
    """
    if name not in KNOWN:
        meant = nearest(str(name), KNOWN)
        msg = f"`feature_perturbation` is {name!r}, which is not known{meant} Known: {', '.join(KNOWN)}"
        raise InvalidFeaturePerturbationError(msg)
    if name == "auto":
        return "interventional" if has_data else "tree_path_dependent"
    if name == "interventional" and not has_data:
        warn_user(
            "`feature_perturbation='interventional'` needs a background and there is none, so values are "
            "path-dependent: pass data=X_background, or leave the option out",
            FutureWarning,
        )
        return "tree_path_dependent"
    return str(name)


def check_old_options(link: Any, approximate: Any) -> None:
    """Refuse a link; warn of an option that moved to the call.

    Raises
    ------
    OptionError
        For any link but the identity.
    """
    if link is not None and links.resolve(link) is not links.identity:
        msg = (
            f"`link` is {link!r}, but trees are explained on the scale that `model_output` names: "
            "pass model_output='probability' with a background, or leave `link` out"
        )
        raise OptionError(msg)
    if approximate is not DEPRECATED:
        warn_user("`approximate` of the constructor is ignored: pass it to the call", DeprecationWarning)
