import asyncio
from uuid import uuid4

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate import images
from curate.comfy.protocol import Stored
from curate.comfy.server import Server
from curate.errors import BadSetting
from curate.kontext import geometry
from tests.comfyui.graphs import chain
from tests.pictures import room

SIDES = st.integers(min_value=16, max_value=8192)
STEPS = st.integers(min_value=16, max_value=128).map(lambda steps: steps * 16)
TARGETS = st.one_of(st.just("kontext"), st.tuples(STEPS, STEPS))


def test_a_full_hd_frame_loses_21_rows_above_and_below():
    assert geometry.fit(1920, 1080) == ((0, 21, 1920, 1059), (1392, 752))


def test_a_multiple_of_16_is_cut_out_of_the_middle_and_not_resized():
    pixels = room(2, 1001, 567)

    box, size = geometry.fit(1001, 567, "multiple-of-16")

    assert (box, size) == ((4, 3, 996, 563), (992, 560))
    assert np.array_equal(geometry.seen(pixels, box, size), pixels[3:563, 4:996])


@pytest.mark.parametrize("text", ["kontext", "multiple-of-16", "1024x576", "1024×576"])
def test_a_size_is_a_word_or_two_numbers(text):
    assert geometry.target(text) in ("kontext", "multiple-of-16", (1024, 576))


@pytest.mark.parametrize("text", ["", "1024", "1000x576", "0x0", "-16x16", "16x99999984", "qwen"])
def test_a_size_that_no_model_takes_is_refused(text):
    with pytest.raises(BadSetting, match="cannot be brought"):
        geometry.target(text)


def test_a_frame_of_a_trained_size_is_left_alone():
    pixels = room(1, 1392, 752)

    box, size = geometry.fit(1392, 752)

    assert np.array_equal(geometry.seen(pixels, box, size), pixels)


@given(SIDES, SIDES, TARGETS)
def test_the_crop_is_centred_inside_the_frame_and_cuts_one_direction_only(width, height, to):
    (left, top, right, bottom), size = geometry.fit(width, height, to)

    assert left == width - right >= 0
    assert top == height - bottom >= 0
    assert right > left
    assert bottom > top
    assert left == 0 or top == 0
    assert size in (geometry.SIZES if to == "kontext" else [to])


@given(SIDES, SIDES)
def test_a_multiple_of_16_loses_less_than_16_px_evenly_and_scales_nothing(width, height):
    (left, top, right, bottom), size = geometry.fit(width, height, "multiple-of-16")

    assert (right - left, bottom - top) == size
    assert all(side % geometry.STEP_PX == 0 for side in size)
    assert 0 <= width - size[0] < geometry.STEP_PX
    assert 0 <= height - size[1] < geometry.STEP_PX
    assert width - right - left in (0, 1)
    assert height - bottom - top in (0, 1)


@given(SIDES, SIDES, TARGETS)
def test_what_is_cropped_has_the_shape_of_what_it_becomes(width, height, to):
    (left, top, right, bottom), (to_width, to_height) = geometry.fit(width, height, to)
    wanted = to_width / to_height

    assert (
        min(
            abs((right - left) - (bottom - top) * wanted),
            abs((bottom - top) - (right - left) / wanted),
        )
        <= 1
    )


@pytest.mark.parametrize(
    ("width", "height"),
    [
        *((1920, 1080), (1280, 720), (1920, 800), (720, 576), (854, 480), (1440, 1080)),
        *((500, 500), (1080, 1920), (333, 777), (1999, 851), (641, 479), (3840, 1607)),
    ],
)
def test_what_we_send_is_what_the_real_node_makes_of_the_frame(comfy, width, height):
    pixels = room(width, width, height)

    ours = geometry.seen(pixels, *geometry.fit(width, height))

    assert np.array_equal(ours, scaled_by_comfy(comfy, pixels))


def test_the_real_node_leaves_what_we_send_as_it_is(comfy):
    ours = geometry.seen(room(3, 1920, 1080), *geometry.fit(1920, 1080))

    assert np.array_equal(scaled_by_comfy(comfy, ours), ours)


def scaled_by_comfy(comfy, pixels):
    async def run():
        async with Server(comfy.url) as server:
            name = await server.upload(images.encode_png(pixels), f"{uuid4()}.png", "curate")
            job = str(uuid4())
            await server.submit(chain(("FluxKontextImageScale", {}), image=name, prefix=job), job)
            await server.ended(job)
            return await server.view(Stored(f"{job}_00001_.png", "", "output"))

    return images.decode(asyncio.run(run()))
