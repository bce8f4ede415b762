"""Images in notebooks and in PNG files: self-contained, small, and showing what is there."""

import base64
import io
import re
import struct
import zlib
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ferroshap.errors import DimensionError
from ferroshap.explanation import Explanation
from ferroshap.explanation.lettering import HEIGHT, lettered
from ferroshap.explanation.panels import adds_up
from ferroshap.explanation.picture import coloured, shown_pixels, shrunk, symmetric_scale
from ferroshap.explanation.png import encoded, few_colours

RNG = np.random.default_rng(0)


def explained(n_rows=2, side=24, n_outputs=2, **fields):
    shape = (n_rows, side, side, 3)
    values = RNG.normal(size=(*shape, n_outputs))
    base = np.full((n_rows, n_outputs), 0.25)
    data = RNG.integers(0, 256, shape).astype(np.uint8)
    names = [f"class {k}" for k in range(n_outputs)]
    return Explanation(values, base, data, **({"output_names": names} | fields))


def decoded(data):
    """Read a PNG file by the book: every chunk's checksum, every filter; bytes ``(height, width, 3)``."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, at = {}, 8
    while at < len(data):
        size, name = struct.unpack(">I4s", data[at : at + 8])
        body = data[at + 8 : at + 8 + size]
        assert struct.unpack(">I", data[at + 8 + size : at + 12 + size])[0] == zlib.crc32(name + body)
        chunks[name] = body
        at += 12 + size
    assert list(chunks)[-1] == b"IEND"
    width, height, depth, kind = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
    assert depth == 8
    step = 3 if kind == 2 else 1
    stream = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(height, 1 + step * width)
    lines, above = [], np.zeros(step * width, dtype=int)
    for line in stream.astype(int):
        kind_of_line, here = line[0], line[1:].copy()
        for i in range(len(here)):
            left = here[i - step] if i >= step else 0
            guess = {0: 0, 1: left, 2: above[i], 3: (left + above[i]) // 2}[int(kind_of_line)]
            here[i] = (here[i] + guess) % 256
        lines.append(here)
        above = here
    pixels = np.array(lines, dtype=np.uint8).reshape(height, width, step)
    if kind == 3:
        return np.frombuffer(chunks[b"PLTE"], np.uint8).reshape(-1, 3)[pixels[..., 0]]
    return pixels


class Reader(HTMLParser):
    """Collect tags and text; complain about what is not closed."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.text = [], [], ""
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in {"img", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data

    def pictures(self):
        sources = [attrs["src"] for tag, attrs in self.tags if tag == "img"]
        assert all(source.startswith("data:image/png;base64,") for source in sources)
        return [decoded(base64.b64decode(source.partition(",")[2])) for source in sources]


@given(pixels=arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(3))))
def test_every_picture_is_read_back_as_it_was_written(pixels):
    assert np.array_equal(decoded(encoded(pixels)), pixels)
    positions, palette = few_colours(pixels)  # 81 pixels have at most 256 colours
    assert np.array_equal(decoded(encoded(positions, palette)), pixels)


