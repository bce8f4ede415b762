"""Groups of columns as players of tree models: the game restricted to unions, by brute force."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import GradientBoostingRegressor, RandomForestClassifier, RandomForestRegressor
from sklearn.tree import DecisionTreeRegressor
from tests.oracle import shapley
from tests.trees.conftest import case_named, table, target

import ferroshap as shap
from ferroshap.errors import DimensionError, InvalidMaskerError, OptionError
from ferroshap.maskers import Gaussian, Groups, Independent, Partition

#: Columns 0 and 3 together, 1 and 4 together, 2 alone.
PLAYERS = [[0, 3], [1, 4], [2]]
GROUPS = {"first": [0, 3], "second": [1, 4]}


def group_values(worth, players):
    """Values ``(players, outputs)`` of a game given as a function of the present columns."""
    worths = []
    for number in range(2 ** len(players)):
        present = [column for bit, columns in enumerate(players) if number >> bit & 1 for column in columns]
        worths.append(np.atleast_1d(worth(present)))
    worths = np.array(worths)
    return np.stack([shapley(worths[:, k], len(players)) for k in range(worths.shape[1])], axis=-1), np.abs(
        worths
    ).max()


def interventional(predict, x, background, weights=None):
    def worth(present):
        rows = background.copy()
        rows[:, present] = x[present]
        return np.average(predict(rows), axis=0, weights=weights)

    return worth


def covers_of(model, x):
    """The expectation of scikit-learn's own trees where absent columns follow the training rows."""

    def worth(present):
        total = 0.0
        for one in model.estimators_:
            tree = one.tree_

            def below(node, tree=tree):
                left, right = tree.children_left[node], tree.children_right[node]
                if left < 0:
                    return tree.value[node].ravel()
                if tree.feature[node] in present:
                    return below(left if np.float32(x[tree.feature[node]]) <= tree.threshold[node] else right)
                shares = tree.weighted_n_node_samples
                return (shares[left] * below(left) + shares[right] * below(right)) / shares[node]

            total = total + below(0)
        return total / len(model.estimators_)

    return worth


@pytest.mark.parametrize("n_background", [1, 3, 9, 40])
def test_values_are_those_of_the_game_of_groups(case, n_background):
    background = table(n_background, seed=5)
    explainer = shap.TreeExplainer(case.model, Groups(background, GROUPS))
    explained = explainer(case.rows)
    assert explained.feature_names == ["first", "second", "Feature 2"]
    assert "3 groups of columns are the players" in str(explainer.plan)
    for x, values in zip(case.rows, explained.values, strict=True):
        want, scale = group_values(interventional(case.raw, x, background), PLAYERS)
        # Worths are sums over at most 40 rows and 30 trees, values sums over 8 coalitions.
        np.testing.assert_allclose(values.reshape(want.shape), want, rtol=0, atol=100 * 2**-52 * scale)
    summed = explainer(case.rows, interactions=True)
    np.testing.assert_allclose(summed.values.sum(axis=1), explained.values, rtol=0, atol=1e-12)


def test_values_without_a_background_are_those_of_covers_seen_by_groups():
    X = table(200)
    for model in (
        RandomForestRegressor(8, max_depth=7, random_state=0).fit(X, target(X)),
        RandomForestClassifier(5, max_depth=6, random_state=0).fit(X, np.digitize(target(X), [-0.5, 0.8])),
    ):
        explainer = shap.TreeExplainer(model, groups=GROUPS)
        explained = explainer(X[:5])
        for x, values in zip(X[:5], explained.values, strict=True):
            want, scale = group_values(covers_of(model, x), PLAYERS)
            np.testing.assert_allclose(values.reshape(want.shape), want, rtol=0, atol=1e-12 * scale)
        pairs = explainer.shap_interaction_values(X[:5])
        np.testing.assert_allclose(pairs.sum(axis=1), explained.values, rtol=0, atol=1e-12)


@pytest.mark.parametrize("depth", [2, 5, 12])
def test_every_depth_has_a_kernel_that_knows_groups(depth):
    X = table(300)
    model = DecisionTreeRegressor(max_depth=depth, random_state=1).fit(X, target(X))
    background = table(30, seed=3)
    explained = shap.TreeExplainer(model, background, groups=GROUPS)(X[:4])
    for x, values in zip(X[:4], explained.values, strict=True):
        want, scale = group_values(interventional(model.predict, x, background), PLAYERS)
        np.testing.assert_allclose(values, want[:, 0], rtol=0, atol=200 * 2**-52 * scale)


def test_probabilities_and_losses_of_groups_are_margins_rescaled_against_each_background_row(log_odds):
    """shap's definition: `sum_z w_z (g(f(x)) - g(f(z))) / (f(x) - f(z)) * (value of the margin against z alone)`."""
    functions = {"probability": lambda m, y: 1 / (1 + np.exp(-m)), "log_loss": lambda m, y: np.logaddexp(0, m) - y * m}
    y = np.array([0, 1, 0, 1, 1, 0])
    for output, function in functions.items():
        explainer = shap.TreeExplainer(log_odds.model, Groups(log_odds.background, GROUPS), model_output=output)
        for x, label, values in zip(log_odds.rows, y, explainer(log_odds.rows, y).values, strict=True):
            want = np.zeros(len(PLAYERS))
            for z in log_odds.background:
                alone, _ = group_values(interventional(log_odds.raw, x, z[None, :]), PLAYERS)
                at_x, at_z = log_odds.raw(np.stack([x, z]))
                want += alone[:, 0] * (function(at_x, label) - function(at_z, label)) / (at_x - at_z)
            np.testing.assert_allclose(values, want / len(log_odds.background), rtol=0, atol=1e-11)


