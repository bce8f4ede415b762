"""Sparse rows and backgrounds: the model gets what it was given, nothing is made dense, and no bit changes."""

import numpy as np
import pytest
import scipy.sparse as sp

import ferroshap as shap
from ferroshap.inputs import pairing

WIDE = 300  # above what is filled as dense words

ROUTES = {
    "kernel": lambda f, b: shap.KernelExplainer(f, b, nsamples=700),
    "permutation": lambda f, b: shap.PermutationExplainer(f, b, max_evals=700),
    "sampling": lambda f, b: shap.SamplingExplainer(f, b, nsamples=900),
    "partition": lambda f, b: shap.PartitionExplainer(f, b, max_evals=100),
}
CLASSES = [sp.csr_matrix, sp.csr_array]


def drawn(rng, n_rows, n_stored, cls=sp.csr_matrix, n_columns=WIDE, dtype=np.float64):
    """Rows of whole numbers, so that sums have the same bits in any order; some stored entries are zeros."""
    columns = [np.sort(rng.choice(n_columns, n_stored, replace=False)) for _ in range(n_rows)]
    numbers = rng.integers(0, 5, n_rows * n_stored).astype(dtype)
    starts = n_stored * np.arange(n_rows + 1)
    return cls((numbers, np.concatenate([np.empty(0, int), *columns]), starts), shape=(n_rows, n_columns))


class Model:
    """Whole numbers from a matrix, by products; remembers what it was asked with."""

    def __init__(self, n_columns=WIDE, n_outputs=2):
        rng = np.random.default_rng(1)
        self.weights = rng.integers(-3, 4, (n_columns, n_outputs)).astype(float)
        self.kinds, self.n_rows = set(), 0

    def __call__(self, table):
        self.kinds.add((type(table), table.dtype))
        self.n_rows += table.shape[0]
        sums = np.asarray(table @ self.weights, dtype=float)
        return sums + (sums % 3.0) * (sums % 5.0)


@pytest.mark.parametrize("cls", CLASSES)
@pytest.mark.parametrize("n_background", [1, 4])
@pytest.mark.parametrize("route", ROUTES)
def test_the_bits_are_those_of_rows_filled_as_dense_words(route, n_background, cls, monkeypatch):
    rng = np.random.default_rng(2)
    background, rows = drawn(rng, n_background, 6 * (n_background > 1), cls), drawn(rng, 3, 12, cls)
    model = Model()
    found = ROUTES[route](model, background)(rows)
    monkeypatch.setattr(pairing, "MOST_DENSE_COLUMNS", WIDE)
    wanted = ROUTES[route](model, background)(rows)
    assert model.kinds == {(cls, np.dtype(np.float64))}
    names = ("values", "base_values", "n_evaluations", "data", *(["error_std"] if route != "partition" else []))
    for name in names:
        assert np.asarray(getattr(found, name)).tobytes() == np.asarray(getattr(wanted, name)).tobytes(), name


@pytest.mark.parametrize("route", ROUTES)
def test_rows_without_stored_zeros_have_the_bits_of_dense_rows(route):
    rng = np.random.default_rng(3)
    background, rows = drawn(rng, 3, 6), drawn(rng, 4, 12)
    background.data += 1.0
    rows.data += 1.0
    found = ROUTES[route](Model(), background)(rows)
    wanted = ROUTES[route](Model(), background.toarray())(rows.toarray())
    assert found.values.tobytes() == wanted.values.tobytes()


def test_a_document_plays_with_its_own_words_alone():
    rng = np.random.default_rng(4)
    n_columns = 20_000
    model = Model(n_columns, 1)
    documents = drawn(rng, 2, 8, n_columns=n_columns)
    documents.data += 1.0
    explainer = shap.ExactExplainer(model, sp.csr_matrix((1, n_columns)))
    found = explainer(documents)
    assert (found.n_evaluations == 2**8).all()
    for number in range(2):
        words = documents[number].indices
        assert set(np.flatnonzero(found.values[number, :, 0])) <= set(words)
        dense = shap.ExactExplainer(lambda own, w=words: model(_spread(own, w, n_columns)), np.zeros((1, 8)))
        wanted = dense(documents[number].toarray()[:, words]).values
        np.testing.assert_array_equal(found.values[number, words], wanted[0])


def _spread(own, words, n_columns):
    table = np.zeros((len(own), n_columns))
    table[:, words] = own
    return table


@pytest.mark.parametrize("dtype", [np.float32, np.int64, np.int8, np.uint16])
def test_every_width_of_entries_is_filled(dtype):
    rng = np.random.default_rng(5)
    background, rows = drawn(rng, 2, 5, dtype=dtype), drawn(rng, 2, 9, dtype=dtype)
    model = Model()
    found = shap.KernelExplainer(model, background, nsamples=400)(rows)
    assert model.kinds == {(sp.csr_matrix, np.dtype(dtype))}
    np.testing.assert_allclose(found.base_values + found.values.sum(axis=1), model(rows), rtol=1e-12)


def test_groups_of_sparse_columns_play_together():
    rng = np.random.default_rng(6)
    background, rows = drawn(rng, 2, 30), drawn(rng, 3, 40)
    background.data += 1.0
    rows.data += 1.0
    groups = {f"part {k}": list(range(30 * k, 30 * k + 30)) for k in range(10)}
    found = shap.KernelExplainer(Model(), shap.maskers.Groups(background, groups))(rows)
    wanted = shap.KernelExplainer(Model(), shap.maskers.Groups(background.toarray(), groups))(rows.toarray())
    assert found.values.shape == (3, 10, 2)
    assert found.values.tobytes() == wanted.values.tobytes()


def test_dense_rows_are_explained_against_a_sparse_background():
    rng = np.random.default_rng(7)
    background, rows = drawn(rng, 2, 6), drawn(rng, 2, 12)
    rows.data += 1.0
    model = Model()
    explainer = shap.KernelExplainer(model, background, nsamples=400)
    from_dense = explainer(rows.toarray())
    assert model.kinds == {(sp.csr_matrix, np.dtype(np.float64))}
    assert from_dense.values.shape == (2, WIDE, 2)
    # In an array every zero is an entry; for a model that cannot tell them apart nothing but rounding changes.
    np.testing.assert_allclose(from_dense.values.sum(axis=1), explainer(rows).values.sum(axis=1), rtol=1e-12)


def test_a_game_of_a_sparse_row_is_asked_with_coalitions():
    rng = np.random.default_rng(8)
    background, row = drawn(rng, 2, 6), drawn(rng, 1, 12)
    game = shap.Game(Model(n_outputs=1), background, row)
    assert game.n_players == WIDE
    ends = game(np.array([[False] * WIDE, [True] * WIDE]))
    model = Model(n_outputs=1)
    np.testing.assert_allclose(ends[:, 0], [model(background).mean(), model(row)[0, 0]])
