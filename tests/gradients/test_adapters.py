"""Adapters: outputs are the estimator's own, gradients those of central differences."""

import autograd.numpy as anp
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import LinearRegression, LogisticRegression, PoissonRegressor, Ridge, RidgeClassifier
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, PolynomialFeatures, RobustScaler, StandardScaler
from sklearn.svm import SVC, SVR, OneClassSVM
from tests.gradients.models import Net

import ferroshap
from ferroshap.errors import InvalidModelError
from ferroshap.gradients import AutogradGradFn, FunctionGradFn, GradFn, MLPGradFn, as_grad_fn

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore::ferroshap.errors.PrecisionWarning"),
]


def rows(seed, n=30, d=4):
    return np.random.default_rng(seed).normal(size=(n, d))


def check_differences(grad_fn, x, tolerance=1e-7):
    """Gradients of all outputs against central differences in every feature."""
    y = grad_fn.forward((x.copy(),))
    n_outputs = 1 if y.ndim == 1 else y.shape[1]
    outputs = np.tile(np.arange(n_outputs), (len(x), 1))
    found, (slopes,) = grad_fn.gradient((x.copy(),), outputs)
    assert np.allclose(found, y.reshape(len(x), -1), rtol=0, atol=1e-12)
    assert slopes.shape == (len(x), n_outputs, x.shape[1])
    step = 1e-5
    for i in range(x.shape[1]):
        up, down = x.copy(), x.copy()
        up[:, i] += step
        down[:, i] -= step
        wanted = (grad_fn.forward((up,)) - grad_fn.forward((down,))).reshape(len(x), -1) / (2 * step)
        assert np.abs(slopes[:, :, i] - wanted).max() <= tolerance * max(1.0, np.abs(wanted).max())


def mlp(kind, activation, seed):
    options = {"hidden_layer_sizes": (7, 5), "activation": activation, "max_iter": 8, "random_state": seed}
    x = rows(seed)
    if kind == "regressor":
        return MLPRegressor(**options).fit(x, x[:, 0])
    if kind == "two targets":
        return MLPRegressor(**options).fit(x, x[:, :2])
    if kind == "counts":
        return MLPRegressor(**options, loss="poisson").fit(x, np.arange(30) % 3)
    if kind == "two classes":
        return MLPClassifier(**options).fit(x, np.arange(30) % 2)
    if kind == "three classes":
        return MLPClassifier(**options).fit(x, np.arange(30) % 3)
    return MLPClassifier(**options).fit(x, x[:, :3] > 0)  # labels that exclude nothing


KINDS = ["regressor", "two targets", "counts", "two classes", "three classes", "labels"]


