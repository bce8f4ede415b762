"""What travels to a worker: at most 1.3 times the model's own pickle and the background, before and after calls."""

import copy
import io
import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import ferroshap as shap

STREAM = np.random.default_rng(5)
ROWS = STREAM.normal(size=(400, 30))
FRAME = pd.DataFrame(ROWS, columns=[f"column {at}" for at in range(30)])
#: Plan, names of columns, and of classes.
CONSTANT = 6_000


def sums(rows):
    return np.asarray(rows, dtype=float).sum(axis=1)


def size_of(thing):
    return len(pickle.dumps(thing, protocol=5))


EXPLAINERS = {
    "kernel": lambda rows: shap.KernelExplainer(sums, rows),
    "permutation": lambda rows: shap.PermutationExplainer(sums, rows, max_evals=61),
    "sampling": lambda rows: shap.SamplingExplainer(sums, rows, nsamples=40),
    "partition": lambda rows: shap.PartitionExplainer(sums, rows),
    "additive": lambda rows: shap.AdditiveExplainer(sums, rows),
    "linear": lambda rows: shap.LinearExplainer((np.ones(30), 0.0), rows),
}


@pytest.mark.parametrize("rows", [ROWS, FRAME], ids=["array", "frame"])
@pytest.mark.parametrize("name", EXPLAINERS)
def test_a_background_travels_once(name, rows):
    explainer = EXPLAINERS[name](rows)
    granted = 1.3 * (size_of(rows) + size_of(sums)) + CONSTANT
    assert size_of(explainer) <= granted
    explainer(rows[:2], silent=True)
    explainer.explain_arrow(FRAME[:3])
    assert explainer.fingerprint
    assert size_of(explainer) <= granted


FORESTS = [
    "RandomForestClassifier",
    "ExtraTreesRegressor",
    "GradientBoostingRegressor",
    "HistGradientBoostingRegressor",
]


@pytest.mark.parametrize("name", FORESTS)
def test_a_forest_travels_as_its_arrays(name):
    ensemble = pytest.importorskip("sklearn.ensemble")
    options = {"max_iter": 20} if name.startswith("Hist") else {"n_estimators": 20}
    labels = (ROWS[:, 0] * ROWS[:, 1] > 0).astype(int)
    model = getattr(ensemble, name)(**options, random_state=0).fit(ROWS, labels)
    explainer = shap.TreeExplainer(model)
    explainer(ROWS[:5])
    written = pickle.dumps(explainer, protocol=5)
    assert len(written) <= 1.3 * size_of(model)
    assert b"sklearn.ensemble" not in written


def _through_joblib(explainer):
    joblib, stream = pytest.importorskip("joblib"), io.BytesIO()
    joblib.dump(explainer, stream)
    stream.seek(0)
    return joblib.load(stream)


WAYS = {
    "protocol 5": lambda explainer: pickle.loads(pickle.dumps(explainer, protocol=5)),
    "deepcopy": copy.deepcopy,
    "copy": copy.copy,
    "cloudpickle": lambda explainer: pickle.loads(pytest.importorskip("cloudpickle").dumps(explainer)),
    "joblib": _through_joblib,
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", EXPLAINERS)
def test_every_way_of_copying_gives_the_same_bits(name, way):
    explainer = EXPLAINERS[name](FRAME)
    expected = explainer.explain_arrow(FRAME[:3])
    copied = WAYS[way](explainer)
    assert copied.explain_arrow(FRAME[:3]).equals(expected)
    assert copied.fingerprint == explainer.fingerprint


def test_a_function_without_a_name_travels_by_its_code():
    pytest.importorskip("cloudpickle")
    for explainer_class in (shap.KernelExplainer, shap.AdditiveExplainer):
        explainer = explainer_class(lambda rows: sums(rows) + 1.0, ROWS)
        copied = pickle.loads(pickle.dumps(explainer))
        assert copied.fingerprint == explainer.fingerprint
        assert copied.explain_arrow(FRAME[:3]).equals(explainer.explain_arrow(FRAME[:3]))


def test_a_process_with_another_hash_seed_reads_it_and_gives_the_same_bits(tmp_path):
    explainer = EXPLAINERS["linear"](FRAME)
    path = tmp_path / "explainer.pickle"
    path.write_bytes(pickle.dumps(explainer))
    rows = tmp_path / "rows.pickle"
    rows.write_bytes(pickle.dumps(FRAME[:3]))
    code = (
        "import pickle, sys\n"
        "explainer, rows = [pickle.load(open(path, 'rb')) for path in sys.argv[1:]]\n"
        "table = explainer.explain_arrow(rows)\n"
        "print(explainer.fingerprint, [column.to_pylist() for column in table.columns])"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, path, rows],
        env={"PYTHONHASHSEED": "3", "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    table = explainer.explain_arrow(FRAME[:3])
    assert run.stdout.strip() == f"{explainer.fingerprint} {[column.to_pylist() for column in table.columns]}"
