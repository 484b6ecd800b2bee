"""A person in three poses: at rest, speaking, blinking."""

from __future__ import annotations

from typing import Literal

from curate.demo.ink import Colour, Ink, Point, shade

Pose = Literal["rest", "speak", "blink"]

POSES: tuple[Pose, ...] = ("rest", "speak", "rest", "speak", "blink")

_SKIN: Colour = (250, 222, 200)
_INK: Colour = (60, 40, 50)
_BLUSH: Colour = (244, 186, 172)


def person(
    ink: Ink, x: float, y: float, size: float, hair: Colour, coat: Colour, pose: Pose
) -> None:
    """A half figure with the head's centre at (x, y) and a head `size` units high."""

    def at(*points: Point) -> list[Point]:
        return [(x + size * across, y + size * down) for across, down in points]

    _hair_behind(ink, x, y, size, hair)
    _body(ink, x, y, size, coat)
    ink.shape(at((-0.1, 0.3), (0.1, 0.3), (0.1, 0.62), (-0.1, 0.62)), shade(_SKIN, 0.9), 0)
    ink.shape(
        at((-0.36, -0.1), (-0.34, 0.2), (-0.2, 0.42), (0, 0.52), (0.2, 0.42), (0.34, 0.2),
           (0.36, -0.1), (0.2, -0.4), (-0.2, -0.4)),
        _SKIN,
        soft=True,
    )  # fmt: skip
    for side in (-1, 1):
        _eye(ink, x + side * size * 0.165, y + size * 0.1, size, pose)
        ink.disc(x + side * size * 0.24, y + size * 0.25, size * 0.06, size * 0.03, _BLUSH, 0)
        ink.stroke(
            at((side * 0.08, -0.1), (side * 0.17, -0.125), (side * 0.26, -0.085)),
            shade(hair, 0.6),
            3,
        )
    ink.stroke(at((0.01, 0.2), (-0.01, 0.24)), shade(_SKIN, 0.7), 2)
    if pose == "speak":
        ink.disc(x, y + size * 0.36, size * 0.06, size * 0.045, (176, 72, 80))
    else:
        ink.stroke(at((-0.05, 0.35), (0, 0.365), (0.05, 0.35)), _INK, 2.5)
    ink.shape(
        at((-0.42, 0.15), (-0.46, -0.25), (-0.25, -0.56), (0.1, -0.6), (0.4, -0.4), (0.46, 0.0),
           (0.4, 0.2), (0.33, -0.12), (0.2, -0.28), (0.14, -0.08), (0.02, -0.3), (-0.1, -0.06),
           (-0.18, -0.28), (-0.32, -0.04)),
        hair,
        soft=True,
    )  # fmt: skip
    ink.stroke(at((-0.24, -0.42), (-0.05, -0.49), (0.16, -0.46)), shade(hair, 1.5), 4)


def _hair_behind(ink: Ink, x: float, y: float, size: float, hair: Colour) -> None:
    ink.disc(x, y - size * 0.08, size * 0.47, size * 0.5, shade(hair, 0.8))
    left, right, low = x - size * 0.47, x + size * 0.47, y + size * 0.62
    ink.shape(
        ((left, y), (right, y), (right + size * 0.04, low), (x, low - size * 0.1),
         (left - size * 0.04, low)),
        shade(hair, 0.8),
        soft=True,
    )  # fmt: skip


def _body(ink: Ink, x: float, y: float, size: float, coat: Colour) -> None:
    def at(*points: Point) -> list[Point]:
        return [(x + size * across, y + size * down) for across, down in points]

    ink.shape(
        at((-0.2, 0.55), (-0.62, 0.72), (-0.78, 1.2), (-0.84, 2.4), (0.84, 2.4), (0.78, 1.2),
           (0.62, 0.72), (0.2, 0.55), (0, 0.72)),
        coat,
        soft=True,
    )  # fmt: skip
    ink.shape(at((-0.2, 0.55), (0, 1.0), (0.2, 0.55), (0.32, 0.66), (0, 1.25), (-0.32, 0.66)),
              (245, 245, 250))  # fmt: skip
    ink.shape(at((-0.12, 1.02), (0.12, 1.02), (0.05, 1.16), (0.13, 1.34), (0, 1.28),
                 (-0.13, 1.34), (-0.05, 1.16)), (206, 70, 84))  # fmt: skip
    ink.stroke(at((-0.5, 1.2), (-0.46, 2.4)), shade(coat, 0.6), 2.5)
    ink.stroke(at((0.5, 1.2), (0.46, 2.4)), shade(coat, 0.6), 2.5)


def _eye(ink: Ink, x: float, y: float, size: float, pose: Pose) -> None:
    if pose == "blink":
        ink.stroke([(x - size * 0.09, y), (x, y + size * 0.025), (x + size * 0.09, y)], _INK, 4)
        return
    ink.disc(x, y, size * 0.095, size * 0.105, (255, 255, 255), 0)
    ink.disc(x, y + size * 0.005, size * 0.068, size * 0.1, (86, 112, 170), 0)
    ink.disc(x, y + size * 0.01, size * 0.036, size * 0.06, (34, 38, 70), 0)
    ink.disc(x - size * 0.025, y - size * 0.04, size * 0.024, size * 0.028, (255, 255, 255), 0)
    ink.stroke(
        [(x - size * 0.1, y - size * 0.05), (x - size * 0.03, y - size * 0.115),
         (x + size * 0.06, y - size * 0.11), (x + size * 0.11, y - size * 0.03)],
        _INK, 4,
    )  # fmt: skip