def test_smooth_pictures_are_written_with_a_filter_and_read_back():
    ramp = np.add.outer(np.arange(60), 2 * np.arange(50)).astype(np.uint8)
    pixels = np.stack([ramp, ramp // 2, 255 - ramp], axis=-1)
    data = encoded(pixels)
    assert np.array_equal(decoded(data), pixels)
    assert len(data) < 1_000


def test_photographs_get_256_colours_near_their_own():
    y, x = np.mgrid[:96, :96] / 96.0
    noise = RNG.normal(size=(96, 96, 3)) * 12.0
    pixels = np.clip(255 * np.stack([x, y, (x + y) / 2], axis=-1) + noise, 0, 255).astype(np.uint8)
    positions, palette = few_colours(pixels)
    assert len(palette) == 256
    off = np.abs(palette[positions].astype(float) - pixels).mean()
    # A box has about 1/256 of a cloud of 96 x 96 x ~30 levels around a plane: 16 x 16 x 1 boxes of 16 x 16 x 30 levels,
    # whose mean deviations are a quarter of their sides.
    assert off < (16 + 16 + 30) / 4 / 3 * 1.5


def test_bytes_and_parts_of_one_and_of_255_keep_their_colours():
    pixels = RNG.integers(0, 256, (5, 6, 3)).astype(np.uint8)
    pixels[0, 0] = 255
    assert np.array_equal(shown_pixels(pixels), pixels)
    assert np.array_equal(shown_pixels(pixels.astype(float)), pixels)
    assert np.array_equal(shown_pixels(pixels / 255.0), pixels)
    assert np.array_equal(shown_pixels(pixels.astype(np.int64)), pixels)


def test_other_numbers_are_stretched_and_one_colour_is_grey():
    ramp = np.linspace(-2.0, 2.0, 12).reshape(3, 4)
    shown = shown_pixels(ramp)
    assert (shown.min(), shown.max(), shown.shape) == (0, 255, (3, 4, 3))
    assert (shown_pixels(np.full((2, 2), 7.0)) == 128).all()
    assert (shown_pixels(np.zeros((2, 2))) == 0).all()
    assert shown_pixels(np.array([[np.nan, 1.0]])).tolist() == [[[0] * 3, [255] * 3]]
    assert shown_pixels(RNG.random((4, 5, 1))).shape == (4, 5, 3)
    assert shown_pixels(RNG.random((4, 5, 2))).shape == (4, 5, 3)
    assert shown_pixels(RNG.random((4, 5, 9))).shape == (4, 5, 3)


def test_zero_is_transparent_and_the_scale_symmetric():
    values = np.array([[-2.0, 0.0, 2.0, np.nan, 9.0]])
    black, none = coloured(values, 2.0, np.zeros((1, 5))), coloured(values, 2.0, None)
    assert black[0].tolist() == [[30, 136, 229], [217] * 3, [255, 13, 87], [217] * 3, [255, 13, 87]]  # 217 = .85 * 255
    assert none[0, 1].tolist() == [255] * 3


def test_scales_of_nothing_are_one():
    assert symmetric_scale(np.zeros((3, 3))) == 1.0
    assert symmetric_scale(np.full((3, 3), np.nan)) == 1.0
    assert symmetric_scale(np.array([np.nan, -3.0])) == 3.0
    assert symmetric_scale(np.append(np.zeros(5000), 4.0)) == 4.0


@pytest.mark.parametrize("side", [5, 7, 20, 39, 40, 100])
def test_shrinking_keeps_means_and_the_shape_of_the_picture(side):
    values = RNG.normal(size=(40, 20, 3))
    small = shrunk(values, side)
    assert small.shape == ((side, round(side / 2), 3) if side < 40 else (40, 20, 3))
    # An average over areas that add up to the picture: 800 terms below 5 in size.
    assert np.allclose(small.mean(axis=(0, 1)), values.mean(axis=(0, 1)), rtol=0, atol=4 * 800 * 5 * 2.0**-53)
    assert shrunk(np.full((40, 20), 9, np.uint8), side).dtype == np.uint8


WIDE = {
    "several": lambda: explained(3, 64, 3),
    "noise": lambda: explained(1, 400, 2),
    "many": lambda: explained(9, 64, 12),
    "one output": lambda: explained()[..., 0],
    "one row": lambda: explained()[1],
    "grey": lambda: Explanation(RNG.normal(size=(4, 8, 8, 3)), data=RNG.random((4, 8, 8))),
    "no data": lambda: Explanation(RNG.normal(size=(2, 8, 8, 3, 1)), 0.0),
    "no base": lambda: Explanation(RNG.normal(size=(2, 8, 8, 3)), data=RNG.random((2, 8, 8, 3))),
    "zeros": lambda: Explanation(np.zeros((1, 8, 8)), 0.0, np.zeros((1, 8, 8))),
    "NaN": lambda: Explanation(np.full((1, 8, 8), np.nan), np.nan, np.full((1, 8, 8), np.nan)),
    "many channels": lambda: Explanation(np.zeros((1, 8, 8, 9)), 0.0, RNG.random((1, 8, 8, 9))),
    "blocks": lambda: explained().pooled(8),
    "a line": lambda: Explanation(np.ones((1, 1, 900)), 0.0, np.zeros((1, 1, 900))),
    "magnitudes": lambda: explained().abs,
}


@pytest.mark.parametrize("sv", WIDE.values(), ids=WIDE)
def test_notebooks_show_small_self_contained_pictures(sv):
    html = sv()._repr_html_()
    assert len(html) < 100_000
    reader = Reader(html)
    assert len(reader.pictures()) >= 1
    assert not {"script", "link", "iframe"} & {tag for tag, _ in reader.tags}
    assert not re.search(r"https?:|url\(", html)


def test_tables_stay_tables():
    html = Explanation(np.ones((2, 3, 3)), 0.0, np.ones((2, 3)))._repr_html_()
    assert "<img" not in html
    assert Explanation(np.zeros((0, 8, 8)), data=np.zeros((0, 8, 8)))._repr_html_().count("<img") == 0
    assert "<table" in Explanation(np.ones((2, 3)))._repr_html_()


def test_the_pictures_are_the_image_and_its_maps():
    sv = explained(1, 12)
    image, *maps = Reader(sv._repr_html_()).pictures()
    assert np.array_equal(image, few_coloured(sv.data[0]))
    assert len(maps) == 2
    summed = sv.values[0].sum(axis=2)
    grey = sv.data[0] @ np.array([0.299, 0.587, 0.114]) / 255.0
    wanted = coloured(summed[..., 1], symmetric_scale(summed), grey)
    assert np.array_equal(maps[1], few_coloured(wanted))


def few_coloured(pixels):
    positions, palette = few_colours(pixels)
    return palette[positions]


def test_the_numbers_stand_beneath():
    known = {"gap": np.array([[0.01, -0.002]]), "relative_error": np.array([[0.117, np.nan]])}
    sv = Explanation(
        np.full((1, 8, 8, 1, 2), 0.5), [[1.0, 2.0]], np.zeros((1, 8, 8, 1)), output_names=["a", "b"], **known
    )
    text = Reader(sv._repr_html_()).text
    assert "1 row \N{MULTIPLICATION SIGN} 8 \N{MULTIPLICATION SIGN} 8 pixels \N{MULTIPLICATION SIGN} 1 channel" in text
    for fact in ("f(x) 33", "f(x) 34", "base value 1", "gap 0.01", "gap \N{MINUS SIGN}0.002", "relative error 12 %"):
        assert fact in text
    assert text.count("relative error") == 1
    many = Explanation(sv, relative_error=[[1.234, 0.0123]])
    assert re.findall(r"relative error ([\d.]+)", Reader(many._repr_html_()).text) == ["123", "1.2"]
    assert "f(x)" not in Reader(sv[:, 2:4]._repr_html_()).text


def test_what_is_left_out_is_said():
    text = Reader(explained(9, 8, 12)._repr_html_()).text
    assert "and 5 more images, 7 more outputs" in text


def test_the_outputs_that_moved_most_are_shown_in_their_order():
    values = np.zeros((1, 4, 4, 3, 8))
    values[0, 0, 0, 0] = [1, 0, -9, 3, 2, 0, 8, 7]
    html = Explanation(values, data=np.zeros((1, 4, 4, 3)), output_names=list("abcdefgh"))._repr_html_()
    assert re.findall(r"<b>(\w)</b>", html) == ["c", "d", "e", "g", "h"]


def test_names_are_escaped():
    evil = "<script>alert('&\"')</script>"
    sv = explained(1, 8, 1, output_names=[evil], instance_names=[evil])
    html = sv._repr_html_()
    assert "<script" not in html
    assert Reader(html).text.count(evil) == 2


@pytest.mark.parametrize("sv", WIDE.values(), ids=WIDE)
def test_every_image_is_written_as_a_file(sv):
    file = io.BytesIO()
    sv()[..., :1].to_png(file) if "output" in sv().axes else sv().to_png(file)
    header = struct.unpack(">II", file.getvalue()[16:24])
    assert header[0] > 100
    assert header[1] > 50


def test_a_file_holds_the_pixels_and_the_maps(tmp_path):
    sv = explained(2, 30, 2)
    sv.to_png(tmp_path / "maps.png")
    sv.to_png(str(tmp_path / "same.png"))
    data = (tmp_path / "maps.png").read_bytes()
    assert data == (tmp_path / "same.png").read_bytes()
    poster = decoded(data)
    # Pixels of 30 are drawn eight times as large, twelve pixels from the upper left corner.
    assert np.array_equal(poster[12 : 12 + 240 : 8, 12 : 12 + 240 : 8], sv.data[0])
    summed = sv.values[0].sum(axis=2)
    grey = sv.data[0] @ np.array([0.299, 0.587, 0.114]) / 255.0
    wanted = coloured(summed[..., 0], symmetric_scale(summed), grey)
    assert np.array_equal(poster[12 : 12 + 240 : 8, 264 : 264 + 240 : 8], wanted)


def test_only_images_become_pictures():
    with pytest.raises(DimensionError, match="`to_png` is for images"):
        Explanation([1.0, 2.0]).to_png(io.BytesIO())


def test_letters_are_legible_and_cut_where_they_do_not_fit():
    assert lettered("", 50).shape == (HEIGHT, 50)
    assert not lettered("   ", 50).any()
    shapes = [lettered(chr(code), 12).tobytes() for code in range(33, 127)]
    assert len(set(shapes)) == len(shapes)
    assert lettered("é \N{MINUS SIGN}1", 60).tobytes() == lettered("e -1", 60).tobytes()
    assert lettered("\N{SNOWMAN}", 20).tobytes() == lettered("?", 20).tobytes()
    assert lettered("abcdefgh", 72).tobytes() == lettered("abcd..", 72).tobytes()


def test_sums_are_known_until_a_part_of_the_picture_is_taken():
    sv = explained(3, 16, 2)
    whole = [
        sv,
        sv[0],
        sv[1:, ..., "class 1"],
        sv.sum_channels(),
        sv[0].pooled(5),
        sv.sum_channels()[..., 0],
        sv[[2, 0]].pooled(8)[0],
    ]
    assert all(adds_up(part) for part in whole)
    parts = [sv[:, 2:], sv[..., :2, :], sv.abs, sv + 1.0, sv[:, 3:9].sum_channels(), sv.pooled(8)[0, :1], sv.mean(0)]
    assert not any(adds_up(part) for part in parts)
