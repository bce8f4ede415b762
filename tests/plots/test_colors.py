"""The colour maps go through the anchors that were agreed on."""

import numpy as np
import pytest

from ferroshap.plots import colors

ANCHORS = ["008BFB", "007DF5", "236CEA", "625ADB", "8443C6", "9C23AD", "BB00A0", "D5008F", "E9007C", "F90067", "FF0051"]


def rgb(text):
    return np.array([int(text[i : i + 2], 16) for i in (0, 2, 4)])


def test_red_blue_goes_through_its_anchors():
    nodes = colors.red_blue_nodes() * 255
    for k, anchor in enumerate(ANCHORS):
        between = [np.interp(k / 10 * 99, np.arange(100), nodes[:, channel]) for channel in range(3)]
        assert np.abs(between - rgb(anchor)).max() <= 2.0
    ends = np.array(colors.red_blue([0.0, 1.0]))[:, :3] * 255
    assert np.abs(ends - [rgb("008BFB"), rgb("FF0051")]).max() <= 2.0


def test_the_circle_is_blue_red_green_blue():
    circle = np.array(colors.red_blue_circle([0.0, 0.5, 0.75, 1.0]))[:, :3] * 255
    wanted = np.array([rgb(text) for text in ("008BFB", "FF0051", "009928", "008BFB")])
    assert np.abs(circle - wanted).max() <= 6.0


def test_maps_are_made_once_and_listed():
    assert colors.red_blue is colors.red_blue
    assert {"red_blue", "red_blue_circle", "RED"} <= set(dir(colors))
    with pytest.raises(AttributeError, match="no attribute 'red_blu'"):
        _ = colors.red_blu
