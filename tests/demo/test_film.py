import itertools
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from curate.demo.film import STORY, Take, draw, pictures, truth
from curate.images import RGB

SMALL = (320, 180)
RATE = Fraction(24)


def decoded(path: Path) -> list[tuple[float, RGB]]:
    with av.open(path) as container:
        return [
            (float(frame.time), frame.to_ndarray(format="rgb24"))
            for frame in container.decode(video=0)
        ]


@pytest.fixture(scope="module")
def story() -> list[RGB]:
    return list(pictures(STORY, SMALL, RATE))


def test_every_cut_of_the_story_is_a_jump_at_the_named_moment(story):
    jumps = [float(np.mean(cv2.absdiff(a, b))) for a, b in itertools.pairwise(story)]

    for cut_s in truth(STORY, RATE).cuts:
        at = round(cut_s * RATE)
        assert jumps[at - 1] > 2 * max(jumps[at - 2], jumps[at])


def test_shots_joins_and_cuts_fill_the_story_without_a_gap(story):
    known = truth(STORY, RATE)

    spans = sorted([(s.start_s, s.end_s) for s in known.shots] + [j[:2] for j in known.joins])

    assert spans[0][0] == 0
    assert spans[-1][1] == known.duration_s == len(story) / RATE
    assert all(a[1] == b[0] for a, b in itertools.pairwise(spans))
    assert len(known.cuts) + len(known.joins) == len(STORY) - 1


def test_a_fade_is_black_in_its_middle_and_a_dissolve_is_both_pictures():
    faded = list(pictures([Take("sea", 1), Take("sky", 1, join="fade", join_s=1)], SMALL, RATE))
    mixed = list(pictures([Take("sea", 1), Take("sky", 1, join="dissolve", join_s=1)], SMALL, RATE))

    assert faded[36].mean() < 20 < faded[12].mean()
    half = (mixed[12].astype(int) + mixed[60]) / 2
    assert np.abs(mixed[36] - half).mean() < 6


def test_a_flash_is_white_for_as_many_frames_as_asked():
    shown = list(pictures([Take("sea", 1, flash_frames=2)], SMALL, RATE))

    assert [index for index, picture in enumerate(shown) if picture.min() == 255] == [11, 12]


def test_crowded_places_hold_more_detail_than_plain_ones():
    def detail(scene: str) -> int:
        (picture,) = pictures([Take(scene, 1 / 24)], (640, 360), RATE)
        return cv2.imencode(".jpg", picture)[1].size

    plain = max(map(detail, ("sky", "sea", "empty room", "close-up", "title")))
    crowded = min(map(detail, ("library", "kitchen", "street", "market", "bedroom")))

    assert crowded > 2 * plain


@pytest.mark.parametrize(
    ("name", "codec", "ten_bits", "pixels"),
    [
        ("eight.mp4", "libx264", False, "yuv420p"),
        ("ten.mkv", "libx265", True, "yuv420p10le"),
    ],
)
def test_what_is_written_is_what_was_drawn(tmp_path, name, codec, ten_bits, pixels):
    takes = [Take("market", 0.25), Take("sea", 0.25)]

    draw(tmp_path / name, takes, size=SMALL, codec=codec, ten_bits=ten_bits)

    with av.open(tmp_path / name) as container:
        context = container.streams.video[0].codec_context
        assert (context.pix_fmt, context.width, context.height) == (pixels, *SMALL)
        assert (context.colorspace, context.color_range) == (1, 1)
    frames = decoded(tmp_path / name)
    assert [round(time_s * RATE) for time_s, _ in frames] == list(range(12))
    for (_, seen), drawn in zip(frames, pictures(takes, SMALL, RATE), strict=True):
        assert np.abs(seen.astype(int) - drawn).mean() < 6


def test_the_same_film_drawn_twice_is_the_same_bytes(tmp_path):
    for name in ("a.mp4", "b.mp4"):
        draw(tmp_path / name, STORY[3:5], size=SMALL)

    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


def test_bars_are_black_and_leave_the_picture_between_them():
    (picture,) = pictures([Take("sky", 1 / 24)], SMALL, RATE, bars_px=22)

    assert picture.shape == (180, 320, 3)
    assert picture[:22].max() == picture[-22:].max() == 0
    assert picture[22:-22].min() > 0
