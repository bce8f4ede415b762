"""Options of `TreeExplainer` and its calls: what is accepted, and what is refused by name."""

import numpy as np
import pytest

import ferroshap
from ferroshap.errors import InvalidModelError, MemoryLimitError


def test_labels_change_nothing_where_no_loss_is_explained(forest):
    explainer = ferroshap.TreeExplainer(forest.model)
    plain = explainer.shap_values(forest.rows)
    np.testing.assert_array_equal(explainer.shap_values(forest.rows, np.zeros(6)), plain)
    np.testing.assert_array_equal(explainer(forest.rows, y=["any"] * 6).values, plain)


def test_truth_values_may_be_those_of_numpy_or_numbers(forest):
    explainer = ferroshap.TreeExplainer(forest.model)
    assert explainer(forest.rows, check_additivity=np.False_, silent=1).gap is None
    assert explainer(forest.rows, check_additivity=1, approximate=np.int64(0)).gap is not None


def test_a_limit_of_the_memory_holds_for_small_results_too(forest):
    explainer = ferroshap.TreeExplainer(forest.model, memory_limit=200)
    with pytest.raises(MemoryLimitError, match="takes 240 bytes, more than the 200 bytes of `memory_limit`"):
        explainer.shap_values(forest.rows)
    with pytest.raises(MemoryLimitError, match="`memory_limit`"):
        explainer.shap_interaction_values(forest.rows, features=[0, 1, 2])
    assert explainer.shap_values(forest.rows, out=np.empty((6, 5))).shape == (6, 5)


def test_what_is_not_the_model_itself_is_named(forest):
    with pytest.raises(InvalidModelError, match="the method `predict` of RandomForestRegressor: pass the model itself"):
        ferroshap.TreeExplainer(forest.model.predict)
    with pytest.raises(InvalidModelError, match=r"the class RandomForestRegressor itself: .*\.fit\(X, y\)"):
        ferroshap.TreeExplainer(type(forest.model))


def test_a_result_beyond_the_memory_granted_names_its_size_and_what_to_do(forest):
    explainer = ferroshap.TreeExplainer(forest.model, memory_limit="64 MiB")
    rows = np.zeros((400_000, 5))
    with pytest.raises(MemoryLimitError, match=r"\(400000, 5, 5\) in float64 takes 0\.1 GiB.*sparse=True"):
        explainer.shap_interaction_values(rows)
    assert explainer.shap_values(np.zeros((10, 5))).shape == (10, 5)
