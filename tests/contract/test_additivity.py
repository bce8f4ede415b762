"""Every explainer x model x masker x link: values add up, and exact ones are those of brute force."""

import numpy as np
import pytest
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from tests.additivity import assert_additive
from tests.contract.games import members
from tests.oracle import mean_gains, orders_of_tree, shapley

import ferroshap
from ferroshap import links, maskers

M, N_ROWS, N_BACKGROUND = 6, 3, 9
TREE = (((0, 1), 2), ((3, 4), 5))  # of the features, for the maskers that have one


def tables(seed):
    rng = np.random.default_rng([seed, 77])
    return rng.normal(size=(N_ROWS, M)), rng.normal(size=(N_BACKGROUND, M))


def raw(rows):
    return rows[:, 0] * rows[:, 1] - rows[:, 2] + np.sin(rows[:, 3] * rows[:, 4]) + 0.3 * rows[:, 5]


def one(rows):
    """A probability a row."""
    return 1 / (1 + np.exp(-raw(rows)))


def column(rows):
    return one(rows)[:, None]


def two(rows):
    return np.stack([one(rows), 1 - one(rows)], axis=1)


MODELS = {"one output": one, "one column": column, "two columns": two}
LINKAGE = np.array([[0, 1, 0.1, 2], [3, 4, 0.1, 2], [6, 2, 0.5, 3], [7, 5, 0.6, 3], [8, 9, 1.0, 6]])
WEIGHTS = np.arange(1.0, N_BACKGROUND + 1)
MASKERS = {
    "independent": maskers.Independent,
    "weighted": lambda background: maskers.Independent(background, weights=WEIGHTS),
    "one row": lambda background: maskers.Independent(background[:1]),
    "partition": lambda background: maskers.Partition(background, clustering=LINKAGE),
}
LINKS = {"identity": links.identity, "logit": links.logit}
#: Route, options of the constructor, options of the call, whether the values are exact for M players.
ROUTES = {
    "exact": (ferroshap.ExactExplainer, {}, {}, True),
    "permutation": (ferroshap.PermutationExplainer, {}, {"max_evals": 4 * (2 * M + 1)}, False),
    "kernel, all coalitions": (ferroshap.KernelExplainer, {}, {"nsamples": 2**M}, True),
    "kernel, few coalitions": (ferroshap.KernelExplainer, {}, {"nsamples": 40}, False),
    "sampling": (ferroshap.SamplingExplainer, {}, {"nsamples": 30 * M}, False),
    "partition": (ferroshap.PartitionExplainer, {}, {"max_evals": 500}, True),
    "partition, few evaluations": (ferroshap.PartitionExplainer, {}, {"max_evals": 30}, False),
    "auto": (ferroshap.Explainer, {}, {}, True),
}
#: What a route does not take: a link, a tree of features, or a masker without one.
LINKLESS, TREELESS, TREES_ONLY = (
    {"sampling"},
    {"kernel, all coalitions", "kernel, few coalitions", "sampling"},
    {
        "partition",
        "partition, few evaluations",
    },
)


def cells():
    for route in ROUTES:
        for model in MODELS:
            for masker in MASKERS:
                for link in LINKS:
                    has_tree = masker == "partition"
                    if (link != "identity" and route in LINKLESS) or (has_tree and route in TREELESS):
                        continue
                    if not has_tree and route in TREES_ONLY:
                        continue
                    yield pytest.param(route, model, masker, link, id=f"{route}-{model}-{masker}-{link}")


def explain(route, model, masker, link, rows, background):
    explainer_class, made_with, called_with, _ = ROUTES[route]
    options = {} if route in LINKLESS else {"link": LINKS[link]}
    explainer = explainer_class(MODELS[model], MASKERS[masker](background), **options, **made_with)
    return explainer(rows, **called_with)


@pytest.mark.parametrize("route,model,masker,link", [*cells()])
def test_values_add_up_to_the_link_of_the_output(route, model, masker, link, seed):
    rows, background = tables(seed)
    explanation = explain(route, model, masker, link, rows, background)
    outputs = LINKS[link](MODELS[model](rows))
    assert_additive(explanation, outputs)
    wrong = np.array(explanation.values)
    wrong[(-1,) * wrong.ndim] += 1e-8 * np.abs(outputs).max()
    explanation.values = wrong
    with pytest.raises(AssertionError, match="is not"):
        assert_additive(explanation, outputs)


