"""One explainer, several threads that explain at once, as Dask's do: the same bits, whoever is first."""

import pickle
import warnings
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import numpy as np
import pyarrow as pa
import pytest
from tests.engines.arrow_subjects import BACKGROUND, FEATURES, MAKERS, explainer_of

import ferroshap as shap

N_THREADS, N_PARTS = 4, 12
STREAM = np.random.default_rng(11)
PARTS = [pa.table({name: STREAM.normal(size=5 + at % 3).round(2) for name in FEATURES}) for at in range(N_PARTS)]


def likely(rows):
    """Probabilities, some of them 0 or 1, which a link moves and counts."""
    return np.clip(np.asarray(rows, dtype=float).sum(axis=1), 0.0, 1.0)


THREADED = MAKERS | {
    "kernel, logit": lambda: shap.KernelExplainer(likely, BACKGROUND, feature_names=FEATURES, link="logit"),
    "additive, logit": lambda: shap.AdditiveExplainer(
        lambda rows: 1.0 / (1.0 + np.exp(-np.asarray(rows).sum(axis=1))),
        BACKGROUND,
        link="logit",
        feature_names=FEATURES,
    ),
}


def part_of(explainer, part, first_row, barrier=None):
    if barrier is not None:
        barrier.wait()
    table = explainer.explain_arrow(part, first_row=first_row, n_jobs=1, error_std=True)
    return [column.to_numpy().tobytes() for column in table.columns]


@pytest.mark.filterwarnings("ignore:.*had to be moved.*")
@pytest.mark.parametrize("name", THREADED)
def test_threads_that_share_an_explainer_get_the_bits_of_one(name):
    firsts = np.cumsum([0, *(part.num_rows for part in PARTS[:-1])]).tolist()
    expected = [part_of(THREADED[name](), part, first) for part, first in zip(PARTS, firsts, strict=True)]
    explainer, barrier = THREADED[name](), Barrier(N_THREADS)  # nothing is prepared when they begin
    with ThreadPoolExecutor(N_THREADS) as pool:
        found = list(pool.map(lambda at: part_of(explainer, PARTS[at], firsts[at], barrier), range(N_PARTS)))
    assert found == expected


@pytest.mark.parametrize("name", MAKERS)
def test_a_pickled_explainer_gives_the_same_bits(name):
    explainer = explainer_of(name)
    try:
        copied = pickle.loads(pickle.dumps(explainer))
    except (AttributeError, pickle.PicklingError):
        pytest.fail("every explainer pickles")
    assert part_of(copied, PARTS[0], 0) == part_of(explainer, PARTS[0], 0)
    assert copied.fingerprint == explainer.fingerprint


def test_the_threads_of_a_call_are_its_own():
    explainer = explainer_of("kernel")
    before = explainer._n_threads
    whole = explainer.explain_arrow(PARTS[0], n_jobs=1)
    assert explainer.explain_arrow(PARTS[0], n_jobs=3).equals(whole)
    assert explainer._n_threads == before
    hidden = shap.KernelExplainer(lambda rows: rows.sum(axis=1), BACKGROUND)  # which pickle could not find
    assert hidden.explain_arrow(PARTS[0], n_jobs=1).num_rows == PARTS[0].num_rows


def test_a_call_counts_what_is_moved_by_itself_though_another_begins_and_ends_meanwhile():
    inside, ended = Event(), Event()
    asked = []

    def model(rows):
        asked.append(len(rows))
        if len(asked) == 2:  # after the background: the first rows of the first call
            inside.set()
            ended.wait(30)
        return likely(rows)

    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        explainer = shap.KernelExplainer(model, BACKGROUND, feature_names=FEATURES, link="logit", n_jobs=1)
        said.clear()
        with ThreadPoolExecutor(1) as pool:
            first = pool.submit(part_of, explainer, PARTS[0], 0)
            assert inside.wait(30)
            second = part_of(explainer, PARTS[0], 0)
            ended.set()
            assert first.result() == second
    messages = [str(warning.message) for warning in said]
    assert len(messages) == 2
    assert messages[0] == messages[1]
