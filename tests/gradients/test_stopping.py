"""Runs that end early: tolerance, deadline, Ctrl-C, a model that fails, memory that does not suffice."""

import numpy as np
import pytest
from tests.gradients.models import Counting, Net

import ferroshap
from ferroshap.gradients import ExpectedGradients

pytestmark = pytest.mark.filterwarnings("ignore::ferroshap.errors.PrecisionWarning")


def made(seed, d=4, n_rows=6):
    rng = np.random.default_rng(seed)
    return Net(d, 2, seed=seed), rng.normal(size=(9, d)), rng.normal(size=(n_rows, d))


class Failing(Counting):
    """Raises once when it has been asked for enough gradients."""

    def __init__(self, model, after, error):
        super().__init__(model)
        self.after, self.error = after, error

    def gradient(self, inputs, outputs):
        if self.error is not None and self.gradient_rows >= self.after:
            error, self.error = self.error, None
            raise error
        return super().gradient(inputs, outputs)


def test_rows_stop_at_the_tolerance_and_the_others_go_on(seed):
    model, background, x = made(seed, n_rows=30)
    explainer = ferroshap.GradientExplainer(model, background)
    found = explainer(x, nsamples=1024, tol=0.02)
    assert set(found.statuses) <= {"CONVERGED", "BUDGET_SPENT"}
    is_precise = (found.relative_error <= 0.02).all(1)
    assert np.array_equal(found.statuses == "CONVERGED", is_precise)
    assert (found.n_evaluations[~is_precise] > 512).all()
    assert (found.n_evaluations <= 2 * 1024).all()
    assert np.allclose(found.values.sum(1) + found.base_values, model.forward((x,)), rtol=0, atol=1e-9)
    rough = explainer(x, nsamples=1024, tol=0.5)
    assert rough.n_evaluations.sum() < found.n_evaluations.sum()


@pytest.mark.parametrize("budget", [64, 1024])
def test_a_row_that_doubled_to_the_end_is_the_row_of_the_whole_plan(seed, budget):
    """The union of the stages is the same lattice, told in another order."""
    model, background, x = made(seed)
    explainer = ferroshap.GradientExplainer(model, background[:8])
    doubled = explainer(x, nsamples=budget, tol=1e-12)
    at_once = explainer(x, nsamples=budget)
    assert (doubled.n_evaluations == at_once.n_evaluations).all()
    assert (doubled.statuses == "BUDGET_SPENT").all()
    # Each doubling turns the shift by another angle: both are draws of the same plan, near the same integral.
    spread = 5 * np.hypot(doubled.error_std, at_once.error_std) + 1e-9
    assert (np.abs(doubled.values - at_once.values) <= spread).all()


@pytest.mark.parametrize("after", [0, 10, 40, 70, 200])
@pytest.mark.parametrize("tol", [None, 1e-12])
def test_ctrl_c_keeps_what_was_reached(seed, after, tol):
    model, background, x = made(seed)
    failing = Failing(model, after, KeyboardInterrupt())
    explainer = ferroshap.GradientExplainer(failing, background, batch_size=10)
    with pytest.raises(KeyboardInterrupt):
        explainer(x, nsamples=64, tol=tol)
    partial = explainer.partial
    if after == 0:
        assert partial is None
    else:
        assert partial.status == "INTERRUPTED"
        n_rows = len(partial)
        assert np.isfinite(partial.values).all()
        assert partial.n_evaluations.sum() == 2 * failing.gradient_rows
        assert np.allclose(partial.values.sum(1) + partial.base_values, model.forward((x[:n_rows],)), rtol=0, atol=1e-9)
        begun = partial.n_evaluations >= 2 * 20  # points of all replicates are among so many
        assert np.isfinite(partial.error_std[begun]).all()
    assert len(explainer(x, nsamples=64)) == 6
    assert explainer.partial is None


def test_the_model_s_own_error_comes_out_as_it_is(seed):
    model, background, x = made(seed)
    error = ValueError("mine")
    explainer = ferroshap.GradientExplainer(Failing(model, 30, error), background, batch_size=10)
    with pytest.raises(ValueError, match="mine") as caught:
        explainer(x, nsamples=64)
    assert caught.value is error
    assert explainer.partial.status == "INTERRUPTED"


