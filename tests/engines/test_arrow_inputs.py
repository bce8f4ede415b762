"""What tables may come as: every kind of Arrow, every type of column, and what is refused by name."""

import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from tests.engines.arrow_subjects import BACKGROUND, FEATURES, explainer_of, product, trees

import ferroshap as shap
from ferroshap.engines.arrow import explain_block, needed_columns
from ferroshap.errors import DimensionError, OptionError, UnknownOptionError
from ferroshap.inputs.arrow_column import ArrowColumn

ROWS = pa.table(
    {
        "id": pa.array([11, 12, 13, 14], pa.int64()),
        "sex": pa.array([0.0, 1.0, 1.0, 0.0]),
        "age": pa.array([31.0, -2.0, 0.5, 0.25]),
        "bmi": pa.array([1.5, 0.5, -0.5, 2.0]),
    }
)


class Stream:
    """A table that shows nothing but its stream."""

    def __init__(self, table):
        self._table = table

    def __arrow_c_stream__(self, requested_schema=None):
        return self._table.__arrow_c_stream__(requested_schema)


class Batch:
    """A batch that shows nothing but its array."""

    def __init__(self, batch):
        self._batch = batch

    def __arrow_c_array__(self, requested_schema=None):
        return self._batch.__arrow_c_array__(requested_schema)


def batch_of(table):
    return table.combine_chunks().to_batches()[0]


KINDS = {
    "table": lambda table: table,
    "chunks": lambda table: pa.concat_tables([table.slice(0, 1), table.slice(1, 0), table.slice(1)]),
    "slice": lambda table: pa.concat_tables([table, table]).combine_chunks().slice(2, 4).take([2, 3, 0, 1]),
    "offset": lambda table: pa.concat_tables([table.slice(3), table]).combine_chunks().slice(1),
    "batch": batch_of,
    "reader": lambda table: table.to_reader(max_chunksize=3),
    "stream": Stream,
    "array": lambda table: Batch(batch_of(table)),
    "struct array": lambda table: batch_of(table).to_struct_array(),
    "polars": pl.from_arrow,
    "pandas": lambda table: table.to_pandas(),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["trees", "kernel", "linear"])
def test_every_kind_of_table_gives_the_same_bits(name, kind):
    explainer = explainer_of(name)
    expected = explainer.explain_arrow(ROWS, keep="id")
    assert explainer.explain_arrow(KINDS[kind](ROWS), keep="id").equals(expected)


@pytest.mark.parametrize("data", [np.ones((2, 3)), [[1.0, 2.0, 3.0]], None, pa.array([1.0, 2.0]), "rows.parquet"])
def test_what_is_no_table_of_arrow_is_refused(data):
    with pytest.raises(OptionError, match="`data` is a "):
        explainer_of("linear").explain_arrow(data)


def with_gaps(kind):
    """Numbers with nulls, beside garbage where they are."""
    return pa.array([1, None, 2, None, 0], pa.int8()).cast(kind).slice(1)


@pytest.mark.parametrize(
    "kind",
    [pa.int8(), pa.int64(), pa.uint32(), pa.float32(), pa.float64(), pa.bool_(), pa.decimal128(6, 2), pa.float16()],
    ids=str,
)
def test_nulls_are_missing_to_trees(kind):
    explainer = explainer_of("trees")
    gaps = pa.chunked_array([with_gaps(kind).slice(0, 1), with_gaps(kind).slice(1)])
    table = pa.table({"age": gaps, "bmi": with_gaps(kind), "sex": with_gaps(kind)})
    numbers = np.array(with_gaps(kind).to_pylist(), dtype=float)
    block = explain_block(explainer, table)
    np.testing.assert_array_equal(block.data, np.column_stack([numbers] * 3))
    np.testing.assert_array_equal(block.values[..., 0], explainer.shap_values(np.column_stack([numbers] * 3)))


def test_integers_that_no_double_holds_are_refused_beside_nulls():
    table = pa.table({"age": [1, None], "bmi": [2**60 + 1, None], "sex": [1, 1]})
    with pytest.raises(OptionError, match="'bmi'"):
        explainer_of("trees").explain_arrow(table)


CITIES = ["Oslo", "Rome", "Bonn", "Oslo", "Rome", "Rome"]


