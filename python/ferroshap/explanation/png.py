"""A small PNG writer: bytes of pixels, filtered, deflated, with their checksums."""

import struct
import zlib

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_TRUE_COLOUR, _INDEXED = 2, 3
_COLOURS = 256
_LEVEL = 6  # of zlib: 9 takes four times as long for one part in a hundred


def encoded(pixels: Bytes, palette: Bytes | None = None) -> bytes:
    """Encode ``(height, width, 3)``, or positions ``(height, width)`` in a palette ``(colours, 3)``.

    Pixels of a palette are written as they are; others as differences from their
    neighbours, predicted in the way that leaves the least. PNG specification,
    third edition, W3C.
    """
    height, width = pixels.shape[:2]
    kind = _TRUE_COLOUR if palette is None else _INDEXED
    header = struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0)
    lines = np.ascontiguousarray(pixels, dtype=np.uint8).reshape(height, width, -1)
    number, stream = (0, lines) if palette is not None else _predicted(lines)
    filtered = np.concatenate([np.full((height, 1), number, np.uint8), stream.reshape(height, -1)], axis=1)
    body = zlib.compress(filtered.tobytes(), _LEVEL)
    chunks = [(b"IHDR", header), (b"IDAT", body), (b"IEND", b"")]
    if palette is not None:
        chunks.insert(1, (b"PLTE", palette.astype(np.uint8).tobytes()))
    return _SIGNATURE + b"".join(_chunk(name, data) for name, data in chunks)


def few_colours(pixels: Bytes) -> tuple[Bytes, Bytes]:
    """Choose at most 256 colours by median cut: positions ``(height, width)`` and the palette ``(colours, 3)``.

    Colours are first counted in cells of eight levels a channel. The box of cells
    with the widest spread of one channel, times the root of its number of pixels,
    is cut at the median of that channel until there are enough. A palette entry is
    the mean colour of its pixels. Heckbert (1982), Color image quantization for
    frame buffer display.
    """
    flat = pixels.reshape(-1, 3).astype(np.intp)
    key = (flat[:, 0] << 16) | (flat[:, 1] << 8) | flat[:, 2]
    keys, position = np.unique(key, return_inverse=True)
    if len(keys) > _COLOURS:
        cell = ((flat >> 3) << (10, 5, 0)).sum(axis=1)
        cells, position = np.unique(cell, return_inverse=True)
        colours = np.stack([cells >> 10, (cells >> 5) & 31, cells & 31], axis=1).astype(np.float64)
        position = _median_cut(colours, np.bincount(position).astype(np.float64))[position]
    weight = np.bincount(position)
    means = [np.bincount(position, flat[:, channel]) / weight for channel in range(3)]
    return position.reshape(pixels.shape[:2]).astype(np.uint8), np.rint(np.stack(means, axis=1)).astype(np.uint8)


def _median_cut(colours: npt.NDArray[np.float64], counts: npt.NDArray[np.float64]) -> npt.NDArray[np.intp]:
    """Assign each colour to one of 256 boxes."""
    group = np.zeros(len(colours), dtype=np.intp)
    boxes = [np.arange(len(colours))]
    gains = [_gain(colours, counts, boxes[0])]
    while len(boxes) < _COLOURS and max(gains) > 0.0:
        at = int(np.argmax(gains))
        members = boxes[at]
        channel = int(np.argmax(np.ptp(colours[members], axis=0)))
        members = members[np.argsort(colours[members, channel], kind="stable")]
        half = np.searchsorted(np.cumsum(counts[members]), counts[members].sum() / 2.0)
        cut = int(np.clip(half, 1, len(members) - 1))
        boxes[at], rest = members[:cut], members[cut:]
        boxes.append(rest)
        gains[at] = _gain(colours, counts, boxes[at])
        gains.append(_gain(colours, counts, rest))
    for number, members in enumerate(boxes):
        group[members] = number
    return group


def _gain(colours: npt.NDArray[np.float64], counts: npt.NDArray[np.float64], members: npt.NDArray[np.intp]) -> float:
    return float(np.ptp(colours[members], axis=0).max() * np.sqrt(counts[members].sum())) if len(members) > 1 else -1.0


def _predicted(lines: Bytes) -> tuple[int, Bytes]:
    """Differences from the pixel to the left, above, or their mean: the number of the filter, and what is left."""
    left, above = np.zeros_like(lines), np.zeros_like(lines)
    left[:, 1:], above[1:] = lines[:, :-1], lines[:-1]
    mean = ((left.astype(np.uint16) + above) // 2).astype(np.uint8)
    streams = {1: lines - left, 2: lines - above, 3: lines - mean}
    size = {number: np.minimum(stream, -stream).sum(dtype=np.int64) for number, stream in streams.items()}
    best = min(size, key=lambda number: int(size[number]))
    return best, streams[best]


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
