"""What has no gradient, or no meaning, is refused with the remedy."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression
from sklearn.neighbors import KNeighborsRegressor
from sklearn.neural_network import MLPClassifier
from tests.gradients.models import Net, linear

import ferroshap
from ferroshap.errors import DimensionError, ExplainerError, InvalidModelError, OptionError

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore::ferroshap.errors.PrecisionWarning"),
]

BACKGROUND = np.random.default_rng(0).normal(size=(6, 3))
X = np.random.default_rng(1).normal(size=(2, 3))


def forest():
    return RandomForestClassifier(5, random_state=0).fit(BACKGROUND, np.arange(6) % 2)


@pytest.mark.parametrize(
    "model",
    [
        forest(),
        forest().predict_proba,
        KNeighborsRegressor(1).fit(BACKGROUND, np.arange(6)),
        lambda x: x.sum(1),
        7,
        None,
    ],
    ids=["forest", "method", "neighbours", "function", "number", "nothing"],
)
def test_models_without_gradients_name_the_other_routes(model):
    with pytest.raises(InvalidModelError, match="ferroshap.Explainer.*maskers.Image"):
        ferroshap.GradientExplainer(model, BACKGROUND)


@pytest.mark.parametrize("library", ["xgboost", "onnxruntime", "lightgbm", "catboost"])
def test_black_boxes_of_libraries_are_known_by_their_classes(library):
    stranger = type("Model", (), {"__module__": f"{library}.core", "__call__": lambda self, x: x.sum(1)})()
    with pytest.raises(InvalidModelError, match="no gradient to integrate"):
        ferroshap.GradientExplainer(stranger, BACKGROUND)


def test_piecewise_constant_functions_are_noticed():
    def steps(x):
        return np.round(x).sum(1), np.zeros_like(x)

    with pytest.raises(ExplainerError, match="piecewise constant"):
        ferroshap.GradientExplainer(steps, BACKGROUND)(X + 5)


def test_constant_functions_are_explained_by_zeros():
    found = ferroshap.GradientExplainer(lambda x: (np.full(len(x), 3.0), np.zeros_like(x)), BACKGROUND)(X)
    assert (found.values == 0).all()
    assert (found.base_values == 3).all()


def test_a_row_of_the_background_itself_gets_zeros():
    found = ferroshap.GradientExplainer(Net(3), BACKGROUND[:1])(BACKGROUND[:1])
    assert (found.values == 0).all()


class Dropout:
    dtype = np.dtype(np.float64)

    def __init__(self):
        self.rng = np.random.default_rng(0)

    def forward(self, inputs):
        return (inputs[0] * (self.rng.random(inputs[0].shape) < 0.5)).sum(1)

    def gradient(self, inputs, outputs):
        raise AssertionError


class BatchNorm(Dropout):
    def forward(self, inputs):
        (x,) = inputs
        return ((x - x.mean(0)) / (x.std(0) + 1e-3)).sum(1)


def test_models_that_draw_at_random_are_refused():
    with pytest.raises(InvalidModelError, match="dropout"):
        ferroshap.GradientExplainer(Dropout(), BACKGROUND)


@pytest.mark.parametrize(
    "background", [BACKGROUND, BACKGROUND[:1], np.repeat(BACKGROUND[:1], 4, axis=0), np.zeros((1, 3))]
)
def test_rows_that_look_at_each_other_are_refused(background):
    with pytest.raises(InvalidModelError, match="BatchNorm"):
        ferroshap.GradientExplainer(BatchNorm(), background)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_entries_that_are_not_finite_are_refused_with_their_place(bad):
    spoilt = BACKGROUND.copy()
    spoilt[4, 1] = bad
    with pytest.raises(OptionError, match=r"`data` has (nan|inf) in row 4 at \(1,\)"):
        ferroshap.GradientExplainer(Net(3), spoilt)
    with pytest.raises(OptionError, match=r"`X` has (nan|inf) in row 0 at \(1,\)"):
        ferroshap.GradientExplainer(Net(3), BACKGROUND)(spoilt[4:])


def test_numbers_too_large_for_the_model_are_refused():
    with pytest.raises(OptionError, match="1e\\+300"):
        ferroshap.GradientExplainer(Net(3, dtype=np.float32), BACKGROUND)(np.full((1, 3), 1e300))


class Broken(Net):
    """Not finite beyond two, in its gradient or its output."""

    def __init__(self, what):
        super().__init__(3)
        self.what = what

    def forward(self, inputs):
        y = super().forward(inputs)
        return np.where(inputs[0][:, 0] > 2, np.inf, y) if self.what == "forward" else y

    def gradient(self, inputs, outputs):
        y, (g,) = super().gradient(inputs, outputs)
        beyond = inputs[0][:, 0] > 2
        if self.what == "gradient":
            g[beyond, 0, 1] = np.nan
        elif self.what == "output":
            y[beyond] = np.nan
        return y, (g,)


@pytest.mark.parametrize("what", ["gradient", "output"])
@pytest.mark.parametrize("batch_size", [1, 7, 1000])
def test_gradients_and_outputs_that_are_not_finite_name_row_background_and_place(what, batch_size):
    x = np.array([[0.0, 0, 0], [1.0, 0, 0], [3.0, 0, 0]])
    explainer = ferroshap.GradientExplainer(Broken(what), BACKGROUND, batch_size=batch_size, weights=[0, 1, 1, 1, 1, 1])
    with pytest.raises(
        ExplainerError, match=rf"the {what} .* not finite .* background row [1-5] to row 2 of `X`, at 0\."
    ):
        explainer(x)
    if batch_size < 1000:
        assert len(explainer.partial) >= 2


def test_outputs_of_rows_that_are_not_finite_name_the_row():
    with pytest.raises(ExplainerError, match="for row 1 of `X`"):
        ferroshap.GradientExplainer(Broken("forward"), BACKGROUND)(np.array([[0.0, 0, 0], [3.0, 0, 0]]))
    spoilt = np.vstack([BACKGROUND, [[5.0, 0, 0]]])
    with pytest.raises(ExplainerError, match="for row 6 of `data`"):
        ferroshap.GradientExplainer(Broken("forward"), spoilt)


@pytest.mark.parametrize("x", [np.zeros((2, 4)), np.zeros((2, 3, 1)), np.zeros(4), np.zeros(())])
def test_rows_of_another_shape_than_the_background_are_refused(x):
    with pytest.raises(DimensionError, match="`X`"):
        ferroshap.GradientExplainer(Net(3), BACKGROUND)(x)


def test_images_with_channels_elsewhere_are_told_so():
    explainer = ferroshap.GradientExplainer(Net(75), np.zeros((1, 3, 5, 5)))
    with pytest.raises(DimensionError, match="channels stands elsewhere"):
        explainer(np.zeros((1, 5, 5, 3)))


@pytest.mark.parametrize(
    "data", [np.zeros(3), np.zeros((0, 3)), np.zeros((2, 0)), 5.0, [np.zeros((2, 3)), np.zeros((4, 3))]]
)
def test_backgrounds_that_are_none_are_refused(data):
    with pytest.raises((DimensionError, OptionError), match="`data"):
        ferroshap.GradientExplainer(Net(3), data)


def test_whole_numbers_are_refused_where_they_may_be_tokens():
    tokens = np.arange(12).reshape(4, 3)
    with pytest.raises(OptionError, match=r"astype\('float32'\).*\(encoder, head\)"):
        ferroshap.GradientExplainer(Net(3), tokens)
    with pytest.raises(OptionError, match="`X` has dtype int64"):
        ferroshap.GradientExplainer(Net(3), BACKGROUND)(tokens)
    with pytest.raises(OptionError, match="dtype uint8"):
        ferroshap.GradientExplainer(Net(3), tokens.astype(np.uint8))
    # To scikit-learn, and to a function of the user's own, they are numbers.
    assert ferroshap.GradientExplainer(linear(np.ones(3)), tokens)(tokens).shape == (4, 3)
    net = MLPClassifier((3,), max_iter=3, random_state=0).fit(tokens, [0, 1, 0, 1])
    assert ferroshap.GradientExplainer(net, tokens)(tokens, 16).shape == (4, 3, 2)


def test_columns_that_are_no_numbers_are_refused():
    frame = pd.DataFrame({"a": [1.0, 2.0], "b": ["u", "v"]})
    with pytest.raises(OptionError, match="no numbers"):
        ferroshap.GradientExplainer(Net(2), frame)
    with pytest.raises(OptionError, match="real numbers"):
        ferroshap.GradientExplainer(Net(2), np.ones((2, 2), dtype=complex))


def test_several_inputs_must_all_be_there():
    explainer = ferroshap.GradientExplainer(lambda a, b: ((a * b).sum(1), (b, a)), [BACKGROUND, BACKGROUND])
    with pytest.raises(DimensionError, match="2 inputs: pass a list"):
        explainer(BACKGROUND)
    with pytest.raises(DimensionError, match="1 inputs"):
        explainer([BACKGROUND])
    with pytest.raises(DimensionError, match="rows: pass as many"):
        explainer([BACKGROUND, BACKGROUND[:2]])


@pytest.mark.parametrize(
    "function,message",
    [
        (lambda x: (x.sum(1), x[:, 0]), r"gradient of shape \(\d+,\)"),
        (lambda x: (x.sum(1), x[:1]), "must be"),
        (lambda x: (x.sum(1)[:1], x), "must return"),
        (lambda x: (x[:, None, :] + np.zeros((1, 2, 1)), x), "must return"),
    ],
    ids=["vector", "one row", "one output", "three axes"],
)
def test_functions_of_the_wrong_shapes_are_told_the_right_one(function, message):
    with pytest.raises((DimensionError, InvalidModelError), match=message):
        ferroshap.GradientExplainer(function, BACKGROUND)(X)


def test_a_grad_fn_of_the_wrong_shapes_is_told_the_right_one():
    class Flat(Net):
        def gradient(self, inputs, outputs):
            y, (g,) = super().gradient(inputs, outputs)
            return y, (g[:, 0],)

    with pytest.raises(ExplainerError, match=r"gradients of shape .* where \(\d+, 1, 3\)"):
        ferroshap.GradientExplainer(Flat(3), BACKGROUND)(X)


@pytest.mark.parametrize(
    "options,message",
    [
        ({"method": "integrated"}, "`method`"),
        ({"batch_size": 0}, "`batch_size`"),
        ({"local_smoothing": -1.0}, "`local_smoothing`"),
        ({"background_rows": 0}, "`background_rows`"),
        ({"device_plan": True}, "`device_plan`"),
        ({"session": object()}, "`session`"),
        ({"seed": 1, "rng": 2}, "mean the same"),
        ({"memory_limit": "much"}, "`memory_limit`"),
    ],
)
def test_options_that_cannot_be_are_refused(options, message):
    with pytest.raises(OptionError, match=message):
        ferroshap.GradientExplainer(Net(3), BACKGROUND, **options)


def test_unknown_options_are_refused_by_name():
    with pytest.raises(ferroshap.errors.UnknownOptionError, match="did you mean 'weights'"):
        ferroshap.GradientExplainer(Net(3), BACKGROUND, weightss=None)
    with pytest.raises(ferroshap.errors.UnknownOptionError, match="did you mean 'nsamples'"):
        ferroshap.GradientExplainer(Net(3), BACKGROUND).shap_values(X, nsample=5)


@pytest.mark.parametrize("nsamples", [0, -3, 2.5, "many"])
def test_budgets_that_are_none_are_refused(nsamples):
    with pytest.raises(OptionError, match="`nsamples`"):
        ferroshap.GradientExplainer(Net(3), BACKGROUND)(X, nsamples=nsamples)


def test_a_quadrature_has_neither_budget_nor_tolerance():
    explainer = ferroshap.GradientExplainer(Net(3), BACKGROUND, method=ferroshap.gradients.Quadrature(nodes=4))
    with pytest.raises(OptionError, match="more or fewer nodes"):
        explainer(X, nsamples=100)
    with pytest.raises(OptionError, match="more or fewer nodes"):
        explainer(X, tol=0.1)
    with pytest.raises(OptionError, match="nodes"):
        ferroshap.gradients.Quadrature(nodes=0)


def wrong(factor):
    net = Net(3)
    return lambda x: (net.forward((x,)), factor * net.gradient((x,), np.zeros((len(x), 1), dtype=int))[1][0][:, 0])


@pytest.mark.parametrize("method", [None, ferroshap.gradients.Quadrature(nodes=16)])
@pytest.mark.parametrize("factor", [2.0, 0.8, -1.0])
def test_gradients_of_another_function_are_noticed(method, factor):
    explainer = ferroshap.GradientExplainer(wrong(factor), BACKGROUND, method=method)
    with pytest.warns(ferroshap.errors.PrecisionWarning, match="do not belong together"):
        explainer(X)


@pytest.mark.parametrize("n_points", [1, 4, 8, 16, 32, 64, 256])
@pytest.mark.parametrize("is_relu", [True, False])
def test_gradients_of_the_function_itself_are_believed(seed, n_points, is_relu):
    rng = np.random.default_rng(seed)
    steep = Net(5, 3, seed=seed, is_relu=is_relu, units=20)
    steep.first *= 4
    explainer = ferroshap.GradientExplainer(steep, rng.normal(size=(30, 5)), rng=seed)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        for row in rng.normal(size=(10, 1, 5)):
            explainer(row, nsamples=n_points)
    assert not [warning for warning in seen if "belong together" in str(warning.message)]


@pytest.mark.parametrize("shape", [(5, 2, 3), (5, 4)])
def test_estimators_refuse_rows_of_another_shape_than_they_were_fitted_on(shape):
    model = LinearRegression().fit(np.eye(6), np.arange(6.0))
    with pytest.raises(DimensionError, match=r"`data` has rows of shape .* fitted on 6 features"):
        ferroshap.GradientExplainer(model, np.zeros(shape))


def test_more_points_than_the_core_counts_are_refused_by_the_name_that_the_user_gave():
    explainer = ferroshap.GradientExplainer(LinearRegression().fit(BACKGROUND, np.arange(6)), BACKGROUND)
    with pytest.raises(OptionError, match="`nsamples` is 8589934592, but must be at most 4294967295"):
        explainer(X, nsamples=2**33)
    with pytest.raises(OptionError, match="`deadline_seconds` is 'soon'"):
        explainer(X, deadline_seconds="soon")
