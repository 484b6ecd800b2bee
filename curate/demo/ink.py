"""Flat colours with dark outlines on a canvas of 1600 × 900 units, as cel animation has them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from curate.images import RGB

WIDTH, HEIGHT = 1600, 900

Colour = tuple[int, int, int]
Point = tuple[float, float]

_SUBPIXEL_BITS = 4
_ROUND = np.linspace(0, 2 * np.pi, 40, endpoint=False)


class Ink:
    """A canvas that is drawn on; `scale` is its pixels a unit.

    Args:
        scale: 1.0 gives 1600 × 900 px.
        image: drawn over if given, shape (900·scale, 1600·scale, 3).
    """

    def __init__(self, scale: float, image: RGB | None = None) -> None:
        self.scale = scale
        shape = (round(HEIGHT * scale), round(WIDTH * scale), 3)
        self.image: RGB = np.zeros(shape, np.uint8) if image is None else image.copy()

    def shape(
        self,
        points: Iterable[Point],
        colour: Colour,
        line: float = 2.5,
        *,
        soft: bool = False,
    ) -> None:
        """A filled polygon; its outline is a darker tone of `colour`, none if `line` is 0.

        `soft` rounds its corners.
        """
        corners = self._corners(_rounded(list(points)) if soft else points)
        cv2.fillPoly(self.image, [corners], colour, cv2.LINE_AA, _SUBPIXEL_BITS)
        if line:
            self._outline(corners, True, shade(colour, 0.45), line)

    def box(
        self, x: float, y: float, width: float, height: float, colour: Colour, line: float = 2.5
    ) -> None:
        right, bottom = x + width, y + height
        self.shape(((x, y), (right, y), (right, bottom), (x, bottom)), colour, line)

    def disc(
        self, x: float, y: float, across: float, down: float, colour: Colour, line: float = 2.5
    ) -> None:
        """An ellipse around (x, y) with the half axes `across` and `down`."""
        points = zip(x + across * np.cos(_ROUND), y + down * np.sin(_ROUND), strict=True)
        self.shape(points, colour, line)

    def stroke(self, points: Sequence[Point], colour: Colour, line: float = 2.5) -> None:
        self._outline(self._corners(points), False, colour, line)

    def text(self, x: float, y: float, words: str, colour: Colour, size: float) -> None:
        """Words centred on (x, y), `size` units high."""
        picture = Image.fromarray(self.image)
        where = (x * self.scale, y * self.scale)
        font = _font(max(4.0, size * self.scale))
        ImageDraw.Draw(picture).text(where, words, fill=colour, font=font, anchor="mm")
        self.image = np.array(picture)

    def gradient(
        self, top: Colour, bottom: Colour, start: float = 0.0, end: float = float(HEIGHT)
    ) -> None:
        """From `top` to `bottom` between two heights, over the whole width."""
        first, last = round(start * self.scale), round(end * self.scale)
        ramp = np.linspace(0, 1, last - first)[:, None, None]
        tone = np.array(top) * (1 - ramp) + np.array(bottom) * ramp
        self.image[first:last] = np.round(tone).astype(np.uint8)

    def light(self, x: float, y: float, radius: float, colour: Colour, strength: float) -> None:
        """A soft glow that pulls the canvas towards `colour`, strongest at (x, y)."""
        rows, columns = np.ogrid[: self.image.shape[0], : self.image.shape[1]]
        gap = np.hypot(rows / self.scale - y, columns / self.scale - x) / radius
        share = (strength * np.exp(-(gap**2)))[..., None].astype(np.float32)
        mixed = self.image * (1 - share) + np.array(colour, np.float32) * share
        self.image = np.round(mixed).astype(np.uint8)

    def _corners(self, points: Iterable[Point]) -> np.ndarray[tuple[int, int], np.dtype[np.int32]]:
        scaled = np.array(list(points), np.float64) * self.scale * (1 << _SUBPIXEL_BITS)
        return np.round(scaled).astype(np.int32)

    def _outline(
        self,
        corners: np.ndarray[tuple[int, int], np.dtype[np.int32]],
        closed: bool,
        colour: Colour,
        line: float,
    ) -> None:
        width = max(1, round(line * self.scale))
        cv2.polylines(self.image, [corners], closed, colour, width, cv2.LINE_AA, _SUBPIXEL_BITS)


def _rounded(points: list[Point]) -> list[Point]:
    """A closed polygon with its corners cut twice (Chaikin 1974)."""
    corners = np.array(points)
    for _ in range(2):
        following = np.roll(corners, -1, axis=0)
        pairs = (0.75 * corners + 0.25 * following, 0.25 * corners + 0.75 * following)
        corners = np.stack(pairs, axis=1).reshape(-1, 2)
    return [(float(x), float(y)) for x, y in corners]


def shade(colour: Colour, factor: float) -> Colour:
    """`colour` darker (factor under 1) or lighter, clipped to 0…255."""
    red, green, blue = (min(255, round(channel * factor)) for channel in colour)
    return red, green, blue


@lru_cache(maxsize=32)
def _font(size: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
