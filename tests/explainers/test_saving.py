"""Explainers, maskers and models in files: what comes back answers with the same bits."""

import copy
import io
import pickle
import sys
import warnings

import cloudpickle
import joblib
import numpy as np
import pytest
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neural_network import MLPRegressor

import ferroshap
from ferroshap import maskers
from ferroshap.errors import OptionError
from ferroshap.explainers import GPUTreeExplainer
from ferroshap.models import Model
from ferroshap.serialisation import Deserializer, FileFormatError, Serializable, Serializer

RNG = np.random.default_rng(0)
BACKGROUND = RNG.normal(size=(12, 4))
ROWS = RNG.normal(size=(3, 4))
TARGET = BACKGROUND @ [1.0, 2.0, 0.0, -1.0] + BACKGROUND[:, 0] * BACKGROUND[:, 1]


def smooth(rows):
    return np.tanh(rows[:, 0]) + rows[:, 1] * rows[:, 2]


def sums(rows):
    return rows.sum(axis=1)


def images(pixels):
    return pixels.sum(axis=(1, 2, 3))


LINEAR = LinearRegression().fit(BACKGROUND, TARGET)
FOREST = RandomForestRegressor(5, random_state=0).fit(BACKGROUND, TARGET)


def network():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return MLPRegressor(hidden_layer_sizes=(4,), max_iter=5, random_state=0).fit(BACKGROUND, TARGET)


TREE = {"pair": [0, 1], "others": [2, 3]}
MAKERS = {
    "exact": lambda f: ferroshap.ExactExplainer(f, BACKGROUND),
    "permutation": lambda f: ferroshap.PermutationExplainer(f, BACKGROUND, max_evals=40),
    "kernel": lambda f: ferroshap.KernelExplainer(f, BACKGROUND, nsamples=40, l1_reg="num_features(2)"),
    "sampling": lambda f: ferroshap.SamplingExplainer(f, BACKGROUND, nsamples=60),
    "partition": lambda f: ferroshap.PartitionExplainer(f, BACKGROUND, max_evals=30),
    "coalition": lambda f: ferroshap.CoalitionExplainer(f, BACKGROUND, partition_tree=TREE),
    "additive": lambda f: ferroshap.AdditiveExplainer(sums, BACKGROUND),
    "chosen": lambda f: ferroshap.Explainer(f, BACKGROUND),
    "linear": lambda f: ferroshap.LinearExplainer(LINEAR, BACKGROUND),
    "impute": lambda f: ferroshap.LinearExplainer(LINEAR, maskers.Impute(BACKGROUND)),
    "coefficients": lambda f: ferroshap.LinearExplainer((np.arange(4.0), 1.0), BACKGROUND),
    "tree": lambda f: ferroshap.TreeExplainer(FOREST),
    "tree with a background": lambda f: ferroshap.TreeExplainer(FOREST, BACKGROUND),
    "gradient": lambda f: ferroshap.GradientExplainer(network(), BACKGROUND),
    "random": lambda f: ferroshap.other.Random(f, BACKGROUND),
}
MODELS = {"function": smooth, "lambda": lambda rows: smooth(rows) * 2.0}


def through_stream(explainer):
    stream = io.BytesIO()
    explainer.save(stream)
    stream.seek(0)
    twin = ferroshap.Explainer.load(stream)
    assert not stream.read(1)
    return twin


def through_joblib(explainer):
    stream = io.BytesIO()
    joblib.dump(explainer, stream)
    stream.seek(0)
    return joblib.load(stream)


WAYS = {
    "save": through_stream,
    "pickle": lambda explainer: pickle.loads(pickle.dumps(explainer, protocol=5)),
    "cloudpickle": lambda explainer: pickle.loads(cloudpickle.dumps(explainer)),
    "joblib": through_joblib,
    "deepcopy": copy.deepcopy,
}


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_what_comes_back_answers_with_the_same_bits(way, make, model):
    explainer = make(model)
    twin = way(explainer)
    assert type(twin) is type(explainer)
    assert str(twin.plan) == str(explainer.plan)
    assert np.array_equal(twin.expected_value, explainer.expected_value)
    ours, theirs = explainer(ROWS), twin(ROWS)
    assert theirs.values.tobytes() == ours.values.tobytes()
    assert theirs.feature_names == ours.feature_names


