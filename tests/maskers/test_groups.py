"""Groups of columns as players: the values of the game in which a group's columns come and go together."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.oracle import shapley

import ferroshap as shap
from ferroshap.errors import InvalidMaskerError, OptionError
from ferroshap.maskers import Baseline, Gaussian, Groups, Independent, Partition


def model(rows):
    three = np.tanh(rows[:, 0] * rows[:, 3] * rows[:, 4])
    return three + rows[:, 1] * np.sin(rows[:, 2]) + rows[:, 5] ** 2


def values_of_groups(function, background, x, groups):
    """By the definition: worths of all coalitions of groups, each over all background rows."""
    worths = []
    for number in range(2 ** len(groups)):
        present = [column for bit, columns in enumerate(groups) if number >> bit & 1 for column in columns]
        rows = background.copy()
        rows[:, present] = x[present]
        worths.append(function(rows).mean())
    return np.array(shapley(worths, len(groups))), float(np.abs(worths).max())


def drawn(seed, n_rows=30):
    rng = np.random.default_rng([seed, 5])
    return rng.normal(size=(n_rows, 6)), rng.normal(size=(4, 6))


@given(st.lists(st.integers(0, 3), min_size=6, max_size=6), st.integers(0, 2**32))
def test_values_are_those_of_the_game_of_groups(owners, seed):
    background, rows = drawn(seed, 8)
    named = {f"g{owner}": [c for c in range(6) if owners[c] == owner] for owner in sorted(set(owners) - {0})}
    masker = Groups(background, named) if named else Groups(background, {"g": [0]})
    explained = shap.ExactExplainer(model, masker)(rows[:2])
    players = [list(columns) for columns in masker.units.columns]
    assert sorted(column for columns in players for column in columns) == list(range(6))
    for x, values in zip(rows, explained.values, strict=False):
        want, scale = values_of_groups(model, background, x, players)
        # Each value is a mean of at most 2^6 differences of means over 8 rows.
        assert np.abs(values - want).max() <= (2**6 + 8) * 2**-52 * scale


@pytest.mark.parametrize("route", ["exact", "kernel", "permutation", "sampling", "auto"])
def test_every_route_knows_groups(route, seed):
    background, rows = drawn(seed)
    groups = [[0, 3], [1], [2], [4, 5]]
    masker = Groups(background, {"first": [0, 3], "last": [4, 5]})
    explainer = shap.Explainer(model, masker, algorithm=route)
    explained = explainer(rows, **({"nsamples": 60} if route == "sampling" else {}))
    assert explained.feature_names == ["first", "Feature 1", "Feature 2", "last"]
    assert explained.values.shape == (4, 4)
    total = explained.base_values + explained.values.sum(axis=1)
    assert np.abs(total - model(rows)).max() < 1e-12 * (1 + np.abs(model(rows)).max())
    if route in {"exact", "kernel", "auto"}:  # 16 coalitions are enumerated
        for x, values in zip(rows, explained.values, strict=True):
            want, scale = values_of_groups(model, background, x, groups)
            assert np.abs(values - want).max() <= (2**4 + 30) * 2**-52 * scale


def test_a_group_plays_unless_all_its_columns_are_those_of_the_background():
    background = np.tile([1.0, 2.0, 3.0, 4.0], (5, 1))
    row = np.array([[1.0, 2.0, 3.0, 9.0]])
    masker = Groups(background, {"same": [0, 1], "half": [2, 3]})
    explained = shap.ExactExplainer(lambda X: X.sum(axis=1), masker)(row)
    assert explained.values.tolist() == [[0.0, 5.0]]
    assert explained.n_evaluations.tolist() == [2]


def test_columns_in_the_order_of_the_model_leave_groups_as_they_are(seed):
    background, rows = drawn(seed)
    names = list("abcdef")

    class Model:
        feature_names_in_ = np.array(names)

        def predict(self, X):
            return model(X[names].to_numpy())

    shuffled = ["d", "b", "f", "a", "c", "e"]
    frame = pd.DataFrame(background, columns=names)
    masker = Groups(frame[shuffled], {"first": ["a", "d"], "last": ["e", "f"]})
    explained = shap.ExactExplainer(Model(), masker)(pd.DataFrame(rows, columns=names)[["f", "e", "d", "c", "b", "a"]])
    by_name = dict(zip(explained.feature_names, explained.values.T, strict=True))
    groups = {"first": [0, 3], "b": [1], "c": [2], "last": [4, 5]}
    for place, x in enumerate(rows):
        want, scale = values_of_groups(model, background, x, list(groups.values()))
        for name, value in zip(groups, want, strict=True):
            assert abs(by_name[name][place] - value) <= (2**4 + 30) * 2**-52 * scale
    shown = dict(zip(explained.feature_names, explained.data.T, strict=True))
    assert shown["b"][0] == rows[0, 1]
    assert "a=" in shown["first"][0]
    assert "d=" in shown["first"][0]


def test_an_encoded_category_shows_its_name():
    background = pd.DataFrame({"age": [1.0, 2.0], "is_red": [1, 0], "is_blue": [0, 1]})
    masker = Groups(background, {"colour": ["is_red", "is_blue"]})
    explained = shap.ExactExplainer(lambda X: X.to_numpy() @ [1.0, 2.0, 3.0], masker)(background)
    assert explained.data[:, explained.feature_names.index("colour")].tolist() == ["is_red", "is_blue"]


def test_links_outputs_interactions_and_main_effects_are_those_of_groups(seed):
    background, rows = drawn(seed)
    groups = {"first": [0, 3], "last": [4, 5]}

    def two(X):
        p = 1.0 / (1.0 + np.exp(-model(X)))
        return np.stack([1.0 - p, p], axis=1)

    explained = shap.ExactExplainer(two, Groups(background, groups), link="logit")(rows, main_effects=True)
    assert explained.values.shape == explained.main_effects.shape == (4, 4, 2)
    total = explained.base_values + explained.values.sum(axis=1)
    assert np.abs(total[:, 1] - model(rows)).max() < 1e-9
    pairs = shap.ExactExplainer(model, Groups(background, groups))(rows, interactions="sii")
    alone = shap.ExactExplainer(model, Groups(background, groups))(rows)
    assert pairs.values.shape == (4, 4, 4)
    assert np.abs(pairs.values.sum(axis=2) - alone.values).max() < 1e-12 * (1 + np.abs(alone.values).max())


def test_a_game_and_a_pickle_know_groups(seed):
    background, rows = drawn(seed)
    masker = Groups(background, {"first": [0, 3], "last": [4, 5]})
    game = shap.Game(model, masker, rows[0])
    assert game.n_players == 4
    present = np.array([[True, False, False, True]])
    want = background.copy()
    want[:, [0, 3, 4, 5]] = rows[0, [0, 3, 4, 5]]
    assert abs(game(present)[0] - model(want).mean()) < 1e-13
    explainer = shap.ExactExplainer(model, masker)
    for twin in (pickle.loads(pickle.dumps(explainer)), copy.deepcopy(explainer)):
        assert np.array_equal(twin(rows).values, explainer(rows).values)


def test_one_hot_columns_of_a_frame_are_one_player(seed):
    rng = np.random.default_rng([seed, 9])
    frame = pd.get_dummies(pd.DataFrame({"x": rng.normal(size=20), "kind": rng.choice(list("uvw"), 20)}), dtype=float)
    kinds = [name for name in frame.columns if name.startswith("kind_")]
    masker = Groups(frame, {"kind": kinds})
    weights = np.arange(1.0, 1.0 + len(frame.columns))
    explained = shap.ExactExplainer(lambda X: X.to_numpy() @ weights, masker)(frame[:3])
    alone = shap.ExactExplainer(lambda X: X.to_numpy() @ weights, frame)(frame[:3])
    assert explained.feature_names == ["x", "kind"]
    # A linear model: the group's value is the sum of its columns'.
    assert np.abs(explained[:, "kind"].values - alone.values[:, 1:].sum(axis=1)).max() < 1e-12


@pytest.mark.parametrize(
    "groups,message",
    [
        ({}, "must be a dict"),
        ([[0, 1]], "must be a dict"),
        ({"g": []}, "is empty"),
        ({"g": [0, 0]}, "once is enough"),
        ({"g": [0], "h": [1, 0]}, "once is enough"),
        ({"g": [6]}, "from 0 to 5"),
        ({"g": [-1]}, "from 0 to 5"),
        ({"g": [True]}, "from 0 to 5"),
        ({"g": ["nobody"]}, "not the name"),
        ({"Feature 1": [0, 2]}, "choose another name"),
    ],
)
def test_bad_groups_are_refused_by_name(groups, message):
    with pytest.raises(OptionError, match=message):
        Groups(np.zeros((3, 6)), groups)


def test_groups_of_groups_and_routes_without_them_are_refused(seed):
    background, _ = drawn(seed)
    masker = Groups(background, {"g": [0, 1]})
    with pytest.raises(OptionError, match="groups already"):
        Groups(masker, {"h": [2, 3]})
    with pytest.raises(OptionError, match="tree knows no groups"):
        Groups(Partition(background), {"h": [2, 3]})
    with pytest.raises(InvalidMaskerError, match="LinearExplainer"):
        shap.LinearExplainer((np.ones(6), 0.0), Groups(Gaussian(background), {"g": [0, 1]}))
    assert isinstance(shap.Explainer((lambda X: X.sum(axis=1)), masker), shap.ExactExplainer)
    assert Groups(Baseline(np.zeros(6)), {"g": [0, 1]}).n_background == 1
    assert Groups(Independent(background, weights=np.arange(30.0)), {"g": [0, 1]}).n_background == 29


@pytest.mark.parametrize("n_outputs", [None, 3])
def test_linear_models_sum_over_their_groups(n_outputs, seed):
    rng = np.random.default_rng([seed, 8])
    background, rows = drawn(seed)
    coef = rng.normal(size=6 if n_outputs is None else (n_outputs, 6))
    masker = Groups(Independent(background, weights=rng.random(30)), {"first": [0, 3], "last": [4, 5]})
    explainer = shap.LinearExplainer((coef, rng.normal(size=n_outputs)), masker)
    explained = explainer(rows, main_effects=True)
    exact = shap.ExactExplainer(explainer.model, masker)(rows)
    assert explained.feature_names == exact.feature_names == ["first", "Feature 1", "Feature 2", "last"]
    np.testing.assert_allclose(explained.values, exact.values, rtol=0, atol=1e-13)
    np.testing.assert_array_equal(explained.data, exact.data)
    np.testing.assert_array_equal(explainer(rows[1]).values, explained.values[1])
    grouped = shap.LinearExplainer((coef, 0.0), Partition(masker))
    np.testing.assert_allclose(grouped.shap_values(rows), explained.values, rtol=0, atol=1e-15)


def test_groups_of_a_summary_are_players(seed):
    background, rows = drawn(seed)
    groups = [[0, 3], [1], [2], [4, 5]]
    summary = shap.kmeans(background, 3)
    grouped = type(summary)(summary.data, summary.weights, list("abcd"), [np.array(columns) for columns in groups])
    explained = shap.KernelExplainer(model, grouped)(rows)
    assert explained.feature_names == list("abcd")
    repeated = np.repeat(summary.data, np.round(30 * summary.weights).astype(int), axis=0)
    for x, values in zip(rows, explained.values, strict=True):
        want, scale = values_of_groups(model, repeated, x, groups)
        assert np.abs(values - want).max() <= (2**4 + 30) * 2**-51 * scale
    with pytest.raises(OptionError, match="every column once"):
        shap.KernelExplainer(model, type(summary)(summary.data, summary.weights, ["a"], [np.arange(5)]))


def test_ten_thousand_columns_in_groups_cost_what_the_groups_cost():
    """Two hundred players: evaluations, words and time follow them, and names are looked up once."""
    n_columns, n_groups = 10_000, 200
    names = [f"column {k}" for k in range(n_columns)]
    groups = {f"group {g}": names[g::n_groups] for g in range(n_groups)}
    rng = np.random.default_rng(0)
    weights = rng.normal(size=n_columns)
    background = pd.DataFrame(np.zeros((2, n_columns)), columns=names)
    rows = pd.DataFrame(rng.normal(size=(2, n_columns)), columns=names)
    masker = shap.maskers.Groups(background, groups)
    explainer = shap.KernelExplainer(lambda table: np.asarray(table) @ weights, masker, nsamples=2 * n_groups + 2)
    found = explainer(rows)
    assert found.values.shape == (2, n_groups)
    assert (found.n_evaluations <= 2 * n_groups + 4).all()
    wanted = (rows.to_numpy() * weights).reshape(2, n_columns // n_groups, n_groups).sum(axis=1)
    np.testing.assert_allclose(found.values, wanted, atol=1e-9)
