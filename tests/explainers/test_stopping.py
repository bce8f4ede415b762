"""`tol=`: each row stops by itself, as it would alone, and the batches of those that go on are shared."""

import re
import warnings

import numpy as np
import pytest

from ferroshap import Explainer
from ferroshap.errors import ConvergenceWarning, OptionError
from ferroshap.estimators import Leverage
from ferroshap.explainers import KernelExplainer, PermutationExplainer, SamplingExplainer

M = 12
EXPLAINERS = {
    "kernel": (KernelExplainer, {"method": Leverage(), "rows_per_eval": None}, "nsamples"),
    "permutation": (PermutationExplainer, {}, "max_evals"),
    "kernel_in_blocks": (KernelExplainer, {"method": Leverage(), "rows_per_eval": 4}, "nsamples"),
    "sampling": (SamplingExplainer, {}, "nsamples"),
}


class Model:
    """Sums and products alone, so that no batch changes a bit; some rows are harder than others. Counts its rows."""

    def __init__(self):
        self.n_calls = self.n_rows = 0

    def __call__(self, rows):
        self.n_calls += 1
        self.n_rows += len(rows)
        hard = rows[:, 0] * rows[:, 1] * rows[:, 2] + rows[:, 3] * rows[:, 4] * rows[:, 5] * rows[:, 6]
        return np.stack([hard + rows[:, 7:].sum(axis=1), hard * rows[:, 7] - rows[:, 8]], axis=1)


def tables(seed, n_rows=9):
    rng = np.random.default_rng([seed, M])
    rows = rng.normal(size=(n_rows, M)) * np.linspace(0.2, 2.0, n_rows)[:, None]
    return rng.normal(size=(8, M)), rows


def explained(name, rows, background, model=None, tol=0.1, budget=2000, n_jobs=1, **options):
    kind, made_with, argument = EXPLAINERS[name]
    explainer = kind(model or Model(), background, n_jobs=n_jobs, **made_with)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return explainer(rows, **{argument: budget}, tol=tol, silent=True, **options)


def same(explanation, other):
    """Every number, to the bit."""
    fields = ("values", "error_std", "interval_df", "n_evaluations", "gap", "base_values")
    return all(
        np.asarray(getattr(explanation, f)).tobytes() == np.asarray(getattr(other, f)).tobytes() for f in fields
    ) and np.array_equal(explanation.statuses, other.statuses)


@pytest.mark.parametrize("name", EXPLAINERS)
def test_rows_end_together_as_they_end_alone(name, seed):
    background, rows = tables(seed)
    together = explained(name, rows, background)
    for position in range(len(rows)):
        alone = explained(name, rows[position : position + 1], background)
        assert same(alone, together[position : position + 1]), position
    if name == "kernel":
        assert len(set(together.n_evaluations)) > 1
        assert set(together.statuses) == {"CONVERGED"}


@pytest.mark.parametrize("name", EXPLAINERS)
def test_threads_and_batches_change_no_bit(name, seed):
    background, rows = tables(seed)
    expected = explained(name, rows, background)
    for n_jobs, batch_size in [(1, 1000), (2, 64), (7, 10**6)]:
        assert same(explained(name, rows, background, n_jobs=n_jobs, batch_size=batch_size), expected)


def test_rows_that_go_on_share_their_calls_and_those_that_ended_cost_nothing(seed):
    background, rows = tables(seed)
    model = Model()
    together = explained("kernel", rows, background, model, batch_size=10**6)
    bought = int((together.n_evaluations - 2).sum()) * len(background)
    assert model.n_rows == len(background) + len(rows) + bought
    assert model.n_calls <= 2 + len(np.unique(together.n_evaluations)) + 12  # a call for each checkpoint


def test_intervals_of_rows_that_converged_reach_no_further_than_was_asked_for(seed):
    background, rows = tables(seed)
    explanation = explained("kernel", rows, background, tol=0.2)
    lower, upper = explanation.confidence_interval(0.9)
    reach = ((upper - lower) / 2).max(axis=1) / np.ptp(explanation.values, axis=1)
    assert (reach[explanation.statuses == "CONVERGED"] <= 0.2).all()


def test_a_budget_spent_is_warned_of_once_a_call_with_a_forecast(seed):
    background, rows = tables(seed)
    explainer = KernelExplainer(Model(), background, method=Leverage())
    with pytest.warns(ConvergenceWarning, match=r"of 9 rows: the budget is spent.*about [\d,]+ evaluations") as told:
        explanation = explainer(rows, nsamples=200, tol=0.001)
    assert len(told) == 1
    assert told[0].filename == __file__
    assert explanation.status == "BUDGET_SPENT"
    assert (explanation.n_evaluations <= 202).all()
    with pytest.warns(ConvergenceWarning, match="too few evaluations for an error estimate") as told:
        explainer(rows, nsamples=15)
    assert len(told) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        explainer(rows, nsamples=200)  # nothing was asked for


