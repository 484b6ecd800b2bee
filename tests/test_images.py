from __future__ import annotations

import contextlib
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from curate import images
from curate.errors import ImageMissing, ImageUnreadable


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_a_png_gives_back_the_very_pixels(height, width, seed):
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)

    assert np.array_equal(images.decode(images.encode_png(pixels)), pixels)


def test_a_written_image_is_tagged_srgb(tmp_path):
    images.write(tmp_path / "ä.png", np.zeros((4, 6, 3), np.uint8))

    with Image.open(tmp_path / "ä.png") as image:
        assert "srgb" in image.info
    assert images.size(tmp_path / "ä.png") == (6, 4)


def test_grey_palette_and_alpha_all_become_rgb(tmp_path):
    for mode in ("L", "P", "RGBA", "LA"):
        Image.new(mode, (5, 3)).save(tmp_path / f"{mode}.png")

        assert images.read(tmp_path / f"{mode}.png").shape == (3, 5, 3)


@pytest.mark.parametrize("damage", ["text", "empty", "truncated"])
def test_an_unreadable_image_is_named(tmp_path, damage):
    file = tmp_path / "frame.png"
    whole = images.encode_png(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8))
    contents = {"text": b"not an image", "empty": b"", "truncated": whole[: len(whole) // 2]}
    file.write_bytes(contents[damage])

    with pytest.raises(ImageUnreadable, match=r"frame\.png"):
        images.read(file)


def test_a_missing_image_is_named(tmp_path):
    for ask in (images.read, images.size):
        with pytest.raises(ImageMissing, match=r"frame\.png"):
            ask(tmp_path / "frame.png")


def test_listing_leaves_out_what_is_no_finished_image(tmp_path):
    for name in ("b.png", "a.JPG", "c.txt", "d.png.part"):
        (tmp_path / name).touch()
    (tmp_path / "e.png").mkdir()

    assert [file.name for file in images.listed(tmp_path)] == ["a.JPG", "b.png"]


@pytest.mark.parametrize("kind", ["RGB", "RGBA", "L", "P", "see-through", "16 bit", "jpeg"])
def test_whatever_reads_a_file_the_pixels_are_those_that_pillow_reads(kind):
    noise = np.random.default_rng(0).integers(0, 256, (30, 50, 3), np.uint8)
    image, data = Image.fromarray(noise), io.BytesIO()
    if kind == "see-through":
        image.save(data, "png", transparency=tuple(map(int, noise[0, 0])))
    elif kind == "16 bit":
        Image.fromarray(noise[..., 0].astype(np.uint16) * 257).save(data, "png")
    else:
        image = image if kind == "jpeg" else image.convert(kind)
        image.save(data, "jpeg" if kind == "jpeg" else "png")

    with Image.open(data) as wanted:
        assert np.array_equal(images.decode(data.getvalue()), np.asarray(wanted.convert("RGB")))


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_no_damage_to_another_writers_png_is_passed_over(place, change):
    noise = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).save(buffer, "png")
    whole = buffer.getvalue()
    damaged = bytearray(whole)
    damaged[place % len(whole)] ^= change

    for data in (bytes(damaged), whole[: place % len(whole)]):
        with contextlib.suppress(OSError, SyntaxError, ValueError):
            assert np.array_equal(images.decode(data), noise)


def test_what_is_sent_is_rgb_in_8_bits_that_no_tag_turns(tmp_path):
    turned = Image.Exif()
    turned[0x0112] = 6
    Image.new("RGBA", (4, 2), (200, 100, 50, 128)).save(tmp_path / "a.png", exif=turned)

    with Image.open(io.BytesIO(images.encode_png(images.read(tmp_path / "a.png")))) as sent:
        assert (sent.mode, sent.size, dict(sent.getexif())) == ("RGB", (4, 2), {})
        assert sent.getpixel((0, 0)) == (200, 100, 50)