def populated(rows):
    numbers = rows["age"].to_numpy().astype(float)
    return numbers + np.array([{"Oslo": 1.0, "Rome": 3.0, "Bonn": 7.0, "Paris": 5.0}[city] for city in rows["city"]])


def populated_explainer():
    background = pd.DataFrame({"age": np.arange(6.0), "city": pd.Series(CITIES).astype("category")})
    return shap.ExactExplainer(lambda rows: populated(rows.astype({"city": str})), background)


def test_dictionaries_of_batches_may_differ_and_have_categories_that_the_background_lacks():
    explainer = populated_explainer()
    parts = [["Rome", "Oslo"], ["Bonn"], ["Oslo", "Bonn", "Rome"]]
    ages = iter(np.arange(6.0) / 2)
    tables = [
        pa.table({"age": [next(ages) for _ in part], "city": pa.array(part).dictionary_encode()}) for part in parts
    ]
    whole = pa.concat_tables(tables)
    assert whole["city"].num_chunks == 3
    frame = whole.to_pandas().astype({"city": str}).astype({"city": "category"})
    found = explain_block(explainer, whole)
    np.testing.assert_array_equal(found.values[..., 0], explainer(frame).values)
    # Codes are those of the background, in whatever order a batch meets them.
    np.testing.assert_array_equal(found.data[:, 1], [1, 0, 2, 0, 2, 1])
    assert found.values.tolist() == [row for part in tables for row in explain_block(explainer, part).values.tolist()]


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.string_view()], ids=str)
def test_text_of_every_type_has_codes_and_values(kind):
    table = pa.table({"age": [1.0, 2.0], "city": pa.array(["Bonn", "Oslo"], kind)})
    block = explain_block(populated_explainer(), table)
    np.testing.assert_allclose(block.values[:, 1, 0], [7.0 - 19.0 / 6, 1.0 - 18.0 / 6], atol=1)
    np.testing.assert_array_equal(block.data, [[1.0, 2.0], [2.0, 0.0]])


def test_text_that_the_background_has_not_is_unseen():
    table = pa.table({"age": [1.0], "city": pa.array(["Paris"])})
    background = pd.DataFrame({"age": np.arange(6.0), "city": CITIES})
    block = explain_block(shap.ExactExplainer(populated, background), table)
    np.testing.assert_array_equal(block.data, [[1.0, -1.0]])


def test_columns_that_are_missing_are_named_with_the_nearest():
    table = ROWS.rename_columns(["id", "sex", "Age", "bmi"])
    with pytest.raises(DimensionError, match=r"lacks 1 of the 3 columns.*'age'; is it 'Age' for 'age'"):
        shap.KernelExplainer(product, pd.DataFrame(BACKGROUND, columns=FEATURES)).explain_arrow(table)


def test_a_column_that_is_there_twice_is_refused_if_it_is_needed():
    explainer = explainer_of("linear")
    twice = ROWS.append_column("id", ROWS["id"])
    assert explainer.explain_arrow(twice).equals(explainer.explain_arrow(ROWS))
    for keep, table in (("id", twice), ((), ROWS.append_column("bmi", ROWS["bmi"]))):
        with pytest.raises(OptionError, match="2 columns of the name"):
            explainer.explain_arrow(table, keep=keep)


def test_columns_of_a_model_without_names_go_by_position():
    explainer = shap.TreeExplainer(trees(1))
    features = ROWS.select(FEATURES)
    expected = (
        explainer_of("trees")
        .explain_arrow(features)
        .rename_columns(["phi_Feature 0", "phi_Feature 1", "phi_Feature 2", "base_value"])
    )
    assert explainer.explain_arrow(features).equals(expected)
    with_key = features.add_column(1, "id", ROWS["id"])
    assert explainer.explain_arrow(with_key, keep="id").drop_columns("id").equals(expected)
    assert explainer.explain_arrow(with_key, row_key="id").equals(expected)
    assert explainer.explain_arrow(ROWS, columns=FEATURES).equals(expected)
    assert needed_columns(explainer, ROWS.column_names, columns=FEATURES) == ["sex", "age", "bmi"]
    with pytest.raises(DimensionError, match="`data` has 4 columns, but the model has 3 without names"):
        explainer.explain_arrow(ROWS)
    with pytest.raises(DimensionError, match="`columns` has 2 names, but the explainer has 3 columns"):
        explainer.explain_arrow(ROWS, columns=["age", "bmi"])


