"""Values of regions against their definitions."""

import numpy as np
import pytest
from tests.images import oracle

import ferroshap as shap
from ferroshap import maskers
from ferroshap.estimators import Auto

SHAPE = (6, 5, 3)
GRIDS = {"shapley": (2, 3), "two players": (1, 2), "one player": (1, 1)}


def images_of(seed, count=1, shape=SHAPE):
    return np.random.default_rng([seed, 1]).random((count, *shape))


@pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS.keys())
@pytest.mark.parametrize("route", [shap.ExactExplainer, shap.Explainer, shap.KernelExplainer])
def test_values_of_few_regions_are_shapley_values(seed, grid, route):
    model, images = oracle.curved(2, seed, SHAPE), images_of(seed, 2)
    explanation = route(model, maskers.Image(0.5, segments=grid))(images)
    n_players = grid[0] * grid[1]
    assert explanation.status == "EXACT"
    for image, values, labels in zip(images, explanation.values, explanation.segments, strict=True):
        worths = oracle.table(model, image, 0.5, labels, n_players)
        # each value is a sum of 2 ** (k - 1) gains of at most 2, spread over at most 90 numbers and added up again
        expected = oracle.shapley_values(worths)
        assert np.allclose(oracle.by_region(values, labels, n_players), expected, rtol=0, atol=200 * 2.0**-52)


@pytest.mark.parametrize("segments", ["bpt", "axis", (2, 2)])
@pytest.mark.parametrize("route", [shap.ExactExplainer, shap.PartitionExplainer, shap.Explainer])
def test_a_tree_split_to_its_end_gives_owen_values(seed, segments, route):
    shape = (2, 4, 3) if segments != (2, 2) else SHAPE
    model, images = oracle.curved(2, seed, shape), images_of(seed, 1, shape)
    masker = maskers.Image("mean", segments=segments, tree=True)
    explanation = route(model, masker)(images, max_evals=10_000)
    regions = masker.segmentation.of(masker.read(images).image(0))
    fill = images[0].mean(axis=(0, 1))
    worths = oracle.table(model, images[0], fill, regions.labels, regions.n_players)
    expected = oracle.owen_values(worths, oracle.nested(regions.merges, regions.n_players))
    found = oracle.by_region(explanation.values[0], regions.labels, regions.n_players)
    assert explanation.status == "EXACT"
    assert explanation.n_evaluations[0] <= regions.n_coalitions
    assert np.allclose(found, expected, rtol=0, atol=500 * 2.0**-52)


def test_two_regions_get_shapley_values_also_along_a_tree(seed):
    model, images = oracle.curved(1, seed, SHAPE), images_of(seed)
    found = [
        shap.Explainer(model, maskers.Image(0.0, segments=(1, 2), tree=tree))(images).values for tree in (False, True)
    ]
    assert np.allclose(*found, rtol=0, atol=2.0**-50)


@pytest.mark.parametrize("budget", [2, 3, 4, 5, 7, 8, 20, 100, 151, 500])
@pytest.mark.parametrize("fixed_context", [None, 0, 1])
def test_values_add_up_at_every_budget(seed, budget, fixed_context):
    model, images = oracle.curved(3, seed, SHAPE), images_of(seed, 2)
    explainer = shap.PartitionExplainer(model, maskers.Image("blur"))
    explanation = explainer(images, max_evals=budget, fixed_context=fixed_context)
    total = explanation.base_values + explanation.values.sum(axis=(1, 2, 3))
    assert np.allclose(total, model(images), rtol=0, atol=2.0**-45)
    assert (explanation.n_evaluations <= budget).all()


@pytest.mark.parametrize("fixed_context", [None, 0, 1])
def test_additive_models_are_explained_exactly_by_a_whole_tree(seed, fixed_context):
    shape = (4, 4, 2)
    weights, images = np.random.default_rng(seed).normal(size=shape), images_of(seed, 1, shape)
    explainer = shap.PartitionExplainer(
        lambda X: (X * weights).sum(axis=(1, 2, 3)), maskers.Image(0.25, segments="axis")
    )
    explanation = explainer(images, max_evals=10_000, fixed_context=fixed_context)
    of_pixels = (weights * (images[0] - 0.25)).sum(axis=2)
    assert explanation.status == "EXACT"
    assert np.allclose(explanation.sum_channels().values[0], of_pixels, rtol=0, atol=2.0**-44)


@pytest.mark.parametrize("budget", [2, 4, 6])
@pytest.mark.parametrize("segments", ["axis", "bpt"])
def test_what_is_not_split_is_shared_by_area(seed, budget, segments):
    """Cells at the edges are smaller; a model that adds up equal pixels gives each the same."""
    images = np.full((1, 5, 3, 2), 0.7)
    explanation = shap.PartitionExplainer(
        lambda X: X.sum(axis=(1, 2, 3)), maskers.Image(0.0, segments=segments, cell=2)
    )(images, max_evals=budget)
    assert explanation.status == "BUDGET_SPENT"
    assert np.allclose(explanation.values, 0.7, rtol=1e-12)


@pytest.mark.parametrize("method", [None, Auto()])
def test_sampled_values_come_with_errors_that_hold_them(seed, method):
    shape, n_players = (6, 6, 1), 9
    model, images = oracle.curved(1, seed, shape), images_of(seed, 1, shape) * 9
    masker = maskers.Image(0.0, segments=(3, 3))
    options = {} if method is None else {"method": method}
    explanation = shap.PermutationExplainer(model, masker, **options)(images, max_evals=300)
    labels = explanation.segments[0]
    expected = oracle.shapley_values(oracle.table(model, images[0], 0.0, labels, n_players))[:, 0]
    found = oracle.by_region(explanation.values[0], labels, n_players)[:, 0]
    of_region = oracle.by_region(explanation.error_std[0], labels, n_players)[:, 0]
    assert explanation.status == "BUDGET_SPENT"
    assert (np.abs(found - expected) <= 8 * of_region + 1e-12).all()
    assert np.allclose(explanation.sum_channels().error_std, explanation.error_std.sum(axis=3))


def test_orders_along_a_tree_have_errors_and_may_stop_at_a_tolerance(seed):
    model, images = oracle.curved(1, seed, (4, 4, 1)), images_of(seed, 2, (4, 4, 1))
    explainer = shap.PartitionExplainer(model, maskers.Image(0.0), sampling="orders")
    explanation = explainer(images, max_evals=4_000, tol=0.5)
    assert (explanation.n_evaluations < 4_000).all()
    assert np.isfinite(explanation.error_std).all()
    with pytest.raises(shap.errors.BudgetError, match="at least 32"):
        explainer(images, max_evals=31)


def test_outputs_share_their_evaluations_and_are_split_together(seed):
    model, images = oracle.Recorder(oracle.curved(4, seed, SHAPE)), images_of(seed)
    explanation = shap.Explainer(model, maskers.Image("blur"))(images, max_evals=60)
    assert sum(model.calls) == 60
    assert explanation.values.shape == (1, *SHAPE, 4)


def test_an_image_is_explained_the_same_in_any_company(seed):
    model, images = oracle.curved(2, seed, SHAPE), images_of(seed, 3)
    for masker in (maskers.Image("blur"), maskers.Image("blur", segments=(3, 4))):
        explainer = shap.Explainer(model, masker)
        together = explainer(images, max_evals=80)
        for number in range(3):
            alone = explainer(images[number : number + 1], max_evals=80)
            assert alone.values[0].tobytes() == together.values[number].tobytes()
