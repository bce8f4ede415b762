"""Maskers that are functions, of one input and of several: judged by the definition."""

import copy
import io
import itertools
import pickle

import numpy as np
import pandas as pd
import pytest

import ferroshap
from ferroshap import maskers
from ferroshap.clustering import linkage
from ferroshap.errors import BudgetError, DimensionError, InvalidClusteringError, InvalidMaskerError, OptionError
from ferroshap.explainers import ExactExplainer, KernelExplainer, PartitionExplainer, PermutationExplainer

RNG = np.random.default_rng(0)
BACKGROUND = RNG.normal(size=(6, 4))
ROWS = RNG.normal(size=(3, 4))
TREE = linkage(
    np.abs(np.subtract.outer(np.arange(4.0), np.arange(4.0) ** 2))
    + np.abs(np.subtract.outer(np.arange(4.0) ** 2, np.arange(4.0)))
)


def smooth(rows):
    return np.tanh(rows[:, 0] * rows[:, 1]) + rows[:, 2] * rows[:, 3] * rows[:, 0]


def two(rows):
    return np.column_stack([smooth(rows), rows.sum(axis=1)])


def zeroed(mask, x):
    return (x * mask)[None]


def shapley(worth, n):
    values = 0.0
    orders = list(itertools.permutations(range(n)))
    for order in orders:
        mask = np.zeros(n, dtype=bool)
        gains = np.zeros((n, *np.shape(worth(mask))))
        before = worth(mask)
        for player in order:
            mask[player] = True
            after = worth(mask)
            gains[player] = after - before
            before = after
        values = values + gains / len(orders)
    return values


@pytest.mark.parametrize("model", [smooth, two])
@pytest.mark.parametrize("route", [ExactExplainer, PermutationExplainer, KernelExplainer])
def test_a_function_is_a_masker(route, model):
    explanation = route(model, zeroed)(ROWS)
    assert isinstance(route(model, zeroed), route)
    for row, values in zip(ROWS, explanation.values, strict=True):
        want = shapley(lambda mask, row=row: model(zeroed(mask, row))[0], 4)
        errors = 0.0 if explanation.error_std is None else explanation.error_std.max()
        assert np.abs(values - want).max() <= 1e-12 + 5.0 * errors
    assert np.abs(explanation.base_values + explanation.values.sum(axis=1) - model(ROWS)).max() <= 1e-12
    assert (explanation.error_std is None) == (route is not PermutationExplainer)
    assert np.array_equal(explanation.data, ROWS)
    assert explanation.feature_names == [f"Feature {i}" for i in range(4)]


def test_the_twin_of_a_masker_of_ours_called_by_a_function():
    masker = maskers.Independent(BACKGROUND, weights=np.arange(1.0, 7.0))

    class Written:
        weights = masker.weights

        def __call__(self, mask, x):
            return np.where(mask, x, BACKGROUND)

    for link, model in [("identity", smooth), ("logit", lambda rows: 1 / (1 + np.exp(-smooth(rows))))]:
        ours = ExactExplainer(model, masker, link=link)(ROWS)
        called = ExactExplainer(model, Written(), link=link)(ROWS)
        assert np.abs(called.values - ours.values).max() <= 1e-11
        assert np.abs(called.base_values - ours.base_values).max() <= 1e-11


@pytest.mark.parametrize(
    "masker",
    [maskers.Independent(BACKGROUND), maskers.Groups(BACKGROUND, {"pair": [0, 2]}), maskers.Partition(BACKGROUND)],
    ids=lambda masker: type(masker).__name__,
)
def test_maskers_of_tables_are_functions_too(masker):
    mask = np.zeros(masker.n_players, dtype=bool)
    mask[0] = True
    (masked,) = masker(mask, ROWS[0])
    columns = mask if masker.units is None else mask[masker.units.owners]
    assert np.array_equal(masked, np.where(columns, ROWS[0], BACKGROUND))
    assert masker.shape == (6, masker.n_players)
    assert np.array_equal(masker(True, ROWS[0])[0], np.repeat(ROWS[:1], 6, axis=0))
    assert not masker.invariants(ROWS[0]).any()
    same = masker.invariants(BACKGROUND[2])
    assert same[2].all()
    assert same.sum() == masker.n_players
    wrapped = ferroshap.ExactExplainer(smooth, maskers.Composite(masker))(ROWS)
    assert np.abs(wrapped.values - ferroshap.ExactExplainer(smooth, masker)(ROWS).values).max() <= 1e-12


