"""Dots: hidden ones are left out, and the picture is the same but for a rim of a fraction of a pixel."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ferroshap import plots
from ferroshap.explanation import Explanation
from ferroshap.plots.swarms import dots as module
from ferroshap.plots.swarms.dots import Dots, _last_of_each


@given(seed=st.integers(0, 1000), n_layers=st.integers(1, 5))
def test_of_each_cell_the_last_dots_stay_in_their_order(seed, n_layers):
    cells = np.random.default_rng(seed).integers(0, 12, size=60)
    wanted = sorted(i for cell in set(cells.tolist()) for i in np.flatnonzero(cells == cell)[-n_layers:].tolist())
    assert _last_of_each(cells, n_layers).tolist() == wanted


def crowded(alpha=1.0, n_rows=4_000):
    values = np.random.default_rng(0).normal(size=(n_rows, 2))
    sv = Explanation(values, 0.0, np.random.default_rng(1).normal(size=(n_rows, 2)))
    return plots.beeswarm(sv, show=False, alpha=alpha, color_bar=False)


def pixels(ax):
    ax.figure.canvas.draw()
    return np.asarray(ax.figure.canvas.buffer_rgba()).astype(float)


@pytest.mark.parametrize("alpha", [1.0, 0.3])
def test_the_picture_is_that_of_all_dots(monkeypatch, alpha):
    fast = pixels(crowded(alpha))
    plt.close("all")
    monkeypatch.setattr(module, "_MANY", 10**9)
    slow = pixels(crowded(alpha))
    inked = (slow[..., :3].min(axis=-1) < 250).mean()
    differ = (np.abs(fast - slow).max(axis=-1) > 32).mean()
    # Of two dots nearer than a fifth of their radius the lower one shows a crescent of less than that width.
    assert differ < 0.2 * inked
    assert abs((fast[..., :3].min(axis=-1) < 250).mean() - inked) < 0.02 * inked


def test_every_dot_keeps_its_place_and_few_are_drawn():
    ax = crowded(n_rows=50_000)
    collections = [one for one in ax.collections if isinstance(one, Dots)]
    assert [len(one.get_offsets()) for one in collections] == [50_000, 50_000]
    assert all(len(one._seen(np.asarray(one.get_offsets()))) < 30_000 for one in collections)


def test_dots_outside_the_limits_are_not_drawn():
    ax = crowded()
    (first, *_) = ax.collections
    ax.set_xlim(5.0, 6.0)
    assert len(first._seen(np.asarray(first.get_offsets()))) == 0
    ax.figure.canvas.draw()


def test_transparent_dots_lie_in_layers_until_nothing_shines_through():
    ax = plt.figure().subplots()
    stack = Dots(np.zeros(3_000), np.zeros(3_000), 16.0, alpha=0.5, facecolors="red", offset_transform=ax.transData)
    ax.add_collection(stack)
    assert len(stack._seen(np.asarray(stack.get_offsets()))) == 8  # 0.5 ** 8 is one part in 256
    ax.figure.canvas.draw()


@pytest.mark.parametrize("kind", ["pdf", "svg", "png"])
def test_many_dots_go_into_every_kind_of_file(tmp_path, kind):
    crowded().figure.savefig(tmp_path / f"dots.{kind}")
    assert 0 < (tmp_path / f"dots.{kind}").stat().st_size < 500_000
