"""The chevrons of a one-row force plot and their labels: where they lie."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ferroshap import links
from ferroshap.explanation import Explanation
from ferroshap.plots.force.forces import read_forces
from ferroshap.plots.force.layout import (
    Scale,
    arranged,
    corners_of,
    ends_of,
    margins_for,
    outermost_of,
    pieces_of,
)
from ferroshap.svg import text_width

ROW = Explanation([1.0, -4.0, 0.5, 2.0], 10.0, [50, 31.25, "A100", np.nan], feature_names=["age", "bmi", "ward", "bp"])


def forces_of(values, base=0.0, names=None):
    return read_forces(base, np.asarray(values, float), None, names, None, links.identity)


class TestPieces:
    """Chevrons along the axis."""

    @given(arrays(float, st.integers(1, 120), elements=st.floats(-100, 100)), st.floats(-100, 100))
    def test_they_lead_from_the_base_value_to_the_output(self, values, base):
        forces = forces_of(values, base)
        pieces = pieces_of(forces, 0)
        output = float(forces.outputs[0])
        total = np.abs(values).sum() + abs(base)
        for sign in (1.0, -1.0):
            side = [piece for piece in pieces if piece.push * sign > 0]
            assert all(one.start == other.tip for one, other in pairwise(side))
            if side:
                assert side[0].tip == output
        # sums of at most 120 terms in another order
        assert abs(sum(piece.push for piece in pieces) - (output - base)) <= 2 * 121 * 2**-53 * total

    @given(arrays(float, st.integers(1, 120), elements=st.floats(-100, 100)))
    def test_every_feature_that_pushes_is_in_one_of_them(self, values):
        pieces = pieces_of(forces_of(values), 0)
        members = sorted(i for piece in pieces for i in piece.features)
        assert members == np.flatnonzero(values).tolist()

    def test_the_strongest_stand_beside_the_output(self):
        pieces = pieces_of(read_forces(ROW, None, None, None, None, links.identity), 0)
        assert [(piece.label, piece.start, piece.tip) for piece in pieces] == [
            ("bp = nan", 7.5, 9.5),
            ("age = 50", 6.5, 7.5),
            ("ward = A100", 6.0, 6.5),
            ("bmi = 31.25", 13.5, 9.5),
        ]

    @given(arrays(float, st.integers(1, 120), elements=st.floats(-100, 100)))
    def test_however_thin_they_keep_their_thickness(self, values):
        forces = forces_of(values)
        pieces = pieces_of(forces, 0)
        scale = Scale(*ends_of(pieces, 0.0, float(forces.outputs[0])), 1000.0, (40.0, 40.0))
        for piece in pieces:
            outermost = piece in outermost_of(pieces)
            x, y = np.array(corners_of(piece, scale, outermost=outermost, head=7.0, half=13.0, gap=1.5)).T
            area = abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2
            length = abs(scale(piece.tip) - scale(piece.start))
            # coordinates up to 1000, each rounded, times 26 high
            assert area >= 0.5 * 26 * length - 26 * 12 * 1000 * 2**-52

    def test_what_is_thinner_than_a_hair_shares_one(self):
        values = np.concatenate([[50.0, -50.0], np.full(30, 0.01)])
        labels = [piece.label for piece in pieces_of(forces_of(values), 0)]
        assert labels == ["Feature 0", "30 other features", "Feature 1"]

    @given(
        arrays(float, st.integers(1, 60), elements=st.floats(-10, 10)), st.integers(0, 40), st.sampled_from([0.0, 0.05])
    )
    def test_labels_never_overlap(self, values, longer, threshold):
        forces = forces_of(values, 1.0, [f"feature {'x' * (longer % 7 * k % 23)} {k}" for k in range(len(values))])
        pieces = pieces_of(forces, 0)
        total = sum(abs(piece.push) for piece in pieces)
        chosen = [piece for piece in pieces if abs(piece.push) >= threshold * total]
        scale = Scale(*ends_of(pieces, 1.0, float(forces.outputs[0])), 1000.0, margins_for(chosen, 13.0, 1000.0))
        spans = {}
        for label in arranged(pieces, chosen, scale, 13.0):
            width = text_width(label.text, 13.0)
            left = label.x - {"start": 0.0, "middle": width / 2, "end": width}[label.anchor]
            spans.setdefault((label.line, label.piece.push > 0), []).append((left, left + width))
        for line in spans.values():
            line.sort()
            assert all(one[1] <= other[0] for one, other in pairwise(line))