def worths_of(row, background, weights, link, linearized):
    """All ``2^M`` worths of the first output by their definition (section 4.4 of the design of the surface)."""
    masked = np.where(members(M)[:, None, :], row, background)
    outputs = one(masked.reshape(-1, M)).reshape(2**M, len(background))
    if not linearized:
        return link(outputs @ weights)
    at_background, mean = one(background), weights @ one(background)
    slopes = (at_background - mean) / (link(at_background) - link(np.full(1, mean)))
    return link(outputs) @ (weights * slopes / (weights @ slopes))


EXACT = [cell for cell in cells() if ROUTES[cell.values[0]][3] and cell.values[1] == "one output"]


@pytest.mark.parametrize("route,model,masker,link", EXACT)
def test_exact_values_are_those_of_brute_force(route, model, masker, link, seed):
    rows, background = tables(seed)
    explanation = explain(route, model, masker, link, rows, background)
    kept = background[:1] if masker == "one row" else background
    weights = WEIGHTS / WEIGHTS.sum() if masker == "weighted" else np.full(len(kept), 1 / len(kept))
    linearized = link != "identity" and not route.startswith("kernel") and len(kept) > 1
    for row, values in zip(rows, explanation.values, strict=True):
        worths = worths_of(row, kept, weights, LINKS[link], linearized)
        truth = shapley(worths.tolist(), M) if masker != "partition" else mean_gains(worths, orders_of_tree(TREE))
        np.testing.assert_allclose(values, truth, rtol=0, atol=1e-10 * np.abs(worths).max())


@pytest.mark.parametrize("route", ["permutation", "sampling"])
def test_sampled_values_are_unbiased(route, seed):
    """The mean over runs meets brute force within five of its standard errors."""
    rows, background = tables(seed)
    worths = worths_of(rows[0], background, np.full(N_BACKGROUND, 1 / N_BACKGROUND), links.identity, linearized=False)
    truth = np.array(shapley(worths.tolist(), M))
    explainer_class, _, called_with, _ = ROUTES[route]
    options = {"method": ferroshap.estimators.Permutation()} if route == "permutation" else {}
    runs = np.array(
        [
            explainer_class(one, background, seed=100 * seed + k, **options)(rows[:1], **called_with).values[0]
            for k in range(100)
        ]
    )
    errors = runs.std(axis=0, ddof=1) / np.sqrt(len(runs))
    assert (np.abs(runs.mean(axis=0) - truth) <= 5 * errors + 1e-12).all()


@pytest.mark.parametrize("background", [None, 20], ids=["path-dependent", "interventional"])
@pytest.mark.parametrize(
    "model",
    [
        RandomForestRegressor(5, random_state=0),
        RandomForestClassifier(5, random_state=0),
        GradientBoostingClassifier(n_estimators=5),
    ],
    ids=lambda model: type(model).__name__,
)
def test_trees_add_up_to_the_library_s_own_prediction(model, background, seed):
    X = np.random.default_rng([seed, 78]).normal(size=(80, M))
    y = raw(X) if isinstance(model, RandomForestRegressor) else raw(X) > 0
    model.fit(X, y)
    predict = {RandomForestRegressor: "predict", RandomForestClassifier: "predict_proba"}.get(
        type(model), "decision_function"
    )
    explainer = ferroshap.TreeExplainer(model, None if background is None else X[:background])
    assert_additive(explainer(X), getattr(model, predict)(X))
    assert_additive(explainer(X[:5], interactions=True), getattr(model, predict)(X[:5]), feature_axes=2)


@pytest.mark.parametrize("masker", [maskers.Independent, maskers.Impute], ids=lambda masker: masker.__name__)
def test_linear_models_add_up_to_their_margins(masker, seed):
    X = np.random.default_rng([seed, 79]).normal(size=(80, M))
    regression, classes = LinearRegression().fit(X, raw(X)), LogisticRegression().fit(X, raw(X) > 0)
    assert_additive(ferroshap.LinearExplainer(regression, masker(X))(X), regression.predict(X))
    assert_additive(ferroshap.LinearExplainer(classes, masker(X))(X), classes.decision_function(X))
