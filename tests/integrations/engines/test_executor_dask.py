"""Dask's workers evaluate coalitions: the same bits, under processes and under threads, and errors as they were."""

import numpy as np
import pytest

distributed = pytest.importorskip("distributed", reason="dask.distributed is not installed")

from ferroshap.errors import ExecutorError, OptionError  # noqa: E402 - after the check that Dask is there
from ferroshap.executors import as_crew  # noqa: E402
from ferroshap.explainers import KernelExplainer, PermutationExplainer  # noqa: E402
from ferroshap.game import Game  # noqa: E402
from ferroshap.run import estimate  # noqa: E402

RNG = np.random.default_rng(0)
BACKGROUND, ROWS = RNG.normal(size=(20, 6)), RNG.normal(size=(5, 6))


class Own(Exception):  # noqa: N818 - the caller's, named as they like
    """The caller's own exception."""


@pytest.fixture(scope="module", params=[True, False], ids=["processes", "threads"])
def client(request):
    options = {"n_workers": 2, "threads_per_worker": 1 if request.param else 2, "processes": request.param}
    with distributed.LocalCluster(**options, dashboard_address=":0") as cluster, distributed.Client(cluster) as client:
        yield client


def test_values_are_the_same_bits(client):
    large = np.ones(50_000)  # passed from worker to worker, not among the arguments

    def model(table):
        return table[:, 0] * table[:, 1] + table[:, 2] * large[7]

    for explainer_class in (KernelExplainer, PermutationExplainer):
        here = explainer_class(model, BACKGROUND)(ROWS)
        there = explainer_class(model, BACKGROUND, executor=client)
        for _ in range(2):
            assert there(ROWS).values.tobytes() == here.values.tobytes()
    game = Game(model, BACKGROUND, ROWS[0])
    assert estimate(game, budget=50, executor=client).values.tobytes() == estimate(game, budget=50).values.tobytes()


def test_an_exception_of_the_model_comes_back(client):
    def model(table):
        if len(table) not in {len(BACKGROUND), len(ROWS)}:
            message = "out of range"
            raise Own(message)
        return table[:, 0] * table[:, 1]

    with pytest.raises(Own, match="out of range"):
        PermutationExplainer(model, BACKGROUND, executor=client)(ROWS)


def test_all_threads_of_all_workers_count(client):
    assert as_crew(client).n_workers == sum(client.nthreads().values())


def test_a_closed_client_is_named():
    options = {"n_workers": 1, "threads_per_worker": 1, "processes": False, "dashboard_address": ":0"}
    with distributed.LocalCluster(**options) as cluster:
        client = distributed.Client(cluster)
        explainer = KernelExplainer(lambda table: table[:, 0] * table[:, 1], BACKGROUND, executor=client)
        client.close()
        with pytest.raises(ExecutorError, match=r"`executor` \(Client\)"):
            explainer(ROWS)


def test_an_asynchronous_client_is_refused():
    class Asynchronous(distributed.Client):
        def __init__(self):
            """No connection is needed to be refused."""

        asynchronous = True

        def __del__(self):
            """Nothing to close."""

        def __repr__(self):
            return "<Client>"

    with pytest.raises(OptionError, match="asynchronous"):
        as_crew(Asynchronous())
