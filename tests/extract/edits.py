"""Random edits of drawn places, whose every cut and join is known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

import av
import cv2
import numpy as np

from curate.demo.ink import Ink
from curate.demo.people import POSES, person
from curate.demo.scenes import SCENES
from curate.images import RGB

SIZE = (320, 180)
ROOM = 1.4
PLACES = sorted(set(SCENES) - {"title", "empty room"})
COLOURS = ((0, 0, 0), (255, 255, 255), (214, 200, 240), (120, 20, 20), (30, 40, 90))
MOVES = ("still", "pan", "zoom", "shake")


@dataclass(frozen=True)
class Part:
    """A shot; `join` says how it follows the one before and takes `join_frames` frames."""

    place: str
    frames: int
    join: str = "cut"
    join_frames: int = 0
    colour: tuple[int, int, int] = (0, 0, 0)
    move: str = "still"
    held: int = 3
    flash: int = 0
    exposure: float = 1.0
    mirrored: bool = False
    hue: int = 0
    grain: float = 0.0


@dataclass(frozen=True)
class Known:
    """What a shot finder should find, in frames."""

    cuts: tuple[int, ...]
    joins: tuple[tuple[int, int, str], ...]
    shots: tuple[tuple[int, int], ...]


def random_edit(seed: int, parts: int = 8) -> list[Part]:
    """An edit as films have them: mostly cuts, some dissolves of 4 to 36 frames, fades, flashes."""
    rng = np.random.default_rng(seed)
    edit: list[Part] = []
    before = ""
    for number in range(parts):
        place = str(rng.choice([p for p in PLACES if p != before]))
        join = str(rng.choice(["cut", "dissolve", "fade"], p=[0.72, 0.16, 0.12]))
        join = join if number else "cut"
        edit.append(
            Part(
                place=place,
                frames=int(rng.integers(14, 60)),
                join=join,
                join_frames=0 if join == "cut" else int(rng.integers(4, 37)),
                colour=COLOURS[rng.integers(len(COLOURS))],
                move=str(rng.choice(MOVES, p=[0.45, 0.3, 0.15, 0.1])),
                held=int(rng.integers(1, 4)),
                flash=int(rng.choice([0, 1, 2, 3], p=[0.85, 0.05, 0.05, 0.05])),
                exposure=float(rng.choice([1.0, 0.6, 0.25], p=[0.6, 0.2, 0.2])),
                mirrored=bool(rng.random() < 0.5),
                hue=int(rng.choice([0, 0, 30, 90])),
                grain=float(rng.choice([0.0, 2.0, 5.0], p=[0.6, 0.25, 0.15])),
            )
        )
        before = place
    return edit


def known(edit: list[Part]) -> Known:
    cuts, joins, shots, at = [], [], [], 0
    for part in edit:
        begin = at + part.join_frames
        if part.join == "cut":
            cuts += [at] if at else []
        else:
            joins.append((at, begin, part.join))
        shots.append((begin, begin + part.frames))
        at = begin + part.frames
    return Known(tuple(cuts), tuple(joins), tuple(shots))


def pictures(edit: list[Part], seed: int = 0) -> Iterator[RGB]:
    rng = np.random.default_rng(seed)
    before: Iterator[RGB] | None = None
    for number, part in enumerate(edit):
        after = edit[number + 1].join_frames if number + 1 < len(edit) else 0
        shown = _shown(part, part.join_frames + part.frames + after, rng)
        for step in range(part.join_frames):
            assert before is not None
            share = (step + 1) / (part.join_frames + 1)
            yield _joined(part, next(before), next(shown), share)
        for step in range(part.frames):
            picture = next(shown)
            if part.flash and part.frames // 2 <= step < part.frames // 2 + part.flash:
                picture = np.full_like(picture, 250)
            yield picture
        before = shown


def frames(edit: list[Part], seed: int = 0, every: int = 1) -> Iterator[av.VideoFrame]:
    """The edit as a decoder gives it; with `every` above 1 some frames are left out."""
    for number, picture in enumerate(pictures(edit, seed)):
        if number % every == 0:
            frame = av.VideoFrame.from_ndarray(picture, "rgb24").reformat(format="yuv420p")
            frame.pts = number
            yield frame


def without_joins(edit: list[Part]) -> list[Part]:
    return [replace(part, join="cut", join_frames=0) for part in edit]


def _joined(part: Part, old: RGB, new: RGB, share: float) -> RGB:
    if part.join == "dissolve":
        return np.asarray(cv2.addWeighted(old, 1 - share, new, share, 0), np.uint8)
    ground = np.full_like(old, part.colour)
    picture, seen = (old, 1 - 2 * share) if share < 0.5 else (new, 2 * share - 1)
    return np.asarray(cv2.addWeighted(picture, seen, ground, 1 - seen, 0), np.uint8)


def _shown(part: Part, count: int, rng: np.random.Generator) -> Iterator[RGB]:
    width, height = SIZE
    start, goal = rng.random(2), rng.random(2)
    for number in range(count):
        share = number / max(1, count - 1)
        x, y = start
        zoom = 1.0
        if part.move == "pan":
            x, y = start + (goal - start) * share
        elif part.move == "zoom":
            zoom = 1 + 0.3 * share
        elif part.move == "shake":
            x, y = np.clip(start + rng.normal(0, 0.06, 2), 0, 1)
        drawing = _drawn(part.place, number // part.held % len(POSES), part.mirrored, part.hue)
        wide, high = round(width / zoom), round(height / zoom)
        left = round(x * (drawing.shape[1] - wide))
        top = round(y * (drawing.shape[0] - high))
        picture = drawing[top : top + high, left : left + wide]
        if zoom > 1:
            picture = np.asarray(cv2.resize(picture, SIZE, interpolation=cv2.INTER_AREA), np.uint8)
        if part.exposure < 1:
            picture = np.asarray(cv2.convertScaleAbs(picture, alpha=part.exposure), np.uint8)
        if part.grain:
            noisy = picture + rng.normal(0, part.grain, picture.shape)
            picture = np.clip(noisy, 0, 255).astype(np.uint8)
        yield np.ascontiguousarray(picture)


@lru_cache(maxsize=64)
def _drawn(place: str, pose: int, mirrored: bool, hue: int) -> RGB:
    ink = Ink(SIZE[0] * ROOM / 1600, _ground(place))
    for who in SCENES[place].people:
        person(ink, who.x, who.y, who.size, who.hair, who.coat, POSES[pose])
    image = ink.image[:, ::-1] if mirrored else ink.image
    if not hue:
        return np.ascontiguousarray(image)
    tones = cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2HSV)
    tones[..., 0] = (tones[..., 0].astype(int) + hue) % 180
    return np.asarray(cv2.cvtColor(tones, cv2.COLOR_HSV2RGB), np.uint8)


@lru_cache(maxsize=32)
def _ground(place: str) -> RGB:
    ink = Ink(SIZE[0] * ROOM / 1600)
    SCENES[place].draw(ink, np.random.default_rng(len(place)))
    return ink.image
