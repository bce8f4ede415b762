"""`model_output=`: which function of a tree model is explained."""

from dataclasses import dataclass
from os import PathLike
from typing import Any

from ferroshap.errors import InvalidFeaturePerturbationError, OptionError, nearest
from ferroshap.trees import TreeModel

KNOWN = ("raw", "probability", "log_loss", "predict_proba", "decision_function", "predict")
#: What libraries call the squared error, the one loss besides the logarithmic that has an exact route.
SQUARED_ERRORS = {
    *("squared_error", "friedman_mse", "mse", "ls", "least_squares"),  # scikit-learn, the last three before 1.0
    *("reg:squarederror", "reg:linear", "regression", "RMSE"),  # XGBoost, LightGBM, CatBoost
}


class NotExplainedError(OptionError):
    """The output is no sum of trees and no function of one that has an exact route."""


@dataclass(frozen=True)
class ExplainedOutput:
    """What is explained of a model.

    Attributes
    ----------
    name : str
        As the user called it.
    function : str or None
        The function of the margin: "sigmoid", "exp", "log_loss" or "squared_loss"; None for the margin itself.
    scale : float
        Of the sigmoid.
    is_doubled : bool
        Whether the probability of class 0 has a column as well.
    """

    name: str
    function: str | None = None
    scale: float = 1.0
    is_doubled: bool = False

    @property
    def needs_labels(self) -> bool:
        """Whether each row must come with what is true of it."""
        return self.function in {"log_loss", "squared_loss"}


def class_names(model: TreeModel) -> list[str] | None:
    """Return the names of the classes, also where two of them share one margin."""
    if model.output_names is not None:
        return model.output_names
    classes = getattr(model.model, "classes_", None)
    # CatBoost's regressors have an empty array.
    return None if classes is None or isinstance(classes, list) else [str(name) for name in classes] or None


def explained_output(model: TreeModel, name: Any, *, has_background: bool) -> ExplainedOutput:
    """Find out which function of the margin `model_output` means for a model.

    Raises
    ------
    OptionError
        For a name that is not known, or an output that has no exact route.
    InvalidFeaturePerturbationError
        When it needs a background, and there is none.
    """
    if name not in KNOWN:
        msg = f"`model_output` is {name!r}, which is not known{nearest(str(name), KNOWN)} Known: {', '.join(KNOWN)}"
        raise OptionError(msg)
    output = _output(model, name)
    if output.function is not None and not has_background:
        msg = (
            f"`model_output={name!r}` is no sum of trees, so it is explained over a background only: "
            "pass data=X_background, or explain model_output='raw'"
        )
        raise InvalidFeaturePerturbationError(msg)
    return output


def _output(model: TreeModel, name: str) -> ExplainedOutput:
    kind, scale = model.forest.transform
    estimator = model.model
    is_classifier = (
        model.is_probability or kind in {"sigmoid", "softmax"} or len(getattr(estimator, "classes_", ())) > 0
    )
    if name == "raw" or (model.is_probability and name in {"probability", "predict_proba"}):
        return ExplainedOutput(name)
    if name == "decision_function" and not model.is_probability and hasattr(estimator, "decision_function"):
        return ExplainedOutput(name)
    if name == "predict" and not hasattr(estimator, "predict_proba"):
        if kind == "identity":
            return ExplainedOutput(name)
        if kind in {"sigmoid", "exp"} and model.is_vector:
            return ExplainedOutput(name, kind, scale)
    if name in {"probability", "predict_proba"} and kind == "sigmoid" and model.is_vector:
        return ExplainedOutput(name, "sigmoid", scale, is_doubled=name == "predict_proba")
    if name == "log_loss" and model.is_vector and not model.is_probability:
        if kind == "sigmoid":
            return ExplainedOutput(name, "log_loss", scale)
        if kind == "identity" and not is_classifier and model.loss in SQUARED_ERRORS:
            return ExplainedOutput(name, "squared_loss")
    is_of_library = estimator is not None and not isinstance(estimator, str | PathLike)
    what = type(estimator).__name__ if is_of_library else f"the model of {model.library}"  # which was read from a file
    if name == "log_loss" and kind == "identity" and not is_classifier:
        fitted = f"fitted on the loss {model.loss!r}" if model.loss else "which does not say what it was fitted on"
        what = f"{what}, {fitted} instead of the squared error,"
    msg = (
        f"`model_output={name!r}` of {what} is not explained through its trees: explain model_output='raw', "
        "or the function itself with Explainer(f, X_background, algorithm='permutation')"
    )
    raise NotExplainedError(msg)
