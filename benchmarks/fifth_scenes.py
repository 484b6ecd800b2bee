"""Scenes drawn with clutter and without, which is the very edit, for `fifth.py`."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from simulated import HEIGHT, WIDTH

from curate.images import RGB

SEED = 50_517

Dice = np.random.Generator
Floats = NDArray[np.float32]


def noise(dice: Dice, cells: int, octaves: int = 4) -> Floats:
    """Clouds of noise in about [-1, 1], shape (576, 1024)."""
    total = np.zeros((HEIGHT, WIDTH), np.float32)
    for octave in range(octaves):
        side = cells << octave
        field = dice.standard_normal((max(side * 9 // 16, 2), side)).astype(np.float32)
        total += cv2.resize(field, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC) / (2 << octave)
    return total


def _tones(share: Floats, low: Sequence[int], high: Sequence[int]) -> Floats:
    part = share.clip(0, 1)[..., None]
    return np.asarray(np.float32(low) * (1 - part) + np.float32(high) * part, np.float32)


def _canyon(dice: Dice, cluttered: bool) -> Floats:
    """Painted ridges without outlines; clutter: shrubs and the strokes of the brush."""
    y = np.linspace(0, 1, HEIGHT, dtype=np.float32)[:, None] + np.zeros((1, WIDTH), np.float32)
    canvas = _tones(y * 2, (120, 160, 214), (250, 214, 170))
    for depth in range(4):
        ridge = 0.3 + 0.15 * depth + 0.1 * noise(dice, 3 + depth)[0]
        tone = np.array((196, 120, 86)) * (1.05 - 0.17 * depth)
        rock, strokes = _tones(y - ridge, tone, tone * 0.6), noise(dice, 40, 3)
        if cluttered:
            rock = rock + 34 * strokes[..., None]
        canvas = np.where((y > ridge)[..., None], rock, canvas)
        for _ in range(90):
            x, size = int(dice.integers(WIDTH)), int(dice.integers(2, 6 + 2 * depth))
            at, green = int((ridge[x] + dice.uniform(0.01, 0.14)) * HEIGHT), dice.uniform(50, 120)
            if cluttered:
                cv2.circle(canvas, (x, at), size, (green * 0.8, green, 40.0), -1, cv2.LINE_AA)
    return canvas


def _blocks(dice: Dice, cluttered: bool) -> Floats:
    """A town of boxes seen from above at a slant; clutter: windows, vents and crates."""
    canvas = np.full((HEIGHT, WIDTH, 3), (196, 202, 190), np.float32)
    for row in range(-1, 8):
        for column in range(-1, 12):
            x, y = 100 * column + 50 * (row % 2), 84 * row + 60
            high, tone = dice.uniform(20, 90), dice.uniform(90, 230, 3)
            top = np.array(((x, y - 24), (x + 44, y), (x, y + 24), (x - 44, y))) - (0, high)
            walls = _wall(top, 1, high), _wall(top, 3, high)
            for face, share in zip((top, *walls), (1.0, 0.7, 0.5), strict=True):
                corners = np.rint(face).astype(np.int32)
                cv2.fillPoly(canvas, [corners], tuple(tone * share), cv2.LINE_AA)
            for _ in range(36):
                u, v, size = dice.uniform(-0.8, 0.8), dice.uniform(0.15, 0.9), dice.uniform(2, 5)
                at = (round(x + 40 * u), round(y + 22 * (1 - abs(u)) - high * v))
                lit = tuple(dice.uniform(30, 250, 3))
                if cluttered:
                    cv2.rectangle(canvas, at, (at[0] + int(size), at[1] + int(size) + 2), lit, -1)
    return canvas


def _wall(top: NDArray[np.float64], side: int, high: float) -> NDArray[np.float64]:
    two = top[[side, 2]]
    return np.vstack([two, np.flipud(two) + np.array((0, high))])


def _paper(dice: Dice, cluttered: bool) -> Floats:
    """A page in ink: thick outlines; clutter: hatching and screen tone."""
    canvas = np.full((HEIGHT, WIDTH, 3), (244, 240, 230), np.float32)
    for _ in range(70):
        at, size = dice.uniform((0, 0), (WIDTH, HEIGHT)), dice.uniform(40, 130, 2)
        grey, slant = dice.uniform(110, 240), dice.uniform(0, 180)
        place = ((float(at[0]), float(at[1])), (float(size[0]), float(size[1])), float(slant))
        corners = np.rint(cv2.boxPoints(place)).astype(np.int32)
        inside = np.zeros((HEIGHT, WIDTH), np.uint8)
        cv2.fillPoly(inside, [corners], 1)
        tone = np.float32((grey, grey * 0.97, grey * 0.92))
        canvas[inside > 0] = tone
        y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
        hatch = np.sin((x * np.cos(slant) + y * np.sin(slant)) * dice.uniform(0.7, 1.3)) > 0.55
        if cluttered:
            canvas[(inside > 0) & hatch] = tone * 0.5
        cv2.polylines(canvas, [corners], True, (24, 22, 30), 4, cv2.LINE_AA)
    return canvas


def _aquarium(dice: Dice, cluttered: bool) -> Floats:
    """Soft light under water; clutter: bubbles, weed and a shoal."""
    light = 0.5 + 0.5 * noise(dice, 2, 2)
    canvas = _tones(light * np.linspace(1.1, 0.4, HEIGHT)[:, None].astype(np.float32),
                    (16, 60, 96), (120, 214, 220))  # fmt: skip
    for _ in range(7):
        x, y, size = dice.uniform(0, WIDTH), dice.uniform(380, 560), dice.uniform(60, 120)
        tone = tuple(dice.uniform(60, 190, 3))
        cv2.ellipse(canvas, ((x, y), (2 * size, size), 0), tone, -1, cv2.LINE_AA)
    for _ in range(420):
        x, y, size = dice.uniform(0, WIDTH), dice.uniform(0, HEIGHT), dice.uniform(4, 16)
        slant, tone = dice.uniform(0, 180), tuple(dice.uniform(40, 255, 3))
        if cluttered:
            cv2.ellipse(canvas, ((x, y), (size * 2, size), slant), tone, -1, cv2.LINE_AA)
    return canvas


SCENES: dict[str, Callable[[Dice, bool], Floats]] = {
    "canyon": _canyon, "blocks": _blocks, "paper": _paper, "aquarium": _aquarium,
}  # fmt: skip


def drawn(name: str, cluttered: bool) -> RGB:
    dice = np.random.default_rng([SEED, len(name)])
    soft = cv2.GaussianBlur(SCENES[name](dice, cluttered), (0, 0), 0.5)
    return np.asarray((soft + 0.5).clip(0, 255), np.uint8)
