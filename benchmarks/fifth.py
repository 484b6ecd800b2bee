"""Pairs that no limit was set on, for `benchmarks/pairs.py --only unseen`.

Scenes drawn twice, with clutter and without, which is the very edit; photographs inside
scikit-image's wheel that no other part uses; images given as paths. Simplifiers, failures and
their strengths are others than in simulator.py. Written while that part was being measured, before
any of its limits were looked at; measured and judged once, after the limits were frozen. Whoever
looks at single pairs of these to move a limit has to write another such file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from importlib import metadata
from itertools import cycle
from pathlib import Path

import cv2
import numpy as np
import simulated as sim
from fifth_scenes import SCENES, drawn, noise
from numpy.typing import NDArray
from simulated import HEIGHT, WIDTH, filled
from simulator import Case, Measured

from curate import images
from curate.images import RGB
from curate.measures.measure import measure

SEED = 50_517
PHOTOGRAPHS = ("hubble_deep_field", "retina", "brick")
LESS = "drawn with less"
OTHER = "other scene"

Dice = np.random.Generator
Floats = NDArray[np.float32]


@lru_cache(8)
def picture(name: str) -> RGB:
    """A base image by name, or a file's; shape (576, 1024, 3)."""
    if name in SCENES:
        return drawn(name, True)
    if name in PHOTOGRAPHS:
        folder = Path(str(metadata.distribution("scikit-image").locate_file("skimage/data")))
        return filled(images.read(next(folder.glob(f"{name}.*"))))
    return filled(images.read(Path(name)))


def _bytes(values: object) -> RGB:
    return np.asarray((np.asarray(values, np.float32) + 0.5).clip(0, 255), np.uint8)


def _smoothed_by_lines(image: RGB) -> RGB:
    """Fast global smoothing (Min and others 2014): least squares along rows, then columns."""
    values = image.astype(np.float32)
    for strength in (120.0, 30.0, 8.0):
        for axis in (1, 0):
            gap = np.abs(np.diff(image.astype(np.float32), axis=axis)).mean(axis=2)
            values = _along(values, strength * np.exp(-gap / 6), axis)
    return _bytes(values)


def _along(values: Floats, weights: Floats, axis: int) -> Floats:
    """Solves (1 + the weighted Laplacian) u = values along an axis, by Thomas's algorithm."""
    v, w = np.moveaxis(values, axis, 0), np.moveaxis(weights, axis, 0)[..., None]
    none = np.zeros_like(w[:1])
    before, after = np.concatenate([none, w]), np.concatenate([w, none])
    upper, found = np.empty_like(after), np.empty_like(v)
    for i in range(len(v)):
        under = before[i] * (upper[i - 1] if i else 0)
        pivot = 1 + before[i] + after[i] - under
        upper[i] = after[i] / pivot
        found[i] = (v[i] + (before[i] * found[i - 1] if i else 0)) / pivot
    for i in range(len(v) - 2, -1, -1):
        found[i] += upper[i] * found[i + 1]
    return np.moveaxis(found, 0, axis)


def _total_variation_l1(image: RGB) -> RGB:
    """TV-L1: small things go whole, large ones keep their tone (Chambolle and Pock 2011)."""
    goal = image.astype(np.float32) / 255
    u, bar = goal.copy(), goal.copy()
    x, y = np.zeros_like(goal), np.zeros_like(goal)
    step, fidelity = 0.35, 0.2
    for _ in range(90):
        x[:, :-1] += step * (bar[:, 1:] - bar[:, :-1])
        y[:-1] += step * (bar[1:] - bar[:-1])
        size = np.maximum(np.sqrt((x * x + y * y).sum(axis=2, keepdims=True)), 1)
        x /= size
        y /= size
        back = x + y
        back[:, 1:] -= x[:, :-1]
        back[1:] -= y[:-1]
        last, u = u, u + step * back
        off = u - goal
        u = goal + np.sign(off) * np.maximum(np.abs(off) - step * fidelity, 0)
        bar = 2 * u - last
    return _bytes(u * 255)


def _alike_patches(image: RGB) -> RGB:
    return np.asarray(cv2.fastNlMeansDenoisingColored(image, None, 16, 16, 5, 15), np.uint8)


GOOD: dict[str, Callable[[RGB], RGB]] = {
    "by lines": _smoothed_by_lines,
    "TV-L1": _total_variation_l1,
    "alike patches": _alike_patches,
}


