"""CatBoost: our predictions are its own under every option that changes how trees are read, and so are values it gets right."""

from functools import cache

import numpy as np
import pytest
from tests.oracle import shapley
from tests.trees.games import assert_adds_up, interventional_values
from tests.trees.probes import assert_reads

import ferroshap
from ferroshap import trees
from ferroshap.errors import InvalidModelError, OptionError
from ferroshap.trees.catboost import category_key
from ferroshap.trees.recognition import load_tree_model
from ferroshap.trees.verification import verify

catboost = pytest.importorskip("catboost", reason="CatBoost is not installed")
pd = pytest.importorskip("pandas")

QUIET = {"iterations": 25, "depth": 5, "random_seed": 1, "thread_count": 1, "verbose": 0, "allow_writing_files": False}
CATEGORIES = ["colour", "city", "code", "flag"]
N_ROWS = 500
#: A sum of 25 trees with values below 10: some 100 roundings of 1e-16 each, times the terms of a contraction.
F64 = 1e-12


def table(*, gaps=False):
    """Five columns of numbers and a target with an interaction."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N_ROWS, 5)).round(3)
    y = 2 * X[:, 0] + X[:, 1] * X[:, 2] + rng.normal(size=N_ROWS) / 4
    if gaps:
        X[rng.random(X.shape) < 0.15] = np.nan
        y += 3 * np.isnan(X[:, 0])
    return X, y


def frame():
    """Numbers, texts, integers and truth values, and a target that hangs on all of them."""
    rng = np.random.default_rng(3)
    data = pd.DataFrame(
        {
            "x": rng.normal(size=N_ROWS),
            "colour": rng.choice(["red", "green", "blue", "Zürich", "0"], N_ROWS),
            "city": [f"city {number}" for number in rng.integers(0, 40, N_ROWS)],
            "code": rng.integers(-3, 20, N_ROWS),
            "flag": rng.integers(0, 2, N_ROWS) > 0,
        }
    )
    y = data["x"] + 2 * (data["colour"] == "red") + data["code"] % 3 + 1.5 * data["flag"] + data["city"].str.len()
    return data, y.to_numpy()


def three(y):
    return np.digitize(y, [-1, 1])


NUMBERS = {
    "symmetric": ("CatBoostRegressor", {}, None),
    "deep": ("CatBoostRegressor", {"depth": 11, "iterations": 3}, None),
    "depthwise": ("CatBoostRegressor", {"grow_policy": "Depthwise"}, None),
    "lossguide": ("CatBoostRegressor", {"grow_policy": "Lossguide", "max_leaves": 20, "depth": 9}, None),
    "no bias": ("CatBoostRegressor", {"boost_from_average": False}, None),
    "binary": ("CatBoostClassifier", {}, lambda y: y > 0),
    "classes": ("CatBoostClassifier", {}, three),
    "classes, depthwise": ("CatBoostClassifier", {"grow_policy": "Depthwise"}, three),
    "one against all": ("CatBoostClassifier", {"loss_function": "MultiClassOneVsAll"}, three),
    "several targets": ("CatBoostRegressor", {"loss_function": "MultiRMSE"}, lambda y: np.column_stack([y, 3 - y])),
    "uncertainty": ("CatBoostRegressor", {"loss_function": "RMSEWithUncertainty"}, None),
    "counts": ("CatBoostRegressor", {"loss_function": "Poisson"}, np.abs),
}
GAPS = {
    "gaps": ("CatBoostRegressor", {}, None),
    "gaps at the top": ("CatBoostRegressor", {"nan_mode": "Max"}, None),
    "gaps, lossguide": ("CatBoostRegressor", {"grow_policy": "Lossguide", "nan_mode": "Max"}, None),
}
MIXED = {
    "one-hot": ("CatBoostRegressor", {"one_hot_max_size": 255}, None),
    "one-hot, depthwise": ("CatBoostRegressor", {"one_hot_max_size": 255, "grow_policy": "Depthwise"}, None),
    "counters": ("CatBoostRegressor", {"max_ctr_complexity": 1}, None),
    "counters of classes": ("CatBoostClassifier", {"max_ctr_complexity": 1}, lambda y: np.digitize(y, [7, 9])),
}
ALL = [*NUMBERS, *GAPS, *MIXED]
SYMMETRIC = [name for name in ALL if "depthwise" not in name and "lossguide" not in name]


@cache
def grown(name):
    """A trained model and its rows."""
    kind, options, label = {**NUMBERS, **GAPS, **MIXED}[name]
    data, y = frame() if name in MIXED else table(gaps=name in GAPS)
    if name in MIXED:
        options = {**options, "cat_features": CATEGORIES}
    model = getattr(catboost, kind)(**{**QUIET, **options})
    return model.fit(data, y if label is None else label(y)), data


def raw(model, rows):
    return catboost.CatBoost.predict(model, rows, prediction_type="RawFormulaVal")


def theirs(model, rows, kind="ShapValues", **options):
    """What CatBoost itself says of rows: values `(rows, features[, outputs])` or matrices."""
    values = model.get_feature_importance(_pool(model, rows), type=kind, thread_count=1, **options)
    if kind == "ShapInteractionValues":
        return values[:, :-1, :-1]
    return values[:, :-1] if values.ndim == 2 else np.moveaxis(values[:, :, :-1], 1, 2)


def _pool(model, rows):
    labels = np.arange(len(rows)) % 2  # CatBoost wants some with `reference_data`
    return catboost.Pool(rows, labels, cat_features=model.get_cat_feature_indices())


def near(ours, expected, tolerance=F64):
    scale = max(1.0, np.abs(expected).max())
    np.testing.assert_allclose(ours, expected, rtol=0, atol=tolerance * scale)


@pytest.mark.parametrize("name", [*NUMBERS, *GAPS])
def test_our_prediction_is_that_of_catboost(name):
    model, X = grown(name)
    read = assert_reads(model, X[:200])
    assert read.library.startswith("catboost ")
    assert read.forest.is_oblivious == (name in SYMMETRIC)


@pytest.mark.parametrize("name", MIXED)
def test_categories_are_read_by_their_hash(name):
    model, _ = grown(name)
    read = assert_reads(model)
    assert "64 rows" in verify(read)


@pytest.mark.parametrize("name", ALL)
def test_values_add_up_to_the_raw_prediction(name):
    model, data = grown(name)
    rows, background = data[:100], data[100:130]
    explanation = ferroshap.TreeExplainer(model)(rows)
    assert explanation.values.shape == (100, 5, *raw(model, rows).shape[1:])
    assert_adds_up(explanation, raw(model, rows), F64)
    assert_adds_up(ferroshap.TreeExplainer(model, background)(rows), raw(model, rows), F64)


@pytest.mark.parametrize("name", SYMMETRIC)
def test_path_dependent_values_of_symmetric_trees_are_those_of_catboost(name):
    model, data = grown(name)
    ours = ferroshap.TreeExplainer(model).shap_values(data[:60])
    expected = theirs(model, data[:60], shap_calc_type="Regular")
    if name == "uncertainty":
        ours = ours[..., :1]  # CatBoost explains the mean alone
    near(ours, expected)


@pytest.mark.parametrize("name", ["depthwise", "lossguide", "classes, depthwise", "one-hot, depthwise"])
def test_other_trees_agree_where_catboost_adds_up(name):
    """CatBoost's own values miss its prediction on some of these trees; ours never do."""
    model, data = grown(name)
    rows = data[:60]
    explanation = ferroshap.TreeExplainer(model)(rows)
    expected, predicted = theirs(model, rows), raw(model, rows)
    adds_up = np.abs(expected.sum(axis=1) + explanation.base_values - predicted) < 1e-9
    adds_up = adds_up if adds_up.ndim == 1 else adds_up.all(axis=1)
    near(explanation.values[adds_up], expected[adds_up], 1e-10) if adds_up.any() else None
    assert_adds_up(explanation, predicted, F64)


