import io

import numpy as np
import pytest
from PIL import Image

from curate import images
from curate.errors import TwinUnusable
from curate.kontext import answer
from tests.pictures import room

FRAME = room(1, 160, 96)
TWIN = room(2, 160, 96)


def refused(frame, twin):
    with pytest.raises(TwinUnusable) as caught:
        answer.checked("film", frame, twin)
    return str(caught.value)


def test_another_picture_of_the_same_size_is_a_twin():
    assert answer.checked("film", FRAME, TWIN) is TWIN


def test_black_flat_and_nearly_flat_pictures_are_none():
    grey = np.full_like(FRAME, 120)

    assert "black" in refused(FRAME, np.zeros_like(FRAME))
    assert "flat" in refused(FRAME, grey)
    assert "flat" in refused(FRAME, grey + (np.arange(160) % 7).astype(np.uint8)[None, :, None])


def test_a_picture_with_something_in_a_corner_is_not_flat():
    dark = np.zeros_like(FRAME)
    dark[:4, :4] = 200

    assert answer.checked("film", FRAME, dark) is dark


def test_the_frame_itself_is_no_twin_but_may_be_a_control():
    assert "not one pixel was changed" in refused(FRAME, FRAME.copy())
    assert answer.checked("film", FRAME, FRAME.copy(), may_be_equal=True) is not None
    changed = FRAME.copy()
    changed[0, 0, 0] ^= 1
    assert answer.checked("film", FRAME, changed) is changed


def test_another_size_is_said_with_both():
    assert "96×160 px where the frame's half is 160×96" in refused(FRAME, TWIN.swapaxes(0, 1))


@pytest.mark.parametrize("twin", [TWIN[..., 0], TWIN.astype(np.float32), TWIN[..., [0, 1, 2, 2]]])
def test_what_is_not_rgb_in_8_bits_is_refused(twin):
    assert "not RGB in uint8" in refused(FRAME, twin)


@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.99])
def test_what_was_cut_off_on_the_way_is_no_image(share):
    png = images.encode_png(TWIN)

    with pytest.raises(TwinUnusable, match="no whole image"):
        answer.decoded("film", png[: int(len(png) * share)])


def test_alpha_and_the_graph_in_a_png_are_dropped():
    buffer = io.BytesIO()
    picture = Image.fromarray(TWIN)
    picture.putalpha(100)
    picture.save(buffer, "png")

    assert np.array_equal(answer.decoded("film", buffer.getvalue()), TWIN)
