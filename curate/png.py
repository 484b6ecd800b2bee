"""PNGs of 8-bit RGB that are read several times as fast as others, by any reader but best by this.

Each row is stored as its difference from the one above, and packed by libdeflate's fastest level:
on frames of films as small as what Pillow writes at level 1, which tries five filters a row.
"""

from __future__ import annotations

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

SIGNATURE = b"\x89PNG\r\n\x1a\n"

_FROM_ABOVE = 2
_FASTEST = 1
_STRIP = 16  # rows
_RGB_8_BIT = b"\x08\x02\0\0\0"  # depth, colour; then the only methods there are; not interlaced
_KIND = slice(24, 29)
_SIZE = struct.Struct(">II")
_SIZE_AT = 16
_LENGTH = struct.Struct(">I")
_MOST_BYTES = 1 << 28  # of rows, as many as Pillow reads without a warning


def _chunk(kind: bytes, data: bytes | bytearray) -> bytes:
    checksum = zlib.crc32(data, zlib.crc32(kind))
    return b"".join((_LENGTH.pack(len(data)), kind, data, _LENGTH.pack(checksum)))


_SRGB = _chunk(b"sRGB", b"\0")  # perceptual
_END = _chunk(b"IEND", b"")


def is_plain_png(data: bytes) -> bool:
    """Whether the header is that of a PNG with 8-bit RGB: no alpha, no palette, not interlaced."""
    return data.startswith(SIGNATURE) and data[_KIND] == _RGB_8_BIT


def is_intact(data: bytes) -> bool:
    """Whether a PNG is there from its signature to its end, and every checksum in it is right."""
    at = len(SIGNATURE)
    while data.startswith(SIGNATURE) and at + 12 <= len(data):
        (length,) = _LENGTH.unpack_from(data, at)
        stop = at + 8 + length
        if stop + 4 > len(data) or zlib.crc32(memoryview(data)[at + 4 : stop]) != int.from_bytes(
            data[stop : stop + 4]
        ):
            return False
        if stop + 4 == len(data):
            return data.endswith(_END)
        at = stop + 4
    return False


def encode(pixels: NDArray[np.uint8]) -> bytes:
    """A PNG tagged sRGB of pixels of the shape (height, width, 3); equal pixels, equal bytes."""
    height, width = pixels.shape[:2]
    flat = pixels.reshape(height, -1)
    rows = np.empty((height, 1 + 3 * width), np.uint8)
    rows[:, 0] = _FROM_ABOVE
    rows[0, 1:] = flat[0]
    np.subtract(flat[1:], flat[:-1], out=rows[1:, 1:])
    import deflate

    packed = deflate.zlib_compress(rows, _FASTEST)
    return _head(width, height) + _chunk(b"IDAT", packed) + _END


def decode(data: bytes) -> NDArray[np.uint8] | None:
    """The pixels of what `encode` wrote, shape (height, width, 3); None if it did not, or damaged.

    Damage is found by the checksum of the rows.
    """
    if not is_plain_png(data) or not data.endswith(_END):
        return None
    width, height = _SIZE.unpack_from(data, _SIZE_AT)
    head, size = _head(width, height), height * (1 + 3 * width)
    start, stop = len(head) + 8, len(data) - len(_END) - 4
    whole = head + _LENGTH.pack(max(stop - start, 0)) + b"IDAT"
    if not data.startswith(whole) or not 0 < size <= _MOST_BYTES:
        return None
    import deflate

    try:
        rows = np.frombuffer(deflate.zlib_decompress(memoryview(data)[start:stop], size), np.uint8)
    except deflate.DeflateError:
        return None
    if rows.size != size:
        return None
    rows = rows.reshape(height, -1)
    return _summed(rows[:, 1:], width) if (rows[:, 0] == _FROM_ABOVE).all() else None


def _summed(differences: NDArray[np.uint8], width: int) -> NDArray[np.uint8]:
    """Rows from their differences, which are overwritten; `cumsum` would take ten times as long.

    First within strips, the same row of all strips in one go, then each strip from the one above.
    """
    for row in range(1, _STRIP):
        some = differences[row::_STRIP]
        np.add(some, differences[row - 1 :: _STRIP][: len(some)], out=some)
    flat = np.empty(differences.shape, np.uint8)
    flat[:_STRIP] = differences[:_STRIP]
    for top in range(_STRIP, len(flat), _STRIP):
        strip = slice(top, top + _STRIP)
        np.add(differences[strip], flat[top - 1], out=flat[strip])
    return flat.reshape(-1, width, 3)


def _head(width: int, height: int) -> bytes:
    return SIGNATURE + _chunk(b"IHDR", _SIZE.pack(width, height) + _RGB_8_BIT) + _SRGB
