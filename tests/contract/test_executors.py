"""Workers change no bit: however many, in whatever order they answer, in this process or with everything pickled."""

import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from tests.contract.games import Table, dense, drawn
from tests.contract.test_failure import Failing, Own
from tests.contract.test_same_bits import bits, budgets, games

from ferroshap import explainers, maskers
from ferroshap.errors import OptionError, WorthError
from ferroshap.estimators import Leverage, Permutation
from ferroshap.executors import as_crew
from ferroshap.game import Game
from ferroshap.run import Run, estimate


class Later:
    """A future of `Shuffled`."""

    def __init__(self, executor, task):
        self.executor, self.task, self.is_done = executor, task, False

    def done(self):
        return self.is_done

    def cancel(self):
        self.executor.n_cancelled += not self.is_done
        return self in self.executor.waiting and not self.executor.waiting.remove(self)

    def result(self):
        while not self.is_done:
            self.executor.work()
        return self.found


class Shuffled:
    """Tasks wait until one of them is asked for, and then any of them is done first: an order that no pool would take.

    Unless memory is shared, a task travels as bytes, as to another process.
    """

    def __init__(self, n_workers, seed, *, shares_memory):
        self._max_workers, self.shares_memory = n_workers, shares_memory
        self.rng = np.random.default_rng(seed)
        self.waiting, self.n_tasks, self.most_waiting, self.n_cancelled = [], 0, 0, 0

    def submit(self, function, *args):
        task = (function, args) if self.shares_memory else pickle.dumps((function, args))
        self.waiting.append(Later(self, task))
        self.n_tasks += 1
        self.most_waiting = max(self.most_waiting, len(self.waiting))
        return self.waiting[-1]

    def work(self):
        later = self.waiting.pop(self.rng.integers(len(self.waiting)))
        function, args = later.task if self.shares_memory else pickle.loads(later.task)
        later.found, later.is_done = function(*args), True
        if not self.shares_memory:
            later.found = pickle.loads(pickle.dumps(later.found))


def executors(seed):
    return [Shuffled(n, seed, shares_memory=shares) for n in (1, 2, 7) for shares in (True, False)]


@pytest.mark.parametrize("name", ["table", "outputs", "windows"])
def test_workers_change_no_bit(record, name, seed):
    n, game = games(seed)[name]
    for budget in budgets(record, n):
        expected = bits(estimate(game(), record.method, n_players=n, budget=budget, rng=seed))
        for executor in executors(seed):
            got = estimate(game(), record.method, n_players=n, budget=budget, rng=seed, executor=executor)
            assert bits(got) == expected, (budget, executor._max_workers, executor.shares_memory)


@pytest.mark.filterwarnings("ignore::ferroshap.errors.ConvergenceWarning")
def test_a_run_stops_where_it_stops_alone_and_its_snapshots_are_the_same(record, seed):
    n, game = games(seed)["table"]
    budget = max(200, record.least(n))
    alone = [bits(part) for part in Run(game(), record.method, n_players=n, budget=budget, rng=seed, tol=0.2)]
    for executor in executors(seed):
        run = Run(game(), record.method, n_players=n, budget=budget, rng=seed, tol=0.2, executor=executor)
        assert [bits(part) for part in run] == alone


N = 5
ROWS = {
    "exact": ("ExactExplainer", {}, {}),
    "exact interactions": ("ExactExplainer", {}, {"interactions": 2}),
    "permutation": ("PermutationExplainer", {}, {"max_evals": 40}),
    "permutation alone": ("PermutationExplainer", {"method": Permutation(shared_design=False)}, {"max_evals": 40}),
    "permutation in blocks": ("PermutationExplainer", {"rows_per_eval": 3}, {"max_evals": 60}),
    "main effects": ("PermutationExplainer", {}, {"max_evals": 40, "main_effects": True}),
    "until small": ("PermutationExplainer", {}, {"max_evals": 400, "tol": 0.1}),
    "kernel": ("KernelExplainer", {}, {"nsamples": 20}),
    "kernel alone": (
        "KernelExplainer",
        {"method": Leverage(shared_design=False)},
        {"nsamples": 20, "msev": True, "plausibility": True},
    ),
    "lasso": ("KernelExplainer", {}, {"nsamples": 20, "l1_reg": "num_features(2)"}),
    "noted until small": ("KernelExplainer", {}, {"nsamples": 24, "tol": 0.1, "msev": True}),
    "link": ("KernelExplainer", {"link": "logit"}, {"nsamples": 20}),
    "sampling": ("SamplingExplainer", {}, {"nsamples": 90}),
    "orders of a tree": ("PartitionExplainer", {"sampling": "orders"}, {"max_evals": 30}),
    "splits": ("PartitionExplainer", {"sampling": "adaptive"}, {"max_evals": 12}),
    "fixed context": ("PartitionExplainer", {}, {"max_evals": 40, "fixed_context": 1}),
}
PARTS = ("values", "base_values", "error_std", "main_effects", "msev", "n_evaluations", "status", "interval_df")


