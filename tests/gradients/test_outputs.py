"""Several outputs of one forward pass: all, some, or those that rank first in each row; and their errors."""

import numpy as np
import pytest
from tests.gradients.models import Counting, Net

import ferroshap
from ferroshap.explainers.gradients.outputs import ranked
from ferroshap.gradients import ExpectedGradients

pytestmark = pytest.mark.filterwarnings("ignore::ferroshap.errors.PrecisionWarning")


def made(seed, n_outputs=5, B=9):
    rng = np.random.default_rng(seed)
    return Net(4, n_outputs, seed=seed), rng.normal(size=(B, 4)), rng.normal(size=(6, 4))


@pytest.mark.parametrize("order,key", [("max", lambda y: -y), ("min", lambda y: y), ("max_abs", lambda y: -abs(y))])
def test_ranked_outputs_are_those_that_sorting_puts_first(seed, order, key):
    model, background, x = made(seed)
    explainer = ferroshap.GradientExplainer(model, background)
    values, numbers = explainer.shap_values(x, 32, ranked_outputs=3, output_rank_order=order)
    everything = explainer.shap_values(x, 32)
    y = model.forward((x,))
    for row in range(len(x)):
        wanted = sorted(range(5), key=lambda k: (key(y[row, k]), k))[:3]
        assert numbers[row].tolist() == wanted
        assert np.allclose(values[row], everything[row][:, wanted], rtol=0, atol=1e-12)


def test_of_equal_outputs_the_lower_number_comes_first():
    assert ranked(np.array([[1.0, 1.0, -1.0]]), 3, "max_abs").tolist() == [[0, 1, 2]]


def test_the_user_s_own_ranks_are_taken(seed):
    model, background, x = made(seed)
    own = np.random.default_rng(seed).integers(0, 5, (6, 2))
    explainer = ferroshap.GradientExplainer(model, background)
    values, numbers = explainer.shap_values(x, 32, ranked_outputs=own, output_rank_order="custom")
    assert np.array_equal(numbers, own)
    everything = explainer.shap_values(x, 32)
    assert np.allclose(values, np.take_along_axis(everything, own[:, None, :], axis=2), rtol=0, atol=1e-12)


@pytest.mark.parametrize("count", [0, 6, True, 1.5, "two"])
def test_more_outputs_than_there_are_cannot_be_ranked(count):
    model, background, x = made(0)
    with pytest.raises(ferroshap.errors.OptionError, match="from 1 to 5"):
        ferroshap.GradientExplainer(model, background).shap_values(x, ranked_outputs=count)


def test_unknown_orders_and_outputs_of_one_number_are_refused():
    model, background, x = made(0)
    with pytest.raises(ferroshap.errors.OptionError, match="did you mean 'max_abs'"):
        ferroshap.GradientExplainer(model, background).shap_values(x, ranked_outputs=1, output_rank_order="maxabs")
    with pytest.raises(ferroshap.errors.OptionError, match="one number a row"):
        ferroshap.GradientExplainer(Net(4), background).shap_values(x, ranked_outputs=1)
    with pytest.raises(ferroshap.errors.OptionError, match="both choose"):
        ferroshap.GradientExplainer(model, background)(x, ranked_outputs=1, outputs=[0])


def test_some_outputs_are_explained_alone_and_keep_their_names(seed):
    model, background, x = made(seed)
    explainer = ferroshap.GradientExplainer(model, background, output_names=list("abcde"))
    some, everything = explainer(x, 32, outputs=["d", 1]), explainer(x, 32)
    assert some.output_names == ["d", "b"]
    assert np.allclose(some.values, everything.values[..., [3, 1]], rtol=0, atol=1e-12)
    assert np.array_equal(some.base_values, everything.base_values[:, [3, 1]])
    best = explainer(x, 32, outputs=ferroshap.Explanation.argsort.flip[:1])
    assert best.output_indexes[:, 0].tolist() == model.forward((x,)).argmax(1).tolist()
    assert everything[..., "c"].shape == (6, 4)


