import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from curate import images, png

SHAPES = st.tuples(st.integers(1, 40), st.integers(1, 40), st.just(3))


def noise(shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


@given(SHAPES, st.integers(0, 2**32 - 1))
def test_our_reader_and_anyone_else_s_give_back_the_very_pixels(shape, seed):
    pixels = noise(shape, seed)
    data = png.encode(pixels)

    assert np.array_equal(png.decode(data), pixels)
    with Image.open(io.BytesIO(data)) as image:
        assert np.array_equal(np.asarray(image), pixels)
        assert image.info["srgb"] == 0


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_no_damaged_byte_changes_what_is_read(place, change):
    pixels = noise((20, 30, 3))
    data = bytearray(png.encode(pixels))
    data[place % len(data)] ^= change

    found = png.decode(bytes(data))

    assert found is None or np.array_equal(found, pixels)


@given(st.integers(0, 10_000))
def test_a_file_that_was_cut_off_is_not_read(length):
    data = png.encode(noise((20, 30, 3)))

    assert png.decode(data[: length % len(data)]) is None


def test_a_png_of_another_writer_is_left_to_other_readers():
    buffer = io.BytesIO()
    Image.fromarray(noise((20, 30, 3))).save(buffer, "png")

    assert png.is_plain_png(buffer.getvalue())
    assert png.decode(buffer.getvalue()) is None
    assert images.decode(buffer.getvalue()).shape == (20, 30, 3)


@pytest.mark.parametrize("size", [(0, 0), (0, 9), (2**31 - 1, 2**31 - 1), (20_000, 20_000)])
def test_a_size_that_is_claimed_and_not_there_takes_no_memory(size):
    data = png.encode(noise((20, 30, 3)))
    claim = b"IHDR" + struct.pack(">II", *size) + data[24:29]
    forged = data[:12] + claim + struct.pack(">I", zlib.crc32(claim)) + data[33:]

    assert png.decode(forged) is None
