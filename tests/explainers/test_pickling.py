"""Explainers and what they return survive pickling and copying, and answer with the same bits."""

import copy
import functools
import pickle
import sys

import cloudpickle
import joblib
import numpy as np
import pytest

import ferroshap


def product(rows):
    return rows[:, 0] * rows[:, 1] + rows[:, 2]


MAKERS = {
    "exact": ferroshap.ExactExplainer,
    "permutation": lambda f, b, **o: ferroshap.PermutationExplainer(f, b, max_evals=40, **o),
    "kernel": lambda f, b, **o: ferroshap.KernelExplainer(f, b, nsamples=40, link="logit", **o),
    "sampling": lambda f, b, **o: ferroshap.SamplingExplainer(f, b, nsamples=40, **o),
    "chosen": ferroshap.Explainer,
}
WAYS = {
    "pickle": lambda obj: pickle.loads(pickle.dumps(obj, protocol=5)),
    "cloudpickle": lambda obj: pickle.loads(cloudpickle.dumps(obj)),
    "deepcopy": copy.deepcopy,
}


def squashed(rows):
    return 1.0 / (1.0 + np.exp(-product(rows)))


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("kind", ["function", "lambda", "partial", "linear"])
def test_the_twin_answers_with_the_same_bits(case, make, way, kind):
    if kind == "linear" and make is not ferroshap.Explainer:
        pytest.skip("no linear route")
    models = {
        "function": case.probability,
        "lambda": lambda rows: case.probability(rows) * 0.5,
        "partial": functools.partial(lambda scale, rows: case.probability(rows) * scale, 0.5),
        "linear": (np.ones(6), 0.5),
    }
    explainer = make(models[kind], case.background)
    twin = way(explainer)
    assert type(twin) is type(explainer)
    assert repr(twin) == repr(explainer)
    assert twin.plan == explainer.plan
    assert twin.expected_value == explainer.expected_value
    assert twin(case.rows).values.tobytes() == explainer(case.rows).values.tobytes()
    assert twin(case.rows).status == explainer(case.rows).status


def test_a_pickle_holds_the_model_once(case):
    class Heavy:
        def __init__(self):
            self.weight = np.zeros(200_000)

        def __call__(self, rows):
            return rows.sum(axis=1) + self.weight[0]

    heavy = Heavy()
    explainer = ferroshap.ExactExplainer(heavy, case.background)
    assert len(pickle.dumps(explainer)) < 2 * 8 * len(heavy.weight)
    twin = pickle.loads(pickle.dumps(explainer))
    assert twin.model is twin._reference.model
    copied = copy.deepcopy(explainer)
    assert copied.model is copied._reference.model is not explainer.model


def test_a_lambda_without_cloudpickle_is_refused_with_a_remedy(case, monkeypatch):
    explainer = ferroshap.ExactExplainer(lambda rows: rows[:, 0], case.background)
    monkeypatch.setitem(sys.modules, "cloudpickle", None)
    with pytest.raises(
        pickle.PicklingError, match=r"is a lambda .* define it at the top of a module, or install cloudpickle"
    ):
        pickle.dumps(explainer)
    assert copy.deepcopy(explainer)(case.rows).values.tobytes() == explainer(case.rows).values.tobytes()


def test_files_of_joblib_bring_explainers_back(case, tmp_path):
    explainer = ferroshap.PermutationExplainer(case.model, case.background)
    joblib.dump(explainer, tmp_path / "explainer")
    twin = joblib.load(tmp_path / "explainer")
    assert twin(case.rows).values.tobytes() == explainer(case.rows).values.tobytes()


def test_explanations_come_back_whole(case):
    explanation = ferroshap.PermutationExplainer(case.two_outputs, case.background)(case.rows)
    twin = pickle.loads(pickle.dumps(explanation))
    assert twin.values.tobytes() == explanation.values.tobytes()
    for field in ("base_values", "data", "error_std", "n_evaluations", "status", "feature_names", "output_names"):
        assert np.array_equal(getattr(twin, field), getattr(explanation, field)), field
    assert twin.plan == explanation.plan


def test_the_number_of_threads_is_that_of_the_process_that_reads(case, monkeypatch):
    monkeypatch.setenv("FERROSHAP_NUM_THREADS", "3")
    written = pickle.dumps(ferroshap.ExactExplainer(case.model, case.background))
    monkeypatch.setenv("FERROSHAP_NUM_THREADS", "2")
    assert pickle.loads(written)._n_threads == 2