@pytest.mark.parametrize("activation", ["identity", "relu", "tanh", "logistic"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("output", ["probability", "raw"])
def test_perceptrons_have_their_own_outputs_and_the_slopes_of_differences(seed, kind, activation, output):
    model, x = mlp(kind, activation, seed), rows(seed + 1)
    grad_fn = MLPGradFn(model, (x,), output=output)
    check_differences(grad_fn, x)
    if output == "probability":
        own = model.predict_proba(x) if hasattr(model, "classes_") else model.predict(x)
        assert np.allclose(grad_fn.forward((x,)), own, rtol=0, atol=1e-14 * max(1, np.abs(own).max()))


def test_a_perceptron_of_floats_stays_one():
    x = rows(0).astype(np.float32)
    model = MLPClassifier((5,), max_iter=5, random_state=0).fit(x, np.arange(30) % 3)
    explainer = ferroshap.GradientExplainer(model, x)
    assert explainer.grad_fn.dtype == np.float32
    assert explainer.output_names == ["0", "1", "2"]
    assert np.allclose(explainer(x[:3]).values.sum(1) + explainer.expected_value, model.predict_proba(x[:3]), atol=1e-6)


@pytest.mark.parametrize(
    "model,target",
    [
        (LinearRegression(), "one"),
        (Ridge(), "two"),
        (PoissonRegressor(), "counts"),
        (LogisticRegression(), "pair"),
        (LogisticRegression(), "three"),
        (RidgeClassifier(), "pair"),
        (RidgeClassifier(), "three"),
        (SVR(kernel="linear"), "one"),
        (SVR(kernel="rbf"), "one"),
        (SVR(kernel="poly", degree=2, coef0=0.5), "one"),
        (SVR(kernel="sigmoid"), "one"),
        (SVC(), "pair"),
        (OneClassSVM(), "one"),
        (KernelRidge(kernel="rbf"), "one"),
        (KernelRidge(kernel="poly"), "two"),
        (make_pipeline(StandardScaler(), MinMaxScaler(), SVR()), "one"),
        (make_pipeline(RobustScaler(), "passthrough", MLPClassifier((5,), max_iter=8, random_state=0)), "three"),
    ],
    ids=lambda part: part if isinstance(part, str) else " ".join(repr(part).split()),
)
def test_other_estimators_too(seed, model, target):
    x = rows(seed)
    y = {
        "one": x[:, 0],
        "two": x[:, :2],
        "counts": np.arange(30) % 4,
        "pair": np.arange(30) % 2,
        "three": np.arange(30) % 3,
    }
    grad_fn = as_grad_fn(clone(model).fit(x, y[target]), (x,))
    check_differences(grad_fn, rows(seed + 1), 1e-6)


def test_bound_methods_say_which_outputs(seed):
    x = rows(seed)
    model = LogisticRegression().fit(x, np.arange(30) % 2)
    assert as_grad_fn(model.predict_proba, (x,)).forward((x,)).shape == (30, 2)
    assert np.allclose(as_grad_fn(model.decision_function, (x,)).forward((x,)), model.decision_function(x))
    for labels in [model.predict, mlp("two classes", "relu", seed).predict, SVC().fit(x, np.arange(30) % 2).predict]:
        with pytest.raises(InvalidModelError, match="piecewise constant"):
            as_grad_fn(labels, (x,))


def test_estimators_that_predict_in_a_way_of_their_own_are_refused(seed):
    class Twice(MLPRegressor):
        def predict(self, X):
            return 2 * super().predict(X)

    x = rows(seed)
    with pytest.raises(InvalidModelError, match="other numbers than its weights"):
        as_grad_fn(Twice(hidden_layer_sizes=(3,), max_iter=5, random_state=0).fit(x, x[:, 0]), (x,))


@pytest.mark.parametrize("model", [MLPRegressor(), LinearRegression(), SVR()])
def test_estimators_must_be_fitted(model):
    with pytest.raises(InvalidModelError, match="not fitted"):
        as_grad_fn(model, (rows(0),))


def test_pipelines_with_other_steps_name_the_step():
    x = rows(0)
    model = make_pipeline(PolynomialFeatures(2), LinearRegression()).fit(x, x[:, 0])
    with pytest.raises(InvalidModelError, match="'polynomialfeatures'"):
        as_grad_fn(model, (x,))
    with pytest.raises(InvalidModelError, match="rbf"):
        as_grad_fn(SVC().fit(x, np.arange(30) % 3), (x,))


def softmax_of_squares(x):
    z = anp.exp(-((x[:, :, None] - anp.array([[[0.0, 1.0, -1.0]]])) ** 2).sum(axis=1))
    return z / anp.sum(z, axis=1, keepdims=True)


def test_functions_of_autograd_are_recognised_by_what_they_name(seed):
    x = rows(seed)
    grad_fn = as_grad_fn(softmax_of_squares, (x,))
    assert isinstance(grad_fn, AutogradGradFn)
    check_differences(grad_fn, x)
    inner = anp.tanh
    assert AutogradGradFn.recognises(lambda x: inner(x).sum(1))
    assert not AutogradGradFn.recognises(lambda x: np.tanh(x).sum(1))
    assert not AutogradGradFn.recognises(len)


@pytest.mark.parametrize("n_outputs", [None, 3])
def test_laws_hold_through_autograd(seed, n_outputs):
    net, x, background = Net(4, n_outputs, seed=seed), rows(seed, 5), rows(seed + 1, 8)

    def f(x):
        y = anp.dot(anp.tanh(anp.dot(x, net.first) + net.shift), net.last)
        return y[:, 0] if n_outputs is None else y

    through = ferroshap.GradientExplainer(f, background)(x, nsamples=40)
    by_hand = ferroshap.GradientExplainer(net, background)(x, nsamples=40)
    assert np.allclose(through.values, by_hand.values, rtol=0, atol=1e-11)
    assert np.allclose(through.values.sum(1) + through.base_values, net.forward((x,)), rtol=0, atol=1e-9)


def test_autograd_takes_several_inputs(seed):
    a, b = rows(seed, 6, 3), rows(seed + 1, 6, 3)

    def f(u, v):
        return anp.sum(anp.sin(u) * v, axis=1)

    found = ferroshap.GradientExplainer(f, [a, b])([a[:2] + 1, b[:2] + 1], nsamples=24)
    total = sum(part.values.sum(1) for part in found) + found[0].base_values
    assert np.allclose(total, f(a[:2] + 1, b[:2] + 1), rtol=0, atol=1e-9)


def test_functions_of_all_outputs_and_pairs_agree(seed):
    net, x, background = Net(4, 3, seed=seed), rows(seed, 5), rows(seed + 1, 8)

    def everything(x):
        return net.gradient((x,), np.tile(np.arange(3), (len(x), 1)))[1][0]

    def both(x):
        return net.forward((x,)), everything(x)

    pair = (lambda x: net.forward((x,)), everything)
    wanted = ferroshap.GradientExplainer(net, background).shap_values(x, 24)
    assert np.allclose(ferroshap.GradientExplainer(pair, background).shap_values(x, 24), wanted, rtol=0, atol=1e-12)
    assert np.allclose(ferroshap.GradientExplainer(both, background).shap_values(x, 24), wanted, rtol=0, atol=1e-12)


def test_a_grad_fn_by_hand_passes_as_it_is():
    net = Net(3)
    assert isinstance(net, GradFn)
    assert as_grad_fn(net, ()) is net
    assert isinstance(as_grad_fn(lambda x: (x, x), ()), FunctionGradFn)
