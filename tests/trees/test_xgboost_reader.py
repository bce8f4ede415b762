"""XGBoost's models: our prediction is the library's own margin, for its options, wrappers, tables and versions.

XGBoost adds trees in single precision. A sum of T terms that never exceeds S on its way errs by at most T 2^-24 S, and
S is at most the offset and the largest leaf of each tree: that is `rounding`.
"""

import json
from pathlib import Path

import numpy as np
import pytest

import ferroshap
from ferroshap.errors import FerroshapError, InvalidModelError
from ferroshap.trees.recognition import load_tree_model
from ferroshap.trees.verification import verify

xgboost = pytest.importorskip("xgboost", reason="XGBoost is not installed")
pd = pytest.importorskip("pandas")

# XGBoost 3.4 warns of DART, linear boosters and forests, whose interfaces it will drop.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*WARNING. /workspace/src:UserWarning"),
    pytest.mark.filterwarnings("ignore:.XGBRF:FutureWarning"),
]

RECORDED = sorted(Path(__file__).parent.joinpath("models/xgboost").glob("*.rows.json"))


def table(n_rows=300, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_rows, 5)).astype(np.float32)
    y = X[:, 0] + X[:, 1] * X[:, 2] + (X[:, 3] > 0.5)
    X[:, 3] = np.round(X[:, 3], 1)
    X[rng.random(X.shape) < 0.1] = np.nan
    return X, y


X, y = table()
POSITIVE = np.abs(y) + 0.1
CLASSES = np.digitize(y, [-0.5, 0.5])
TARGETS = np.stack([y, -2 * y + np.nan_to_num(X[:, 4])], axis=1)
SMALL = {"max_depth": 4, "eta": 0.4, "nthread": 1, "tree_method": "hist", "seed": 2}


def rounding(booster):
    """Most that XGBoost's single precision sum may be off by."""
    learner = json.loads(bytes(booster.save_raw("json")))["learner"]
    boosting = learner["gradient_booster"]
    trees = boosting.get("gbtree", boosting)["model"]["trees"]
    terms = [
        np.abs(tree.get("leaf_weights") or np.where(np.array(tree["left_children"]) < 0, tree["split_conditions"], 0))
        for tree in trees
    ]
    offset = np.abs(json.loads(learner["learner_model_param"]["base_score"])).max()
    offset = max(offset, np.abs(np.log(offset)) if offset > 0 else 0, 10)
    return (len(trees) + 2) * 2.0**-24 * (offset + sum(term.max() for term in terms))


def assert_same_margin(model, rows, theirs):
    """Our prediction for rows of numbers and codes, and the library's."""
    read = load_tree_model(model)
    booster = model.get_booster() if hasattr(model, "get_booster") else model
    theirs = np.asarray(theirs, np.float64)
    assert read.is_vector == (theirs.ndim == 1)
    ours = read.forest.predict(rows, 1)
    np.testing.assert_allclose(ours, theirs.reshape(len(ours), -1), rtol=0, atol=rounding(booster))
    assert verify(read).startswith("64 rows against xgboost")
    return read


OPTIONS = {
    "squared error": ({}, y),
    "base score": ({"base_score": -3.5}, y),
    "absolute error": ({"objective": "reg:absoluteerror"}, y),
    "pseudo Huber": ({"objective": "reg:pseudohubererror"}, y),
    "squared log": ({"objective": "reg:squaredlogerror"}, POSITIVE),
    "logistic": ({"objective": "binary:logistic"}, y > 0),
    "logistic, base score": ({"objective": "binary:logistic", "base_score": 0.1}, y > 0),
    "regression logistic": ({"objective": "reg:logistic", "base_score": 0.7}, y > 0),
    "logit raw": ({"objective": "binary:logitraw", "base_score": 0.3}, y > 0),
    "hinge": ({"objective": "binary:hinge"}, y > 0),
    "classes": ({"objective": "multi:softprob", "num_class": 3}, CLASSES),
    "classes, hard": ({"objective": "multi:softmax", "num_class": 3, "base_score": 0.25}, CLASSES),
    "Poisson": ({"objective": "count:poisson", "base_score": 3.0}, POSITIVE),
    "gamma": ({"objective": "reg:gamma"}, POSITIVE),
    "Tweedie": ({"objective": "reg:tweedie", "base_score": 2.5}, POSITIVE),
    "Cox": ({"objective": "survival:cox", "base_score": 0.8}, POSITIVE),
    "ranking": ({"objective": "rank:ndcg"}, CLASSES),
    "quantiles": ({"objective": "reg:quantileerror", "quantile_alpha": [0.1, 0.5, 0.9]}, y),
    "DART": ({"booster": "dart", "rate_drop": 0.5}, y),
    "DART, classes": ({"booster": "dart", "rate_drop": 0.5, "objective": "multi:softprob", "num_class": 3}, CLASSES),
    "boosted forest": ({"num_parallel_tree": 4, "subsample": 0.5}, y),
    "boosted forest, classes": ({"num_parallel_tree": 2, "objective": "multi:softprob", "num_class": 3}, CLASSES),
    "pruned": ({"tree_method": "exact", "gamma": 1.5, "max_depth": 6}, y),
    "leaf-wise": ({"grow_policy": "lossguide", "max_leaves": 12, "max_depth": 0}, y),
    "targets": ({}, TARGETS),
    "vector leaves": ({"multi_strategy": "multi_output_tree"}, TARGETS),
    "vector leaves, classes": (
        {"multi_strategy": "multi_output_tree", "objective": "multi:softprob", "num_class": 3},
        CLASSES,
    ),
    "monotone": ({"monotone_constraints": "(1,0,0,-1,0)"}, y),
    "stumps": ({"max_depth": 1}, y),
    "constant": ({"min_child_weight": 1e6}, y),
}


