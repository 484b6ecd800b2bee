"""Pairs that no limit was set on, for `benchmarks/pairs.py`: scenes, simplifiers, failures.

Written after the limits were frozen, with drawing code, simplifiers and failures of its own, and
run once. Whoever looks at single pairs of these to move a limit has to write another such file.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import cv2
import numpy as np
from simulated import HEIGHT, WIDTH, filled

from curate import images
from curate.images import RGB

Dice = np.random.Generator
SEED = 4129
PHOTOGRAPHS = {
    "cameraman": "skimage/data/camera.png",
    "clutter": "skimage/data/motorcycle_right.png",
}


def base(name: str) -> RGB:
    """A base image by name, or a file's; shape (576, 1024, 3)."""
    if name in SCENES:
        canvas = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        SCENES[name](canvas, np.random.default_rng([SEED, len(name)]))
        return np.asarray(cv2.GaussianBlur(canvas, (0, 0), 0.6), np.uint8)
    if name in PHOTOGRAPHS:
        wheel = metadata.distribution("scikit-image")
        return filled(images.read(Path(str(wheel.locate_file(PHOTOGRAPHS[name])))))
    return filled(images.read(Path(name)))


def _polygon(canvas: RGB, points: object, tone: object, line: int = 0) -> None:
    corners = np.rint(np.asarray(points, np.float64)).astype(np.int32)
    cv2.fillPoly(canvas, [corners], tuple(map(int, np.asarray(tone))), cv2.LINE_AA)
    if line:
        cv2.polylines(canvas, [corners], True, (34, 28, 40), line, cv2.LINE_AA)


def _shade(canvas: RGB, low: tuple[int, ...], high: tuple[int, ...]) -> None:
    x = np.linspace(0, 1, WIDTH)[None, :, None]
    y = np.linspace(0, 1, HEIGHT)[:, None, None]
    share = (x + 2 * y) / 3
    canvas[:] = (np.array(low) * (1 - share) + np.array(high) * share).astype(np.uint8)


def _rooftops(canvas: RGB, dice: Dice) -> None:
    _shade(canvas, (170, 205, 240), (240, 225, 200))
    for row in range(4):
        for left in np.arange(-60, WIDTH, 150) + dice.uniform(-30, 30):
            top, wide = 150 + 110 * row + dice.uniform(-30, 30), dice.uniform(110, 170)
            wall = dice.integers(140, 235, 3)
            _polygon(canvas, [(left, top), (left + wide, top), (left + wide, 600), (left, 600)],
                     wall, 2)  # fmt: skip
            roof = [(left - 8, top), (left + wide / 2, top - 60), (left + wide + 8, top)]
            _polygon(canvas, roof, (150, 70, 56), 2)
            for k in range(6):
                y = top - 8 - 8 * k
                reach = (wide / 2 + 8) * (60 - 8 - 8 * k) / 60
                ends = (
                    (int(left + wide / 2 - reach), int(y)),
                    (int(left + wide / 2 + reach), int(y)),
                )
                cv2.line(canvas, *ends, (112, 50, 42), 1, cv2.LINE_AA)
            for x in (0.2, 0.6):
                at = left + wide * x, top + 22
                _polygon(canvas, [at, (at[0] + 22, at[1]), (at[0] + 22, at[1] + 34),
                                  (at[0], at[1] + 34)], (70, 90, 120), 1)  # fmt: skip


def _workshop(canvas: RGB, dice: Dice) -> None:
    _shade(canvas, (120, 96, 76), (190, 160, 128))
    _polygon(canvas, [(0, 380), (WIDTH, 360), (WIDTH, 460), (0, 480)], (116, 74, 44), 2)
    for _ in range(70):
        x, y, size = dice.uniform(0, WIDTH), dice.uniform(20, 340), dice.uniform(8, 30)
        angle = dice.uniform(0, np.pi)
        across = np.array((np.cos(angle), np.sin(angle)))
        along = np.array((-across[1], across[0]))
        middle = np.array((x, y))
        corners = [middle + size * (a * across + 0.2 * b * along)
                   for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1))]  # fmt: skip
        _polygon(canvas, corners, dice.integers(40, 230, 3), 1)
    for _ in range(110):
        x, y = int(dice.integers(0, WIDTH)), int(dice.integers(365, 470))
        cv2.circle(canvas, (x, y), int(dice.integers(3, 12)),
                   tuple(map(int, dice.integers(50, 240, 3))), -1, cv2.LINE_AA)  # fmt: skip


