"""Embedding: rows in the plane of their principal components."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.collections import PathCollection

from ferroshap import plots
from ferroshap.errors import DimensionError, OptionError
from ferroshap.explanation import Explanation
from ferroshap.plots.embedding import principal_components

RNG = np.random.default_rng(3)
VALUES = RNG.normal(size=(80, 3)) * [1.0, 4.0, 2.0]


def cloud(ax):
    (found,) = [c for c in ax.collections if isinstance(c, PathCollection)]
    return found


@given(n=st.integers(1, 30), m=st.integers(1, 6), seed=st.integers(0, 99))
def test_components_are_uncorrelated_and_no_other_plane_keeps_more(n, m, seed):
    values = np.random.default_rng(seed).normal(size=(n, m))
    scores = principal_components(values)
    assert scores.shape == (n, 2)
    spectrum = np.zeros(2)
    found = np.linalg.eigvalsh(np.cov(values.T, bias=True).reshape(m, m))[::-1][:2]
    spectrum[: len(found)] = found
    gram = scores.T @ scores / n
    assert np.allclose(gram, np.diag(spectrum), rtol=0, atol=1e-12 * (1 + spectrum.max()))


@pytest.mark.parametrize("ind", [1, "b", "rank(0)"])
def test_dots_are_coloured_by_the_values_of_a_feature(ind):
    ax = plots.embedding(ind, VALUES, ["a", "b", "c"], show=False)
    assert ax.figure.axes[-1].get_ylabel() == "SHAP value for\nb"
    place = {tuple(scores): value for scores, value in zip(principal_components(VALUES), VALUES[:, 1], strict=True)}
    wanted = [place[tuple(offset)] for offset in cloud(ax).get_offsets().data]
    assert np.array_equal(cloud(ax).get_array(), np.clip(wanted, *np.percentile(VALUES[:, 1], [5, 95])))
    assert not ax.axison
    assert plt.gca() is ax


def test_the_sum_of_all_values_and_given_places_are_taken():
    places = RNG.normal(size=(80, 2))
    ax = plots.embedding("sum()", Explanation(VALUES, 0.0), method=places, alpha=0.4, show=False)
    assert ax.figure.axes[-1].get_ylabel() == "sum(SHAP values)"
    assert np.array_equal(np.sort(cloud(ax).get_offsets(), axis=0), np.sort(places, axis=0))
    assert cloud(ax).get_alpha() == 0.4


def test_unknown_methods_and_shapes_are_refused():
    with pytest.raises(OptionError, match="`method` is 'tsne'"):
        plots.embedding(0, VALUES, method="tsne", show=False)
    with pytest.raises(DimensionError, match="`method` has shape"):
        plots.embedding(0, VALUES, method=np.zeros((80, 3)), show=False)
    with pytest.raises(ValueError, match="'z'"):
        plots.embedding("z", VALUES, show=False)
    with pytest.raises(TypeError, match="is a list"):
        plots.embedding(0, [VALUES], show=False)