def one(rows):
    return 1.0 / (1.0 + rows[:, 0] ** 2) * np.abs(rows[:, 1] * rows[:, 2] / (9.0 + np.abs(rows[:, 1] * rows[:, 2])))


def two(rows):
    return np.stack([one(rows), one(rows[:, ::-1])], axis=1)


def tables(seed):
    rng = np.random.default_rng([seed, 8])
    background, rows = rng.normal(size=(11, N)), rng.normal(size=(6, N))
    background[:, 3] = rows[1, 3]  # one row has a player less
    return background, rows


def explained(name, model, seed, **options):
    explainer_class, made_with, called_with = ROWS[name]
    background, rows = tables(seed)
    explanation = getattr(explainers, explainer_class)(model, background, seed=seed, **made_with)(
        rows, **called_with, **options
    )
    return [np.asarray(getattr(explanation, part, None)).tobytes() for part in PARTS if hasattr(explanation, part)]


@pytest.mark.filterwarnings(
    "ignore::ferroshap.errors.ConvergenceWarning", "ignore::ferroshap.errors.PlausibilityWarning"
)
@pytest.mark.parametrize("model", [one, two])
@pytest.mark.parametrize("name", ROWS)
def test_workers_change_no_bit_of_an_explanation(name, model, seed, monkeypatch):
    expected = explained(name, model, seed)
    for executor in executors(seed):
        explainer_class, made_with, called_with = ROWS[name]
        monkeypatch.setitem(ROWS, name, (explainer_class, made_with | {"executor": executor}, called_with))
        assert explained(name, model, seed) == expected
        assert explained(name, model, seed, batch_size=7) == expected
        assert not executor.waiting
        monkeypatch.setitem(ROWS, name, (explainer_class, made_with, called_with))


@pytest.mark.parametrize("name", ["Gaussian", "Copula", "Impute", "Empirical", "Forest"])
def test_workers_draw_the_same_conditional_rows(name, seed):
    rng = np.random.default_rng(seed)
    background, rows = rng.normal(size=(40, 4)), rng.normal(size=(3, 4))
    masker = getattr(maskers, name)

    def values(**options):
        return explainers.ExactExplainer(one, masker(background), **options)(rows).values.tobytes()

    expected = values()
    for executor in executors(seed):
        assert values(executor=executor) == expected


def test_rows_that_share_nothing_are_in_progress_side_by_side(seed):
    background, rows = tables(seed)
    executor = Shuffled(8, seed, shares_memory=False)
    method = Permutation(shared_design=False)
    explainers.PermutationExplainer(one, background, method=method, executor=executor)(rows, max_evals=11)
    assert executor.most_waiting >= 3 * executor.n_tasks / len(rows)


def test_threads_change_no_bit(seed):
    background, rows = tables(seed)
    alone = explainers.KernelExplainer(two, background)(rows, nsamples=24).values
    with ThreadPoolExecutor(5) as threads:
        explainer = explainers.KernelExplainer(two, background, executor=threads)
        for _ in range(5):
            assert explainer(rows, nsamples=24).values.tobytes() == alone.tobytes()


@pytest.mark.parametrize("error", [Own("broken"), KeyboardInterrupt()], ids=["exception", "ctrl-c"])
def test_the_same_object_comes_out_of_a_thread_and_the_run_goes_on(record, error, seed):
    table, _ = drawn(dense, 6, seed)
    budget = max(40, record.least(6))
    undisturbed = estimate(table, record.method, budget=budget, rng=seed)
    for at in range(2, undisturbed.n_evaluations, 11):
        executor = Shuffled(2, seed, shares_memory=True)
        run = Run(Failing(table, at, error), record.method, budget=budget, rng=seed, executor=executor)
        with pytest.raises(type(error)) as caught:
            run.finish()
        assert caught.value is error
        assert not executor.waiting  # nobody works for nothing
        assert run.estimate().status == "INTERRUPTED"
        assert bits(run.finish()) == bits(undisturbed), (budget, at)