def _inked(image: RGB) -> RGB:
    """Flat colours with black lines drawn along every edge."""
    smooth = cv2.bilateralFilter(image, 9, 60, 7)
    luma = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    dark = cv2.adaptiveThreshold(cv2.medianBlur(luma, 5), 255, cv2.ADAPTIVE_THRESH_MEAN_C,
                                 cv2.THRESH_BINARY, 13, 4)  # fmt: skip
    return np.asarray(smooth * (dark[..., None] // 255), np.uint8)


def _mosaic(image: RGB) -> RGB:
    small = cv2.resize(image, (WIDTH // 16, HEIGHT // 16), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (WIDTH, HEIGHT), interpolation=cv2.INTER_NEAREST), np.uint8)


REDRAWN = {"redrawn: inked": _inked, "redrawn: mosaic": _mosaic}


@lru_cache(16)
def simplified(base: str, simplifier: str) -> RGB:
    if simplifier == LESS:
        return drawn(base, False)
    return (GOOD | REDRAWN)[simplifier](picture(base))


def harmless(twin: RGB, dice: Dice) -> RGB:
    """What a coder of images does: a little smaller and back, sharpened, its blocks of colour."""
    size = (round(WIDTH * dice.uniform(0.9, 1)), round(HEIGHT * dice.uniform(0.9, 1)))
    small = cv2.resize(twin, size, interpolation=cv2.INTER_AREA)
    back = cv2.resize(small, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC).astype(np.float32)
    sharper = back + float(dice.uniform(0, 0.4)) * (back - cv2.GaussianBlur(back, (0, 0), 1.2))
    sharper += dice.uniform(-1.2, 1.2, 3)
    return images.decode(images.encode_jpeg(_bytes(sharper), int(dice.integers(88, 97))))


def _keystone(image: RGB, dice: Dice) -> RGB:
    corners = np.float32(((0, 0), (WIDTH, 0), (WIDTH, HEIGHT), (0, HEIGHT)))
    off = np.float32(((12, 3), (-12, 3), (0, 0), (0, 0))) * _sign(dice)
    matrix = cv2.getPerspectiveTransform(corners, np.asarray(corners + off, np.float32))
    return np.asarray(cv2.warpPerspective(image, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_CUBIC,
                                          borderMode=cv2.BORDER_REFLECT), np.uint8)  # fmt: skip


def _swirled(image: RGB, dice: Dice) -> RGB:
    """Each thing 5 px off in a direction of its own, things about 90 px large."""
    off = [noise(dice, 11, 1) for _ in range(2)]
    size = 5 / np.sqrt(sum((one**2).mean() for one in off))
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    return np.asarray(cv2.remap(image, x + off[0] * np.float32(size), y + off[1] * np.float32(size),
                                cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT))  # fmt: skip


def _saturated(image: RGB, share: float) -> RGB:
    hsv = cv2.cvtColor(image, cv2.COLOR_RGB2HSV).astype(np.float32)
    hsv[..., 1] *= share
    return np.asarray(cv2.cvtColor(_bytes(hsv), cv2.COLOR_HSV2RGB), np.uint8)


def _curved(image: RGB, strength: float) -> RGB:
    """Contrast by an S through black, middle and white."""
    x = np.linspace(-1, 1, 256)
    levels = np.tanh(x * strength) / np.tanh(strength) * 127.5 + 127.5
    return np.asarray(cv2.LUT(image, levels.astype(np.uint8)), np.uint8)


def _robot(image: RGB, dice: Dice, tone: tuple[int, ...]) -> RGB:
    """A figure of boxes, 130 to 200 px high."""
    canvas, size = image.copy(), dice.uniform(130, 200)
    x, y = dice.uniform(140, WIDTH - 140), dice.uniform(40, HEIGHT - size - 10)
    for left, top, wide, high in ((-0.16, 0, 0.32, 0.28), (-0.22, 0.3, 0.44, 0.4),
                                  (-0.2, 0.72, 0.14, 0.28), (0.06, 0.72, 0.14, 0.28)):  # fmt: skip
        at = (round(x + left * size), round(y + top * size))
        end = (round(x + (left + wide) * size), round(y + (top + high) * size))
        cv2.rectangle(canvas, at, end, tone, -1)
        cv2.rectangle(canvas, at, end, (30, 30, 36), 2)
    return canvas


def _sign(dice: Dice) -> int:
    return int(dice.choice((-1, 1)))


def _gained(image: RGB, *gains: float) -> RGB:
    return _bytes(image * np.float32(gains))


Fault = Callable[[RGB, RGB, Dice], RGB]
FAULTS: dict[str, Fault] = {
    "shift 2.5 px": lambda _, t, d: sim.moved(t, 2.2 * _sign(d), 1.2 * _sign(d)),
    "shift 12 px": lambda _, t, d: sim.moved(t, 5 * _sign(d), 11 * _sign(d)),
    "zoom 0.8 %": lambda _, t, d: sim.moved(t, zoom=1 + 0.008 * _sign(d)),
    "zoom 3 %": lambda _, t, d: sim.moved(t, zoom=1 + 0.03 * _sign(d)),
    "turned 1°": lambda _, t, d: sim.moved(t, turn=_sign(d)),
    "keystone": lambda _, t, d: _keystone(t, d),
    "swirled": lambda _, t, d: _swirled(t, d),
    "warmer": lambda _, t, __: _gained(t, 1.06, 1.0, 0.9),
    "colder": lambda _, t, __: _gained(t, 0.93, 1.0, 1.07),
    "greener": lambda _, t, __: sim.coloured(t, a=-4.0, b=1.0),
    "brighter": lambda _, t, __: _gained(t, 1.1, 1.1, 1.1),
    "darker": lambda _, t, __: _bytes(t.astype(np.float32) - 10),
    "less saturated": lambda _, t, d: _saturated(t, float(d.uniform(0.55, 0.72))),
    "more saturated": lambda _, t, d: _saturated(t, float(d.uniform(1.25, 1.45))),
    "an S of contrast": lambda _, t, d: _curved(t, float(d.uniform(1.0, 1.4))),
    "lifted blacks": lambda _, t, d: _bytes(t * 0.82 + float(d.uniform(36, 46))),
    "flipped": lambda _, t, __: np.ascontiguousarray(t[:, ::-1]),
    "the frame": lambda f, _, __: f.copy(),
    "the frame, grainy": lambda f, _, d: _bytes(f + d.normal(0, 3, f.shape)),
    "the frame, sharpened": lambda f, _, __: _bytes(
        1.5 * f.astype(np.float32) - 0.5 * cv2.GaussianBlur(f.astype(np.float32), (0, 0), 1.5)),
    "the frame, soft": lambda f, _, d: harmless(np.asarray(cv2.GaussianBlur(f, (0, 0), 0.8)), d),
    "the frame, JPEG 50": lambda f, _, __: images.decode(images.encode_jpeg(f, 50)),
}  # fmt: skip
BOTH: dict[str, Callable[[RGB, RGB, Dice], tuple[RGB, RGB]]] = {
    "robot in the frame": lambda f, t, d: (_robot(f, d, (70, 120, 190)), t),
    "robot in the twin": lambda f, t, d: (f, _robot(t, d, (190, 150, 60))),
    "the wrong way round": lambda f, t, _: (t, f),
}
NAMES = (*FAULTS, *BOTH, *REDRAWN, OTHER)


def cases(paths: Sequence[str]) -> list[Case]:
    """Every base with every simplifier twice good, and with every second failure, in turns."""
    dice, turn = np.random.default_rng(SEED), cycle(GOOD)
    found = []
    for place, base in enumerate((*SCENES, *PHOTOGRAPHS, *paths)):
        one = Case(base, "", "", "density", 0)
        simple = (*GOOD, LESS) if base in SCENES else tuple(GOOD)
        found += [replace(one, simplifier=s) for s in simple for _ in range(2)]
        found += [replace(one, simplifier=next(turn), fault=n) for n in NAMES[place % 2 :: 2]]
    return [replace(case, seed=int(dice.integers(1 << 30))) for case in found]


def made(case: Case) -> Measured:
    """The pair of a case, measured."""
    dice, frame = np.random.default_rng(case.seed), picture(case.base)
    edited = simplified(case.base, case.fault if case.fault in REDRAWN else case.simplifier)
    changed = sim.changed(frame, edited)
    sound = twin = harmless(edited, dice)
    if case.fault in FAULTS:
        twin = FAULTS[case.fault](frame, sound, dice)
    elif case.fault in BOTH:
        frame, twin = BOTH[case.fault](frame, twin, dice)
    elif case.fault == OTHER:
        twin = harmless(simplified("blocks" if case.base != "blocks" else "canyon", LESS), dice)
    small = sim.squashed(frame), sim.squashed(twin)
    effect = sim.effect(sound, twin) if case.fault in FAULTS else np.inf
    return Measured(case, measure(frame, twin), small, changed, effect)
