"""Main effects (D14) and interactions (D11)."""

import numpy as np
import pytest

import ferroshap

MAKERS = {
    "exact": ferroshap.ExactExplainer,
    "permutation": ferroshap.PermutationExplainer,
    "chosen": lambda f, b: ferroshap.Explainer(f, b, algorithm="permutation", method="auto"),
    "leverage": lambda f, b: ferroshap.PermutationExplainer(f, b, method="leverage", max_evals=60),
}


def alone(model, background, x):
    """What every feature is worth alone, by the definition."""
    effects = []
    for feature in range(len(x)):
        rows = background.copy()
        rows[:, feature] = x[feature]
        effects.append(model(rows).mean(axis=0) - model(background).mean(axis=0))
    return np.array(effects)


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
@pytest.mark.parametrize("outputs", [1, 2])
def test_d14_main_effects_are_what_features_are_worth_alone(case, make, outputs):
    model = case.model if outputs == 1 else case.two_outputs
    explanation = make(model, case.background)(case.rows, main_effects=True)
    assert explanation.main_effects.shape == explanation.shape
    for row, x in enumerate(case.rows):
        assert np.allclose(explanation.main_effects[row], alone(model, case.background, x))
    assert make(model, case.background)(case.rows).main_effects is None


def test_d14_main_effects_do_not_change_exact_values(case):
    explainer = ferroshap.ExactExplainer(case.model, case.background)
    assert np.array_equal(explainer(case.rows, main_effects=True).values, explainer(case.rows).values)


def test_d14_exact_values_have_errors_of_zero_on_request(case):
    explainer = ferroshap.ExactExplainer(case.model, case.background)
    assert explainer(case.rows).error_std is None
    bounds = explainer(case.rows, error_bounds=True)
    assert bounds.error_std.shape == (5, 6)
    assert not bounds.error_std.any()
    lower, upper = bounds.confidence_interval()
    assert np.array_equal(lower, bounds.values)
    assert np.array_equal(upper, bounds.values)


def worth(model, background, x, present):
    rows = background.copy()
    rows[:, list(present)] = x[list(present)]
    return model(rows).mean(axis=0)


@pytest.mark.parametrize("interactions", [True, 2])
def test_d11_the_taylor_matrix_sums_to_what_the_values_sum_to(case, interactions):
    explainer = ferroshap.ExactExplainer(case.model, case.background)
    explanation = explainer(case.rows, interactions=interactions)
    assert explanation.shape == (5, 6, 6)
    assert explanation.axes == ("row", "feature", "feature")
    for row, x in enumerate(case.rows):
        matrix = explanation.values[row]
        assert np.allclose(matrix, matrix.T, atol=1e-12)
        assert np.allclose(np.diag(matrix), alone(case.model, case.background, x))
        assert matrix.sum() == pytest.approx(case.model(case.rows)[row] - explainer.expected_value)


def test_d11_rows_of_the_interaction_matrix_sum_to_the_values(case):
    explainer = ferroshap.ExactExplainer(case.two_outputs, case.background)
    matrices = explainer(case.rows, interactions="sii")
    assert matrices.shape == (5, 6, 6, 2)
    assert np.allclose(matrices.values.sum(axis=2), explainer(case.rows).values)
    assert np.allclose(matrices.values, matrices.values.transpose(0, 2, 1, 3))


def test_d11_two_players_interact_as_their_definition_says(case):
    background, x = case.background[:, :2], case.rows[0, :2]

    def model(rows):
        return np.exp(rows[:, 0]) * rows[:, 1]

    joint = worth(model, background, x, [0, 1])
    joint += worth(model, background, x, []) - worth(model, background, x, [0]) - worth(model, background, x, [1])
    matrix = ferroshap.ExactExplainer(model, background)(x, interactions=2)
    assert matrix.shape == (2, 2)
    assert matrix.values[0, 1] == pytest.approx(joint / 2)


def test_d11_null_features_have_no_interactions_and_cost_nothing(case, Counted):
    background = case.background.copy()
    background[:, 1] = case.rows[0, 1]
    model = Counted(case.model)
    explainer = ferroshap.ExactExplainer(model, background)
    model.n_rows = 0
    matrix = explainer(case.rows[0], interactions="sii").values
    assert model.n_rows == (2**5 - 2) * 30 + 1
    assert not matrix[1].any()
    assert not matrix[:, 1].any()
    assert np.allclose(matrix.sum(axis=1), explainer(case.rows[0]).values)


@pytest.mark.parametrize("interactions", [1, False, None])
def test_no_interactions_unless_asked(case, interactions):
    assert ferroshap.ExactExplainer(case.model, case.background)(case.rows, interactions=interactions).shape == (5, 6)


@pytest.mark.parametrize("interactions", [3, "STII", 0.5, "2"])
def test_interactions_that_do_not_exist_are_refused(case, interactions):
    with pytest.raises(ValueError, match=r"`interactions` is .* but must be False or 1"):
        ferroshap.ExactExplainer(case.model, case.background)(case.rows, interactions=interactions)


def test_main_effects_and_interactions_together_are_refused(case):
    with pytest.raises(ValueError, match="main effects are the diagonal of interactions=2"):
        ferroshap.ExactExplainer(case.model, case.background)(case.rows, main_effects=True, interactions=2)
