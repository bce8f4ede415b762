"""LightGBM: our predictions are its own, under every option that changes how trees are read."""

import json
import warnings
from pathlib import Path

import numpy as np
import pytest
from tests.trees.probes import assert_reads

from ferroshap import _native, trees
from ferroshap.errors import InvalidModelError
from ferroshap.trees.recognition import load_tree_model
from ferroshap.trees.verification import verify

MODELS = Path(__file__).parent / "models" / "lightgbm"
QUIET = {"verbose": -1, "num_threads": 1, "min_data_in_leaf": 5, "seed": 1}


@pytest.fixture
def lightgbm():
    return pytest.importorskip("lightgbm", reason="LightGBM is not installed")


def table(n_rows=1_000, seed=0):
    """Numbers with many zeros and gaps, and in the last column categories from 0 to 69."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(n_rows, 6))
    rows[:, 2] *= rng.random(n_rows) < 0.5
    rows[:, 5] = rng.integers(0, 70, n_rows)
    labels = rows[:, 0] + rows[:, 1] * (rows[:, 2] > 0) + rows[:, 5] % 4
    rows[rng.random(rows.shape) < 0.05] = np.nan
    return rows, labels


def grown(lightgbm, labels=None, n_rounds=15, categorical=(), **options):
    rows, truth = table()
    options = {"objective": "regression", **QUIET, **options}
    labels = truth if labels is None else labels(truth)
    data = lightgbm.Dataset(rows, labels, categorical_feature=list(categorical), params=options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return lightgbm.train(options, data, n_rounds), rows


def three(truth):
    return np.digitize(truth, [0.5, 2.5])


def two(truth):
    return truth > 1.5


BAGGED = {"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.5}
CODES = {"categorical": [5], "cat_smooth": 1, "min_data_per_group": 5}
OPTIONS = {
    "plain": {},
    "zero as missing": {"zero_as_missing": True},
    "no missing": {"use_missing": False},
    "categories": CODES,
    "categories one by one": {**CODES, "max_cat_to_onehot": 100},
    "dart": {"boosting": "dart", "drop_rate": 0.5, "n_rounds": 30},
    "goss": {"data_sample_strategy": "goss"},
    "forest": BAGGED,
    "forest of two classes": {"objective": "binary", "labels": two, **BAGGED},
    "forest of three classes": {"objective": "multiclass", "num_class": 3, "labels": three, **BAGGED},
    "linear": {"linear_tree": True, "linear_lambda": 0.1},
    "linear and categories": {"linear_tree": True, **CODES},
    "linear forest": {"linear_tree": True, **BAGGED},
    "classes": {"objective": "multiclass", "num_class": 3, "labels": three},
    "one against all": {"objective": "multiclassova", "num_class": 3, "labels": three},
    "two classes": {"objective": "binary", "sigmoid": 1.7, "labels": two},
    "poisson": {"objective": "poisson", "labels": np.abs},
    "cross entropy": {"objective": "cross_entropy", "labels": lambda truth: truth > 1},
    "square root": {"reg_sqrt": True},
    "quantile": {"objective": "quantile", "alpha": 0.3},
    "constant": {"labels": np.ones_like},
    "leaf-wise": {"num_leaves": 200, "min_data_in_leaf": 2},
    "extra trees": {"extra_trees": True, "path_smooth": 1.0, "max_bin": 15},
    "forced bins at zero": {"feature_pre_filter": False, "min_data_in_bin": 1, "max_bin": 1_000},
}


@pytest.mark.parametrize("name", OPTIONS)
def test_our_margin_is_lightgbms(lightgbm, name):
    booster, rows = grown(lightgbm, **OPTIONS[name])
    strange = rows[:60].copy()
    strange[:20, 5] = np.arange(20) * 7.0 - 3  # negative and unknown codes
    strange[20:40, 5] += 0.5  # truncated
    strange[40:50, 5] = -0.5  # code 0
    strange[::3, 1], strange[1::3, 0], strange[2::3, 4] = np.nan, 1e-36, -1e-36
    read = assert_reads(booster, np.concatenate([rows, strange]))
    assert read.forest.has_cover
    assert read.forest.has_linear_leaves == ("linear" in name)


def test_predictions_are_transformed_margins(lightgbm):
    of_name = {
        "sigmoid": lambda margin, scale: 1 / (1 + np.exp(-scale * margin)),
        "softmax": lambda margin, _: np.exp(margin) / np.exp(margin).sum(1, keepdims=True),
        "exp": lambda margin, _: np.exp(margin),
        "identity": lambda margin, _: margin,
    }
    for name in (
        "two classes",
        "classes",
        "one against all",
        "poisson",
        "cross entropy",
        "quantile",
        "forest of two classes",
    ):
        booster, rows = grown(lightgbm, **OPTIONS[name])
        forest = load_tree_model(booster).forest
        kind, scale = forest.transform
        ours = of_name[kind](forest.predict(rows, 1), scale)
        if name == "one against all":
            assert kind == "sigmoid"
        np.testing.assert_allclose(ours.reshape(booster.predict(rows).shape), booster.predict(rows), rtol=1e-12)


def test_random_forests_are_explained_by_what_they_predict(lightgbm):
    """LightGBM's raw score and contributions are the sum over rounds (#6217), its prediction is the average."""
    booster, rows = grown(lightgbm, **BAGGED)
    np.testing.assert_allclose(
        load_tree_model(booster).forest.predict(rows, 1)[:, 0], booster.predict(rows), rtol=1e-13
    )


