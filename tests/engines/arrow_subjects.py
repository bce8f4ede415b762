"""Explainers of three numbers that tests send tables through, each made once."""

from functools import cache

import numpy as np

import ferroshap as shap

FEATURES = ["age", "bmi", "sex"]
BACKGROUND = np.random.default_rng(7).normal(size=(24, 3)).round(2)


def product(rows):
    rows = np.asarray(rows, dtype=float)
    return rows[:, 0] * rows[:, 1] + np.sin(rows[:, 2])


def both(rows):
    return np.column_stack([product(rows), np.asarray(rows, dtype=float)[:, 1] ** 2])


def total(rows):
    rows = np.asarray(rows, dtype=float)
    return rows[:, 0] ** 2 - 3.0 * rows[:, 1] + np.abs(rows[:, 2])


def trees(n_outputs, seed=0):
    """Trees of depth two over the three features."""
    stream = np.random.default_rng(seed)
    return {
        "trees": [
            {
                "children_left": [1, 3, 5, -1, -1, -1, -1],
                "children_right": [2, 4, 6, -1, -1, -1, -1],
                "children_default": [2, 4, 5, -1, -1, -1, -1],
                "features": [*stream.integers(0, 3, 3), -1, -1, -1, -1],
                "thresholds": [*stream.normal(size=3).round(1), 0, 0, 0, 0],
                "values": stream.normal(size=(7, n_outputs)),
                "node_sample_weight": [12, 7, 5, 3, 4, 2, 3],
            }
            for _ in range(6)
        ]
    }


def named(explainer_class, model, **options):
    return explainer_class(model, BACKGROUND, feature_names=FEATURES, **options)


MAKERS = {
    "kernel": lambda: named(shap.KernelExplainer, product),
    "kernel, own designs": lambda: named(
        shap.KernelExplainer, product, method=shap.estimators.Leverage(shared_design=False), nsamples=5
    ),
    "kernel, two outputs": lambda: named(shap.KernelExplainer, both, output_names=["price", "risk"]),
    "permutation": lambda: named(shap.PermutationExplainer, product),
    "sampling": lambda: named(shap.SamplingExplainer, product, nsamples=40),
    "exact": lambda: named(shap.ExactExplainer, product),
    "exact, two outputs": lambda: named(shap.ExactExplainer, both),
    "partition": lambda: named(shap.PartitionExplainer, product),
    "additive": lambda: named(shap.AdditiveExplainer, total),
    "linear": lambda: named(shap.LinearExplainer, (np.array([1.0, -2.0, 0.5]), 3.0)),
    "linear, two outputs": lambda: named(shap.LinearExplainer, (np.array([[1.0, -2.0, 0.5], [0, 1, 0]]), np.ones(2))),
    "trees": lambda: shap.TreeExplainer(trees(1), feature_names=FEATURES),
    "trees, two outputs": lambda: shap.TreeExplainer(trees(2), feature_names=FEATURES, output_names=["price", "risk"]),
    "trees of a background": lambda: named(shap.TreeExplainer, trees(1)),
}
INTERACTING = ["kernel", "kernel, two outputs", "exact", "exact, two outputs", "trees", "trees, two outputs"]
CUT_FREE = [name for name in MAKERS if name not in {"kernel, own designs", "sampling"}]


@cache
def explainer_of(name):
    return MAKERS[name]()
