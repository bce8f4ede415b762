"""Laws of tables of values: for every explainer, layout, type, and however the rows come and are cut."""

import itertools
import json

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.engines.arrow_subjects import FEATURES, INTERACTING, MAKERS, explainer_of

from ferroshap.engines.arrow import empty_block, explain_block, needed_columns, output_names_of

DTYPES = [pa.float32(), pa.float64(), pa.int8(), pa.int32(), pa.int64(), pa.uint16(), pa.bool_(), pa.decimal128(8, 2)]


@st.composite
def tables(draw, max_rows=9):
    """Rows with the features in any order, in any type of numbers, beside other columns, sliced out of more, cut."""
    n_rows = draw(st.integers(0, max_rows))
    before, after = draw(st.integers(0, 3)), draw(st.integers(0, 3))
    n_all = before + n_rows + after
    columns = {"id": pa.array(range(100, 100 + n_all), pa.int64())}
    columns["city"] = pa.array(["Oslo", "Rome", None, "Oslo", "Bonn"] * 4, pa.string())[:n_all].dictionary_encode()
    for name in draw(st.permutations(FEATURES)):
        numbers = draw(st.lists(st.integers(0, 3), min_size=n_all, max_size=n_all))
        columns[name] = pa.array(numbers, pa.int8()).cast(draw(st.sampled_from(DTYPES)))
    whole = pa.table({name: columns[name] for name in draw(st.permutations(list(columns)))})
    return cut(whole.slice(before, n_rows), draw(st.lists(st.integers(0, n_rows), max_size=3)))


def cut(table, places):
    """The same rows in several chunks, whose dictionaries differ."""
    ends = [0, *sorted(places), table.num_rows]
    parts = [table.slice(first, last - first) for first, last in itertools.pairwise(ends)]
    batches = []
    for part in parts:
        city = pa.array(part["city"].to_pylist(), pa.string()).dictionary_encode()
        at = part.schema.get_field_index("city")
        batches.append(part.combine_chunks().set_column(at, "city", city))
    return pa.concat_tables(batches)


@st.composite
def layouts(draw, name):
    """Options of a layout that fit an explainer."""
    return {
        "layout": draw(st.sampled_from(["columns", "list"])),
        "dtype": draw(st.sampled_from(["float32", "float64"])),
        "top_k": draw(st.sampled_from([None, 1, 2, 3, 7])),
        "interactions": name in INTERACTING and draw(st.booleans()),
        "keep": draw(st.sampled_from([(), "id", ("city", "id"), ("city", "age")])),
        "error_std": draw(st.booleans()),
    }


@pytest.mark.parametrize("name", MAKERS)
@given(data=st.data())
def test_the_schema_is_known_beforehand(name, data):
    explainer, rows, layout = explainer_of(name), data.draw(tables()), data.draw(layouts(name))
    schema = explainer.output_schema(input_schema=rows.schema, **layout)
    table = explainer.explain_arrow(rows, **layout)
    assert table.schema.equals(schema, check_metadata=True)
    table.validate(full=True)
    assert table.num_rows == rows.num_rows
    empty = explainer.empty_output("pyarrow", input_schema=rows.schema, **layout)
    assert empty.schema.equals(schema, check_metadata=True)
    assert empty.num_rows == 0


def values_of(table, explainer, layout):
    """Read the values of every output out of a table: lists of (terms by name, rest, base value) a row."""
    outputs = output_names_of(explainer)
    for row in table.to_pylist():
        found = []
        for suffix in [""] if outputs is None else [f"_{output}" for output in outputs]:
            if layout["interactions"] and layout["layout"] == "list":
                terms = {
                    term["first"] if term["first"] == term["second"] else f"{term['first']}:{term['second']}": term[
                        "value"
                    ]
                    for term in row[f"interactions{suffix}"]
                }
            elif layout["top_k"] is not None:
                ranks = range(1, 1 + sum(name.startswith("feature_") and name.endswith(suffix) for name in row))
                terms = {row[f"feature_{k}{suffix}"]: row[f"value_{k}{suffix}"] for k in ranks}
            elif layout["layout"] == "list":
                field = table.schema.field(f"phi{suffix}")
                names = json.loads(field.metadata[b"features"])
                terms = dict(zip(names, row[f"phi{suffix}"], strict=True))
            else:
                terms = {
                    key.removeprefix("phi_").removesuffix(suffix): value
                    for key, value in row.items()
                    if key.startswith("phi_") and key.endswith(suffix)
                }
            found.append((terms, row.get(f"rest{suffix}", 0.0), row[f"base_value{suffix}"]))
        yield found


