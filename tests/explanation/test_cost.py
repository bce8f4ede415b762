"""What slicing must not do: build objects in proportion to rows or names."""

import tracemalloc

import numpy as np

from ferroshap.explanation import Explanation, NameTable


def test_slices_share_the_name_table_and_cut_fields_when_asked():
    names = NameTable([f"f{i}" for i in range(20)])
    sv = Explanation._trusted(
        np.zeros((1000, 20)), ("row", "feature"), {"data": np.zeros((1000, 20)), "feature_names": names}
    )
    assert sv[3].names_along(0) is names
    assert sv[3:7].names_along(1) is names
    assert sv[:, "f3"].feature_names == "f3"


def test_a_column_of_many_rows_allocates_next_to_nothing():
    names = [f"f{i}" for i in range(20)]
    sv = Explanation(np.zeros((100_000, 20)), data=np.zeros((100_000, 20)), feature_names=names)
    sv[:, "f3"]  # the table's dictionary is built once
    tracemalloc.start()
    column = sv[:, "f3"]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert column.shape == (100_000,)
    assert peak < 10_000
