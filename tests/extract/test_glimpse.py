import numpy as np
import pytest

from curate.extract import glimpse


@pytest.mark.parametrize(
    ("shown", "full"),
    [((255, 255, 255), False), ((0, 0, 0), True), ((255, 0, 0), False), ((20, 90, 250), True)],
)
def test_luma_and_chroma_become_the_colour_that_they_were_made_of(shown, full):
    red, green, blue = shown
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    reach = 1 if full else 224 / 255
    chroma = 128 + reach * (blue - luma) / 1.8556, 128 + reach * (red - luma) / 1.5748
    planes = (np.full((2, 3), level, np.float32) for level in (luma, *chroma))

    assert (glimpse.to_rgb(*planes, full=full) == shown).all()


def test_what_no_colour_can_be_is_clipped():
    bright, strong = np.full((1, 2), 250, np.float32), np.full((1, 2), 240, np.float32)

    assert (glimpse.to_rgb(bright, bright * 0 + 128, strong, full=True)[..., 0] == 255).all()
    assert (glimpse.to_rgb(bright * 0, strong, strong, full=True)[..., 1] == 0).all()