@pytest.mark.parametrize("name", ["symmetric", "deep", "no bias", "binary", "gaps", "gaps at the top", "one-hot"])
def test_background_values_are_those_of_reference_data(name):
    model, data = grown(name)
    rows, background = data[:20], data[100:130]
    expected = theirs(model, rows, reference_data=_pool(model, background))
    near(ferroshap.TreeExplainer(model, background).shap_values(rows), expected)


@pytest.mark.parametrize("name", ["symmetric", "no bias", "binary", "gaps"])
def test_interactions_are_those_of_catboost(name):
    model, X = grown(name)
    near(ferroshap.TreeExplainer(model).shap_interaction_values(X[:10]), theirs(model, X[:10], "ShapInteractionValues"))


@pytest.mark.parametrize("name", [*NUMBERS, *GAPS])
def test_background_values_meet_the_definition(name):
    """shap: off by the bias; its process crashes on several classes; refuses other trees, `nan_mode` and one-hot splits."""
    model, X = grown(name)
    ours = ferroshap.TreeExplainer(model, X[100:107]).shap_values(X[:2])
    for row in range(2):
        near(ours[row], interventional_values(lambda rows: raw(model, rows), X[row], X[100:107]))


@pytest.mark.parametrize("name", MIXED)
def test_background_values_over_categories_meet_the_definition(name):
    model, data = grown(name)
    background, row = data[100:107], data.iloc[0]
    worths = []
    for coalition in range(32):
        hybrid = background.copy()
        for player, column in enumerate(data.columns):
            if coalition >> player & 1:
                hybrid[column] = pd.Series(row[column], index=hybrid.index, dtype=data[column].dtype)
        worths.append(raw(model, hybrid).mean(axis=0))
    worths = np.array(worths).reshape(32, -1)
    expected = np.stack([shapley(worths[:, output], 5) for output in range(worths.shape[1])], axis=-1)
    near(ferroshap.TreeExplainer(model, background).shap_values(data[:1])[0].reshape(expected.shape), expected)


