"""Explanations of every shape and with every field, for the ways out."""

import datetime as dt
import decimal

import numpy as np
from hypothesis import strategies as st

from ferroshap.explanation import Explanation
from ferroshap.explanation.fields import FOLLOWS

AXES = [
    ("row", "feature"),
    ("row", "feature", "output"),
    ("feature",),
    ("feature", "output"),
    ("row",),
    ("row", "feature", "feature"),
    ("row", "feature", "feature", "output"),
    (),
]
WORDS = st.text(max_size=6)
ENTRIES = st.one_of(
    st.none(),
    WORDS,
    st.floats(),
    st.integers(-(2**70), 2**70),
    st.booleans(),
    st.datetimes(),
    st.dates(),
    st.decimals(allow_nan=False),
    st.timedeltas(),
    st.binary(max_size=3),
    st.sampled_from([np.float32(0.5), np.int8(3), np.datetime64("2024-01-31"), np.bool_(True)]),
)
KINDS = [WORDS, st.floats(), st.integers(-(2**63), 2**63 - 1), st.booleans(), st.none(), ENTRIES]


@st.composite
def explanations(draw, axes=tuple(AXES), entries=KINDS):
    """Any Explanation that the checks let through."""
    roles = draw(st.sampled_from(axes))
    n_features, n_outputs = draw(st.integers(0, 4)), draw(st.integers(1, 3))
    n_rows = draw(st.integers(0, 4))
    sizes = {"row": n_rows, "feature": n_features, "output": n_outputs}
    shape = tuple(sizes[role] for role in roles)
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    values = rng.normal(size=shape).astype(draw(st.sampled_from([np.float64, np.float32])))
    has_rows, has_features, has_outputs = ("row" in roles), ("feature" in roles), ("output" in roles)
    per_row = (n_rows,) * has_rows
    fields = {"axes": roles}
    if draw(st.booleans()):
        per_output = (n_outputs,) * has_outputs
        fields |= {"base_values": rng.normal(size=per_row + per_output), "gap": rng.normal(size=per_row + per_output)}
    if draw(st.booleans()):
        fields |= {"error_std": np.where(rng.random(shape) < 0.3, np.nan, 1.0), "n_evaluations": np.full(per_row, 7)}
        fields |= {"status": draw(st.sampled_from(["EXACT", "BUDGET_SPENT"])), "seed": 3, "compute_time": 0.25}
    if has_features and draw(st.booleans()):
        data_shape = (*per_row, n_features)
        if draw(st.booleans()):
            fields["data"] = rng.normal(size=data_shape)
        else:
            columns = [
                draw(st.lists(draw(st.sampled_from(entries)), min_size=n, max_size=n))
                for n in [n_rows if has_rows else 1] * n_features
            ]
            data = np.empty((n_rows if has_rows else 1, n_features), dtype=object)
            for at, column in enumerate(columns):
                for row, entry in enumerate(column):
                    data[row, at] = entry
            fields["data"] = data.reshape(data_shape)
    if has_features and draw(st.booleans()):
        fields["feature_names"] = draw(st.lists(WORDS, min_size=n_features, max_size=n_features, unique=True))
    if has_rows and draw(st.booleans()):
        fields["instance_names"] = draw(st.lists(WORDS, min_size=n_rows, max_size=n_rows))
    if has_outputs and draw(st.booleans()):
        fields["output_names"] = [f"y{i}" for i in range(n_outputs)]
    return Explanation(values, **fields)


def same(a, b):
    """Tell whether two things are the same: class, bits and what is missing."""
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        if a.shape != b.shape or a.dtype != b.dtype:
            return False
        if a.dtype == object:
            return all(same(x, y) for x, y in zip(a.ravel().tolist(), b.ravel().tolist(), strict=True))
        return a.tobytes() == b.tobytes()
    if isinstance(a, (list, tuple)) and type(a) is type(b):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, (float, decimal.Decimal)) and a != a:  # noqa: PLR0124 - NaN
        return type(a) is type(b) and b != b  # noqa: PLR0124
    return type(a) is type(b) and (a == b or (isinstance(a, dt.time) and a.isoformat() == b.isoformat()))


def assert_same(a, b, but=()):
    """Every field of two Explanations is the same."""
    assert a.axes == b.axes
    assert same(np.asarray(a.values), np.asarray(b.values))
    for name in FOLLOWS:
        if name not in but:
            assert same(getattr(a, name), getattr(b, name)), name
