"""shap's parameters, in shap's order, and ours after them as keywords alone."""

import inspect

import numpy as np
import pandas as pd
import pytest

import ferroshap
from ferroshap.errors import PrecisionWarning
from ferroshap.explainers import (
    CoalitionExplainer,
    ExactExplainer,
    KernelExplainer,
    LinearExplainer,
    PartitionExplainer,
    PermutationExplainer,
    SamplingExplainer,
)

EVERY = {
    "output_names",
    "weights",
    "n_jobs",
    "seed",
    "feature_names",
    "rng",
    "random_state",
    "memory_limit",
    "progress",
}
CONSTRUCTORS = {
    ferroshap.Explainer: "model masker link algorithm output_names feature_names linearize_link seed",
    ExactExplainer: "model masker link linearize_link feature_names",
    PermutationExplainer: "model masker link feature_names linearize_link seed",
    KernelExplainer: "model data feature_names link",
    SamplingExplainer: "model data",
    LinearExplainer: "model masker link nsamples feature_perturbation",
    PartitionExplainer: "model masker",
    CoalitionExplainer: "model masker",
}
BASE = {"max_evals": "auto", "main_effects": False, "error_bounds": False, "batch_size": "auto", "outputs": None}
CALLS = {
    (ferroshap.Explainer, "__call__"): ("", BASE | {"silent": False}),
    (ExactExplainer, "__call__"): ("", BASE | {"max_evals": 100000, "interactions": 1, "silent": False}),
    (PermutationExplainer, "__call__"): ("", BASE | {"max_evals": 500, "silent": False}),
    (PermutationExplainer, "shap_values"): (
        "X npermutations main_effects error_bounds batch_evals silent",
        {"npermutations": 10, "main_effects": False, "error_bounds": False, "batch_evals": True, "silent": False},
    ),
    (KernelExplainer, "__call__"): ("X l1_reg silent", {"l1_reg": False, "silent": False, "nsamples": "auto"}),
    (KernelExplainer, "shap_values"): (
        "X",
        {"nsamples": "auto", "l1_reg": False, "silent": False, "gc_collect": False},
    ),
    (SamplingExplainer, "__call__"): ("X y nsamples", {"y": None, "nsamples": 2000, "silent": False}),
    (SamplingExplainer, "shap_values"): ("X", {"nsamples": "auto", "min_samples_per_feature": 100, "silent": False}),
    (LinearExplainer, "__call__"): ("", BASE | {"silent": False}),
    (LinearExplainer, "shap_values"): ("X", {}),
    (PartitionExplainer, "__call__"): ("", BASE | {"max_evals": 500, "fixed_context": None, "silent": False}),
    (CoalitionExplainer, "__call__"): ("", BASE | {"max_evals": 500, "fixed_context": None, "silent": False}),
}
#: Whose `shap_values` hand their options to the call, which looks at them.
HANDING_ON = {ExactExplainer, PartitionExplainer, CoalitionExplainer}
POSITIONAL, KEYWORD = inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY


def names(parameters, kind):
    return [parameter.name for parameter in parameters if parameter.kind is kind]


@pytest.mark.parametrize("explainer", CONSTRUCTORS, ids=lambda explainer: explainer.__name__)
def test_constructors_take_what_shap_s_take_in_the_same_order(explainer):
    parameters = inspect.signature(explainer).parameters.values()
    assert names(parameters, POSITIONAL) == CONSTRUCTORS[explainer].split()
    if explainer is not ferroshap.Explainer:
        assert {parameter.name for parameter in parameters} >= EVERY


@pytest.mark.parametrize("explainer,name", CALLS, ids=str)
def test_calls_take_what_shap_s_take_in_the_same_order(explainer, name):
    positional, defaults = CALLS[explainer, name]
    parameters = list(inspect.signature(getattr(explainer, name)).parameters.values())[1:]
    assert names(parameters, POSITIONAL) == positional.split()
    found = {parameter.name: parameter.default for parameter in parameters}
    assert {option: found[option] for option in defaults} == defaults
    ours = set(names(parameters, KEYWORD)) - set(defaults)
    assert ours <= {
        "batch_size",
        "interactions",
        "outputs",
        "tol",
        "deadline_seconds",
        "row_key",
        "plausibility",
        "msev",
    }


def test_partition_explainers_take_what_shap_s_take_by_name():
    shap_s = {"output_names", "link", "linearize_link", "feature_names"}
    for explainer, more in [(PartitionExplainer, set()), (CoalitionExplainer, {"partition_tree"})]:
        assert set(names(inspect.signature(explainer).parameters.values(), KEYWORD)) >= shap_s | more


def test_probabilities_at_the_ends_are_told_of_once_a_call():
    background = np.random.default_rng(0).normal(size=(20, 3))
    explainer_of = lambda: KernelExplainer(lambda X: (X[:, 0] > 0).astype(float), background, link="logit")  # noqa: E731
    with pytest.warns(PrecisionWarning, match="model outputs were 0 or 1") as caught:
        explainer_of().shap_values(background[:3], nsamples=100)
    assert len(caught) == 1


def test_one_row_is_explained_as_older_code_asks():
    explainer = KernelExplainer(lambda X: X[:, 0] * X[:, 1], np.zeros((1, 2)))
    assert explainer.explain(np.array([[3.0, 4.0]]), nsamples=20).tolist() == [6.0, 6.0]
    assert explainer.explain(np.array([3.0, 4.0])).tolist() == [6.0, 6.0]
    with pytest.raises(ValueError, match="`incoming_instance` has 2 rows"):
        explainer.explain(np.zeros((2, 2)))
    with pytest.raises(TypeError, match="did you mean 'nsamples'"):
        explainer.explain(np.zeros((1, 2)), nsample=3)


def test_a_series_is_a_background_of_one_row():
    row = pd.Series({"a": 1.0, "b": 2.0})
    explainer = KernelExplainer(lambda X: X[:, 0] * X[:, 1], row)
    assert explainer.shap_values(np.array([[3.0, 4.0]])).tolist() == [[6.0, 4.0]]
    assert explainer.feature_names == ["a", "b"]


def test_names_set_on_a_masker_are_those_of_the_families():
    masker = ferroshap.maskers.Partition(np.eye(3))
    masker.feature_names = ["x", "y", "z"]
    tree = {"pair": ["x", "z"], "alone": "y"}
    explainer = CoalitionExplainer(lambda X: X[:, 0] * X[:, 2], masker, partition_tree=tree)
    assert explainer.feature_names == ["x", "y", "z"]


def test_the_budget_that_follows_the_features_is_printed_as_500():
    assert "max_evals: 'int | str' = 500" in str(inspect.signature(PermutationExplainer.__call__)).replace(
        "max_evals: int | str", "max_evals: 'int | str'"
    )


@pytest.mark.parametrize("explainer", list(CONSTRUCTORS)[1:], ids=lambda explainer: explainer.__name__)
def test_no_call_swallows_options(explainer):
    for name in ("__call__", "shap_values"):
        parameters = inspect.signature(getattr(explainer, name)).parameters.values()
        inherited = name == "shap_values" and explainer in HANDING_ON
        assert inherited or all(p.kind is not p.VAR_KEYWORD for p in parameters)