@pytest.mark.parametrize("name", MIXED)
def test_unknown_categories_are_what_catboost_takes_them_for(name):
    model, data = grown(name)
    rows = data[:20].assign(city="nowhere", colour="none", code=12_345)
    assert_adds_up(ferroshap.TreeExplainer(model)(rows), raw(model, rows), F64)


def test_frames_of_any_kind_of_column_give_the_same_bits():
    model, data = grown("counters")
    explainer = ferroshap.TreeExplainer(model)
    expected = explainer.shap_values(data[:40])
    as_categories = data[:40].astype({"colour": "category", "city": "category"})
    as_texts = data[:40].assign(code=data["code"].astype(str), flag=data["flag"].astype(int))
    as_objects = data[:40].to_numpy(dtype=object)
    for rows in (as_categories, as_texts, as_objects):
        np.testing.assert_array_equal(explainer.shap_values(rows), expected)


def test_floats_are_no_categories():
    """CatBoost refuses them too."""
    model, data = grown("one-hot")
    with pytest.raises(OptionError, match="texts and integers"):
        ferroshap.TreeExplainer(model).shap_values(data[:5].assign(code=0.5))


def test_files_are_read_without_the_library(tmp_path):
    for name in ("symmetric", "counters", "classes"):
        model, data = grown(name)
        model.save_model(str(tmp_path / "model.json"), format="json")
        ours = ferroshap.TreeExplainer(trees.load(tmp_path / "model.json")).shap_values(data[:30])
        np.testing.assert_array_equal(ours, ferroshap.TreeExplainer(model).shap_values(data[:30]))


def test_a_model_from_the_binary_format_is_read_live(tmp_path):
    model, X = grown("symmetric")
    model.save_model(str(tmp_path / "model.cbm"))
    again = catboost.CatBoost().load_model(str(tmp_path / "model.cbm"))
    assert_reads(again, X[:50])


def test_weights_and_rankers():
    X, y = table()
    weights = np.random.default_rng(1).random(N_ROWS)
    weighted = catboost.CatBoostRegressor(**QUIET).fit(X, y, sample_weight=weights)
    near(ferroshap.TreeExplainer(weighted).shap_values(X[:30]), theirs(weighted, X[:30]))
    ranker = catboost.CatBoostRanker(**QUIET).fit(X, y > 0, group_id=np.arange(N_ROWS) // 10)
    assert_reads(ranker, X[:50])


def test_classes_have_names():
    model, _ = grown("classes")
    assert load_tree_model(model).output_names == ["0", "1", "2"]
    assert load_tree_model(grown("binary")[0]).output_names is None


def test_what_is_no_decision_of_one_column_is_refused_with_a_remedy():
    data, y = frame()
    model = catboost.CatBoostRegressor(**{**QUIET, "max_ctr_complexity": 3}, cat_features=CATEGORIES).fit(data, y)
    with pytest.raises(InvalidModelError, match="max_ctr_complexity=1"):
        load_tree_model(model)


def test_a_model_that_is_not_fitted_is_refused():
    with pytest.raises(InvalidModelError, match="fit it first"):
        load_tree_model(catboost.CatBoostRegressor())


def test_a_leaf_off_by_a_thousandth_is_seen(tmp_path):
    """The check itself is checked."""
    model, _ = grown("symmetric")
    model.save_model(str(tmp_path / "model.json"), format="json")
    text = (tmp_path / "model.json").read_text()
    start = text.index('"leaf_values"')
    first = text.index("[", start) + 1
    last = text.index("]", first)
    values = [float(value) + 1e-3 for value in text[first:last].split(",")]
    changed = text[:first] + ",".join(map(repr, values)) + text[last:]
    read = load_tree_model(model)
    altered = type(read)(**{**vars(read), "forest": trees.load(changed.encode(), "catboost").forest})
    with pytest.raises(InvalidModelError, match="please report"):
        verify(altered)


def test_keys_of_categories():
    assert category_key("Zürich") == "-885768184"
    assert category_key(0) == category_key("0") == category_key(False) == category_key(np.int64(0))
    with pytest.raises(TypeError):
        category_key(1.0)