@pytest.mark.parametrize("name", MAKERS)
@given(data=st.data())
def test_a_table_holds_the_values_of_the_block_and_rows_add_up(name, data):
    explainer, rows, layout = explainer_of(name), data.draw(tables()), data.draw(layouts(name))
    block = explain_block(explainer, rows, dtype=layout["dtype"], interactions=layout["interactions"])
    table = explainer.explain_arrow(rows, **layout)
    rounding = 2.0**-22 if layout["dtype"] == "float32" else 2.0**-50
    for row, found in enumerate(values_of(table, explainer, layout)):
        for output, (terms, rest, base) in enumerate(found):
            whole = dict(zip(block.feature_names, block.values[row, :, output].tolist(), strict=True))
            for term, value in terms.items():
                assert value == whole.pop(term)
            k = layout["top_k"]
            if k is not None:
                sizes = [abs(value) for value in terms.values()]
                assert sizes == sorted(sizes, reverse=True)
                assert max(map(abs, whole.values()), default=0.0) <= min(sizes, default=0.0)
            scale = np.abs(block.values[row, :, output]).sum() + abs(base)
            total = sum(terms.values()) + rest
            assert abs(total - block.values[row, :, output].sum(dtype=float)) <= 8 * rounding * scale
            assert base == np.dtype(layout["dtype"]).type(block.base_values[row, output])


@pytest.mark.parametrize("name", MAKERS)
@given(data=st.data())
def test_values_are_those_of_a_call(name, data):
    explainer, rows = explainer_of(name), data.draw(tables())
    numbers = np.column_stack([np.array(rows[feature].to_pylist(), dtype=float) for feature in FEATURES])
    if not len(numbers):
        return
    called = explainer(numbers, silent=True)
    block = explain_block(explainer, rows)
    np.testing.assert_array_equal(block.values.reshape(called.values.shape), called.values)
    np.testing.assert_array_equal(block.base_values.reshape(np.shape(called.base_values)), called.base_values)
    np.testing.assert_array_equal(block.data, numbers)
    if block.error_std is not None:
        np.testing.assert_array_equal(block.error_std.reshape(called.values.shape), called.error_std)


@pytest.mark.parametrize("name", MAKERS)
@given(data=st.data())
def test_every_cut_of_the_rows_gives_the_same_bits(name, data):
    explainer, rows, layout = explainer_of(name), data.draw(tables()), data.draw(layouts(name))
    row_key = data.draw(st.sampled_from([None, "id", "content"]))
    whole = explainer.explain_arrow(rows, row_key=row_key, **layout)
    at = data.draw(st.integers(0, rows.num_rows))
    parts = [
        explainer.explain_arrow(rows.slice(0, at), row_key=row_key, n_jobs=1, **layout),
        explainer.explain_arrow(rows.slice(at), row_key=row_key, n_jobs=2, first_row=at, **layout),
    ]
    joined = pa.concat_tables(parts)
    assert bits(joined) == bits(whole)


def bits(table):
    """The rows with floats as they are to the last bit; NaN is equal to itself."""
    return repr(table.to_pylist())


@pytest.mark.parametrize("name", MAKERS)
@given(data=st.data())
def test_the_columns_needed_are_enough(name, data):
    explainer, rows = explainer_of(name), data.draw(tables())
    names = needed_columns(explainer, rows.column_names, keep="city", row_key="id")
    assert names == [name for name in rows.column_names if name in {*FEATURES, "city", "id"}]
    fewer = explainer.explain_arrow(rows.select(names), keep="city", row_key="id")
    assert bits(fewer) == bits(explainer.explain_arrow(rows, keep="city", row_key="id"))


@pytest.mark.parametrize("name", MAKERS)
def test_no_rows_are_explained_without_the_model(name):
    explainer = explainer_of(name)
    nobody = pa.table({feature: pa.array([], pa.float32()) for feature in FEATURES})
    block = explain_block(explainer, nobody, first_row=7, dtype="float32")
    assert block.values.shape == (0, 3, len(output_names_of(explainer) or [None]))
    assert block.values.dtype == np.float32
    assert block.first_row == 7
    assert block._fields == empty_block(explainer)._fields
    assert block.feature_names == tuple(FEATURES)