@pytest.mark.parametrize("name", OPTIONS)
def test_margins_of_every_option(name):
    options, labels = OPTIONS[name]
    booster = xgboost.train({**SMALL, **options}, xgboost.DMatrix(X, labels), 8)
    theirs = booster.predict(xgboost.DMatrix(X), output_margin=True)
    read = assert_same_margin(booster, X, theirs)
    assert read.forest.has_cover
    kind, scale = read.forest.transform
    outputs = booster.predict(xgboost.DMatrix(X)).reshape(len(X), -1)
    margins = theirs.reshape(outputs.shape[0], -1).astype(float)
    if kind != "other":
        exponentials = np.exp(margins)
        expected = {
            "identity": margins,
            "sigmoid": 1 / (1 + np.exp(-scale * margins)),
            "exp": exponentials,
            "softmax": exponentials / exponentials.sum(axis=1, keepdims=True),
        }[kind]
        np.testing.assert_allclose(outputs, expected, rtol=2e-5)  # XGBoost's own exp in single precision


def test_no_rounds():
    booster = xgboost.train({"base_score": 2.0}, xgboost.DMatrix(X, y), 0)
    assert load_tree_model(booster).forest.n_trees == 0
    assert_same_margin(booster, X, booster.predict(xgboost.DMatrix(X), output_margin=True))


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.name.removesuffix(".rows.json"))
def test_recorded_models_of_all_versions(path):
    """Files of 1.6, 1.7, 2.1, 3.0, 3.2 and 3.4: what their own library predicted."""
    recorded = json.loads(path.read_text())
    rows = np.array(recorded["rows"], dtype=np.float64)
    for form in (".ubj", ".json"):
        file = path.with_name(path.name.removesuffix(".rows.json") + form)
        if form == ".ubj" or file.exists():
            forest = ferroshap.trees.load(file).forest
            margins = np.array(recorded["margins"])
            scale = np.maximum(1, np.abs(margins))
            assert np.abs((forest.predict(rows, 1) - margins) / scale).max() <= 1e-6, file  # at most 15 trees
            assert forest.library == f"XGBoost {file.stem.rpartition('-')[2]}"