def test_statuses_follow_their_rows(seed):
    background, rows = tables(seed)
    rows[0] = background[0] * 0 + rows[0, 0] * 1e-6  # next to nothing to tell: it ends soon, or not at all
    explanation = explained("kernel", rows, background, tol=0.02, budget=600)
    assert "BUDGET_SPENT" in explanation.statuses
    for position, status in enumerate(explanation.statuses):
        assert explanation[position].status == explanation[position].statuses == status
        assert explanation[position, :3, 0].status == status
    assert explanation.status == "BUDGET_SPENT"
    done = explanation.statuses == "CONVERGED"
    if done.any():
        assert explanation[done].status == "CONVERGED"
    assert explanation.mean(0).status == "BUDGET_SPENT"
    assert list(explanation.flip.statuses) == list(explanation.statuses[::-1])


def test_a_deadline_leaves_every_row_with_what_is_known():
    background, rows = tables(0)
    explanation = explained("kernel", rows, background, tol=1e-9, deadline_seconds=0.0)
    assert explanation.status == "INTERRUPTED"
    outputs = Model()(rows)
    np.testing.assert_allclose(explanation.base_values + explanation.values.sum(axis=1), outputs, rtol=1e-9)


def test_a_model_that_fails_leaves_what_was_reached(seed):
    background, rows = tables(seed)

    class Failing(Model):
        def __call__(self, table):
            if self.n_calls == 6:
                raise failure
            return super().__call__(table)

    failure = RuntimeError("sixth")
    explainer = KernelExplainer(Failing(), background, method=Leverage())
    with pytest.raises(RuntimeError) as raised:
        explainer(rows, nsamples=2000, tol=0.01, batch_size=200 * len(rows))
    assert raised.value is failure
    partial = explainer.partial
    assert partial.status == "INTERRUPTED"
    np.testing.assert_allclose(partial.base_values + partial.values.sum(axis=1), Model()(rows), rtol=1e-9, atol=1e-9)
    assert np.isfinite(partial.error_std).any()


def test_main_effects_and_frames_with_an_index_go_with_a_tolerance():
    pd = pytest.importorskip("pandas")
    background, rows = tables(0, n_rows=3)
    explainer = PermutationExplainer(Model(), background)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        explanation = explainer(rows, max_evals=3000, main_effects=True, tol=0.2)
        plain = PermutationExplainer(Model(), background)(rows, max_evals=3000 - M, tol=0.2)
    assert explanation.values.tobytes() == plain.values.tobytes()
    assert np.isfinite(explanation.main_effects).all()
    frame = pd.DataFrame(background)
    model = Model()
    indexed = KernelExplainer(lambda t: model(t.to_numpy()), frame, keep_index=True, method=Leverage())
    found = indexed(pd.DataFrame(rows, index=[5, 6, 7]), nsamples=2000, tol=0.2)
    assert same(found, explained("kernel", rows, background, tol=0.2, budget=2000))


def test_the_front_door_takes_a_tolerance_too():
    background, rows = tables(0)
    explanation = Explainer(Model(), background)(rows, max_evals=3000, tol=0.3)
    assert explanation.status == "CONVERGED"
    assert (explanation.n_evaluations < 3000).all()


@pytest.mark.parametrize("tol", [0, -0.1, np.nan, "much"])
def test_what_is_no_tolerance_is_refused(tol):
    background, rows = tables(0)
    with pytest.raises(OptionError, match="`tol`"):
        KernelExplainer(Model(), background)(rows, tol=tol)


def test_the_lasso_knows_no_errors_to_stop_by():
    pytest.importorskip("sklearn")
    background, rows = tables(0)
    with pytest.raises(OptionError, match="`tol` and `l1_reg`"):
        KernelExplainer(Model(), background)(rows, tol=0.1, l1_reg="num_features(3)")


def test_no_more_evaluations_are_advised_than_there_are_coalitions(seed):
    rng = np.random.default_rng([seed, 61])
    background = rng.normal(size=(20, 6))
    explainer = PermutationExplainer(lambda X: np.tanh(3.0 * X.prod(axis=1)) + X[:, 0], background)
    with pytest.warns(ConvergenceWarning) as caught:
        explainer(rng.normal(size=(3, 6)), max_evals=40, tol=1e-9)
    advised = re.search(r"about ([\d,]+) evaluations", str(caught[0].message))
    assert advised is None or int(advised[1].replace(",", "")) <= 64
