"""Every test of a picture leaves no figure behind and changes nothing global."""

import random

import matplotlib as mpl

mpl.use("agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest


@pytest.fixture(autouse=True)
def nothing_global_changes():
    """Settings, interactive mode and both global generators are as before, whatever was drawn."""
    plt.close("all")
    settings, interactive = dict(mpl.rcParams), plt.isinteractive()
    ours, theirs = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002 - its state is what is tested
    yield
    assert dict(mpl.rcParams) == settings
    assert plt.isinteractive() is interactive
    assert random.getstate() == ours
    assert np.random.get_state()[1].tolist() == theirs  # noqa: NPY002 - as above
    plt.close("all")