class TestWrappers:
    def test_early_stopping_keeps_the_best_round(self):
        validation = table(seed=1)
        options = {"n_estimators": 60, "learning_rate": 0.8, "early_stopping_rounds": 3, "n_jobs": 1}
        for booster in ("gbtree", "dart"):
            model = xgboost.XGBRegressor(**options, booster=booster)
            model.fit(X, y, eval_set=[validation], verbose=False)
            n_rounds = model.get_booster().num_boosted_rounds()
            assert model.best_iteration + 1 < n_rounds
            read = assert_same_margin(model, X, model.predict(X, output_margin=True))
            assert read.forest.n_trees == model.best_iteration + 1
            # A Booster predicts with all of its trees, and so do we.
            of_booster = load_tree_model(model.get_booster())
            assert of_booster.forest.n_trees == n_rounds
            verify(of_booster)

    def test_early_stopping_with_classes_and_parallel_trees(self):
        X_validation, y_validation = table(seed=1)
        model = xgboost.XGBClassifier(
            n_estimators=40, learning_rate=0.9, early_stopping_rounds=2, num_parallel_tree=2, n_jobs=1
        )
        labels = np.digitize(y_validation, [-0.5, 0.5])
        model.fit(X, CLASSES, eval_set=[(X_validation, labels)], verbose=False)
        read = assert_same_margin(model, X, model.predict(X, output_margin=True))
        assert read.forest.n_trees == 6 * (model.best_iteration + 1)
        assert read.output_names == ["0", "1", "2"]

    @pytest.mark.parametrize("missing", [0, -1.5, np.nan])
    def test_missing(self, missing):
        rows = X.copy()
        rows[::3, 0], rows[1::3, 1], rows[::2, 2] = 0, -1.5, 0
        model = xgboost.XGBRegressor(n_estimators=6, missing=missing, n_jobs=1).fit(rows, y)
        assert_same_margin(model, rows, model.predict(rows, output_margin=True))

    @pytest.mark.parametrize("name", ["XGBRFRegressor", "XGBRFClassifier", "XGBRanker"])
    def test_others(self, name):
        labels = {"XGBRFRegressor": y, "XGBRFClassifier": y > 0, "XGBRanker": CLASSES}[name]
        groups = {"qid": np.arange(len(X)) // 10} if name == "XGBRanker" else {}
        model = getattr(xgboost, name)(n_estimators=7, n_jobs=1).fit(X, labels, **groups)
        assert_same_margin(model, X, model.predict(X, output_margin=True))

    def test_names_and_classes(self):
        frame = pd.DataFrame(X, columns=list("vwxyz"))
        model = xgboost.XGBClassifier(n_estimators=3, n_jobs=1).fit(frame, CLASSES)
        read = load_tree_model(model)
        assert read.feature_names == list("vwxyz")
        assert read.forest.names == list("vwxyz")
        assert read.output_names == ["0", "1", "2"]
        assert ferroshap.TreeExplainer(model)(frame[:4]).feature_names == list("vwxyz")

    def test_refused(self):
        with pytest.raises(InvalidModelError, match="not fitted"):
            load_tree_model(xgboost.XGBRegressor())
        linear = xgboost.XGBRegressor(booster="gblinear", n_estimators=3).fit(np.nan_to_num(X), y)
        with pytest.raises(InvalidModelError, match="linear booster"):
            load_tree_model(linear)

    def test_infinity_is_taken_where_xgboost_takes_it(self):
        """The wrappers' `predict` compares it like any number; a DMatrix refuses it."""
        model = xgboost.XGBRegressor(n_estimators=3, n_jobs=1).fit(X, y)
        rows = X[:4].copy()
        rows[1, 2], rows[2, 0] = np.inf, -np.inf
        assert_same_margin(model, rows, model.predict(rows, output_margin=True))
        assert np.isfinite(ferroshap.TreeExplainer(model)(rows).values).all()
        with pytest.raises(xgboost.core.XGBoostError):
            xgboost.DMatrix(rows)
        with pytest.raises(FerroshapError, match="infinite"):
            ferroshap.TreeExplainer(model.get_booster())(rows)


class TestCategories:
    """In the set goes right; frames are matched by value from 3.1 on; unknown ones are refused."""

    @staticmethod
    def frame(seed=0, words=("u", "v", "w", "x"), n_rows=300):
        rng = np.random.default_rng(seed)
        frame = pd.DataFrame(rng.normal(size=(n_rows, 2)), columns=["a", "b"])
        frame["word"] = pd.Categorical(rng.choice(["u", "v", "w", "x"], n_rows), categories=words)
        frame["number"] = pd.Categorical(rng.choice([3, 7, 40], n_rows))
        frame.loc[::9, "word"] = None
        worth = {"u": 1.0, "v": -2.0, "w": 4.0}
        labels = frame["a"] + frame["word"].astype(object).map(worth).fillna(0).astype(float)
        return frame, labels * np.where(frame["number"] == 7, -1, 1)

    @pytest.mark.parametrize("most_for_one_hot", [1, 100])
    @pytest.mark.parametrize("booster", ["gbtree", "dart"])
    def test_frames(self, most_for_one_hot, booster):
        frame, labels = self.frame()
        model = xgboost.XGBRegressor(
            n_estimators=8, enable_categorical=True, max_cat_to_onehot=most_for_one_hot, booster=booster, n_jobs=1
        ).fit(frame, labels)
        read = load_tree_model(model)
        assert verify(read).startswith("64 rows against xgboost")
        self.assert_adds_up(model, frame)
        # Another frame, its categories in another order: XGBoost matches them by value.
        other, _ = self.frame(seed=1, words=("x", "w", "v", "u"))
        self.assert_adds_up(model, other)

    @staticmethod
    def assert_adds_up(model, frame, background=None):
        explanation = ferroshap.TreeExplainer(model, background)(frame)
        theirs = model.predict(frame, output_margin=True)
        ours = explanation.base_values + explanation.values.sum(axis=1)
        # The values are single precision too: each of 8 trees adds at most as many roundings as columns.
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=5 * rounding(model.get_booster()))

    def test_frames_under_a_background(self):
        frame, labels = self.frame()
        model = xgboost.XGBRegressor(n_estimators=8, enable_categorical=True, n_jobs=1).fit(frame, labels)
        other, _ = self.frame(seed=1, words=("x", "w", "v", "u"))
        self.assert_adds_up(model, other[:50], frame[:40])

    def test_an_unknown_category_is_refused(self):
        """XGBoost 3.4 refuses it too; 3.2 took it for the first category without a word."""
        frame, labels = self.frame()
        model = xgboost.XGBRegressor(n_estimators=3, enable_categorical=True, n_jobs=1).fit(frame, labels)
        strange = frame[:3].copy()
        strange["word"] = pd.Categorical(["u", "nobody", "v"])
        with pytest.raises(FerroshapError, match="nobody"):
            ferroshap.TreeExplainer(model)(strange)

    def test_codes_in_arrays(self):
        """Codes past the words of a set, fractions, and codes that no training row had."""
        rng = np.random.default_rng(0)
        rows = np.stack([rng.integers(0, 70, 300), rng.integers(0, 3, 300)], axis=1).astype(np.float32)
        types = {"feature_types": ["c", "c"], "enable_categorical": True}
        labels = np.sin(rows[:, 0]) + rows[:, 1]
        booster = xgboost.train({**SMALL, "max_cat_to_onehot": 1}, xgboost.DMatrix(rows, labels, **types), 6)
        rows[:5, 0] = [71, 96, 5000, 2.75, np.nan]
        assert_same_margin(booster, rows, booster.predict(xgboost.DMatrix(rows, **types), output_margin=True))

    def test_missing_zero_does_with_code_zero_what_xgboost_does(self):
        frame, labels = self.frame()
        model = xgboost.XGBRegressor(n_estimators=5, enable_categorical=True, missing=0, n_jobs=1).fit(frame, labels)
        self.assert_adds_up(model, frame)