def _meadow(canvas: RGB, dice: Dice) -> None:
    _shade(canvas, (140, 190, 240), (90, 150, 70))
    for far in range(3):
        x = np.linspace(0, WIDTH, 60)
        y = 200 + 90 * far + 40 * np.sin(x / (70 + 40 * far) + far)
        ridge = [*zip(x, y, strict=True), (WIDTH, HEIGHT), (0, HEIGHT)]
        _polygon(canvas, ridge, (70 + 20 * far, 130 + 15 * far, 80 - 10 * far), 1)
    for _ in range(1500):
        x, y = dice.uniform(0, WIDTH), dice.uniform(330, HEIGHT)
        size = 1 + (y - 330) / 60
        tone = tuple(map(int, dice.choice([(250, 240, 120), (240, 250, 250), (220, 90, 120)])))
        cv2.circle(canvas, (int(x), int(y)), int(size), tone, -1, cv2.LINE_AA)


def _arcade(canvas: RGB, dice: Dice) -> None:
    _shade(canvas, (60, 50, 90), (130, 90, 130))
    for left in range(20, WIDTH, 125):
        _polygon(canvas, [(left, 120), (left + 95, 120), (left + 95, 560), (left, 560)],
                 dice.integers(70, 200, 3), 3)  # fmt: skip
        screen = [(left + 12, 150), (left + 83, 150), (left + 83, 260), (left + 12, 260)]
        _polygon(canvas, screen, (24, 30, 60), 2)
        for _ in range(26):
            x, y = int(left + dice.uniform(16, 78)), int(dice.uniform(154, 254))
            tone = tuple(map(int, dice.integers(90, 255, 3)))
            cv2.rectangle(canvas, (x, y), (x + 4, y + 4), tone, -1)
        for _ in range(8):
            x, y = int(left + dice.uniform(14, 82)), int(dice.uniform(290, 330))
            cv2.circle(canvas, (x, y), 5, tuple(map(int, dice.integers(120, 255, 3))), -1)
    for _ in range(60):
        x, y = int(dice.integers(0, WIDTH)), int(dice.integers(10, 100))
        cv2.circle(canvas, (x, y), 3, (250, 220, 150), -1, cv2.LINE_AA)


SCENES: dict[str, Callable[[RGB, Dice], None]] = {
    "rooftops": _rooftops, "workshop": _workshop, "meadow": _meadow, "the arcade": _arcade,
}  # fmt: skip
BASES = (*SCENES, *PHOTOGRAPHS)


def _superpixels(image: RGB) -> RGB:
    from skimage.segmentation import slic

    region = slic(image, n_segments=900, compactness=8, sigma=1.5, start_label=0)
    counts = np.maximum(np.bincount(region.ravel()), 1)
    sums = [np.bincount(region.ravel(), image[..., c].ravel()) / counts for c in range(3)]
    return np.asarray((np.stack(sums, 1)[region] + 0.5).clip(0, 255), np.uint8)


def _inpainted(image: RGB) -> RGB:
    """Small bright and dark things are cut out and filled in from around them."""
    luma = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (17, 17))
    hats = [cv2.morphologyEx(luma, kind, disc) for kind in (cv2.MORPH_TOPHAT, cv2.MORPH_BLACKHAT)]
    small = (np.maximum(*hats) > 22).astype(np.uint8)
    mask = cv2.dilate(small, np.ones((3, 3), np.uint8))
    return np.asarray(cv2.inpaint(image, mask, 4, cv2.INPAINT_TELEA), np.uint8)


def _stylised(image: RGB) -> RGB:
    return np.asarray(cv2.stylization(image, sigma_s=30, sigma_r=0.35), np.uint8)


SIMPLIFIERS: dict[str, Callable[[RGB], RGB]] = {
    "superpixels": _superpixels,
    "inpainting": _inpainted, "stylised": _stylised,
}  # fmt: skip


def harmless(twin: RGB, dice: Dice) -> RGB:
    """A trace of everything: a third of a pixel, half a level of gain, noise, soft."""
    shift = np.array(((1, 0, dice.uniform(-0.35, 0.35)), (0, 1, dice.uniform(-0.35, 0.35))))
    moved = cv2.warpAffine(twin, shift, (WIDTH, HEIGHT), flags=cv2.INTER_LANCZOS4,
                           borderMode=cv2.BORDER_REPLICATE)  # fmt: skip
    gains = dice.uniform(0.99, 1.01, 3)
    noisy = moved * gains + dice.normal(0, 1, twin.shape)
    return np.asarray((noisy + 0.5).clip(0, 255), np.uint8)


def _gamma(image: RGB, power: float) -> RGB:
    levels = (np.linspace(0, 1, 256) ** power * 255 + 0.5).astype(np.uint8)
    return np.asarray(cv2.LUT(image, levels), np.uint8)


