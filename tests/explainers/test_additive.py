"""Additive models: what each feature adds, against the definition; what interacts is refused."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from tests.explainers.conftest import adds_up, brute_force, logit

import ferroshap
from ferroshap.errors import InvalidMaskerError, InvalidModelError, OptionError
from ferroshap.explainers import AdditiveExplainer

RNG = np.random.default_rng(0)
BACKGROUND = RNG.normal(size=(7, 4))
ROWS = RNG.normal(size=(5, 4))


def smooth(rows):
    return np.sin(rows[:, 0]) + rows[:, 1] ** 2 - np.exp(rows[:, 2]) + 3.0


def two(rows):
    return np.column_stack([smooth(rows), np.abs(rows[:, 3])])


def probability(rows):
    return 1.0 / (1.0 + np.exp(-smooth(rows)))


@pytest.mark.parametrize("model,link", [(smooth, None), (two, None), (probability, "logit")])
@pytest.mark.parametrize("weights", [None, np.arange(7.0)])
def test_values_are_those_of_the_definition(model, link, weights):
    explainer = AdditiveExplainer(model, BACKGROUND, link=link, weights=weights)
    explanation = explainer(ROWS)
    for row, values in zip(ROWS, explanation.values, strict=True):
        want, base = brute_force(model, BACKGROUND, row, weights=weights, link=logit if link else None)
        scale = np.abs(want).sum() + np.abs(base).sum()
        assert np.abs(values.reshape(4, -1) - want).max() <= 1e-12 * scale
        assert np.abs(np.atleast_1d(explainer.expected_value) - base).max() <= 1e-12 * scale
    outputs = model(ROWS)
    assert adds_up(explanation, logit(outputs) if link else outputs)
    assert (
        (explanation.status == "EXACT") if isinstance(explanation.status, str) else set(explanation.status) == {"EXACT"}
    )


def test_the_twin_of_permutations_which_are_exact_here():
    exact = ferroshap.PermutationExplainer(smooth, BACKGROUND)(ROWS).values
    assert np.abs(AdditiveExplainer(smooth, BACKGROUND).shap_values(ROWS) - exact).max() <= 1e-12 * np.abs(exact).sum()


def test_a_model_whose_features_interact_is_refused_by_name():
    with pytest.raises(
        InvalidModelError, match=r"product.* is not additive: for background row \d .* interact: use Perm"
    ):
        AdditiveExplainer(product, BACKGROUND)


def product(rows):
    return rows[:, 0] * rows[:, 1]


def test_interactions_that_only_explained_rows_show_are_found_there():
    late = lambda rows: rows.sum(axis=1) + (rows[:, 0] > 9.0) * (rows[:, 1] > 9.0)  # noqa: E731
    explainer = AdditiveExplainer(late, BACKGROUND)
    with pytest.raises(InvalidModelError, match="for row 1 it differs .* by 1,"):
        explainer(np.vstack([ROWS[:1], np.full((1, 4), 10.0)]))


def test_the_model_is_asked_one_row_for_a_feature():
    asked = []

    def counted(rows):
        asked.append(len(rows))
        return smooth(rows)

    explainer = AdditiveExplainer(counted, BACKGROUND)
    asked.clear()
    explainer(ROWS)
    assert sum(asked) <= len(ROWS) * (4 + 1)


def test_columns_are_matched_by_name_and_returned_in_the_order_of_the_rows():
    frame = pd.DataFrame(BACKGROUND, columns=list("abcd"))
    model = lambda X: 2.0 * X["a"] + X["c"] ** 2  # noqa: E731
    explainer = ferroshap.Explainer(model, frame, algorithm="additive")
    rows = pd.DataFrame(ROWS, columns=list("abcd"))
    turned = explainer(rows[list("dcba")])
    assert turned.feature_names == list("dcba")
    assert np.array_equal(turned.values[:, ::-1], explainer(rows).values)


def test_words_are_values_like_any_other():
    frame = pd.DataFrame({"size": [1.0, 2.0, 4.0], "colour": ["red", "blue", "red"]})
    model = lambda X: X["size"].to_numpy() + 3.0 * (X["colour"] == "red").to_numpy()  # noqa: E731
    explanation = AdditiveExplainer(model, frame)(frame.iloc[:1])
    assert explanation.values.tolist() == [pytest.approx([1 - 7 / 3, 1.0])]


def test_groups_of_columns_are_players():
    masker = ferroshap.maskers.Groups(BACKGROUND, {"first": [0, 1]})
    grouped = AdditiveExplainer(smooth, masker)(ROWS)
    single = AdditiveExplainer(smooth, BACKGROUND).shap_values(ROWS)
    assert grouped.feature_names[0] == "first"
    assert np.allclose(grouped.values[:, 0], single[:, :2].sum(axis=1), rtol=0, atol=1e-12)


def test_groups_whose_columns_interact_among_themselves_are_additive():
    masker = ferroshap.maskers.Groups(BACKGROUND, {"both": [0, 1]})
    explanation = AdditiveExplainer(product, masker)(ROWS)
    assert np.allclose(explanation.values[:, 0], product(ROWS) - product(BACKGROUND).mean(), rtol=0, atol=1e-12)


def test_a_tree_of_the_players_changes_nothing():
    tree = ferroshap.maskers.Partition(BACKGROUND)
    assert np.array_equal(
        AdditiveExplainer(smooth, tree).shap_values(ROWS), AdditiveExplainer(smooth, BACKGROUND).shap_values(ROWS)
    )


def test_conditional_maskers_and_bent_means_are_refused():
    with pytest.raises(InvalidMaskerError, match="fills features from a whole background"):
        AdditiveExplainer(smooth, ferroshap.maskers.Gaussian(BACKGROUND))
    with pytest.raises(OptionError, match="means inside a bent link do not add up"):
        AdditiveExplainer(probability, BACKGROUND, link="logit", linearize_link=False)


def test_support_is_told_without_raising():
    assert AdditiveExplainer.supports_model_with_masker(smooth, BACKGROUND) is False
    assert AdditiveExplainer.supports_model_with_masker(None, None) is False
    assert "not known to be additive" in AdditiveExplainer.why_not(smooth, BACKGROUND)


@pytest.mark.parametrize("way", [lambda e: pickle.loads(pickle.dumps(e, protocol=5)), copy.deepcopy])
def test_the_twin_answers_with_the_same_bits(way):
    explainer = AdditiveExplainer(smooth, BACKGROUND)
    assert way(explainer).shap_values(ROWS).tobytes() == explainer.shap_values(ROWS).tobytes()


def test_main_effects_are_the_values_and_a_row_alone_has_no_axis():
    explanation = AdditiveExplainer(two, BACKGROUND)(ROWS[0], main_effects=True, error_bounds=True, outputs=[1])
    assert explanation.shape == (4, 1)
    assert np.array_equal(explanation.main_effects, explanation.values)
    assert not np.any(explanation.error_std)
    assert AdditiveExplainer(two, BACKGROUND)(ROWS[:0]).shape == (0, 4, 2)