class TestContributions:
    """`pred_contribs` and `pred_interactions` are the path-dependent values, to XGBoost's single precision."""

    @pytest.mark.parametrize("name", ["squared error", "logistic, base score", "classes", "DART", "boosted forest"])
    def test_values_and_interactions(self, name):
        options, labels = OPTIONS[name]
        booster = xgboost.train({**SMALL, **options}, xgboost.DMatrix(X, labels), 8)
        explainer = ferroshap.TreeExplainer(booster)
        rows = X[:40]
        matrix = xgboost.DMatrix(rows)
        theirs = booster.predict(matrix, pred_contribs=True)
        explanation = explainer(rows)
        axes = (0, 2, 1) if theirs.ndim == 3 else (0, 1)  # (rows, outputs, features) there
        # Their sums over a tree's leaves are in single precision: as many terms a value as leaves of a tree.
        tolerance = 16 * rounding(booster)
        np.testing.assert_allclose(explanation.values, theirs[..., :-1].transpose(axes), rtol=0, atol=tolerance)
        np.testing.assert_allclose(explanation.base_values, theirs[..., -1], rtol=0, atol=tolerance)
        theirs = booster.predict(matrix, pred_interactions=True)
        axes = (0, 2, 3, 1) if theirs.ndim == 4 else (0, 1, 2)
        ours = explainer.shap_interaction_values(rows)
        np.testing.assert_allclose(ours, theirs[..., :-1, :-1].transpose(axes), rtol=0, atol=tolerance)

    def test_a_dmatrix_is_data_too(self):
        booster = xgboost.train(SMALL, xgboost.DMatrix(X, y), 5)
        of_array = ferroshap.TreeExplainer(booster)(X[:20])
        of_matrix = ferroshap.TreeExplainer(booster)(xgboost.DMatrix(X[:20]))
        np.testing.assert_array_equal(of_array.values, of_matrix.values)