def _towards_grey(image: RGB, share: float) -> RGB:
    """Under 1 greyer, over 1 more colourful."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[..., None].astype(np.float32)
    return np.asarray((grey + share * (image - grey) + 0.5).clip(0, 255), np.uint8)


def _stretched(image: RGB, factor: float) -> RGB:
    middle = float(image.mean())
    return np.asarray(((image - middle) * factor + middle + 0.5).clip(0, 255), np.uint8)


def _cropped(image: RGB, left: int, top: int, right: int, bottom: int) -> RGB:
    """What a pipeline does that cuts off a border and scales back up."""
    inner = image[top : HEIGHT - bottom, left : WIDTH - right]
    return np.asarray(cv2.resize(inner, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC), np.uint8)


def _shaken(image: RGB, _: Dice) -> RGB:
    """Waves 6 px high: every place off in its own direction."""
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    across = x + 7 * np.sin(y / 41) * np.cos(x / 67)
    down = y + 7 * np.sin(x / 53 + 1) * np.cos(y / 71)
    return np.asarray(
        cv2.remap(image, across, down, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    )


def _coarse_copy(image: RGB) -> RGB:
    small = cv2.resize(image, None, fx=0.75, fy=0.75, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC), np.uint8)


def _figure(image: RGB, dice: Dice, coat: tuple[int, ...]) -> RGB:
    """A figure of a head and a coat, with an outline."""
    canvas = image.copy()
    x, ground, size = dice.uniform(150, 870), dice.uniform(430, 560), dice.uniform(170, 240)
    top = ground - size
    body = [(x - size * 0.2, ground), (x - size * 0.13, top + size * 0.3),
            (x + size * 0.13, top + size * 0.3), (x + size * 0.2, ground)]  # fmt: skip
    _polygon(canvas, body, coat, 2)
    head = (int(x), int(top + size * 0.17)), (int(size * 0.11), int(size * 0.14))
    cv2.ellipse(canvas, head[0], head[1], 0, 0, 360, (236, 200, 172), -1, cv2.LINE_AA)
    cv2.ellipse(canvas, head[0], head[1], 0, 180, 360, (60, 40, 36), -1, cv2.LINE_AA)
    return canvas


def _sign(dice: Dice) -> int:
    return int(dice.choice((-1, 1)))


Fault = Callable[[RGB, RGB, Dice], RGB]
FAULTS: dict[str, Fault] = {
    "rolled 2 px": lambda _, t, d: np.roll(t, (2 * _sign(d), 1), (1, 0)),
    "rolled 5 px": lambda _, t, d: np.roll(t, (3 * _sign(d), 4 * _sign(d)), (1, 0)),
    "rolled 30 px": lambda _, t, d: np.roll(t, (30 * _sign(d), 8), (1, 0)),
    "cropped all around": lambda _, t, __: _cropped(t, 16, 9, 16, 9),
    "cropped at the top": lambda _, t, __: _cropped(t, 0, 14, 0, 0),
    "cropped at the left": lambda _, t, __: _cropped(t, 24, 0, 0, 0),
    "red gain": lambda _, t, d: np.asarray(
        (t * np.array((1 + 0.1 * _sign(d), 1, 1))).clip(0, 255), np.uint8),
    "green gain": lambda _, t, d: np.asarray(
        (t * np.array((1, 1 + 0.07 * _sign(d), 1))).clip(0, 255), np.uint8),
    "blue gain": lambda _, t, d: np.asarray(
        (t * np.array((1, 1, 1 + 0.15 * _sign(d)))).clip(0, 255), np.uint8),
    "gamma": lambda _, t, d: _gamma(t, 1.15 if _sign(d) > 0 else 0.86),
    "much gamma": lambda _, t, d: _gamma(t, 1.4 if _sign(d) > 0 else 0.7),
    "towards grey": lambda _, t, d: _towards_grey(t, float(d.uniform(0.5, 0.72))),
    "colourful": lambda _, t, d: _towards_grey(t, float(d.uniform(1.25, 1.45))),
    "pale": lambda _, t, d: _stretched(t, float(d.uniform(0.65, 0.78))),
    "stark": lambda _, t, d: _stretched(t, float(d.uniform(1.2, 1.35))),
    "shaken": lambda _, t, d: _shaken(t, d),
    "upside down": lambda _, t, __: np.ascontiguousarray(t[::-1]),
    "a copy": lambda f, _, d: harmless(f, d),
    "a coarse copy": lambda f, _, __: _coarse_copy(f),
    "JPEG 70": lambda f, _, __: images.decode(images.encode_jpeg(f, 70)),
}  # fmt: skip

BOTH: dict[str, Callable[[RGB, RGB, Dice], tuple[RGB, RGB]]] = {
    "figure in the frame": lambda f, t, d: (_figure(f, d, (176, 58, 60)), t),
    "figure in the twin": lambda f, t, d: (f, _figure(t, d, (50, 66, 140))),
    "reversed": lambda f, t, _: (t, f),
}