@pytest.mark.parametrize(
    "row_key, said",
    [
        ("Id", "is no column"),
        ("age", "non-negative integers"),
        ("negative", "non-negative integers"),
        (7, "must be None, 'content' or the name of a column"),
    ],
)
def test_a_row_key_that_is_no_column_of_numbers_is_refused(row_key, said):
    table = ROWS.append_column("negative", pa.array([1, 2, 3, -4]))
    with pytest.raises(OptionError, match=f"`row_key`.*{said}"):
        explainer_of("kernel").explain_arrow(table, row_key=row_key)


def test_rows_that_draw_designs_of_their_own_draw_by_their_key():
    background = np.random.default_rng(3).normal(size=(8, 7))
    explainer = shap.KernelExplainer(
        lambda rows: np.prod(rows[:, :3] + 1.0, axis=1) * rows[:, 3:].sum(axis=1) ** 2,
        background,
        method=shap.estimators.Leverage(shared_design=False),
        nsamples=24,
    )
    rows = np.random.default_rng(4).normal(size=(6, 7))
    table = pa.table({"id": np.arange(40, 46), **{str(at): rows[:, at] for at in range(7)}})
    numbered = explain_block(explainer, table, row_key="id").values
    np.testing.assert_array_equal(numbered[..., 0], explainer(rows, row_key=np.arange(40, 46), silent=True).values)
    shuffled = explain_block(explainer, table.take([5, 3, 1, 0, 2, 4]), row_key="id")
    np.testing.assert_array_equal(shuffled.values, numbered[[5, 3, 1, 0, 2, 4]])
    np.testing.assert_array_equal(shuffled.row_keys, [45, 43, 41, 40, 42, 44])
    by_content = explain_block(explainer, table.drop_columns("id"), row_key="content")
    np.testing.assert_array_equal(by_content.values[..., 0], explainer(rows, row_key="content", silent=True).values)
    assert not np.array_equal(by_content.values, numbered)
    from_40 = explain_block(explainer, table.drop_columns("id"), first_row=40)
    np.testing.assert_array_equal(from_40.values, numbered)


def test_float32_is_that_of_the_trees_own_arithmetic():
    explainer = explainer_of("trees")
    numbers = np.column_stack([ROWS[name] for name in FEATURES])
    for dtype, asked in (("float32", "float32"), ("float64", None), (None, None)):
        found = explain_block(explainer, ROWS, dtype=dtype)
        expected = explainer.shap_values(numbers, dtype=asked)
        assert found.values.dtype == expected.dtype
        np.testing.assert_array_equal(found.values[..., 0], expected)


class StrikeError(Exception):
    """What a model raises."""


@pytest.mark.parametrize("explainer_class", [shap.KernelExplainer, shap.ExactExplainer, shap.PartitionExplainer])
def test_the_exception_of_a_model_comes_back_as_it_was(explainer_class):
    strike, raised = StrikeError("no service today"), []

    def model(rows):
        if raised:
            raise raised[0]
        return rows.sum(axis=1)

    explainer = explainer_class(model, BACKGROUND[:2], feature_names=FEATURES)
    raised.append(strike)
    for call in (explainer.explain_arrow, explainer.explain_frame):
        with pytest.raises(StrikeError) as caught:
            call(ROWS, n_jobs=1)
        assert caught.value is strike