@pytest.mark.parametrize("deadline", [0.0, 1e-9])
def test_a_deadline_that_has_passed_leaves_one_batch_of_the_first_row(seed, deadline):
    model, background, x = made(seed)
    found = ferroshap.GradientExplainer(model, background)(x, nsamples=64, deadline_seconds=deadline)
    assert (found.statuses == "INTERRUPTED").all()
    assert np.isfinite(found.values[0]).all()
    assert np.isnan(found.values[1:]).all()
    assert found.n_evaluations[1:].sum() == 0


def test_a_deadline_far_away_changes_values_by_rounding_only(seed):
    model, background, x = made(seed)
    explainer = ferroshap.GradientExplainer(model, background)
    calm, hurried = explainer(x, nsamples=64), explainer(x, nsamples=64, deadline_seconds=1e6)
    assert np.allclose(calm.values, hurried.values, rtol=0, atol=1e-12)
    assert (hurried.statuses == "BUDGET_SPENT").all()


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("CUDA out of memory. Tried to allocate"),
        type("OutOfMemoryError", (Exception,), {})(),
    ],
)
def test_batches_that_do_not_fit_are_halved(seed, error):
    model, background, x = made(seed)

    class Small(Counting):
        largest = 0

        def gradient(self, inputs, outputs):
            if len(inputs[0]) > 7:
                raise error
            self.largest = max(self.largest, len(inputs[0]))
            return super().gradient(inputs, outputs)

        def forward(self, inputs):
            if len(inputs[0]) > 7:
                raise error
            return super().forward(inputs)

    small = Small(model)
    found = ferroshap.GradientExplainer(small, background)(x, nsamples=64)
    assert small.gradient_rows == 6 * 64
    assert 4 <= small.largest <= 7
    assert np.allclose(
        found.values, ferroshap.GradientExplainer(model, background).shap_values(x, 64), rtol=0, atol=1e-12
    )


def test_one_point_that_does_not_fit_is_the_model_s_own_error():
    model, background, x = made(0)
    explainer = ferroshap.GradientExplainer(Failing(model, 0, None), background)
    explainer.grad_fn.gradient = lambda inputs, outputs: (_ for _ in ()).throw(MemoryError("one"))
    with pytest.raises(MemoryError, match="one"):
        explainer(x, nsamples=8)


def test_memory_that_does_not_suffice_is_said_with_the_remedy():
    model, background, x = made(0)
    with pytest.raises(ferroshap.errors.MemoryLimitError, match="ranked_outputs=1"):
        ferroshap.GradientExplainer(model, background, memory_limit=100)(x)
    with pytest.raises(ferroshap.errors.MemoryLimitError, match="sums of one row"):
        ferroshap.GradientExplainer(model, background, memory_limit=600)(x[:1])


def test_progress_counts_gradients(seed):
    model, background, x = made(seed)
    seen = []
    explainer = ferroshap.GradientExplainer(
        model, background, batch_size=100, progress=lambda done, total: seen.append((done, total))
    )
    explainer(x, nsamples=64)
    assert seen == [(100, 384), (200, 384), (300, 384), (384, 384)]


def test_rough_values_are_said_with_what_would_do():
    rng = np.random.default_rng(0)
    steep = Net(30, seed=1)
    steep.first *= 20
    background, x = rng.normal(size=(100, 30)), rng.normal(size=(2, 30))
    explainer = ferroshap.GradientExplainer(steep, background)
    with pytest.warns(ferroshap.errors.PrecisionWarning, match="nsamples=|noise after"):
        explainer(x, nsamples=16)
    with pytest.warns(ferroshap.errors.PrecisionWarning, match="says little of its own error"):
        explainer(x, nsamples=7)
    image = ferroshap.GradientExplainer(Net(1024), rng.normal(size=(4, 1, 32, 32)))
    with pytest.warns(ferroshap.errors.PrecisionWarning, match="segments"):
        image(rng.normal(size=(1, 1, 32, 32)), nsamples=32)


@pytest.mark.filterwarnings("error")
def test_precise_values_are_given_without_a_word():
    model, background, x = made(0)
    ferroshap.GradientExplainer(model, background)(x)


@pytest.mark.parametrize(
    "options", [{"budget": 0}, {"budget": 1.5}, {"replicates": 0}, {"replicates": 300}, {"tol": 0}]
)
def test_parameters_that_cannot_be_are_refused(options):
    with pytest.raises(ferroshap.errors.OptionError, match=next(iter(options))):
        ExpectedGradients(**options)