def test_frames_are_filled_as_frames():
    frame = pd.DataFrame({"size": [1.0, 2.0], "colour": ["red", "blue"]})
    (masked,) = maskers.Independent(frame)(np.array([False, True]), pd.Series({"size": 9.0, "colour": "green"}))
    assert masked.to_dict("list") == {"size": [1.0, 2.0], "colour": ["green", "green"]}
    assert frame["colour"].tolist() == ["red", "blue"]


def test_masks_and_rows_that_do_not_fit_are_refused():
    masker = maskers.Independent(BACKGROUND)
    with pytest.raises(DimensionError, match=r"`mask` has shape \(3,\), but there are 4 players"):
        masker(np.zeros(3, dtype=bool), ROWS[0])
    with pytest.raises(DimensionError, match="must be one row of the background's 4 columns"):
        masker(True, ROWS[0, :3])
    with pytest.raises(InvalidMaskerError, match="fills by what is present"):
        maskers.Gaussian(BACKGROUND)(True, ROWS[0])


class Everything:
    """A masker with every optional attribute."""

    default_batch_size = 3
    immutable_outputs = False
    supports_delta_masking = True
    text_data = True

    def __init__(self):
        self.held = np.zeros((2, 4))
        self.asked = 0

    def __call__(self, mask, x):
        assert mask.dtype == bool
        self.asked += 1
        self.held[:] = np.where(mask, x, [[0.0] * 4, [0.0, 1.0, 2.0, 3.0]])  # the same array each time
        return (self.held,)

    def shape(self, x):
        return (2, len(x))

    def clustering(self, x):
        return TREE

    def mask_shapes(self, x):
        return [(2, 2)]

    def data_transform(self, x):
        return [x.reshape(2, 2) * 10.0]

    def feature_names(self, x):
        return [["a", "b", "c", "d"]]

    def invariants(self, x):
        return x == np.array([[0.0] * 4, [0.0, 1.0, 2.0, 3.0]])


def test_all_optional_attributes_are_honoured():
    sizes = []

    def model(rows):
        sizes.append(len(rows))
        return smooth(rows)

    explainer = ferroshap.Explainer(model, Everything())
    assert isinstance(explainer, PartitionExplainer)
    assert "tree of its players" in explainer.plan.reason
    explanation = explainer(ROWS)
    assert explanation.shape == (3, 2, 2)
    assert np.array_equal(explanation.data, ROWS.reshape(3, 2, 2) * 10.0)
    assert max(sizes) <= 3 * 2
    assert explanation.clustering is not None
    table = maskers.Partition(np.array([[0.0] * 4, [0.0, 1.0, 2.0, 3.0]]), clustering=TREE)
    want = PartitionExplainer(smooth, table)(ROWS).values
    assert np.abs(explanation.values.reshape(3, 4) - want).max() <= 1e-12
    exact = ExactExplainer(smooth, Everything())(ROWS).values
    assert np.abs(exact.reshape(3, 4) - want).max() <= 1e-12


def test_players_who_cannot_matter_are_not_asked_about():
    class Known:
        def __init__(self):
            self.asked = 0

        def __call__(self, mask, x):
            self.asked += 1
            return np.where(mask, x, 0.0)[None]

        def invariants(self, x):
            return (x == 0.0)[None]

    masker = Known()
    explanation = ExactExplainer(smooth, masker)(np.array([[1.0, 0.0, 2.0, 0.0], [0.0] * 4]))
    assert masker.asked <= 2**2 + 2 + 1
    assert explanation.values[:, [1, 3]].tolist() == [[0.0, 0.0]] * 2
    assert explanation.values[1].tolist() == [0.0] * 4