def test_an_explainer_of_images_comes_back():
    explainer = ferroshap.Explainer(images, maskers.Image(0.0, segments=(2, 2)))
    picture = RNG.normal(size=(1, 4, 4, 3))
    assert through_stream(explainer)(picture).values.tobytes() == explainer(picture).values.tobytes()


def test_the_gpu_s_name_warns_once_not_when_it_is_loaded():
    with pytest.warns(UserWarning, match="needs no GPU"):
        explainer = GPUTreeExplainer(FOREST)
    twin = through_stream(explainer)
    assert type(twin) is GPUTreeExplainer
    assert twin.shap_values(ROWS).tobytes() == explainer.shap_values(ROWS).tobytes()


def test_files_lie_where_they_are_wanted_one_after_the_other(tmp_path):
    path = tmp_path / "explainer"
    explainer = ferroshap.ExactExplainer(smooth, BACKGROUND)
    explainer.save(path)
    assert ferroshap.ExactExplainer.load(path)(ROWS).values.tobytes() == explainer(ROWS).values.tobytes()
    stream = io.BytesIO(b"before")
    stream.seek(6)
    explainer.save(stream)
    maskers.Independent(BACKGROUND).save(stream)
    stream.write(b"after")
    stream.seek(6)
    assert type(ferroshap.Explainer.load(stream)) is ferroshap.ExactExplainer
    assert np.array_equal(maskers.Masker.load(stream).data, BACKGROUND)
    assert stream.read() == b"after"


@pytest.mark.parametrize("explained", ["predict", "function"])
def test_mlflow_saves_without_the_model_and_gives_its_method_back(explained):
    model = LogisticRegression().fit(BACKGROUND, TARGET > 0)
    explainer = ferroshap.Explainer(model.predict, BACKGROUND, algorithm="permutation")
    assert hasattr(explainer.model, "inner_model")
    assert explainer.model.inner_model.__self__ is model
    stream = io.BytesIO()
    explainer.save(stream, model_saver=False)
    assert b"LogisticRegression" not in stream.getvalue()
    loaded = ferroshap.Explainer.load(io.BytesIO(stream.getvalue()), model_loader=lambda fh: model.predict)
    assert loaded.model.inner_model.__self__ is model
    assert loaded(ROWS).values.tobytes() == explainer(ROWS).values.tobytes()
    with pytest.raises(OptionError, match="holds no model: pass model_loader"):
        ferroshap.Explainer.load(io.BytesIO(stream.getvalue()))


@pytest.mark.parametrize("route", [ferroshap.LinearExplainer, ferroshap.TreeExplainer])
def test_closed_routes_come_back_through_a_bound_method(route):
    model = LINEAR if route is ferroshap.LinearExplainer else FOREST
    explainer = route(model, BACKGROUND)
    stream = io.BytesIO()
    explainer.save(stream, model_saver=False)
    stream.seek(0)
    loaded = ferroshap.Explainer.load(stream, model_loader=lambda fh: model.predict)
    assert loaded.model.inner_model.__self__ is model
    assert loaded(ROWS).values.tobytes() == explainer(ROWS).values.tobytes()


class OfMLflow(ferroshap.KernelExplainer):
    """As MLflow writes it."""

    @staticmethod
    def not_equal(i, j):
        return ferroshap.KernelExplainer.not_equal(i, j)

    def save(self, out_file, model_saver=None, masker_saver=None):
        pickle.dump(type(self), out_file)
        with Serializer(out_file, "shap.Explainer", version=0) as s:
            s.save("model", self.model)
            s.save("link", self.link)
            s.save("data", self.data)

    @classmethod
    def load(cls, in_file, model_loader=None, masker_loader=None, instantiate=True):
        if instantiate:
            return cls._instantiated_load(in_file, model_loader=None, masker_loader=None)
        kwargs = Serializable.load(in_file, instantiate=False)
        with Deserializer(in_file, "shap.Explainer", min_version=0, max_version=0) as s:
            kwargs["model"] = s.load("model")
            kwargs["link"] = s.load("link")
            kwargs["data"] = s.load("data")
        return kwargs


