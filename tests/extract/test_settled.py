from dataclasses import replace

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from curate.demo.ink import Ink
from curate.demo.scenes import SCENES
from curate.extract import choice, figures, lettering, settled, shots
from curate.extract.choice import Choosing
from curate.extract.figures import Figures

TICK_S = 1 / 24


def place(name: str, *, words: str = "", light: float = 1.0) -> NDArray[np.uint8]:
    """A place at 480 × 270, with words over it as a subtitle."""
    ink = Ink(0.6)
    SCENES[name].draw(ink, np.random.default_rng(1))
    ink.text(800, 800, words, (255, 255, 255), 60)
    small = cv2.resize(ink.image, (480, 270), interpolation=cv2.INTER_AREA)
    return (small * light).astype(np.uint8)


def measured(*shots: tuple[NDArray[np.uint8], int]) -> Figures:
    """Shots of so many still frames, 24 a second."""
    frames = []
    for pixels, count in shots:
        for _ in range(count):
            frame = av.VideoFrame.from_ndarray(pixels, "rgb24").reformat(format="yuv444p")
            frame.pts = len(frames)
            frames.append(frame)
    return figures.of_frames(frames, drawn_every=24)


@pytest.fixture(scope="module")
def lights_out() -> Figures:
    """A lettered shot, then the same place darker for as long as nothing dear is measured anew."""
    lettered = place("library", words="We leave at dawn, whatever comes.")
    return measured((lettered, 40), (place("library", light=0.6), 10), (place("sea"), 30))


def test_no_shot_has_the_lettering_of_the_shot_before(lights_out):
    spans = shots.find(lights_out, TICK_S)
    inside = settled.within(lights_out, spans)

    assert [span.first for span in spans] == [0, 40, 50]
    assert lights_out.letters[40] > lettering.MOST_SHARE
    assert (inside.letters[:40] > lettering.MOST_SHARE).all()
    assert (inside.letters[40:] == 0).all()


def test_no_shot_is_refused_for_the_lettering_of_the_shot_before(lights_out):
    made = choice.choose(lights_out, Choosing(None), TICK_S)

    assert [(number, refused.reason) for _, number, refused in made.refused] == [(1, "lettering")]
    assert [candidate.shot for candidate in made.candidates] == [2, 3]


@pytest.mark.parametrize(("there", "taken"), [(0.0, [24]), (0.9, [])])
def test_a_frame_without_lettering_is_taken_though_the_next_measurement_finds_some(there, taken):
    seen = measured((place("library"), 72))
    letters = np.repeat(np.array([2.0, there, 2.0], np.float32), 24)

    made = choice.choose(replace(seen, letters=letters), Choosing(None), TICK_S)

    assert [candidate.row for candidate in made.candidates] == taken
