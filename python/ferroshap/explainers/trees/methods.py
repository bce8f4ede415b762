"""Tree models and their bound methods: those that show the sum of the trees are explained through the trees."""

from typing import Any

from ferroshap.errors import InvalidModelError
from ferroshap.explainers.trees.outputs import KNOWN
from ferroshap.trees import TreeModel
from ferroshap.trees.recognition import ADAPTERS, is_tree_class, is_tree_model, load_tree_model


def tree_and_output(model: Any) -> tuple[Any, dict[str, str]]:
    """Return the tree model that is meant, and the option that says which output; (None, {}) for no tree model.

    A method counts if it is the library's own: one that a user's class overrides is a function like any other.

    Examples
    --------
    >>> tree_and_output(max), tree_and_output("forest")
    ((None, {}), (None, {}))
    """
    if is_tree_model(model):
        return model, {}
    owner, name = getattr(model, "__self__", None), getattr(model, "__name__", None)
    if owner is None or name not in KNOWN or not is_tree_model(owner):
        return None, {}
    home = next((cls for cls in type(owner).__mro__ if name in vars(cls)), None)
    if name == "predict" and hasattr(owner, "predict_proba"):
        return None, {}  # of a class: no sum, and no function of one
    if home is None or home.__module__.partition(".")[0] not in ADAPTERS or name in vars(owner):
        return None, {}
    return owner, {"model_output": name}


def loaded(model: Any) -> TreeModel:
    """Read a model that must be one of trees.

    Raises
    ------
    InvalidModelError
        When it is none.
    """
    trees = load_tree_model(model)
    if trees is not None:
        return trees
    owner = getattr(model, "__self__", None)
    if isinstance(model, type) and is_tree_class(model):
        msg = f"`model` is the class {model.__name__} itself: pass a fitted model, {model.__name__}(...).fit(X, y)"
    elif owner is not None and is_tree_model(owner):
        msg = (
            f"`model` is the method `{model.__name__}` of {type(owner).__name__}: pass the model itself, and "
            "`model_output` for another output than 'raw'; or use Explainer(method, X_background)"
        )
    else:
        msg = (
            f"`model` is of the class {type(model).__name__}, which is no ensemble of trees that we read: pass a "
            "model of scikit-learn, XGBoost, LightGBM or CatBoost, what ferroshap.trees.load read, or use "
            "Explainer(model, X_background)"
        )
    raise InvalidModelError(msg)