def test_several_inputs_give_one_explanation_each():
    extra = RNG.normal(size=(3, 2))
    masker = maskers.Composite(maskers.Independent(BACKGROUND), maskers.Independent(np.zeros((1, 2))))
    model = lambda a, b: smooth(a) + a[:, 0] * b[:, 0] + b[:, 1]  # noqa: E731
    first, second = ExactExplainer(model, masker)(ROWS, extra, main_effects=True)
    assert (first.shape, second.shape) == ((3, 4), (3, 2))
    for k in range(3):

        def worth(mask, k=k):
            masked = np.where(mask[:4], ROWS[k], BACKGROUND)
            return model(masked, np.repeat(np.where(mask[4:], extra[k], 0.0)[None], 6, axis=0)).mean()

        want = shapley(worth, 6)
        assert np.abs(np.concatenate([first.values[k], second.values[k]]) - want).max() <= 1e-12
        alone = [worth(np.eye(6, dtype=bool)[i]) - worth(np.zeros(6, dtype=bool)) for i in range(6)]
        assert np.abs(np.concatenate([first.main_effects[k], second.main_effects[k]]) - alone).max() <= 1e-12
    assert isinstance(ExactExplainer(model, masker).shap_values(ROWS, extra), list)


def test_labels_are_fixed_and_frames_keep_their_names():
    frame = pd.DataFrame(BACKGROUND, columns=list("abcd"))
    loss = lambda rows, labels: (np.asarray(rows).sum(axis=1) - labels) ** 2  # noqa: E731
    explainer = ferroshap.Explainer(loss, maskers.Composite(maskers.Independent(frame), maskers.Fixed()))
    assert isinstance(explainer, PermutationExplainer)
    of_rows, of_labels = explainer(pd.DataFrame(ROWS, columns=list("abcd")), np.array([1.0, 2.0, 3.0]))
    assert of_rows.feature_names == list("abcd")
    assert of_labels.shape == (3, 0)
    sums = of_rows.base_values + of_rows.values.sum(axis=1)
    assert np.abs(sums - loss(ROWS, np.array([1.0, 2.0, 3.0]))).max() <= 1e-12


def test_composites_give_the_model_more_than_what_is_masked():
    pair = maskers.FixedComposite(zeroed)
    model = lambda masked, original: smooth(masked) - smooth(original)  # noqa: E731
    explanation = ExactExplainer(model, pair)(ROWS)
    assert np.abs(explanation.base_values + smooth(ROWS) - smooth(np.zeros((1, 4)))).max() <= 1e-12
    told = maskers.OutputComposite(zeroed, lambda x: np.array([x.sum()]))
    explanation = ExactExplainer(lambda masked, total: smooth(masked) * total, told)(ROWS)
    sums = explanation.base_values + explanation.values.sum(axis=1)
    assert np.abs(sums - smooth(ROWS) * ROWS.sum(axis=1)).max() <= 1e-12


def test_trees_of_several_maskers_are_joined():
    parts = maskers.Composite(maskers.Partition(BACKGROUND[:, :2]), maskers.Partition(BACKGROUND[:, 2:]))
    model = lambda a, b: smooth(np.column_stack([a, b]))  # noqa: E731
    first, second = PartitionExplainer(model, parts)(ROWS[:, :2], ROWS[:, 2:])
    table = maskers.Partition(BACKGROUND, clustering=[[0, 1], [2, 3]])
    # Both backgrounds go by rows, as the table does.
    want = PartitionExplainer(smooth, table)(ROWS).values
    assert np.abs(np.column_stack([first.values, second.values]) - want).max() <= 1e-12


def test_batches_are_of_the_size_that_was_asked_for():
    sizes = []
    explainer = ExactExplainer(
        lambda rows: sizes.append(len(rows)) or smooth(rows), lambda mask, x: np.where(mask, x, BACKGROUND)
    )
    whole = explainer(ROWS).values
    assert max(sizes) > 12
    sizes.clear()
    assert explainer(ROWS, batch_size=12).values.tobytes() == whole.tobytes()
    assert max(sizes) == 12


@pytest.mark.parametrize("way", ["pickle", "deepcopy", "save"])
def test_they_come_back(way):
    explainer = PermutationExplainer(smooth, lambda mask, x: (x * mask)[None], max_evals=40)
    if way == "pickle":
        twin = pickle.loads(pickle.dumps(explainer))
    elif way == "deepcopy":
        twin = copy.deepcopy(explainer)
    else:
        stream = io.BytesIO()
        explainer.save(stream)
        stream.seek(0)
        twin = ferroshap.Explainer.load(stream)
    assert twin(ROWS).values.tobytes() == explainer(ROWS).values.tobytes()


