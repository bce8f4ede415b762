"""Which maskers `LinearExplainer` takes, and what shap's `feature_perturbation` makes of them."""

from typing import Any

from ferroshap.errors import (
    InvalidFeaturePerturbationError,
    InvalidMaskerError,
    OptionError,
    PlausibilityWarning,
    warn_user,
)
from ferroshap.maskers import Conditional, Gaussian, Impute, Independent, Masker, as_marginal, as_masker

#: Maskers under which expectations of a linear model are known.
CORRELATED = Gaussian, Impute


def background_of(masker: Any, weights: Any) -> Masker:
    """Return the masker that is meant, if linear models have closed forms under it.

    Raises
    ------
    InvalidMaskerError
        When they have none.
    """
    if isinstance(masker, Masker) and masker.tree is not None and isinstance(masker.filler, Independent):
        # Whoever is there already, a feature of a linear model gains the same: Owen values are Shapley values.
        masker = masker.filler if masker.units is None else getattr(masker, "inner", masker)
    if isinstance(masker, CORRELATED):
        return as_masker(masker, weights=weights)
    if isinstance(masker, Conditional):
        msg = (
            f"`masker` is {masker!r}, under which not even a linear model has values in closed form: pass "
            "maskers.Gaussian or maskers.Impute, or explain through ExactExplainer, PermutationExplainer or "
            "KernelExplainer"
        )
        raise InvalidMaskerError(msg)
    return as_marginal(masker, "LinearExplainer", weights=weights)


def perturbed(masker: Any, feature_perturbation: str | None, weights: Any) -> Any:
    """Return the masker that shap's old option means, with a warning of it.

    Raises
    ------
    InvalidFeaturePerturbationError
        When it is not known.
    OptionError
        When it contradicts the masker.
    """
    if feature_perturbation is None:
        return masker
    if feature_perturbation not in {"interventional", "independent", "correlation_dependent"}:
        msg = (
            f"`feature_perturbation` is {feature_perturbation!r}, which is not known: leave it out and pass "
            "maskers.Independent or maskers.Impute"
        )
        raise InvalidFeaturePerturbationError(msg)
    warn_user("`feature_perturbation` is deprecated: the masker says how features are filled", FutureWarning)
    wants = feature_perturbation == "correlation_dependent"
    if isinstance(masker, Independent if wants else CORRELATED):
        msg = f"`feature_perturbation` is {feature_perturbation!r}, but `masker` is {masker!r}: leave the former out"
        raise OptionError(msg)
    if not wants or isinstance(masker, Masker):
        return masker
    return Impute(masker, weights=weights)


def warn_of_few_rows(masker: Masker) -> None:
    """Warn where a covariance was estimated from too few rows to say how all features move together."""
    rows, columns = masker.n_background, masker.table.n_columns
    if 1 < rows <= columns:
        warn_user(
            f"{rows} background rows of {columns} features have a singular covariance: correlations that nobody has "
            "seen move credit between features; pass more rows, or maskers.Independent",
            PlausibilityWarning,
        )
