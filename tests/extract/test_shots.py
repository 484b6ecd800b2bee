from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from curate.demo.film import STORY, FilmTruth, Take, draw, truth
from curate.extract import figures, film, shots
from curate.extract.figures import Figures
from curate.extract.shots import Span

SMALL = (320, 180)
RATE = Fraction(24)
TICK_S = 1 / (24 * 512)  # of an .mp4 with 24 frames a second, as FFmpeg writes it
PLACES = ["sky", "street", "market", "library", "kitchen", "bedroom", "night", "sea", "classroom"]


def measured(path: Path) -> Figures:
    return figures.joined([figures.measure(piece) for piece in film.pieces(film.probe(path))])


def found(takes: list[Take]) -> list[Span]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "film.mp4"
        draw(path, takes, size=SMALL)
        return shots.find(measured(path), TICK_S)


def cuts(spans: list[Span]) -> list[int]:
    return [b.first for a, b in pairwise(spans) if "transition" not in (a.kind, b.kind)]


def at(seconds: float) -> int:
    return round(seconds * RATE)


def overlap(span: Span, start_s: float, end_s: float) -> int:
    return min(span.stop, at(end_s)) - max(span.first, at(start_s))


def check_joins(spans: list[Span], known: FilmTruth) -> None:
    for start_s, end_s, _ in known.joins:
        seen = [s for s in spans if s.kind != "content" and overlap(s, start_s, end_s) > 0]
        assert sum(overlap(s, start_s, end_s) for s in seen) >= 0.5 * at(end_s - start_s)


def test_the_story_has_every_cut_join_and_shot(drawn_film):
    spans, known = shots.find(measured(drawn_film), TICK_S), truth(STORY, RATE)

    assert cuts(spans) == [at(cut_s) for cut_s in known.cuts]
    check_joins(spans, known)
    for shot in known.shots:
        kind = "flat" if shot.kind == "flat" else "content"
        share = max(overlap(s, shot.start_s, shot.end_s) for s in spans if s.kind == kind)
        assert share > 0.6 * at(shot.end_s - shot.start_s)


def test_spans_fill_the_film(drawn_film):
    seen = measured(drawn_film)
    spans = shots.find(seen, TICK_S)

    assert spans[0].first == 0
    assert spans[-1].stop == len(seen)
    assert all(a.stop == b.first for a, b in pairwise(spans))


@settings(max_examples=12, deadline=None, derandomize=True)
@given(
    places=some.lists(some.sampled_from(PLACES), min_size=3, max_size=5, unique=True),
    frames=some.lists(some.integers(12, 40), min_size=5, max_size=5),
)
def test_every_cut_of_any_edit_is_found_and_nothing_else(places, frames):
    takes = [Take(place, n / 24) for place, n in zip(places, frames, strict=False)]

    assert cuts(found(takes)) == [at(cut_s) for cut_s in truth(takes, RATE).cuts]


@pytest.mark.parametrize("frames", [6, 12, 24, 36])
@pytest.mark.parametrize("join", ["dissolve", "fade"])
@pytest.mark.parametrize("places", [("sea", "street"), ("library", "sky"), ("night", "bedroom")])
def test_a_join_of_any_length_is_a_transition_and_no_cut(frames, join, places):
    takes = [Take(places[0], 1.5), Take(places[1], 1.5, join=join, join_s=frames / 24)]

    spans = found(takes)

    check_joins(spans, truth(takes, RATE))
    assert [s.kind for s in (spans[0], spans[-1])] == ["content", "content"]


@pytest.mark.parametrize("frames", [1, 2, 3])
def test_a_flash_is_no_cut(frames):
    assert [s.kind for s in found([Take("library", 2, flash_frames=frames)])] == ["content"]


def test_a_pan_over_a_crowded_place_is_one_shot():
    assert len(found([Take("street", 4, (0, 1, 1, 1))])) == 1


def test_a_film_of_black_is_one_flat_stretch():
    assert [s.kind for s in found([Take("black", 1)])] == ["flat"]


def test_a_cut_between_two_dark_pictures_is_found():
    takes = [Take("night", 1, (0, 0, 0, 0)), Take("night", 1, (1, 1, 1, 1))]

    assert cuts(found(takes)) == [24]


def test_a_film_in_pieces_has_the_figures_of_the_whole(tmp_path):
    draw(tmp_path / "a.mkv", [Take("street", 40, (0, 0, 1, 1)), Take("sea", 40)], size=(160, 90))
    source = film.probe(tmp_path / "a.mkv")
    pieces = film.pieces(source)
    whole = figures.measure(film.Piece(source, source.start, None, 0))

    joined = figures.joined([figures.measure(piece) for piece in pieces])

    assert len(pieces) > 2
    for name in ("pts", "jump", "likeness", "tint", "contrast", "sharpness", "tones"):
        assert np.array_equal(getattr(joined, name), getattr(whole, name)), name
