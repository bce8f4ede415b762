"""`ferroshap.utils`: the names are there, and do what their rooms say."""

import ast
import inspect
import math
from pathlib import Path

import numpy as np
import pytest

from ferroshap import utils
from ferroshap.clustering import hclust, linkage
from ferroshap.errors import OptionError

NAMES = [
    "OpChain",
    "approximate_interactions",
    "convert_name",
    "format_value",
    "hclust",
    "hclust_ordering",
    "partition_tree",
    "potential_interactions",
    "safe_isinstance",
    "sample",
    "shapley_coefficients",
]


def test_every_name_is_there_and_defined_elsewhere():
    assert set(NAMES) <= set(utils.__all__)
    tree = ast.parse(Path(utils.__file__).read_text())
    assert {type(node) for node in tree.body} == {ast.Expr, ast.ImportFrom, ast.Assign}  # re-exports, nothing else
    assert all(getattr(utils, name).__module__ != "ferroshap.utils" for name in NAMES)


@pytest.mark.parametrize(
    "name,parameters",
    [
        ("hclust", "X y linkage metric random_state"),
        ("hclust_ordering", "X metric anchor_first"),
        ("partition_tree", "X metric"),
        ("approximate_interactions", "index shap_values X feature_names"),
        ("potential_interactions", "shap_values_column shap_values_matrix"),
        ("convert_name", "ind shap_values input_names"),
        ("format_value", "s format_str"),
        ("safe_isinstance", "obj class_path_str"),
        ("sample", "X nsamples random_state"),
        ("shapley_coefficients", "n"),
    ],
)
def test_positional_parameters_are_those_users_know(name, parameters):
    known = inspect.signature(getattr(utils, name)).parameters.values()
    assert [parameter.name for parameter in known if parameter.kind is not parameter.KEYWORD_ONLY] == parameters.split()


@pytest.mark.parametrize("n", [1, 2, 7, 60, 2_000])
def test_weights_of_all_coalitions_sum_to_one(n):
    weights = utils.shapley_coefficients(n)
    if n > 1_000:  # numbers of coalitions are beyond floats: the law of symmetry is left
        assert np.array_equal(weights, weights[::-1])
        return
    total = math.fsum(weight * math.comb(n - 1, size) for size, weight in enumerate(weights))
    assert abs(total - 1.0) <= 4 * n * 2**-53


def test_features_are_found_by_name_rank_and_position():
    values = np.array([[1.0, -5.0, 2.0]])
    for ind, wanted in (
        ("b", 1),
        ("rank(0)", 1),
        ("rank(2)", 0),
        ("rank(-1)", 0),
        (2, 2),
        (None, None),
        ("sum()", "sum()"),
    ):
        assert utils.convert_name(ind, values, list("abc")) == wanted
    with pytest.raises(ValueError, match="Could not find feature named: 'Aeg'; did you mean 'Age'"):
        utils.convert_name("Aeg", values, ["Age", "b", "c"])
    with pytest.raises(OptionError, match="there are 3 features"):
        utils.convert_name("rank(3)", values, list("abc"))
    with pytest.raises(OptionError, match="needs `shap_values`"):
        utils.convert_name("rank(0)", None, list("abc"))


@pytest.mark.parametrize(
    "value,written",
    [
        (0.0, "0"),
        (-0.25, "−0.25"),
        (1000.0, "1000"),
        (1e-9, "0"),
        ("A100", "A100"),
        ("1.500", "1.5"),
        ("-", "-"),
        ("", ""),
    ],
)
def test_values_lose_zeros_of_fractions_only(value, written):
    assert utils.format_value(value, "%0.03f") == written


def test_classes_are_known_by_path_without_an_import():
    assert utils.safe_isinstance(np.ones(1), "numpy.ndarray")
    assert utils.safe_isinstance(np.ones(1), ["no_such_library.Frame", "numpy.ndarray"])
    assert not utils.safe_isinstance(np.ones(1), ("no_such_library.Frame", "numpy.no_such_class", "numpy.linalg"))
    with pytest.raises(ValueError, match="full path"):
        utils.safe_isinstance(1, "ndarray")


def test_the_tree_of_columns_is_complete_linkage_and_repeats():
    columns = np.random.default_rng(0).normal(size=(50, 5))
    columns[3, 2] = np.nan
    columns[:, 4] = 7.0
    tree = utils.partition_tree(columns)
    assert np.array_equal(tree, utils.partition_tree(columns))
    assert np.array_equal(tree, hclust(columns, linkage="complete", metric="correlation"))
    assert tree[-1, 2] >= 1.0
    assert linkage(np.ones(10), "complete").shape == tree.shape
