"""Additivity, strictly: the base value and the values of a row sum to the link of the model's output."""

import numpy as np

from ferroshap.errors import DimensionError


def assert_additive(explanation, outputs, relative=1e-10, feature_axes=1):
    """Compare every row and output with ``link(f(x))``.

    The scale `s` is the largest ``|base| + sum |phi| + |output|`` of all rows; a gap above
    ``relative * s`` anywhere is an error. The incumbent's helper takes the maximum of comparisons with
    a million, so that nearly anything finite passes.
    """
    values, base, outputs = (
        np.asarray(a, dtype=np.float64) for a in (explanation.values, explanation.base_values, outputs)
    )
    axes = tuple(range(1, 1 + feature_axes))
    sums = base + values.sum(axis=axes)
    if sums.shape != outputs.shape:
        msg = f"the explanation sums to shape {sums.shape}, the model's outputs have {outputs.shape}"
        raise DimensionError(msg)
    assert np.isfinite(sums).all()
    scale = (np.abs(base) + np.abs(values).sum(axis=axes) + np.abs(outputs)).max()
    gaps = np.abs(sums - outputs)
    worst = np.unravel_index(gaps.argmax(), gaps.shape)
    assert gaps.max() <= relative * scale, f"at {worst}: {sums[worst]} is not {outputs[worst]}, scale {scale}"
