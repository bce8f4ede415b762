"""Tables in, tables of values out."""

import numpy as np
import pyarrow as pa
import pytest

import ferroshap as shap


@pytest.fixture
def rows():
    return pa.table({"id": [1, 2, 3], "c": [1.0, 2.0, 3.0], "b": [0.0, 1.0, 0.0], "a": [3.0, 2.0, 1.0]})


def test_values_are_those_of_a_call(rows):
    background = rows.select(["a", "b", "c"]).to_pandas()
    explainer = shap.KernelExplainer(lambda X: X[:, 0] * X[:, 1] + X[:, 2], background)
    table = explainer.explain_arrow(rows)
    assert table.schema == explainer.output_schema()
    values = np.column_stack([table[f"phi_{name}"] for name in background.columns])
    np.testing.assert_array_equal(values, explainer(background).values)