REFUSED = {
    "layout": ({"layout": "lists"}, "`layout` is 'lists', which is not known; did you mean 'list'"),
    "dtype": ({"dtype": "float16"}, "`dtype` is 'float16', but must be float32 or float64"),
    "no dtype": ({"dtype": None}, "`dtype` is None"),
    "top_k": ({"top_k": 0}, "`top_k` is 0, but must be a positive integer"),
    "no number": ({"top_k": True}, "`top_k` is True"),
    "flag": ({"interactions": "sii"}, "`interactions` is 'sii', but must be True or False"),
    "unknown": ({"keep": "ids"}, "`keep` has 'ids', which is no column of `data`; did you mean 'id'"),
    "twice": ({"keep": ["id", "id"]}, "`keep` has 'id' twice"),
    "no name": ({"keep": [3]}, "`keep` has 3, but must be names"),
    "first row": ({"first_row": -1}, "`first_row` is -1, but must be the number of the first row"),
    "no first row": ({"first_row": "a"}, "`first_row` is 'a'"),
    "threads": ({"n_jobs": 0}, "`n_jobs` is 0"),
    "option": ({"topk": 3}, "'topk'.*did you mean 'top_k'"),
    "no interactions": ({"interactions": True}, "LinearExplainer has values alone"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_options_that_are_not_known_are_refused_by_name(what):
    options, said = REFUSED[what]
    for call in (explainer_of("linear").explain_arrow, explainer_of("linear").explain_frame):
        with pytest.raises((OptionError, UnknownOptionError), match=said):
            call(ROWS, **options)


def test_interactions_along_a_tree_are_refused_before_rows_come():
    explainer = shap.ExactExplainer(product, shap.maskers.Partition(BACKGROUND))
    with pytest.raises(OptionError, match="no form along a tree"):
        explainer.output_schema(interactions=True)


def test_two_columns_of_one_name_are_refused():
    rows = ROWS.append_column("base_value", ROWS["id"])
    with pytest.raises(OptionError, match="two columns of the output would be called 'base_value'"):
        explainer_of("linear").explain_arrow(rows, keep="base_value")
    with pytest.raises(OptionError, match="`keep` names columns of the input .id., whose types are not known"):
        explainer_of("linear").output_schema(keep="id")


NO_TABLES = {
    "a masker that is a function": (
        lambda: shap.ExactExplainer(lambda X: X[:, 0], lambda mask, x: (x * mask)[None]),
        "asks a masker that is a function",
    ),
    "a loss": (
        lambda: shap.TreeExplainer(
            {"trees": trees(1)["trees"], "objective": "binary_crossentropy", "tree_output": "log_odds"},
            BACKGROUND,
            model_output="log_loss",
        ),
        "depends on labels",
    ),
    "images": (
        lambda: shap.PartitionExplainer(
            lambda images: images.mean(axis=(1, 2, 3)), shap.maskers.Image("blur(3,3)", (8, 8, 3))
        ),
        "explains images",
    ),
}


@pytest.mark.parametrize("what", NO_TABLES)
def test_explainers_of_other_things_than_tables_refuse_by_name(what):
    make, said = NO_TABLES[what]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        explainer = make()
    with pytest.raises(OptionError, match=said):
        explainer.output_schema()
    with pytest.raises(OptionError, match=said):
        explainer.explain_arrow(ROWS)


def test_pandas_is_not_imported_for_arrow():
    code = (
        "import sys, numpy as np, pyarrow as pa, ferroshap as shap\n"
        "from tests.engines.arrow_subjects import trees, FEATURES\n"
        "column = pa.Array.from_buffers(pa.float32(), 2, [None, pa.py_buffer(np.ones(2, np.float32))])\n"
        "explainer = shap.TreeExplainer(trees(1), feature_names=FEATURES)\n"
        "table = pa.Table.from_arrays([column] * 3, names=FEATURES)\n"
        "for options in ({}, {'layout': 'list'}, {'top_k': 2}, {'interactions': True}, {'error_std': True}):\n"
        "    explainer.explain_arrow(table, dtype='float32', **options)\n"
        "assert 'pandas' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])


def test_a_dictionary_is_read_once_whatever_nulls_and_unused_values_it_has():
    dictionary = pa.array(["Paris", None, "Oslo", "Rome"])
    codes = pa.array([2, 1, None, 3, 2], pa.int8())
    city = pa.DictionaryArray.from_arrays(codes, dictionary)
    for column in (city, pa.chunked_array([city.slice(0, 2), city.slice(2)]), city.cast(pa.string())):
        values, places = ArrowColumn(column).distinct()
        assert values == ["Oslo", "Rome"]
        assert places.tolist() == [0, -1, -1, 1, 0]
    nothing = ArrowColumn(pa.array([None, None], pa.string())).distinct()
    assert (nothing[0], nothing[1].tolist()) == ([], [-1, -1])


@pytest.mark.parametrize("kind", [pa.date32(), pa.timestamp("us"), pa.int64(), pa.list_(pa.int8())], ids=str)
def test_other_columns_have_distinct_values_too(kind):
    given = [[1], None, [2], [1]] if pa.types.is_list(kind) else [1, None, 2, 1]
    column = pa.array(given, kind)
    values, places = ArrowColumn(column).distinct()
    assert values == [column[0].as_py(), column[2].as_py()]
    assert places.tolist() == [0, -1, 1, 0]
