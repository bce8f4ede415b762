"""`shap.explainers._tree`: the tree explainer, and what its tests ask of the parsed forest."""

from typing import Any, NoReturn

from ferroshap.errors import InvalidModelError
from ferroshap.explainers.tree import TreeExplainer
from ferroshap.explainers.trees.wrapper import ExplainedTrees

__all__ = ["SingleTree", "TreeEnsemble", "TreeExplainer"]


class TreeEnsemble(ExplainedTrees):
    """A tree model that predicts from its parsed trees.

    Examples
    --------
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> tree = DecisionTreeRegressor().fit([[0.0], [1.0]], [2.0, 3.0])
    >>> TreeEnsemble(tree).predict([[1.0]])
    array([3.])
    """

    def __init__(
        self,
        model: Any,
        data: Any = None,  # noqa: ARG002 - theirs
        data_missing: Any = None,  # noqa: ARG002 - theirs
        model_output: Any = "raw",
    ) -> None:
        """Parse the model; `data` and `data_missing` belong to the incumbent's kernels and are not needed."""
        explained = TreeExplainer(model, model_output=model_output or "raw").model
        self.__dict__.update(explained.__dict__)


class SingleTree:
    """One tree as arrays: the incumbent's parser, which ferroshap has no use for."""

    def __init__(self, *_args: Any, **_options: Any) -> NoReturn:
        """Say what to use instead."""
        msg = "`SingleTree` is shap's own parser: ferroshap reads whole models, see ferroshap.trees.load"
        raise InvalidModelError(msg)
