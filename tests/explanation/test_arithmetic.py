"""Operators act on values as NumPy does, and base values and errors follow where that is true."""

import operator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ferroshap.explanation import Explanation

OPERATORS = [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow]
numbers = st.floats(0.5, 8.0)


def explained(seed=0, **fields):
    rng = np.random.default_rng(seed)
    values = rng.uniform(1, 2, size=(3, 4))
    given_fields = {"base_values": rng.normal(size=3), "data": rng.normal(size=(3, 4)), "error_std": np.ones((3, 4))}
    return Explanation(values, **(given_fields | fields))


@given(
    values=arrays(float, (3, 4), elements=numbers), other=st.one_of(numbers, arrays(float, (3, 4), elements=numbers))
)
@pytest.mark.parametrize("compute", OPERATORS)
def test_operators_are_numpys_own_on_both_sides(compute, values, other):
    sv = Explanation(values, data=values)
    for result, wanted in ((compute(sv, other), compute(values, other)), (compute(other, sv), compute(other, values))):
        # NumPy itself answers `array ** explanation` with an array: only the four operators are delegated.
        assert np.array_equal(np.asarray(result), wanted)
        if compute is not operator.pow or isinstance(result, Explanation):
            assert np.array_equal(result.data, values)


@pytest.mark.parametrize("compute", OPERATORS[:4])
def test_arrays_and_numpy_numbers_on_the_left_give_explanations(compute):
    sv = explained()
    assert isinstance(compute(np.ones((3, 4)), sv), Explanation)
    assert isinstance(compute(np.float64(2.0), sv), Explanation)


def test_a_difference_explains_the_difference_of_two_functions():
    f, g = explained(0, status="EXACT"), explained(1, status="BUDGET_SPENT")
    for compute in (operator.add, operator.sub):
        result = compute(f, g)
        assert np.array_equal(result.values, compute(f.values, g.values))
        assert np.array_equal(result.base_values, compute(f.base_values, g.base_values))
        assert np.array_equal(result.data, f.data)
        assert (result.status, result.error_std) == ("BUDGET_SPENT", None)
    assert (f * g).base_values is None


def test_a_row_is_taken_from_every_row():
    sv = explained()
    difference = sv - sv[0]
    assert np.array_equal(difference.values, sv.values - sv.values[0])
    assert np.array_equal(difference.base_values, sv.base_values - sv.base_values[0])


def test_features_must_be_the_same():
    with pytest.raises(ValueError, match="'a' and 'b'"):
        explained(feature_names=list("xayz")) + explained(feature_names=list("xbyz"))


def test_shapes_must_fit():
    with pytest.raises(ValueError, match="shape"):
        explained() * np.ones((5, 3, 4))
    with pytest.raises(ValueError, match="do not fit each other"):
        Explanation(np.ones((3, 4, 1))) + Explanation(np.ones((1, 4, 2)))


def test_a_factor_scales_base_values_errors_and_gap():
    sv = explained(gap=np.array([0.1, 0.2, 0.3]))
    for result, factor in ((sv * -2, -2), (-2 * sv, -2), (sv / 2, 0.5), (-sv, -1)):
        assert np.array_equal(result.values, sv.values * factor)
        assert np.array_equal(result.base_values, sv.base_values * factor)
        assert np.array_equal(result.error_std, sv.error_std * abs(factor))
        assert np.array_equal(result.gap, sv.gap * factor)


def test_a_factor_for_each_row_scales_the_base_value_of_its_row():
    sv = explained()
    factor = np.array([[1.0], [2.0], [3.0]])
    assert np.array_equal((sv * factor).base_values, sv.base_values * [1.0, 2.0, 3.0])
    assert (sv * np.arange(4.0)).base_values is None
    assert np.array_equal((sv * np.arange(4.0)).error_std, np.tile(np.arange(4.0), (3, 1)))


def test_a_constant_leaves_base_values_and_errors():
    sv = explained()
    for result in (sv + 1, 1 + sv, sv - 1, 1 - sv):
        assert np.array_equal(result.base_values, sv.base_values)
        assert np.array_equal(result.error_std, sv.error_std)
    assert np.array_equal((1 - sv).values, 1 - sv.values)


def test_powers_and_reciprocals_have_no_base_value():
    for result in (explained() ** 2, 1 / explained()):
        assert (result.base_values, result.error_std) == (None, None)


def test_comparisons_give_arrays_and_equality_is_identity():
    sv = explained()
    assert np.array_equal(sv > 1.5, sv.values > 1.5)
    assert np.array_equal(sv <= 1.5, sv.values <= 1.5)
    assert np.array_equal(1.5 * sv >= sv, np.ones((3, 4), dtype=bool))
    assert np.array_equal(sv < sv + 1, np.ones((3, 4), dtype=bool))
    assert (sv == sv) is True  # noqa: PLR0124 - identity is what is tested
    assert (sv == explained()) is False
    assert len({sv, sv}) == 1


def test_numpy_computes_on_the_values():
    sv = explained()
    assert isinstance(np.abs(sv), np.ndarray)
    assert np.mean(sv) == sv.values.mean()
    assert np.concatenate([sv, sv]).shape == (6, 4)
    assert np.asarray(sv) is sv.values
    assert np.array(sv, dtype=np.float32).dtype == np.float32
    assert np.array(sv) is not sv.values
    assert np.add.reduce(sv).shape == (4,)


def test_operators_leave_strangers_alone():
    with pytest.raises(TypeError):
        explained() + "a"
    with pytest.raises(TypeError):
        explained() + object()


def test_operators_are_in_the_history():
    history = (1 - -explained() * 2).op_history
    assert [item.name for item in history] == ["__neg__", "__mul__", "__rsub__"]
