"""An explainer on its way: its own pickle, made once, read once, copied by nobody."""

import copy
import pickle
import threading

import numpy as np
import pytest

from ferroshap import LinearExplainer
from ferroshap.engines.carried import Carried


@pytest.fixture
def explainer():
    return LinearExplainer((np.arange(1000.0), 0.0), np.zeros((1, 1000)))


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_it_arrives_by_every_protocol(explainer, protocol):
    arrived = pickle.loads(pickle.dumps(Carried(explainer), protocol=protocol))
    further = pickle.loads(pickle.dumps(arrived, protocol=protocol))
    rows = np.random.default_rng(0).normal(size=(3, 1000))
    for one in (arrived, further):
        assert one.explainer.shap_values(rows).tobytes() == explainer.shap_values(rows).tobytes()
        assert one.fingerprint == explainer.fingerprint


def test_bytes_out_of_band_are_the_explainer_s_own(explainer):
    carried, buffers = Carried(explainer), []
    head = pickle.dumps(carried, protocol=5, buffer_callback=buffers.append)
    assert len(head) < 200
    (buffer,) = buffers
    assert np.shares_memory(np.frombuffer(buffer, np.uint8), np.frombuffer(carried.pickled, np.uint8))
    assert pickle.loads(head, buffers=buffers).explainer.feature_names == explainer.feature_names


def test_it_is_as_large_as_its_pickle(explainer):
    pickled = pickle.dumps(explainer, protocol=5)
    assert len(pickled) <= len(pickle.dumps(Carried(explainer), protocol=5)) < len(pickled) + 200
    assert len(pickled) < Carried(explainer).__sizeof__() < len(pickled) + 200


def test_it_is_read_once_however_many_threads_ask(explainer, monkeypatch):
    arrived = pickle.loads(pickle.dumps(Carried(explainer)))
    found, begun = [], threading.Barrier(4)

    def ask():
        begun.wait()
        found.append(arrived.explainer)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one is found[0] for one in found] == [True] * 4


def test_a_copy_is_another_way_to_the_same(explainer):
    assert copy.deepcopy(Carried(explainer)).fingerprint == explainer.fingerprint