@pytest.mark.parametrize("n_rows", [7, 20, 49])
def test_a_background_given_back_as_dense_data_has_the_very_same_weights(n_rows):
    explainer = ferroshap.KernelExplainer(smooth, RNG.normal(size=(n_rows, 4)))
    again = ferroshap.KernelExplainer(smooth, explainer.data)
    assert again.masker.weights.tobytes() == explainer.masker.weights.tobytes()


@pytest.mark.parametrize("link", ["identity", "logit"])
def test_mlflow_s_subclass_with_files_of_its_own_comes_back(link):
    model = lambda rows: 1 / (1 + np.exp(-smooth(rows)))  # noqa: E731
    explainer = OfMLflow(model, BACKGROUND, link=link)
    stream = io.BytesIO()
    explainer.save(stream)
    for loader in (OfMLflow, ferroshap.Explainer):
        stream.seek(0)
        loaded = loader.load(stream)
        assert type(loaded) is OfMLflow
        assert loaded.shap_values(ROWS).tobytes() == explainer.shap_values(ROWS).tobytes()


class Extended(ferroshap.ExactExplainer):
    """A subclass that adds a block of its own."""

    note = "none"

    def save(self, out_file, model_saver=".save", masker_saver=".save"):
        super().save(out_file, model_saver, masker_saver)
        with Serializer(out_file, "extended", version=0) as s:
            s.save("note", self.note)

    @classmethod
    def load(cls, in_file, model_loader=None, masker_loader=None, instantiate=True):
        if instantiate:
            return cls._instantiated_load(in_file, model_loader=model_loader, masker_loader=masker_loader)
        kwargs = super().load(in_file, model_loader, masker_loader, instantiate=False)
        with Deserializer(in_file, "extended", min_version=0, max_version=0) as s:
            cls.note = s.load("note")
        return kwargs


def test_a_subclass_may_add_a_block_of_its_own():
    explainer = Extended(smooth, BACKGROUND)
    explainer.note = "mine"
    twin = through_stream(explainer)
    assert (type(twin), Extended.note) == (Extended, "mine")
    assert twin(ROWS).values.tobytes() == explainer(ROWS).values.tobytes()


def test_savers_and_loaders_of_the_user_s_are_given_the_stream():
    explainer = ferroshap.ExactExplainer(smooth, BACKGROUND)
    stream = io.BytesIO()
    explainer.save(
        stream,
        model_saver=lambda model, out: out.write(model.inner_model.__name__.encode()),
        masker_saver=lambda masker, out: np.save(out, masker.data),
    )
    stream.seek(0)
    loaded = ferroshap.Explainer.load(
        stream,
        model_loader=lambda part: globals()[part.read().decode()],
        masker_loader=lambda part: maskers.Independent(np.load(part)),
    )
    assert loaded(ROWS).values.tobytes() == explainer(ROWS).values.tobytes()
    stream.seek(0)
    with pytest.raises(FileFormatError, match="'model' was written by a function of the user's: pass"):
        ferroshap.Explainer.load(stream)


def test_trees_are_written_as_they_were_parsed():
    explainer = ferroshap.TreeExplainer(FOREST)
    stream = io.BytesIO()
    explainer.save(stream)
    assert len(stream.getvalue()) <= 1.3 * len(pickle.dumps(FOREST))
    stream.seek(0)
    loaded = ferroshap.Explainer.load(stream)
    assert loaded.model.inner_model is None
    assert loaded.shap_values(ROWS).tobytes() == explainer.shap_values(ROWS).tobytes()


