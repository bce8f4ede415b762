"""D16 of the migration page: where the incumbent's algebra goes wrong, ours does what it says."""

import numpy as np

from ferroshap.explanation import Explanation


def explained():
    rng = np.random.default_rng(0)
    return Explanation(rng.normal(size=(8, 6)), 0.5, rng.normal(size=(8, 6)), feature_names=list("abcdef"))


def test_d16_reflected_subtraction_is_not_turned_round():
    sv = explained()
    assert np.array_equal((1 - sv).values, 1 - sv.values)
    assert np.array_equal((np.ones((8, 6)) - sv).values, 1 - sv.values)
    assert np.array_equal((2 / sv).values, 2 / sv.values)
    assert np.array_equal((2**sv).values, 2**sv.values)


def test_d16_arithmetic_leaves_the_data_alone():
    sv = explained()
    data = sv.data.copy()
    for result in (sv + 1, 1 - sv, sv * 2, sv / 2, sv**2, -sv, abs(sv), +sv, sv - sv, sv + sv.values):
        assert np.array_equal(result.data, data)
    assert np.array_equal(sv.data, data)


def test_d16_two_chains_from_one_start_are_two_chains():
    sv, mean = explained(), Explanation.mean
    over_rows, over_features = mean(0), mean(1)
    assert over_rows is not over_features
    assert np.array_equal(over_rows.apply(sv).values, sv.values.mean(0))
    assert np.array_equal(over_features.apply(sv).values, sv.values.mean(1))


def test_d16_a_chain_is_an_index():
    sv = explained()
    strongest = sv[:, Explanation.abs.mean(0).argsort.flip[:5]]
    order = np.argsort(np.abs(sv.values).mean(0), kind="stable")[::-1][:5]
    assert np.array_equal(strongest.values, sv.values[:, order])
    assert strongest.feature_names == [sv.feature_names[i] for i in order]
    assert np.array_equal(strongest.values, sv[:, sv.abs.mean(0).argsort.flip[:5]].values)


def test_d16_an_array_of_an_explanation_is_its_values():
    sv = explained()
    assert np.asarray(sv) is sv.values
    assert np.asarray(sv, dtype=np.float32).dtype == np.float32
    assert np.array(sv, copy=True) is not sv.values
    assert np.array([sv, sv]).shape == (2, 8, 6)