def test_early_stopping_explains_the_best_iteration(lightgbm):
    rows, labels = table()
    model = lightgbm.LGBMRegressor(n_estimators=300, verbose=-1, learning_rate=0.5)
    stop = lightgbm.early_stopping(2, verbose=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # 4.7 renames `eval_set`
        model.fit(rows[:500], labels[:500], eval_set=[(rows[500:], labels[500:])], callbacks=[stop])
    read = assert_reads(model, rows)
    assert read.forest.n_trees == model.best_iteration_ < 300
    assert assert_reads(model.booster_, rows).forest.n_trees == model.best_iteration_


def test_wrappers_and_their_boosters_read_alike(lightgbm):
    rows, labels = table()
    for kind, target in ((lightgbm.LGBMRegressor, labels), (lightgbm.LGBMClassifier, three(labels))):
        model = kind(n_estimators=5, verbose=-1).fit(rows, target)
        one, other = assert_reads(model, rows), assert_reads(model.booster_, rows)
        assert one.forest.to_bytes() == other.forest.to_bytes()
    assert one.output_names == ["0", "1", "2"]
    binary = assert_reads(lightgbm.LGBMClassifier(n_estimators=5, verbose=-1).fit(rows, two(labels)), rows)
    assert binary.is_vector
    assert binary.output_names is None
    ranker = lightgbm.LGBMRanker(n_estimators=5, verbose=-1).fit(rows, three(labels), group=[100] * 10)
    assert assert_reads(ranker, rows).is_vector


def test_custom_objectives_are_their_margins(lightgbm):
    rows, labels = table()
    model = lightgbm.LGBMRegressor(objective=lambda y, f: (f - y, np.ones_like(y)), n_estimators=5, verbose=-1).fit(
        rows, labels
    )
    assert assert_reads(model, rows).forest.transform == ("identity", 1.0)


def test_what_is_not_fitted_is_refused(lightgbm):
    with pytest.raises(InvalidModelError, match="LGBMClassifier that is not fitted: fit it first"):
        load_tree_model(lightgbm.LGBMClassifier())


def test_frames_keep_their_categories(lightgbm):
    pd = pytest.importorskip("pandas")
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"n": rng.normal(size=500), "a b": pd.Categorical(rng.choice(["x", "y", "ü"], 500))})
    frame["one"] = pd.Categorical(["same"] * 500)  # a column of one value: the file calls it unused
    frame["code"] = pd.Categorical(rng.choice([30, 4, 7], 500))
    labels = frame.n + (frame["a b"] == "y") * 2 + frame.code.astype(float) / 10
    model = lightgbm.LGBMRegressor(n_estimators=5, verbose=-1, min_data_per_group=5).fit(frame, labels)
    read = assert_reads(model)
    assert read.frame_categories == [None, ["x", "y", "ü"], ["same"], [4, 7, 30]]
    stored = trees.load(model.booster_.model_to_string().encode())
    assert stored.forest.categories[1] == {"values": ["x", "y", "ü"], "is_numeric": False}
    assert stored.forest.categories[3] == {"values": ["4", "7", "30"], "is_numeric": True}


