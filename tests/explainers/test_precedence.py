"""Orders that keep a precedence, which users give by the names of features."""

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

import ferroshap
from ferroshap.errors import OptionError
from ferroshap.estimators import Owen, Permutation
from ferroshap.explainers import KernelExplainer, PermutationExplainer

NAMES = ["age", "sex", "bmi", "income"]


def model(X):
    X = np.asarray(X)
    return X[:, 0] * X[:, 3] + X[:, 0] * X[:, 1] * X[:, 2]


class Fitted(LinearRegression):
    """Knows the order of its columns, and is not linear."""

    def predict(self, X):
        return model(X[NAMES])


def by_definition(background, x, pairs):
    """The mean gain over all orders that keep the pairs, all equally likely."""
    orders = [o for o in permutations(range(4)) if all(o.index(a) < o.index(b) for a, b in pairs)]
    values = np.zeros(4)
    for order in orders:
        rows, before = background.copy(), model(background).mean()
        for player in order:
            rows[:, player] = x[player]
            after = model(rows).mean()
            values[player] += (after - before) / len(orders)
            before = after
    return values


@pytest.mark.parametrize("explainer_class", [PermutationExplainer, KernelExplainer])
def test_precedence_is_given_by_names_or_positions(seed, explainer_class):
    rng = np.random.default_rng([seed, 91])
    background, rows = rng.normal(size=(7, 4)), rng.normal(size=(3, 4))
    wanted = np.stack([by_definition(background, x, [(0, 3), (1, 2)]) for x in rows])
    by_name = Permutation(precedence=[("age", "income"), ("sex", "bmi")])
    fitted = Fitted().fit(pd.DataFrame(background, columns=NAMES), model(background))
    order = [2, 0, 3, 1]
    mixed = pd.DataFrame(background, columns=NAMES).iloc[:, order]
    by_position = Permutation(precedence=[(order.index(0), "income"), (order.index(1), order.index(2))])
    for method in (by_name, by_position):
        explanation = explainer_class(fitted, mixed, method=method)(pd.DataFrame(rows, columns=NAMES))
        assert np.allclose(explanation.values, wanted, atol=1e-12)
        assert explanation.status == "EXACT"
    named = explainer_class(model, background, feature_names=NAMES, method=by_name)(rows)
    assert np.allclose(named.values, wanted, atol=1e-12)


@pytest.mark.parametrize("explainer_class", [PermutationExplainer, KernelExplainer])
def test_trees_are_given_by_positions_in_the_background(seed, explainer_class):
    rng = np.random.default_rng([seed, 92])
    background, rows = rng.normal(size=(7, 4)), rng.normal(size=(3, 4))
    wanted = explainer_class(model, background, method=Owen(tree=((0, 3), (1, 2))))(rows)
    assert wanted.status == "EXACT"
    fitted = Fitted().fit(pd.DataFrame(background, columns=NAMES), model(background))
    order = [2, 0, 3, 1]
    mixed = pd.DataFrame(background, columns=NAMES).iloc[:, order]
    tree = ((order.index(0), order.index(3)), (order.index(1), order.index(2)))
    explanation = explainer_class(fitted, mixed, method=Owen(tree=tree))(pd.DataFrame(rows, columns=NAMES))
    assert np.allclose(explanation.values, wanted.values, atol=1e-12)


def test_features_that_do_not_exist_are_refused():
    with pytest.raises(
        OptionError, match="`precedence` names 'incom', but no player is called that; did you mean 'income'"
    ):
        PermutationExplainer(
            model, np.zeros((1, 4)), feature_names=NAMES, method=Permutation(precedence=[("age", "incom")])
        )
    with pytest.raises(OptionError, match="`precedence` holds 4, but features are 0 to 3"):
        PermutationExplainer(model, np.zeros((1, 4)), method=Permutation(precedence=[(0, 4)]))


def test_names_mean_nothing_outside_explainers():
    with pytest.raises(OptionError, match="`precedence` names 'age', but a game knows numbers"):
        ferroshap.estimate(lambda s: s.sum(axis=1), Permutation(precedence=[("age", "sex")]), n_players=4, budget=64)
