"""What explaining leaves behind: nothing in the model, nothing in global generators, and explainers that travel."""

import copy
import pickle
import random
import subprocess
import sys
import warnings
from contextlib import contextmanager

import numpy as np
import pytest
from sklearn.neural_network import MLPClassifier
from tests.gradients.models import Net

import ferroshap
from ferroshap.gradients import Quadrature

pytestmark = pytest.mark.filterwarnings("ignore::ferroshap.errors.PrecisionWarning")

RNG = np.random.default_rng(0)
BACKGROUND, X = RNG.normal(size=(6, 3)), RNG.normal(size=(2, 3))


def perceptron():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # three steps are not meant to converge
        return MLPClassifier((4,), max_iter=3, random_state=0).fit(BACKGROUND, np.arange(6) % 3)


def square(x):
    return (x**2).sum(1), 2 * x


@pytest.mark.parametrize(
    "model",
    [
        Net(3, 2),
        square,
        lambda x: ((x**2).sum(1), 2 * x),
        (lambda x: (x**2).sum(1), lambda x: 2 * x),
        perceptron(),
    ],
    ids=["grad_fn", "function", "lambda", "pair", "perceptron"],
)
def test_pickles_and_copies_explain_alike(model):
    explainer = ferroshap.GradientExplainer(model, BACKGROUND, rng=3)
    wanted = explainer(X)
    for twin in [pickle.loads(pickle.dumps(explainer)), copy.deepcopy(explainer)]:
        found = twin(X)
        assert found.values.tobytes() == wanted.values.tobytes()
        assert repr(twin) == repr(explainer)
        assert np.array_equal(twin.expected_value, explainer.expected_value)
    again = pickle.loads(pickle.dumps(wanted))
    assert np.array_equal(again.relative_error, wanted.relative_error)


def test_global_generators_are_left_alone():
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002 - what must not change
    before = random.getstate(), np.random.get_state()[1].tobytes()  # noqa: NPY002
    ferroshap.GradientExplainer(Net(3), BACKGROUND, local_smoothing=0.1)(X)
    assert before == (random.getstate(), np.random.get_state()[1].tobytes())  # noqa: NPY002


class Moody(Net):
    """Must be brought into a state before it is used, and be put back."""

    explained = False
    trouble = None

    @contextmanager
    def explaining(self):
        assert not self.explained
        self.explained = True
        try:
            yield
        finally:
            self.explained = False

    def forward(self, inputs):
        assert self.explained
        return super().forward(inputs)

    def gradient(self, inputs, outputs):
        assert self.explained
        if self.trouble is not None:
            raise self.trouble
        return super().gradient(inputs, outputs)


@pytest.mark.parametrize("trouble", [None, ValueError("mine"), KeyboardInterrupt()])
def test_the_model_s_state_is_restored_whatever_happens(trouble):
    model = Moody(3)
    explainer = ferroshap.GradientExplainer(model, BACKGROUND)
    assert not model.explained
    model.trouble = trouble
    if trouble is None:
        explainer(X)
    else:
        with pytest.raises(type(trouble)):
            explainer(X)
    assert not model.explained


def test_rows_and_background_are_not_written_to():
    background, x = BACKGROUND.copy(), X.copy()
    background.flags.writeable = x.flags.writeable = False

    class Vandal(Net):
        def forward(self, inputs):
            y = super().forward(inputs)
            inputs[0][:] = np.nan
            return y

        def gradient(self, inputs, outputs):
            found = super().gradient(inputs, outputs)
            inputs[0][:] = np.nan
            return found

    found = ferroshap.GradientExplainer(Vandal(3), background)(x)
    assert np.array_equal(found.values, ferroshap.GradientExplainer(Net(3), BACKGROUND)(X).values)


def test_the_background_is_asked_for_once():
    class Once(Net):
        rows = 0

        def forward(self, inputs):
            self.rows += len(inputs[0])
            return super().forward(inputs)

    model = Once(3)
    explainer = ferroshap.GradientExplainer(model, BACKGROUND)
    before = model.rows
    for _ in range(3):
        explainer(X)
    assert model.rows == before + 3 * len(X)


def test_importing_does_no_work_and_loads_no_framework():
    code = (
        "import sys, ferroshap; before = set(sys.modules); ferroshap.gradients; ferroshap.GradientExplainer;"
        "heavy = {'torch', 'jax', 'keras', 'tensorflow', 'autograd', 'sklearn', 'scipy'};"
        "assert not heavy & {name.partition('.')[0] for name in sys.modules}, sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=50)


@pytest.mark.parametrize("sigma", [0.05, 1.0])
def test_smoothing_averages_over_a_neighbourhood_and_shares_no_residual(sigma):
    """Of a square the smoothed gradient is the same in the mean: noise has mean zero."""
    explainer = ferroshap.GradientExplainer(square, BACKGROUND, local_smoothing=sigma)
    found = explainer(np.repeat(X[:1], 200, axis=0), nsamples=64)
    wanted = ferroshap.GradientExplainer(square, BACKGROUND, method=Quadrature(nodes=2)).shap_values(X[0])
    error = np.abs(found.values.mean(0) - wanted)
    assert (error <= 5 * found.values.std(0, ddof=1) / np.sqrt(200)).all()
    assert not np.allclose(found.values.sum(1) + found.base_values, square(X[:1])[0], atol=1e-6)
    assert np.array_equal(found.values, explainer(np.repeat(X[:1], 200, axis=0), nsamples=64).values)


def test_noise_does_not_depend_on_batches_or_threads():
    seen = {
        ferroshap.GradientExplainer(square, BACKGROUND, local_smoothing=0.3, batch_size=batch, n_jobs=jobs)(
            X, 40
        ).values.tobytes()
        for batch in [1, 7, 4096]
        for jobs in [1, 3]
    }
    assert len(seen) == 1


def test_the_choice_takes_networks_to_gradients_and_others_where_they_were(monkeypatch):
    torch = type(sys)("torch")
    torch.nn = type(sys)("torch.nn")
    torch.nn.Module = type("Module", (Net,), {"__call__": None})
    monkeypatch.setitem(sys.modules, "torch", torch)
    chosen = ferroshap.Explainer(torch.nn.Module(3), BACKGROUND)
    assert isinstance(chosen, ferroshap.GradientExplainer)
    assert "network" in chosen.plan.reason
    monkeypatch.delitem(sys.modules, "torch")
    net = perceptron()
    assert isinstance(ferroshap.Explainer(net, BACKGROUND), ferroshap.ExactExplainer)
    named = ferroshap.Explainer(net, BACKGROUND, algorithm="gradient")
    assert isinstance(named, ferroshap.GradientExplainer)
    assert ferroshap.explainers.Gradient is ferroshap.explainers.GradientExplainer
    assert ferroshap.GradientExplainer.supports_model_with_masker(net, BACKGROUND)
    assert "no gradient" in ferroshap.GradientExplainer.why_not("model", BACKGROUND)