@pytest.mark.parametrize("path", sorted(MODELS.glob("*.txt")), ids=lambda path: path.stem)
def test_recorded_models_of_every_version(path):
    read = trees.load(path)
    recorded = json.loads(path.with_suffix("").with_suffix("").with_name(f"{path.stem}.rows.json").read_text())
    rows = np.array(recorded["rows"], dtype=np.float64)
    np.testing.assert_allclose(read.forest.predict(rows, 1), recorded["margins"], rtol=0, atol=2e-14)
    assert verify(read).startswith("not verified")


def test_a_disturbed_leaf_is_noticed(lightgbm):
    """The check itself is checked: one leaf off by 1e-3 must not pass."""
    booster, rows = grown(lightgbm)
    text = booster.model_to_string()
    at = text.index("leaf_value=") + len("leaf_value=")
    first = text[at:].split(" ", 1)[0]
    disturbed = _native.read_forest(text.replace(first, str(float(first) + 1e-3), 1).encode(), "lightgbm")
    assert np.abs(disturbed.predict(rows, 1)[:, 0] - booster.predict(rows)).max() == pytest.approx(1e-3)


CONTRIBUTED = [
    "plain",
    "zero as missing",
    "no missing",
    "categories",
    "dart",
    "forest",
    "classes",
    "two classes",
    "leaf-wise",
]


@pytest.mark.parametrize("name", CONTRIBUTED)
def test_path_dependent_values_are_lightgbms_contributions(lightgbm, name):
    """Both cover fractions are counts; a random forest's contributions are the sum over rounds."""
    import ferroshap

    booster, rows = grown(lightgbm, **OPTIONS[name])
    rows = rows[:100]
    theirs = np.asarray(booster.predict(rows, pred_contrib=True))
    if name == "forest":
        theirs /= booster.current_iteration()
    explainer = ferroshap.TreeExplainer(booster)
    values = explainer.shap_values(rows)
    if values.ndim == 3:
        theirs = theirs.reshape(len(rows), 3, -1).transpose(0, 2, 1)
    scale = max(1.0, np.abs(theirs).max())
    np.testing.assert_allclose(values, theirs[:, :-1], rtol=0, atol=1e-12 * scale)
    base = np.broadcast_to(explainer.expected_value, theirs[:, -1].shape)
    np.testing.assert_allclose(base, theirs[:, -1], rtol=0, atol=1e-12 * scale)


@pytest.mark.parametrize("columns", [["a b", "c", "kind"], ["a b", "kind", "level"], ["level", "c"]], ids=str)
def test_frames_are_matched_as_lightgbm_does(lightgbm, columns):
    """Spaces that the model keeps as underscores, categories in another order and new ones, ordered categories."""
    import ferroshap

    pd = pytest.importorskip("pandas")
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a b": rng.normal(size=400), "c": rng.normal(size=400)})
    frame["kind"] = pd.Categorical(rng.choice(["x", "y", "z"], 400))
    frame["level"] = pd.cut(rng.normal(size=400), 4, labels=["low", "mid", "high", "top"])
    labels = frame.c + (frame.kind == "y") * 2 + frame.level.cat.codes
    frame = frame[columns]
    model = lightgbm.LGBMRegressor(n_estimators=10, verbose=-1, min_data_per_group=5).fit(frame, labels)
    rows = frame.head(30).copy()
    if "kind" in columns:
        texts = rows.kind.astype(object).where(np.arange(30) > 3, "new")
        rows["kind"] = pd.Categorical(texts, categories=["z", "new", "y", "x"])
    explainer = ferroshap.TreeExplainer(model)
    for given in (rows, rows.iloc[:, ::-1]):
        explanation = explainer(given)
        total = explanation.values.sum(axis=1) + explanation.base_values
        np.testing.assert_allclose(total, model.predict(rows), rtol=0, atol=1e-13)