@pytest.mark.parametrize(
    "masker",
    [
        maskers.Independent(BACKGROUND, weights=np.arange(12.0)),
        maskers.Partition(BACKGROUND),
        maskers.Groups(BACKGROUND, {"pair": [0, 1]}),
        maskers.Impute(BACKGROUND),
        maskers.Gaussian(BACKGROUND, n_samples=20),
        maskers.Copula(BACKGROUND, n_samples=20),
        maskers.Empirical(BACKGROUND),
        maskers.Forest(BACKGROUND, n_trees=5),
    ],
    ids=lambda masker: type(masker).__name__,
)
def test_maskers_come_back(masker):
    stream = io.BytesIO()
    masker.save(stream)
    stream.seek(0)
    twin = type(masker).load(stream)
    want = ferroshap.ExactExplainer(smooth, masker)(ROWS).values
    assert ferroshap.ExactExplainer(smooth, twin)(ROWS).values.tobytes() == want.tobytes()


def test_models_come_back():
    stream = io.BytesIO()
    Model(LINEAR).save(stream)
    stream.seek(0)
    twin = Model.load(stream)
    assert np.array_equal(twin(BACKGROUND), LINEAR.predict(BACKGROUND))


def test_items_are_written_without_pickle_where_that_is_possible(monkeypatch):
    monkeypatch.setattr(pickle, "loads", None)
    values = {"text": "é", "number": 0.1, "nothing": None, "list": [1, [True, "a"]], "dict": {"a": [2.5]}}
    stream = io.BytesIO()
    with Serializer(stream, "mine", version=3) as block:
        for name, value in values.items():
            block.save(name, value)
        block.save("array", BACKGROUND)
    stream.seek(0)
    with Deserializer(stream, "mine", min_version=0, max_version=3) as block:
        assert {name: block.load(name) for name in values} == values
        assert np.array_equal(block.load("array"), BACKGROUND)
    assert not stream.read(1)


def test_tuples_and_sets_come_back_as_such():
    stream = io.BytesIO()
    with Serializer(stream, "mine", version=0) as block:
        block.save("pair", (1, {2}))
        block.save("unread", 3)
    stream.seek(0)
    with Deserializer(stream, "mine", min_version=0, max_version=0) as block:
        assert block.load("pair") == (1, {2})
    assert not stream.read(1)


def test_files_that_are_something_else_are_refused_by_what_they_are():
    with pytest.raises(FileFormatError, match="not one of ferroshap's"):
        ferroshap.Explainer.load(io.BytesIO(b"PK\x03\x04 something else"))
    with pytest.raises(FileFormatError, match="ends too early: 6 bytes"):
        ferroshap.Explainer.load(io.BytesIO(b""))
    stream = io.BytesIO()
    ferroshap.ExactExplainer(smooth, BACKGROUND).save(stream)
    stream.seek(0)
    with pytest.raises(FileFormatError, match="holds a ExactExplainer, but TreeExplainer.load reads"):
        ferroshap.TreeExplainer.load(stream)
    stream = io.BytesIO()
    with Serializer(stream, "mine", version=2):
        pass
    for name, message in [("yours", "the block 'mine' where the block 'yours'"), ("mine", "has version 2")]:
        stream.seek(0)
        with pytest.raises(FileFormatError, match=message), Deserializer(stream, name, min_version=0, max_version=1):
            pass
    with pytest.raises(OptionError, match="did you mean 'npy'"), Serializer(io.BytesIO(), "mine", version=0) as block:
        block.save("a", 1, encoder="npz")


def test_a_lambda_without_cloudpickle_is_refused_with_remedies(monkeypatch):
    explainer = ferroshap.ExactExplainer(lambda rows: rows[:, 0], BACKGROUND)
    monkeypatch.setitem(sys.modules, "cloudpickle", None)
    with pytest.raises(pickle.PicklingError, match="install cloudpickle, or pass model_saver"):
        explainer.save(io.BytesIO())
