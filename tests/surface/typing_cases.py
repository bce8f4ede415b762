"""What a type checker makes of code as users write it: `mypy --strict` reads this file in `make lint`."""

from typing import Any, assert_type

import numpy as np
from numpy.typing import NDArray

import ferroshap as shap
from ferroshap.explanation.op_chain import OpChain


def doubled(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(2.0 * rows.sum(axis=1), dtype=np.float64)


X = np.zeros((10, 3))

explainer = shap.Explainer(doubled, X)
explanation = explainer(X)
assert_type(explanation, shap.Explanation)
assert_type(explanation[0], shap.Explanation)
assert_type(explanation[:, "Feature 0"].abs, shap.Explanation)
assert_type(explanation.mean(0), shap.Explanation)
assert_type(explanation - explanation, shap.Explanation)
assert_type(explanation.shape, tuple[int, ...])
assert_type(len(explanation), int)
assert_type([row.shape for row in explanation], list[tuple[int, ...]])
assert_type(shap.Explanation.abs, OpChain)
assert_type(shap.Explanation.abs.mean(0).argsort.flip[:5], OpChain)
lower, upper = explanation.confidence_interval(level=0.9)
assert_type((lower, upper), tuple[NDArray[Any], NDArray[Any]])

assert_type(shap.KernelExplainer(doubled, X), shap.KernelExplainer)
assert_type(shap.TreeExplainer({"trees": []}), shap.TreeExplainer)
assert_type(shap.KernelExplainer(doubled, X, seed=1)(X, nsamples=100), shap.Explanation)
assert_type(shap.PermutationExplainer(doubled, X)(X, max_evals=500, tol=0.1), shap.Explanation)

game = shap.Game(doubled, shap.maskers.Independent(X), X[0])
estimate = shap.estimate(game, shap.estimators.Leverage(), budget=512, rng=0)
assert_type(estimate, shap.Estimate)
assert_type(shap.interaction_values(np.zeros(8), order=2), shap.Interactions)
