"""Exact values against the definition, written out again without any of our code."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse

import ferroshap

TIGHT = 1e-10


def close(values, oracle):
    return np.allclose(values, oracle, rtol=0, atol=TIGHT * max(1.0, np.abs(oracle).max()))


EXACT = {
    "exact": ferroshap.ExactExplainer,
    "kernel, whole budget": lambda f, b, **o: ferroshap.KernelExplainer(f, b, nsamples=2**6, **o),
    "chosen": ferroshap.Explainer,
}


@pytest.mark.parametrize("make", EXACT.values(), ids=EXACT)
@pytest.mark.parametrize("weighted", [False, True], ids=["", "weights"])
def test_values_meet_the_definition(case, brute_force, adds_up, make, weighted):
    weights = np.arange(30.0) if weighted else None  # the first row weighs nothing
    explainer = make(case.model, case.background, weights=weights)
    explanation = explainer(case.rows)
    for row, x in enumerate(case.rows):
        values, base = brute_force(case.model, case.background, x, weights=weights)
        assert close(explanation.values[row], values[:, 0])
        assert close(explanation.base_values[row], base[0])
    assert explanation.status == "EXACT"
    assert adds_up(explanation, case.model(case.rows))


@pytest.mark.parametrize("make", EXACT.values(), ids=EXACT)
def test_every_output_is_explained(case, brute_force, make):
    explanation = make(case.two_outputs, case.background)(case.rows)
    assert explanation.shape == (5, 6, 2)
    for row, x in enumerate(case.rows):
        values, base = brute_force(case.two_outputs, case.background, x)
        assert close(explanation.values[row], values)
        assert close(explanation.base_values[row], base)


@pytest.mark.parametrize("linearized", [True, False])
@pytest.mark.parametrize("weighted", [False, True], ids=["", "weights"])
def test_log_odds_are_explained_linearised_and_not(case, brute_force, adds_up, logit, linearized, weighted):
    weights = np.arange(1.0, 31.0) if weighted else None
    explainer = ferroshap.ExactExplainer(
        case.probability, case.background, link="logit", linearize_link=linearized, weights=weights
    )
    explanation = explainer(case.rows)
    for row, x in enumerate(case.rows):
        values, base = brute_force(
            case.probability, case.background, x, weights=weights, link=logit, linearized=linearized
        )
        assert close(explanation.values[row], values[:, 0])
        assert close(explanation.base_values[row], base[0])
    assert adds_up(explanation, logit(case.probability(case.rows)))


def test_kernel_links_the_mean_and_never_the_rows(case, brute_force, logit):
    explainer = ferroshap.KernelExplainer(case.probability, case.background, link="logit", nsamples=2**6)
    for row, x in enumerate(case.rows):
        values, _ = brute_force(case.probability, case.background, x, link=logit, linearized=False)
        assert close(explainer.shap_values(case.rows)[row], values[:, 0])


def rent(frame):
    """A model of columns by name, with text and a category in them."""
    city = pd.Series(list(frame["city"])).map({"Rome": 1.0, "Oslo": 3.0, "Lima": -2.0}).to_numpy()
    rooms = np.array([float(rooms) for rooms in frame["rooms"]])
    kind = np.array([2.0 if kind == "flat" else 0.5 for kind in frame["kind"]])
    return city * rooms + kind * np.array([1.0 if lift else 0.0 for lift in frame["lift"]])


COLUMNS = {
    "city": ["Rome", "Oslo", "Lima", "Rome"],
    "rooms": [2, 3, 4, 1],
    "kind": ["flat", "house", "flat", "flat"],
    "lift": [True, False, True, True],
}
ROW = {"city": ["Oslo"], "rooms": [5], "kind": ["house"], "lift": [True]}


@pytest.mark.parametrize("library", ["pandas", "pandas with categories", "polars"])
def test_text_categories_and_bools_are_explained_as_they_are(brute_force, library):
    if library == "polars":
        background, row = pl.DataFrame(COLUMNS), pl.DataFrame(ROW)
    else:
        background, row = pd.DataFrame(COLUMNS), pd.DataFrame(ROW)
    if library == "pandas with categories":
        for column in ["city", "kind"]:
            kinds = pd.CategoricalDtype(sorted(set(COLUMNS[column])))
            background[column], row[column] = background[column].astype(kinds), row[column].astype(kinds)
    explanation = ferroshap.ExactExplainer(rent, background)(row)

    def by_position(rows):
        return rent(dict(zip(COLUMNS, np.asarray(rows, dtype=object).T, strict=True)))

    table = np.array(list(COLUMNS.values()), dtype=object).T
    x = np.array([value for (value,) in ROW.values()], dtype=object)
    values, base = brute_force(by_position, table, x)
    assert close(explanation.values[0], values[:, 0])
    assert close(explanation.base_values[0], base[0])
    assert explanation.feature_names == list(COLUMNS)
    assert list(explanation.data[0]) == ["Oslo", 5, "house", True]


def test_sparse_rows_are_explained_as_their_dense_twins(case):
    background, rows = np.where(case.background > 0, case.background, 0.0), np.where(case.rows > 0, case.rows, 0.0)
    explainer = ferroshap.ExactExplainer(lambda given: case.model(given.toarray()), scipy.sparse.csr_matrix(background))
    dense = ferroshap.ExactExplainer(case.model, background)(rows)
    assert close(explainer(scipy.sparse.csr_matrix(rows)).values, dense.values)


def test_the_helper_notices_a_value_that_is_off(case, adds_up):
    explanation = ferroshap.ExactExplainer(case.model, case.background)(case.rows)
    outputs = case.model(case.rows)
    assert adds_up(explanation, outputs)
    wrong = explanation.values.copy()
    wrong[3, 2] += 1e-7
    explanation.values = wrong
    assert not adds_up(explanation, outputs)


def test_one_player_and_two_players_are_exact(brute_force):
    for n in (1, 2, 3):
        background, x = np.arange(2.0 * n).reshape(2, n), np.full(n, 7.0)

        def model(rows):
            return np.prod(rows, axis=1)

        for make in (ferroshap.ExactExplainer, ferroshap.PermutationExplainer, ferroshap.KernelExplainer):
            assert close(make(model, background).shap_values(x), brute_force(model, background, x)[0][:, 0])