def test_worths_that_are_not_finite_are_refused_by_name(seed):
    background, rows = tables(seed)

    def model(table):
        return np.where((table[:, 2] == rows[4, 2]) & (table[:, 0] != rows[4, 0]), np.nan, table[:, 0])

    explainer = explainers.ExactExplainer(model, background, executor=Shuffled(2, seed, shares_memory=True))
    with pytest.raises(WorthError, match=r"row 4 when \[.*Feature 2.*\] come from it"):
        explainer(rows)
    assert explainer.partial is not None


def test_after_a_deadline_nothing_is_sent(seed):
    executor = Shuffled(2, seed, shares_memory=True)
    background, rows = tables(seed)
    explainer = explainers.PermutationExplainer(one, background, executor=executor)
    explanation = explainer(rows, max_evals=100, deadline_seconds=0)
    assert executor.n_tasks == 0
    assert set(np.asarray(explanation.status).ravel()) == {"INTERRUPTED"}


def test_a_deadline_in_the_middle_takes_back_what_nobody_works_on(seed, monkeypatch):
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    table, _ = drawn(dense, 8, seed)

    def game(coalitions):
        now[0] += 1.0
        return table(coalitions)

    executor = Shuffled(7, seed, shares_memory=True)
    result = estimate(
        game, Permutation(), n_players=8, budget=400, rng=0, deadline_seconds=3, batch_size=14, executor=executor
    )
    assert result.status == "INTERRUPTED"
    assert executor.n_cancelled
    assert not executor.waiting
    assert 2 < result.n_evaluations < 100


def test_progress_is_told_of_as_alone(seed):
    background, rows = tables(seed)
    told = []
    with ThreadPoolExecutor(2) as threads:
        explainer = explainers.PermutationExplainer(
            one, background, executor=threads, progress=lambda *counts: told.append(counts)
        )
        explainer(rows, max_evals=40)
    done, totals = zip(*told, strict=True)
    assert list(done) == sorted(done)
    assert len(set(totals)) == 1
    assert done[-1] <= totals[-1]


def test_games_and_explainers_of_one_value_know_their_executor(seed):
    executor = Shuffled(2, seed, shares_memory=True)
    background, rows = tables(seed)
    chosen = explainers.Explainer(one, background, executor=executor)
    assert chosen.executor is executor
    chosen(rows[:1])
    alone = estimate(Game(one, background, rows[0]), budget=30, rng=seed)
    assert bits(estimate(Game(one, background, rows[0]), budget=30, rng=seed, executor=executor)) == bits(alone)
    assert executor.n_tasks


def test_an_explainer_is_pickled_and_copied_without_its_executor(seed):
    import copy

    background, rows = tables(seed)
    with ThreadPoolExecutor(2) as threads:
        explainer = explainers.PermutationExplainer(one, background, executor=threads)
        alone = explainers.PermutationExplainer(one, background)
        assert pickle.dumps(explainer) == pickle.dumps(alone)
        again = pickle.loads(pickle.dumps(explainer))
        assert again.executor is None
        assert again(rows).values.tobytes() == explainer(rows).values.tobytes()
        assert copy.deepcopy(explainer).executor is threads


@pytest.mark.parametrize("bad", [4, "processes", ThreadPoolExecutor, object()])
def test_what_is_no_executor_is_refused(bad):
    for given in (
        lambda: as_crew(bad),
        lambda: estimate(Table(np.arange(8.0)), executor=bad),
        lambda: explainers.ExactExplainer(one, np.zeros((2, N)), executor=bad),
    ):
        with pytest.raises(OptionError, match=r"`executor` is .*, but must be an object with `submit"):
            given()


def test_a_masker_that_is_called_is_called_by_workers(seed):
    background, rows = tables(seed)

    def masker(mask, row):
        return np.where(mask, row, background)

    def values(explainer_class, **options):
        return explainer_class(two, masker, **options)(rows).values.tobytes()

    for explainer_class in (explainers.PermutationExplainer, explainers.ExactExplainer, explainers.KernelExplainer):
        alone = values(explainer_class)
        with ThreadPoolExecutor(2) as threads:
            assert values(explainer_class, executor=threads) == alone
        for executor in executors(seed):
            if executor.shares_memory:
                assert values(explainer_class, executor=executor) == alone
                assert executor.n_tasks


def test_an_executor_for_images_is_refused_by_name():
    with pytest.raises(OptionError, match="`executor` is for tables"):
        explainers.PartitionExplainer(
            lambda images: images.mean(axis=(1, 2, 3)), maskers.Image("mean"), executor=ThreadPoolExecutor(1)
        )
