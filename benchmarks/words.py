"""Pictures with lettering over them, and pictures that only look like lettering."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from curate.demo.ink import Ink
from curate.demo.people import POSES, person
from curate.demo.scenes import SCENES

Gray = NDArray[np.uint8]
Generator = np.random.Generator

SIZE = (480, 270)
"""Width and height in pixels of what is drawn."""

_ALPHABETS = (
    "abcdefghijklmnopqrstuvwxyz" * 3 + "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "абвгдежзийклмнопрстуфхцчшщъыьэюяАБВГДЕЖЗИКЛМНОПРСТУФХЦЧШ",
    "αβγδεζηθικλμνξοπρστυφχψωΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩ",
)
_FOLDERS = ("/usr/share/fonts", "/Library/Fonts", "C:/Windows/Fonts")


def fonts() -> list[Path]:
    """The DejaVu and Liberation fonts of this machine, which have all three alphabets."""
    files = [f for folder in _FOLDERS for f in sorted(Path(folder).rglob("*.ttf"))]
    wanted = [f for f in files if f.name.startswith(("DejaVuS", "LiberationS"))]
    return [f for f in wanted if "Math" not in f.name]


def drawn_scenes(names: Sequence[str]) -> list[Gray]:
    """Places of the drawn film without their titles, luma, 960 × 540."""
    pictures = []
    for name in names:
        ink = Ink(0.75)
        SCENES[name].draw(ink, np.random.default_rng(len(name)))
        for who in SCENES[name].people:
            person(ink, who.x, who.y, who.size, who.hair, who.coat, POSES[0])
        luma = cv2.cvtColor(ink.image, cv2.COLOR_RGB2GRAY)
        pictures.append(np.asarray(cv2.resize(luma, (960, 540)), np.uint8))
    return pictures


def view(rng: Generator, picture: Gray) -> Gray:
    """A part of a picture at SIZE: zoomed up to twice, mirrored, brighter or darker, blurred."""
    height, width = picture.shape
    share = rng.uniform(0.5, 1)
    across, down = int(width * share), int(height * share)
    x, y = rng.integers(width - across + 1), rng.integers(height - down + 1)
    part = cv2.resize(picture[y : y + down, x : x + across], SIZE, interpolation=cv2.INTER_AREA)
    if rng.random() < 0.5:
        part = part[:, ::-1]
    levels = 255 * (np.arange(256) / 255) ** np.exp(rng.normal(0, 0.4))
    levels = levels * rng.uniform(0.5, 1.1) + rng.uniform(-20, 20)
    part = cv2.LUT(np.ascontiguousarray(part), np.clip(levels, 0, 255).astype(np.uint8))
    if rng.random() < 0.25:
        part = cv2.GaussianBlur(part, (0, 0), rng.uniform(0.5, 4))
    return np.asarray(part, np.uint8)


def texture(rng: Generator) -> Gray:
    """What is mistaken for lettering: windows, shelves, leaves, rails, facets, scribbles."""
    width, height = SIZE
    canvas = np.full((height, width), rng.integers(20, 230), np.uint8)
    soft = rng.normal(0, 1, (rng.integers(3, 12), rng.integers(3, 12))).astype(np.float32)
    soft = cv2.resize(soft, SIZE, interpolation=cv2.INTER_CUBIC) * rng.uniform(0, 40)
    canvas = np.clip(canvas + soft, 0, 255).astype(np.uint8)
    for _ in range(rng.integers(1, 5)):
        rng.choice(np.array(_CLUTTER, object))(rng, canvas)
    angle = rng.normal(0, 8) if rng.random() < 0.5 else 0.0
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.2)
    return np.asarray(cv2.warpAffine(canvas, turn, SIZE, borderMode=cv2.BORDER_REFLECT), np.uint8)


def lettered(rng: Generator, picture: Gray, faces: Sequence[Path]) -> tuple[Gray, Gray]:
    """The picture with a subtitle, a title or credits over it, and where they are (0 or 255)."""
    width, height = SIZE
    bold = Image.new("L", (2 * width, 2 * height), 0)
    rim = Image.new("L", bold.size, 0)
    kind = rng.choice(["subtitle", "title", "credits"], p=[0.4, 0.25, 0.35])
    share = {"subtitle": (0.042, 0.075), "title": (0.06, 0.22), "credits": (0.032, 0.055)}[kind]
    size = 2 * height * rng.uniform(*share)
    edge = int(rng.integers(1, 5) if kind == "subtitle" else rng.integers(0, 3))
    lines = {"subtitle": (1, 3), "title": (1, 3), "credits": (2, 9)}[kind]
    face = ImageFont.truetype(str(rng.choice(np.array(faces, str))), size)
    top = {"subtitle": 0.9 * 2 * height, "title": rng.uniform(0.25, 0.7) * 2 * height}.get(
        kind, rng.uniform(0.1, 0.5) * 2 * height
    )
    middle = width * 2 * (0.5 if kind == "subtitle" else rng.uniform(0.25, 0.75))
    cjk = rng.random() < 0.3
    for line in range(rng.integers(*lines)):
        y = top + line * size * 1.35 * (-1 if kind == "subtitle" else 1)
        words = _words(rng, 2 if kind == "title" else 5)
        if cjk:
            _ideographs(rng, bold, middle, y, size)
        else:
            draw = ImageDraw.Draw(bold)
            draw.text((middle, y), words, 255, face, "mm")
            ImageDraw.Draw(rim).text((middle, y), words, 255, face, "mm", stroke_width=edge)
    body, around = (
        np.asarray(cv2.resize(np.array(layer), SIZE, interpolation=cv2.INTER_AREA), np.uint8)
        for layer in (bold, rim)
    )
    bright = rng.random() < 0.85
    tone = rng.integers(190, 256) if bright else rng.integers(0, 60)
    mixed = _mixed(picture, around, 0 if bright else 255) if edge else picture
    return _mixed(mixed, body, int(tone)), body


def worn(rng: Generator, picture: Gray) -> Gray:
    """The picture after grain, a little blur or compression."""
    if rng.random() < 0.3:
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.3, 0.8)), np.uint8)
    if rng.random() < 0.4:
        noise = rng.normal(0, rng.uniform(1, 8), picture.shape)
        picture = np.clip(picture + noise, 0, 255).astype(np.uint8)
    if rng.random() < 0.5:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(30, 90))]
        data = cv2.imencode(".jpg", picture, quality)[1]
        picture = np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8)
    return picture


def _words(rng: Generator, most: int) -> str:
    letters = list(_ALPHABETS[int(rng.choice(3, p=[0.8, 0.12, 0.08]))])
    words = [
        "".join(rng.choice(letters, rng.integers(1, 10))) for _ in range(rng.integers(1, most))
    ]
    words.append("".join(rng.choice(letters, rng.integers(5, 10))))
    case = rng.integers(3)
    text = " ".join(words)
    return text.upper() if case == 0 else text.lower() if case == 1 else text.title()


def _ideographs(rng: Generator, layer: Image.Image, middle: float, y: float, size: float) -> None:
    """Square signs of random strokes, as East Asian lettering looks from afar."""
    draw = ImageDraw.Draw(layer)
    count = int(rng.integers(4, 14))
    weight = max(1, round(size * rng.uniform(0.06, 0.12)))
    for sign in range(count):
        left = middle + (sign - count / 2) * size * 1.05
        for _ in range(rng.integers(3, 9)):
            a, b = rng.uniform(0, 0.95, 2) * size
            c = rng.uniform(0.3, 1) * size
            ends = [(a, b), (c, b)] if rng.random() < 0.5 else [(a, b), (a, c)]
            if rng.random() < 0.25:
                ends[1] = (c, c)
            draw.line([(left + px, y + py - size / 2) for px, py in ends], 255, weight)


def _mixed(picture: Gray, cover: Gray, tone: int) -> Gray:
    share = cover.astype(np.float32) / 255
    return np.round(picture * (1 - share) + tone * share).astype(np.uint8)


def _grid(rng: Generator, canvas: Gray) -> None:
    """Windows or bricks: boxes of one size in rows."""
    height, width = canvas.shape
    w, h = rng.integers(3, 40, 2)
    gap_x, gap_y = rng.integers(1, 20, 2)
    tone = int(rng.integers(0, 256))
    left, top = rng.integers(0, width // 2), rng.integers(0, height // 2)
    for row, y in enumerate(range(top, min(height, top + rng.integers(20, 250)), h + gap_y)):
        for x in range(left, min(width, left + rng.integers(40, 460)), w + gap_x):
            shift = (w // 2) * (row % 2)
            cv2.rectangle(canvas, (x + shift, y), (x + shift + w, y + h), tone, -1)


def _shelf(rng: Generator, canvas: Gray) -> None:
    """Books, bottles, planks: boxes of like height and any width, side by side on one line."""
    height, width = canvas.shape
    for _ in range(rng.integers(1, 4)):
        tall = int(rng.integers(8, 60))
        x, foot = int(rng.integers(0, width // 2)), int(rng.integers(tall, height))
        end = x + rng.integers(60, 400)
        while x < end:
            wide = int(rng.integers(2, max(4, tall // 2)))
            top = foot - int(tall * rng.uniform(0.6, 1))
            cv2.rectangle(canvas, (x, top), (x + wide, foot), int(rng.integers(0, 256)), -1)
            x += wide + int(rng.integers(0, 4))


def _leaves(rng: Generator, canvas: Gray) -> None:
    """Leaves, pebbles, stars: many small blobs."""
    height, width = canvas.shape
    x0, y0 = rng.integers(0, width), rng.integers(0, height)
    reach = rng.uniform(20, 150)
    tone = rng.integers(0, 256)
    for _ in range(rng.integers(20, 400)):
        centre = (int(x0 + rng.normal(0, reach)), int(y0 + rng.normal(0, reach)))
        axes = (int(rng.integers(1, 9)), int(rng.integers(1, 5)))
        shade = int(np.clip(tone + rng.normal(0, 40), 0, 255))
        cv2.ellipse(canvas, centre, axes, int(rng.integers(180)), 0, 360, shade, -1, cv2.LINE_AA)


def _rails(rng: Generator, canvas: Gray) -> None:
    """Fences, wires, branches: long thin lines."""
    height, width = canvas.shape
    slant, step = rng.normal(0, 40), rng.integers(4, 40)
    tone, thick = int(rng.integers(0, 256)), int(rng.integers(1, 5))
    for x in range(int(rng.integers(0, width)), width, int(step)):
        end = (int(x + slant), int(rng.integers(height)))
        cv2.line(canvas, (x, int(rng.integers(height))), end, tone, thick, cv2.LINE_AA)


def _facets(rng: Generator, canvas: Gray) -> None:
    """Rocks, folds, roofs: polygons of any size and tone, some on top of others."""
    height, width = canvas.shape
    reach = rng.uniform(6, 90)
    x0, y0, spread = rng.integers(width), rng.integers(height), rng.uniform(20, 250)
    for _ in range(rng.integers(8, 90)):
        middle = np.array([x0, y0]) + rng.normal(0, spread, 2)
        corners = (middle + rng.normal(0, reach, (rng.integers(3, 7), 2))).astype(np.int32)
        tone = int(np.clip(rng.normal(130, 60), 0, 255))
        cv2.fillPoly(canvas, [corners], tone, cv2.LINE_AA)


def _scribble(rng: Generator, canvas: Gray) -> None:
    """Hair, grass, seams, sparks: bent strokes, bright or dark, in bundles."""
    height, width = canvas.shape
    tone, lean = rng.integers(0, 256), rng.uniform(0, np.pi)
    x0, y0, spread = rng.integers(width), rng.integers(height), rng.uniform(10, 150)
    length, thick = rng.uniform(2, 25), int(rng.integers(1, 4))
    for _ in range(rng.integers(20, 300)):
        turns = lean + np.cumsum(rng.normal(0, 0.4, 5))
        steps = np.stack([np.cos(turns), np.sin(turns)], 1) * length / 4
        path = np.array([x0, y0]) + rng.normal(0, spread, 2) + np.cumsum(steps, axis=0)
        shade = int(np.clip(tone + rng.normal(0, 25), 0, 255))
        cv2.polylines(canvas, [path.astype(np.int32)], False, shade, thick, cv2.LINE_AA)


_CLUTTER = (_grid, _shelf, _leaves, _rails, _facets, _scribble)
