import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from curate.demo.ink import Ink
from curate.demo.scenes import SCENES
from curate.extract import lettering

PLACES = ["library", "market", "sea", "bedroom"]


def luma(name: str, words: str = "", size: int = 20, y: int = 245) -> NDArray[np.uint8]:
    """A place at 480 × 270, with words as a subtitle has them: white with a dark rim."""
    ink = Ink(0.6)
    SCENES[name].draw(ink, np.random.default_rng(1))
    picture = Image.fromarray(ink.image)
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(size * 2)
    where = (480, 2 * y)
    draw.text(where, words, "white", font, "mm", stroke_width=3, stroke_fill="black")
    gray = cv2.cvtColor(np.asarray(picture), cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.resize(gray, (480, 270), interpolation=cv2.INTER_AREA), np.uint8)


@pytest.mark.parametrize("name", PLACES)
def test_a_subtitle_over_any_picture_is_lettering(name):
    assert lettering.covered(luma(name, "We leave at dawn, whatever comes.")) > lettering.MOST_SHARE


@pytest.mark.parametrize("name", ["library", "kitchen", "bedroom", "sea", "sky", "field"])
def test_a_place_without_words_has_no_lettering(name):
    assert lettering.covered(luma(name)) < lettering.MOST_SHARE


@pytest.mark.xfail(strict=True, reason="lit windows and a skirting board are taken for words")
@pytest.mark.parametrize("name", ["night", "empty room"])
def test_neither_has_a_place_that_is_mistaken_for_it(name):
    assert lettering.covered(luma(name)) < lettering.MOST_SHARE


def test_words_on_a_plain_ground_are_lettering():
    ink = Ink(0.3)
    ink.text(800, 400, "Directed by", (230, 230, 230), 60)
    ink.text(800, 500, "Somebody Else", (230, 230, 230), 60)

    assert lettering.covered(ink.image[..., 0]) > lettering.MOST_SHARE


def test_a_flat_picture_of_any_size_has_none():
    for size in ((270, 480), (90, 160), (400, 300)):
        assert lettering.covered(np.full(size, 90, np.uint8)) == 0


def test_lettering_is_marked_where_it_stands():
    likely = lettering.likely(luma("market", "We leave at dawn, whatever comes.", y=245))

    assert likely.shape == (34, 60)
    assert (likely[28:32] > 0.9).sum() > 5 * (likely[:26] > 0.9).sum()
