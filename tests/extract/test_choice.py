from collections import Counter

import cv2
import numpy as np
import pytest

from curate.demo.film import STORY, Take, draw, truth
from curate.demo.ink import Ink
from curate.demo.scenes import SCENES
from curate.extract import choice, figures, film, letterbox
from curate.extract.choice import Choice, Choosing
from curate.extract.density import density, sharpness
from curate.extract.figures import Figures

TICK_S = 1 / (24 * 512)  # of an .mp4 with 24 frames a second, as FFmpeg writes it


def measured(path) -> Figures:
    return figures.joined([figures.measure(piece) for piece in film.pieces(film.probe(path))])


def chosen_from(figures: Figures, choosing: Choosing) -> Choice:
    return choice.choose(figures, choosing, TICK_S)


@pytest.fixture(scope="module")
def story(drawn_film) -> Figures:
    return measured(drawn_film)


def picture(name: str) -> np.ndarray:
    ink = Ink(0.8)
    SCENES[name].draw(ink, np.random.default_rng(1))
    return ink.image


def test_each_place_of_the_story_gives_one_frame_and_no_join_any(story):
    known = truth(STORY, 24)
    chosen = chosen_from(story, Choosing(None, per_shot=1)).candidates
    places = [
        shot.scene
        for candidate in chosen
        for shot in known.shots
        if shot.start_s <= candidate.row / 24 < shot.end_s
    ]

    wanted = {shot.scene for shot in known.shots if shot.kind == "content"}
    assert Counter(places) == Counter(wanted)
    assert len(places) == len(chosen)


def test_what_is_refused_has_a_reason(story):
    refused = Counter(
        refused.reason for _, _, refused in chosen_from(story, Choosing(None, per_shot=1)).refused
    )

    assert refused["black"] >= 2
    assert refused["transition"] >= 4
    assert refused["lettering"] == 1
    assert refused["similar"] == 1


def test_every_span_is_either_taken_or_refused(story):
    made = chosen_from(story, Choosing(5, per_shot=1))

    numbers = [c.shot for c in made.candidates] + [number for _, number, _ in made.refused]

    assert sorted(numbers) == list(range(1, len(made.spans) + 1))


def test_a_count_takes_the_crowded_before_the_plain(story):
    known = truth(STORY, 24)
    chosen = chosen_from(story, Choosing(6, per_shot=1)).candidates
    places = {
        shot.scene
        for candidate in chosen
        for shot in known.shots
        if shot.start_s <= candidate.row / 24 < shot.end_s
    }

    assert len(chosen) == 6
    assert places <= {"street", "market", "library", "kitchen", "classroom", "bedroom", "night"}
    assert {"kitchen", "night"} <= places  # the two most crowded


def test_a_count_beyond_what_there_is_takes_all(story):
    assert (
        chosen_from(story, Choosing(500, per_shot=1)).candidates
        == chosen_from(story, Choosing(None, per_shot=1)).candidates
    )


def test_a_second_frame_of_a_shot_is_not_taken_from_a_blur(tmp_path):
    draw(tmp_path / "a.mp4", [Take("street", 4)], size=(320, 180))
    draw(tmp_path / "b.mp4", [Take("night", 4)], size=(320, 180))
    seen, other = measured(tmp_path / "a.mp4"), measured(tmp_path / "b.mp4")
    columns = {name: getattr(seen, name) for name in Figures.__slots__}
    turn = 3 * len(seen) // 4
    tones = np.concatenate([seen.tones[:turn], other.tones[turn:]])
    still = np.zeros(len(seen), np.float32)
    turned = Figures(**columns | {"tones": tones, "jump": still})
    jump, sharpness = still.copy(), seen.sharpness.copy()
    jump[turn:], sharpness[turn:] = 14, 0.3 * np.median(sharpness)
    blurred = Figures(**columns | {"tones": tones, "jump": jump, "sharpness": sharpness})

    first, second = chosen_from(turned, Choosing(None)).candidates
    (only,) = chosen_from(blurred, Choosing(None)).candidates

    assert {first.shot, second.shot} == {1}
    assert only.row < turn


def test_the_still_frame_of_a_shot_is_preferred_to_the_moving(tmp_path):
    draw(tmp_path / "a.mp4", [Take("street", 1.5, (0, 1, 1, 1))], size=(320, 180))
    moving = measured(tmp_path / "a.mp4")
    still = np.full(len(moving), 0.1, np.float32)
    still[:5] = still[9:] = 30
    jumps = Figures(**{n: getattr(moving, n) for n in Figures.__slots__} | {"jump": still})

    (candidate,) = chosen_from(jumps, Choosing(None, per_shot=1)).candidates

    assert 5 <= candidate.row < 9


def test_bars_are_found_over_the_whole_film_and_cropped(tmp_path):
    takes = [Take("black", 0.5), Take("night", 1), Take("street", 1)]
    draw(tmp_path / "a.mp4", takes, size=(640, 360), bars_px=46)

    crop = letterbox.of_film(measured(tmp_path / "a.mp4"))

    assert (crop.left, crop.right) == (0, 640)
    assert abs(crop.top - 46) <= 2
    assert abs(crop.bottom - 314) <= 2


def test_a_film_without_bars_keeps_every_pixel(story):
    assert letterbox.of_film(story) == letterbox.Crop(0, 0, 640, 360)


def test_density_follows_how_much_a_picture_holds():
    ladder = [density(picture(n)) for n in ("empty room", "field", "classroom", "library")]

    assert ladder == sorted(ladder)


def test_density_hardly_depends_on_the_exposure():
    bright = picture("market")
    dark = cv2.convertScaleAbs(bright, alpha=0.4)

    assert density(np.asarray(dark, np.uint8)) == pytest.approx(density(bright), rel=0.15)


def test_density_falls_with_every_step_of_simplification():
    pixels = picture("bedroom")
    steps = [density(pixels)]
    for _ in range(4):
        pixels = np.asarray(cv2.bilateralFilter(cv2.medianBlur(pixels, 5), 9, 60, 9), np.uint8)
        steps.append(density(pixels))

    assert steps == sorted(steps, reverse=True)


def test_a_blur_is_less_sharp():
    pixels = picture("library")
    blurred = np.asarray(cv2.GaussianBlur(pixels, (0, 0), 3), np.uint8)

    assert sharpness(blurred) < 0.3 * sharpness(pixels)
