from dataclasses import replace
from itertools import pairwise

import av
import numpy as np
import pytest

from curate.extract import choice, figures, shots
from curate.extract.choice import Choosing
from curate.extract.figures import Figures
from tests.extract import edits
from tests.extract.edits import Part

TICK_S = 1 / 24
NEAR = 3
UNSEEN = range(100, 103)
"""Edits that no setting was tried on."""


def measured(edit: list[Part], seed: int = 0, every: int = 1) -> Figures:
    return figures.of_frames(edits.frames(edit, seed, every))


def cuts(seen: Figures, joins: tuple[tuple[int, int, str], ...] = ()) -> list[int]:
    spans = shots.find(seen, TICK_S)
    found = [int(seen.pts[b.first]) for a, b in pairwise(spans) if a.kind != "transition"]
    return [at for at in found if not any(a - 2 <= at <= b + 2 for a, b, _ in joins)]


@pytest.fixture(scope="module", params=[1, 2], ids=["every frame", "every other frame"])
def unseen(request) -> list[tuple[edits.Known, Figures]]:
    return [
        (edits.known(edit), measured(edit, seed, request.param))
        for seed in UNSEEN
        for edit in [edits.random_edit(seed, parts=6)]
    ]


def test_cuts_of_random_edits_are_found_and_hardly_anything_else(unseen):
    hits = wanted = said = 0
    for known, seen in unseen:
        found = cuts(seen, known.joins)
        hits += sum(any(abs(at - cut) <= NEAR for at in found) for cut in known.cuts)
        wanted, said = wanted + len(known.cuts), said + len(found)

    assert 2 * hits / (wanted + said) >= 0.95


def test_no_frame_is_taken_out_of_the_midst_of_a_join(unseen):
    for known, seen in unseen:
        for candidate in choice.choose(seen, Choosing(None), TICK_S).candidates:
            at = int(seen.pts[candidate.row])
            for first, stop, kind in known.joins:
                quarter = (stop - first) / 4
                inside = first + quarter < at < stop - quarter
                assert not inside or stop - first < 8, (kind, first, stop, at)


def test_every_shot_that_is_not_flat_gives_a_frame(unseen):
    missed = total = 0
    for known, seen in unseen:
        made = choice.choose(seen, Choosing(None), TICK_S)
        looked_at = [c.row for c in made.candidates]
        looked_at += [row for row, _, refused in made.refused if refused.reason == "similar"]
        for first, stop in known.shots:
            rows = (seen.pts >= first) & (seen.pts < stop)
            if np.median(seen.contrast[rows]) < 2 * shots.FLAT_CONTRAST:
                continue
            total += 1
            missed += not any(first <= seen.pts[row] < stop for row in looked_at)

    assert missed <= 0.1 * total


def test_a_flash_before_a_cut_does_not_hide_the_cut():
    edit = [Part("answer", 22, flash=3, exposure=0.25, held=1), Part("kitchen", 30)]

    assert cuts(measured(edit)) == [22]


@pytest.mark.parametrize("held", [1, 2, 3])
def test_drawings_held_for_ones_twos_and_threes_are_no_cuts(held):
    assert cuts(measured([Part("street", 40, move="pan", held=held)])) == []


def test_a_higher_threshold_finds_fewer_cuts():
    dark = [Part("street", 15, exposure=0.25), Part("market", 15, exposure=0.25)]
    seen = measured(dark)

    assert len(shots.find(seen, TICK_S)) == 2
    assert len(shots.find(seen, TICK_S, threshold=120)) == 1


def test_a_shot_under_the_least_length_gives_nothing():
    seen = measured([Part("street", 30), Part("kitchen", 12), Part("sea", 30)])

    made = choice.choose(seen, Choosing(None, min_scene_len_s=0.6), TICK_S)

    assert [refused.reason for _, _, refused in made.refused if refused.reason == "short"] == [
        "short"
    ]
    assert {c.shot for c in made.candidates} <= {1, 3}


def test_a_long_pan_gives_several_frames_and_a_still_shot_one():
    pan = [Part("library", 96, move="pan", held=1)]
    still = [replace(pan[0], move="still")]

    assert len(choice.choose(measured(pan, seed=3), Choosing(None), TICK_S).candidates) >= 1
    assert len(choice.choose(measured(still), Choosing(None), TICK_S).candidates) == 1


def test_a_shape_that_two_shots_share_is_cropped_in_them_alone():
    parts = [Part(place, 20, held=1) for place in ("street", "kitchen", "market", "bedroom")]
    shown = list(edits.pictures(parts))
    for picture in (*shown[:20], *shown[40:60]):
        picture[:, :40] = picture[:, -40:] = 0
    frames = [av.VideoFrame.from_ndarray(p, "rgb24").reformat(format="yuv420p") for p in shown]
    for number, frame in enumerate(frames):
        frame.pts = number

    made = choice.choose(figures.of_frames(frames), Choosing(None), TICK_S)

    edges = [(crop.left, crop.right) for crop in made.crops]
    assert edges == [(40, 280), (0, 320), (40, 280), (0, 320)]


def test_a_fade_through_a_colour_between_black_bars_is_no_shot():
    edit = [
        edits.Part("street", 40),
        edits.Part("sea", 40, "fade", 24, colour=(214, 200, 240)),
        edits.Part("market", 40),
    ]

    def barred():
        for number, picture in enumerate(edits.pictures(edit)):
            whole = np.zeros((240, 320, 3), np.uint8)
            whole[30:210] = picture
            frame = av.VideoFrame.from_ndarray(whole, "rgb24").reformat(format="yuv420p")
            frame.pts = number
            yield frame

    made = choice.choose(figures.of_frames(barred()), Choosing(None), TICK_S)

    assert [shot.kind for shot in made.spans] == [
        *("content", "transition", "flat", "transition"),
        *("content", "content"),
    ]
    (flat,) = [shot for shot in made.spans if shot.kind == "flat"]
    assert flat.first <= 52 < flat.stop
    assert len(made.candidates) == 3