def test_what_is_reached_before_an_exception_stays():
    def broken(rows):
        if (rows == 7.0).any():
            raise ZeroDivisionError
        return smooth(rows)

    explainer = ExactExplainer(broken, zeroed)
    with pytest.raises(ZeroDivisionError):
        explainer(np.vstack([ROWS[:2], np.full((1, 4), 7.0)]))
    assert explainer.partial.shape == (2, 4)


class OfTheUser(maskers.Masker):
    """A subclass with attributes of its own, as people write them for shap."""

    def __init__(self, data):
        self.data = data
        self.shape = data.shape
        self.feature_names = ["a", "b", "c", "d"]

    def __call__(self, mask, x):
        return np.where(mask, x, self.data)


def test_subclasses_of_masker_say_what_they_like():
    masker = OfTheUser(BACKGROUND)
    assert (masker.shape, masker.clustering) == ((6, 4), None)
    explanation = ExactExplainer(smooth, masker)(ROWS)
    assert explanation.feature_names == list("abcd")
    want = ExactExplainer(smooth, BACKGROUND)(ROWS).values
    assert np.abs(explanation.values - want).max() <= 1e-12
    around = maskers.OutputComposite(masker, lambda x: np.zeros(1))
    assert around.shape == (6, 4)
    assert getattr(around, "invariants", None) is None
    told = ExactExplainer(lambda rows, nothing: smooth(rows) + nothing, maskers.Composite(around))(ROWS)
    assert np.abs(told.values - want).max() <= 1e-12


def test_no_rows_give_none():
    assert ExactExplainer(smooth, zeroed)(ROWS[:0]).shape[0] == 0


def test_errors_name_what_is_wrong():
    with pytest.raises(BudgetError, match="`max_evals` is 5, but 4 players have 16 coalitions"):
        ExactExplainer(smooth, zeroed)(ROWS, max_evals=5)
    with pytest.raises(InvalidClusteringError, match="has no `clustering` of its 4 players"):
        PartitionExplainer(smooth, zeroed)(ROWS)
    with pytest.raises(OptionError, match="`interactions` is 2, but where the masker is a function there is none"):
        ExactExplainer(smooth, zeroed)(ROWS, interactions=2)
    with pytest.raises(DimensionError, match=r"the inputs have \[3, 2\] rows"):
        ExactExplainer(smooth, maskers.Composite(zeroed, zeroed))(ROWS, ROWS[:2])
    with pytest.raises(InvalidMaskerError, match="a function: Explainer, PermutationExplainer"):
        ferroshap.LinearExplainer((np.ones(4), 0.0), zeroed)
    assert not ferroshap.LinearExplainer.supports_model_with_masker((np.ones(4), 0.0), zeroed)
    with pytest.raises(InvalidMaskerError, match="must be a masker, or a function"):
        maskers.Composite(BACKGROUND)
    with pytest.raises(InvalidMaskerError, match="rows, but must return equally many, or one"):
        ExactExplainer(smooth, lambda mask, x: (np.zeros((2, 4)), np.zeros((3, 4))))(ROWS)


def test_names_of_players_can_be_set():
    masker = maskers.Independent(BACKGROUND)
    masker.feature_names = list("wxyz")
    assert ExactExplainer(smooth, masker).feature_names == list("wxyz")
    assert ExactExplainer(smooth, masker)(ROWS).feature_names == list("wxyz")
    with pytest.raises(DimensionError, match="`feature_names` has 2 names, but there are 4 players"):
        masker.feature_names = ["a", "b"]


def test_dense_data_are_a_background_with_groups():
    data = maskers.DenseData(BACKGROUND, ["pair", "b", "d"], [[0, 2], [1], [3]], np.arange(1.0, 7.0))
    explainer = KernelExplainer(smooth, data)
    assert explainer.feature_names == ["pair", "b", "d"]
    groups = maskers.Groups(maskers.Independent(BACKGROUND, weights=np.arange(1.0, 7.0)), {"pair": [0, 2]})
    assert np.abs(explainer.shap_values(ROWS) - KernelExplainer(smooth, groups).shap_values(ROWS)).max() <= 1e-12
    assert explainer.data.groups_size == 3
    assert np.array_equal(explainer.data.data, BACKGROUND)
    assert isinstance(ferroshap.kmeans(BACKGROUND, 2), maskers.DenseData)
