"""Whatever goes wrong is said by name, is the model's own where it is the model's, and leaves what was reached."""

import traceback

import numpy as np
import pytest

import ferroshap
from ferroshap.errors import (
    DimensionError,
    InvalidMaskerError,
    InvalidModelError,
    OptionError,
    WeightsError,
    WorthError,
)

MAKERS = {
    "exact": ferroshap.ExactExplainer,
    "permutation": lambda f, b, **o: ferroshap.PermutationExplainer(f, b, max_evals=60, **o),
    "leverage": lambda f, b, **o: ferroshap.KernelExplainer(f, b, nsamples=40, **o),
    "singles": lambda f, b, **o: ferroshap.KernelExplainer(f, b, nsamples=9, **o),
    "sampling": lambda f, b, **o: ferroshap.SamplingExplainer(f, b, nsamples=100, **o),
}


@pytest.fixture(params=MAKERS.values(), ids=MAKERS)
def make(request):
    return request.param


class Failing:
    """A model that raises at its k-th call from now."""

    def __init__(self, function, error):
        self.function, self.error, self.left = function, error, None

    def __call__(self, rows):
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                raise self.error
        return self.function(rows)


@pytest.mark.parametrize("error", [RuntimeError("out of luck"), KeyboardInterrupt()], ids=["error", "Ctrl-C"])
@pytest.mark.parametrize("calls", [0, 1, 2, 5])
def test_the_model_s_own_exception_arrives_and_leaves_a_partial_result(make, case, error, calls):
    model = Failing(case.model, error)
    explainer = make(model, case.background)
    whole = explainer(case.rows)
    assert explainer.partial is None
    model.left = calls
    with pytest.raises(type(error)) as caught:
        explainer(case.rows, batch_size=60)
    assert caught.value is error
    assert "__call__" in [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    partial = explainer.partial
    assert isinstance(partial, ferroshap.Explanation)
    assert partial.status == "INTERRUPTED"
    assert partial.axes == whole.axes
    assert len(partial) <= len(case.rows)
    assert np.all(np.isfinite(partial.values))
    begun = case.model(partial.data)
    assert np.allclose(partial.base_values + partial.values.sum(axis=1), begun)
    model.left = None
    again = explainer(case.rows)
    assert explainer.partial is None
    assert again.values.tobytes() == whole.values.tobytes()


def test_half_the_budget_already_tells_something(case):
    model = Failing(case.model, RuntimeError())
    explainer = ferroshap.PermutationExplainer(model, case.background)
    exact = ferroshap.ExactExplainer(case.model, case.background).shap_values(case.rows)
    model.left = 60
    with pytest.raises(RuntimeError):
        explainer(case.rows, max_evals=500, batch_size=600)
    partial = explainer.partial
    assert 60 < partial.n_evaluations[0] < 500
    assert np.all(np.abs(partial.values - exact) <= 10 * partial.error_std + 1e-12)


def test_a_large_exact_run_that_is_stopped_knows_no_values_and_says_so():
    background = np.zeros((1, 17))
    model = Failing(lambda X: X.prod(axis=1), RuntimeError("stop"))
    explainer = ferroshap.ExactExplainer(model, background)
    model.left = 3
    with pytest.raises(RuntimeError, match="stop"):
        explainer(np.ones((1, 17)), max_evals=2**17, batch_size=100)
    assert explainer.partial.status == "INTERRUPTED"
    assert not np.isfinite(explainer.partial.error_std if explainer.partial.error_std is not None else np.nan).any()


def test_a_single_row_that_fails_stays_a_single_row(make, case):
    model = Failing(case.two_outputs, RuntimeError())
    explainer = make(model, case.background)
    model.left = 2
    with pytest.raises(RuntimeError):
        explainer(case.rows[0], batch_size=60)
    assert explainer.partial.shape == (6, 2)


def test_a_deadline_ends_a_run_in_good_order(case):
    explainer = ferroshap.PermutationExplainer(case.model, case.background)
    explanation = explainer(case.rows, max_evals=10_000, deadline_seconds=0.0)
    assert explanation.status == "INTERRUPTED"
    assert np.allclose(explanation.base_values + explanation.values.sum(axis=1), case.model(case.rows))


@pytest.mark.parametrize("deadline", ["soon", np.nan, True, [1.0]])
def test_a_deadline_that_is_no_number_is_refused_by_name(case, deadline):
    named = "`deadline_seconds` is .* but must be a number of seconds"
    for explainer in (ferroshap.PermutationExplainer, ferroshap.KernelExplainer, ferroshap.SamplingExplainer):
        with pytest.raises(OptionError, match=named):
            explainer(case.model, case.background)(case.rows, deadline_seconds=deadline)
    with pytest.raises(OptionError, match=named):
        ferroshap.estimate(lambda present: present[:, 0] * 1.0, n_players=3, deadline_seconds=deadline)


@pytest.mark.parametrize("returned", [np.nan, np.inf, -np.inf])
def test_outputs_that_are_not_finite_are_refused_with_row_and_features(make, case, returned):
    def model(rows):
        # Not finite for masked rows alone: 5 stands in every explained row and 9 in none of the background.
        hit = (rows[:, 0] == 5.0) != (rows[:, 1] == 9.0)
        return np.where(hit, returned, rows.sum(axis=1))

    rows = case.rows.copy()
    rows[:, 0], rows[:, 1] = 5.0, 9.0
    with pytest.raises(WorthError, match=r"`model` is worth .* for row 0 when .* outputs must be finite"):
        make(model, case.background)(rows)


def test_a_background_or_a_row_without_a_finite_output_is_refused(make, case):
    with pytest.raises(WorthError, match="`model` returned nan for background row 3"):
        make(lambda X: np.where(X[:, 0] == case.background[3, 0], np.nan, X[:, 0]), case.background)
    with pytest.raises(WorthError, match=r"`model` returned nan .* for row 2 of `X`"):
        make(lambda X: np.where(X[:, 0] == case.rows[2, 0], np.nan, X[:, 0]), case.background)(case.rows)


BAD = {
    "too few outputs": (lambda X: X[:-1, 0], DimensionError, "returned 29 outputs for 30 rows"),
    "three dimensions": (lambda X: X[:, :, None], DimensionError, r"shape \(30, 6, 1\)"),
    "text": (lambda X: np.full(len(X), "yes"), InvalidModelError, "predict_proba"),
    "nothing": (lambda _: None, InvalidModelError, "returned None"),
    "no outputs": (lambda X: np.empty((len(X), 0)), DimensionError, "no outputs"),
}


@pytest.mark.parametrize("model,error,said", BAD.values(), ids=BAD)
def test_models_that_return_no_number_a_row_are_refused(make, case, model, error, said):
    with pytest.raises(error, match=said):
        make(model, case.background)


def test_a_model_that_changes_its_shape_is_refused(make, case):
    def model(rows):
        return rows.sum(axis=1) if len(rows) == 30 else rows[:, :2]

    with pytest.raises(DimensionError, match="was so on the background"):
        make(model, case.background)(case.rows)


@pytest.mark.parametrize("model", ["model", None, 3.5, object(), dict])
def test_objects_that_predict_nothing_are_refused(make, case, model):
    with pytest.raises(InvalidModelError, match="`model` is"):
        make(model, case.background)


@pytest.mark.parametrize(
    "background,error,said",
    [
        (np.empty((0, 6)), ValueError, "0 rows"),
        (np.empty((6, 0)), DimensionError, "0 columns"),
        ([[1.0, 2.0], [3.0]], ValueError, "rows"),
        (np.zeros((3, 2), dtype=complex), OptionError, "complex"),
        (np.zeros(5), DimensionError, "shape"),
        (None, InvalidMaskerError, "needs background data"),
    ],
)
def test_backgrounds_that_are_none_are_refused(make, background, error, said):
    with pytest.raises(error, match=said):
        make(lambda X: X[:, 0], background)


@pytest.mark.parametrize(
    "weights,said",
    [([1.0], "shape"), (-np.ones(30), "not negative"), (np.zeros(30), "all zero"), (np.full(30, np.nan), "finite")],
)
def test_impossible_weights_are_refused(make, case, weights, said):
    with pytest.raises(WeightsError, match=said):
        make(case.model, case.background, weights=weights)


def test_weights_beside_a_masker_are_refused(make, case):
    with pytest.raises(InvalidMaskerError, match="`weights` and a masker"):
        make(case.model, ferroshap.maskers.Independent(case.background), weights=np.ones(30))