def test_the_approximation_sums_the_steps_of_a_group(forest):
    alone = shap.TreeExplainer(forest.model).shap_values(forest.rows, approximate=True)
    grouped = shap.TreeExplainer(forest.model, groups=GROUPS).shap_values(forest.rows, approximate=True)
    want = np.stack([alone[:, columns].sum(axis=1) for columns in PLAYERS], axis=1)
    np.testing.assert_allclose(grouped, want, rtol=0, atol=1e-13)


def test_one_column_a_group_changes_no_bit(case):
    names = {f"g{column}": [column] for column in range(5)}
    for data in (None, case.background):
        plain = shap.TreeExplainer(case.model, data)
        grouped = shap.TreeExplainer(case.model, data, groups=names)
        assert grouped.shap_values(case.rows).tobytes() == plain.shap_values(case.rows).tobytes()


def test_threads_change_no_bit(case):
    results = {
        shap.TreeExplainer(case.model, Groups(case.background, GROUPS), n_jobs=n).shap_values(case.rows).tobytes()
        for n in (1, 2, 7)
    }
    assert len(results) == 1


def test_limits_of_a_mean_keep_the_groups():
    X = table(200)
    model = GradientBoostingRegressor(n_estimators=12, random_state=0).fit(X, target(X))
    explainer = shap.TreeExplainer(model, groups=GROUPS)
    few = shap.TreeExplainer(GradientBoostingRegressor(n_estimators=5, random_state=0).fit(X, target(X)), groups=GROUPS)
    np.testing.assert_allclose(explainer.shap_values(X[:4], tree_limit=5), few.shap_values(X[:4]), rtol=0, atol=1e-12)


def test_columns_in_another_order_leave_groups_as_they_are(forest):
    names = list("abcde")
    frame = pd.DataFrame(table(200), columns=names)
    model = RandomForestRegressor(5, random_state=0).fit(frame, target(frame.to_numpy()))
    groups = {"first": ["a", "d"], "second": ["b", "e"]}
    rows = pd.DataFrame(forest.rows, columns=names)
    want = shap.TreeExplainer(model, Groups(frame[:20], groups))(rows)
    for order in (["e", "c", "a", "b", "d"], names[::-1]):
        got = shap.TreeExplainer(model, Groups(frame[:20][order], groups))(rows[order[::-1]])
        by_name = {name: got.values[:, place] for place, name in enumerate(got.feature_names)}
        for place, name in enumerate(want.feature_names):
            np.testing.assert_array_equal(by_name[name], want.values[:, place])
    pairs = shap.TreeExplainer(model, groups=groups).shap_interaction_values(rows, sparse=True)
    assert pairs.pairs.max() == 2


def test_a_group_shows_its_columns(forest):
    frame = pd.DataFrame({"is_red": [0, 1, 0, 1], "is_blue": [1, 0, 1, 0], "size": [1.0, 2.0, 3.0, 4.0]})
    model = RandomForestRegressor(3, random_state=0).fit(frame, [0, 1, 2, 3])
    explained = shap.TreeExplainer(model, frame, groups={"colour": ["is_red", "is_blue"]})(frame)
    assert explained.data[:2].tolist() == [["is_blue", 1.0], ["is_red", 2.0]]


def test_pickles_keep_the_groups(forest):
    explainer = shap.TreeExplainer(forest.model, Groups(forest.background, GROUPS))
    back = pickle.loads(pickle.dumps(explainer))
    assert back.feature_names == ["first", "second", "Feature 2"]
    np.testing.assert_array_equal(back.shap_values(forest.rows), explainer.shap_values(forest.rows))


def test_explainer_takes_the_tree_route_with_groups(forest):
    explainer = shap.Explainer(
        forest.model, Groups(Independent(forest.background, weights=np.arange(1.0, 10.0)), GROUPS)
    )
    assert isinstance(explainer, shap.TreeExplainer)
    x = forest.rows[0]
    want, _ = group_values(interventional(forest.raw, x, forest.background, np.arange(1.0, 10.0)), PLAYERS)
    np.testing.assert_allclose(explainer(x).values, want[:, 0], rtol=0, atol=1e-13)


def test_what_is_no_group_is_refused():
    model = case_named("forest").model
    with pytest.raises(OptionError, match="has 9, but columns are names"):
        shap.TreeExplainer(model, groups={"a": [0, 9]})
    with pytest.raises(DimensionError, match="there are 4 players"):
        shap.TreeExplainer(model, groups={"a": [0, 1]}, feature_names=list("abcde"))
    with pytest.raises(InvalidMaskerError, match="TreeExplainer fills features from a whole background"):
        shap.TreeExplainer(model, Groups(Gaussian(table(40)), GROUPS))
    with pytest.raises(InvalidMaskerError, match="TreeExplainer fills features from a whole background"):
        shap.TreeExplainer(model, Partition(Groups(table(40), GROUPS)))
