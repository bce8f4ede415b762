"""Small tables in files, and explainers whose values are known."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import ferroshap as shap
from ferroshap.engines.files.units import UNIT_ROWS

NAMES = ["age", "bmi", "dose"]


def linear():
    """Explainer of 1 age + 2 bmi - 3 dose, whose values at x are those of x itself."""
    return shap.Explainer((np.array([1.0, 2.0, -3.0]), 0.5), np.zeros((1, 3)), feature_names=NAMES)


def table_of(n_rows, seed=0):
    """A table with the three features, in another order, and two columns that are none."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(3, n_rows)).round(3)
    columns = {"id": np.arange(n_rows), "dose": features[2], "age": features[0], "bmi": features[1]}
    site = pa.DictionaryArray.from_arrays(pa.array(rng.integers(0, 3, n_rows).astype(np.int32)), ["x", "y", "z"])
    return pa.table({**columns, "site": site})


def write(table, path, rows_per_group=20_000):
    """Write a table as a Parquet file."""
    pq.write_table(table, path, row_group_size=rows_per_group)
    return path


def expected(explainer, table, **options):
    """The values of a whole table at once."""
    return explainer.explain_arrow(table, **options)


def same(found, wanted):
    """Whether two tables have the same columns of the same bits; dictionaries may be cut otherwise."""
    found, wanted = (t.combine_chunks().replace_schema_metadata(None) for t in (found, wanted))
    assert found.schema.names == wanted.schema.names
    for name in wanted.column_names:
        left, right = found[name], wanted[name]
        if pa.types.is_dictionary(right.type):
            left, right = left.cast(right.type.value_type), right.cast(right.type.value_type)
        assert left.type == right.type, name
        assert left.combine_chunks().equals(right.combine_chunks()), name
    return True


__all__ = ["NAMES", "UNIT_ROWS", "expected", "linear", "same", "table_of", "write"]