@pytest.mark.parametrize("n_outputs", [1, 10])
def test_outputs_share_the_gradient_calls_and_the_budget_is_kept(seed, n_outputs):
    model, background, x = made(seed, n_outputs)
    counting = Counting(model)
    explainer = ferroshap.GradientExplainer(counting, background, batch_size=32)
    assert counting.forward_rows == explainer.plan.details["forward_rows"] == len(background) + 5
    assert counting.gradient_rows == 0
    found = explainer(x, nsamples=48)
    assert counting.gradient_rows == 6 * 48
    assert counting.gradient_calls == 6 * 48 // 32
    assert counting.forward_rows == len(background) + 5 + 6
    assert (found.n_evaluations == 48 * n_outputs).all()
    assert (found.forward_rows == 49).all()


@pytest.mark.parametrize("n_points", [1, 2, 3, 7, 20, 21, 33])
@pytest.mark.parametrize("tol", [None, 0.2])
def test_no_budget_is_exceeded(seed, n_points, tol):
    model, background, x = made(seed, B=20)
    counting = Counting(model)
    explainer = ferroshap.GradientExplainer(counting, background)
    found = explainer(x, nsamples=n_points, tol=tol)
    assert counting.gradient_rows == found.n_evaluations.sum() // 5 <= 6 * n_points


def test_variances_are_squares_of_standard_errors_and_near_the_true_ones(seed):
    """Sixty draws with fewer points than background rows, which no draw can see all of."""
    model, background, x = made(seed, None, B=60)
    explainer = ferroshap.GradientExplainer(model, background)
    values, variances = zip(
        *(explainer.shap_values(x, 32, rseed=draw, return_variances=True) for draw in range(60)), strict=True
    )
    found = explainer(x, 32, rseed=7)
    assert np.array_equal(variances[7], found.error_std**2)
    said, true = np.mean(variances, axis=0).sum(), np.var(values, axis=0, ddof=1).sum()
    assert 0.5 <= said / true <= 4


def test_one_dimensional_outputs_have_no_axis_of_outputs(seed):
    _, background, x = made(seed)
    explainer = ferroshap.GradientExplainer(Net(4), background)
    found = explainer(x)
    assert found.shape == (6, 4)
    assert found.base_values.shape == (6,)
    assert found.axes == ("row", "feature")
    assert isinstance(explainer.expected_value, float)
    column = ferroshap.GradientExplainer(Net(4, 1), background)
    assert column(x).shape == (6, 4, 1)
    assert column.expected_value.shape == (1,)


def test_base_values_are_known_before_the_first_call_and_a_waterfall_draws(seed):
    pytest.importorskip("matplotlib", reason="plots need matplotlib")
    model, background, x = made(seed)
    explainer = ferroshap.GradientExplainer(model, background)
    assert np.allclose(explainer.expected_value, model.forward((background,)).mean(0), rtol=0, atol=1e-12)
    found = explainer(x)
    assert np.array_equal(found.base_values, np.tile(explainer.expected_value, (6, 1)))
    ferroshap.plots.waterfall(found[0, :, 0], show=False)


def test_replicates_give_the_error_of_any_sum(seed):
    model, background, x = made(seed)
    found = ferroshap.GradientExplainer(model, background)(x, 50, keep_replicates=True)
    maps = found.replicates
    assert maps.shape == (6, 4, 4, 5)
    assert np.allclose(maps.mean(axis=1), found.values, rtol=0, atol=1e-12)
    errors = np.sqrt(np.square(maps - found.values[:, None]).sum(1) / (4 * 3))
    assert np.allclose(errors, found.error_std, rtol=0, atol=1e-12)
    # All features together sum to what is known.
    assert np.allclose(maps.sum(axis=2), (model.forward((x,)) - found.base_values)[:, None], rtol=0, atol=1e-9)


def test_without_replicates_errors_are_not_known():
    model, background, x = made(0)
    found = ferroshap.GradientExplainer(model, background, method=ExpectedGradients(replicates=1))(x)
    assert np.isnan(found.error_std).all()
    assert np.isnan(found.relative_error).all()
