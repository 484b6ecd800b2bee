"""Rooms: some crowded with things, some nearly bare."""

from __future__ import annotations

import numpy as np

from curate.demo.ink import Colour, Ink, shade

Dice = np.random.Generator

WOOD: Colour = (150, 104, 70)
BRIGHT: tuple[Colour, ...] = (
    (196, 72, 66), (226, 142, 60), (236, 196, 92), (96, 154, 92), (64, 132, 150), (70, 94, 160),
    (136, 92, 158), (206, 120, 150), (222, 210, 186), (94, 76, 70),
)  # fmt: skip


def pick(dice: Dice) -> Colour:
    """One of the bright colours, a little varied."""
    colour = BRIGHT[int(dice.integers(len(BRIGHT)))]
    return shade(colour, float(dice.uniform(0.85, 1.15)))


def library(ink: Ink, dice: Dice) -> None:
    ink.gradient((96, 66, 48), (70, 48, 38))
    for column in range(5):
        left = 10 + column * 320
        ink.box(left, 20, 305, 870, shade(WOOD, 0.8), 5)
        for row in range(6):
            floor = 150 + row * 142
            ink.box(left + 14, floor - 118, 277, 118, (62, 42, 34), 0)
            books(ink, dice, left + 16, floor, 272)
            ink.box(left + 6, floor, 293, 14, WOOD)
    ink.stroke([(700, 900), (790, 30)], (190, 140, 92), 16)
    ink.stroke([(860, 900), (830, 30)], (190, 140, 92), 16)
    for rung in range(9):
        ink.stroke([(712 + rung * 9, 820 - rung * 92), (857, 820 - rung * 92)], (206, 160, 110), 12)
    ink.light(800, -60, 800, (255, 220, 160), 0.35)


def books(ink: Ink, dice: Dice, left: float, floor: float, width: float) -> None:
    """A row of spines standing on `floor`."""
    x = left
    while x < left + width - 34:
        if dice.random() < 0.06:
            ink.disc(x + 20, floor - 24, 18, 22, pick(dice))
            ink.disc(x + 20, floor - 52, 10, 10, (92, 150, 92))
            x += 42
            continue
        wide, tall = float(dice.uniform(9, 26)), float(dice.uniform(70, 110))
        cover = pick(dice)
        ink.box(x, floor - tall, wide, tall, cover, 2)
        ink.box(x + 1, floor - tall * 0.85, wide - 2, 5, shade(cover, 1.5), 0)
        ink.box(x + 1, floor - tall * 0.25, wide - 2, 8, shade(cover, 0.6), 0)
        if wide > 14:
            ink.box(x + wide / 2 - 2.5, floor - tall * 0.7, 5, tall * 0.32, (236, 220, 176), 0)
        x += wide + 1


def kitchen(ink: Ink, dice: Dice) -> None:
    ink.gradient((236, 226, 204), (206, 192, 172))
    for row in range(7):
        for column in range(21):
            ink.box(column * 80 - row % 2 * 40, row * 66, 78, 64, (228, 222, 208), 1)
    ink.box(560, 40, 380, 240, (150, 206, 232), 8)
    ink.stroke([(750, 40), (750, 280)], (120, 92, 70), 8)
    ink.light(750, 160, 260, (255, 255, 240), 0.4)
    for left in (40, 1000):
        for shelf in (150, 290):
            ink.box(left, shelf, 480, 14, WOOD)
            for place in range(11):
                jar(ink, dice, left + 26 + place * 43, shelf)
    ink.shape([(0, 470), (1600, 470), (1600, 900), (0, 900)], (176, 122, 82), 5)
    for column in range(16):
        for row in range(7):
            if (column + row) % 2:
                ink.box(100 + column * 88, 500 + row * 56, 88, 56, (222, 120, 112), 0)
            else:
                ink.box(100 + column * 88, 500 + row * 56, 88, 56, (244, 232, 220), 0)
    for row in range(6):
        for column in range(14):
            x = 140 + column * 100 + float(dice.uniform(-28, 28))
            tableware(ink, dice, x, 520 + row * 68 + float(dice.uniform(-14, 14)), row)


def jar(ink: Ink, dice: Dice, x: float, floor: float) -> None:
    """A jar, bottle or pot standing on `floor`."""
    tall, wide, colour = float(dice.uniform(46, 92)), float(dice.uniform(13, 18)), pick(dice)
    ink.box(x - wide, floor - tall, 2 * wide, tall, colour, 2)
    ink.box(x - wide * 0.7, floor - tall - 9, wide * 1.4, 10, shade(colour, 0.7), 2)
    ink.box(x - wide * 0.8, floor - tall * 0.65, wide * 1.6, tall * 0.35, (246, 238, 218), 1)
    ink.stroke([(x - wide * 0.5, floor - tall * 0.45), (x + wide * 0.5, floor - tall * 0.45)],
               (120, 100, 90), 2)  # fmt: skip


def tableware(ink: Ink, dice: Dice, x: float, y: float, row: int) -> None:
    """A plate, cup, bowl, bottle or piece of cutlery at (x, y), larger in nearer rows."""
    size, colour = 0.75 + row * 0.1, pick(dice)
    kind = int(dice.integers(6))
    if kind == 0:
        ink.disc(x, y, 52 * size, 21 * size, (246, 246, 240))
        ink.disc(x, y, 36 * size, 13 * size, (226, 230, 232), 1.5)
        for _ in range(5):
            spot_x, spot_y = dice.uniform(-24, 24), dice.uniform(-9, 2)
            ink.disc(x + spot_x * size, y + spot_y * size, 11 * size, 9 * size, pick(dice), 1.5)
    elif kind == 1:
        ink.disc(x + 26 * size, y - 22 * size, 13 * size, 13 * size, shade(colour, 0.9))
        ink.box(x - 23 * size, y - 46 * size, 46 * size, 48 * size, colour)
        ink.disc(x, y - 46 * size, 23 * size, 8 * size, (98, 62, 44), 2)
    elif kind == 2:
        ink.shape([(x - 40 * size, y - 34 * size), (x + 40 * size, y - 34 * size),
                   (x + 20 * size, y), (x - 20 * size, y)], colour)  # fmt: skip
        ink.disc(x, y - 34 * size, 40 * size, 12 * size, (250, 246, 232), 2)
        ink.stroke([(x - 30 * size, y - 20 * size), (x + 30 * size, y - 20 * size)],
                   shade(colour, 1.5), 3)  # fmt: skip
    elif kind == 3:
        ink.box(x - 15 * size, y - 70 * size, 30 * size, 72 * size, shade(colour, 0.8))
        ink.box(x - 6 * size, y - 100 * size, 12 * size, 32 * size, shade(colour, 0.7))
        ink.box(x - 15 * size, y - 46 * size, 30 * size, 24 * size, (246, 238, 210), 1)
    elif kind == 4:
        for angle in (-0.3, 0.0, 0.3):
            end = (x + 60 * size * np.cos(angle), y + 24 * size * np.sin(angle))
            ink.stroke([(x - 30 * size, y), end], (120, 122, 132), 7)
            ink.stroke([(x - 30 * size, y), end], (224, 226, 232), 3.5)
    else:
        for dx, dy in ((-17, 0), (17, 0), (0, -20), (0, 4)):
            ink.disc(x + dx * size, y + dy * size, 18 * size, 17 * size, shade(colour, 1.1))
            ink.disc(x + (dx - 5) * size, y + (dy - 6) * size, 5 * size, 4 * size,
                     shade(colour, 1.6), 0)  # fmt: skip


def classroom(ink: Ink, dice: Dice) -> None:
    ink.gradient((240, 230, 206), (222, 206, 176))
    ink.box(420, 110, 820, 300, (44, 92, 74), 10)
    for line in range(4):
        ink.text(720 + line % 2 * 40, 165 + line * 60, "a + b = c     y = 2x + 1     720 / 6 = 120",
                 (226, 236, 228), 34)  # fmt: skip
    ink.disc(830, 56, 40, 40, (250, 250, 250), 5)
    ink.stroke([(830, 56), (830, 30)], (40, 40, 50), 4)
    ink.stroke([(830, 56), (848, 64)], (40, 40, 50), 4)
    for window in range(2):
        ink.box(30 + window * 180, 60, 160, 380, (164, 214, 240), 8)
        ink.disc(110 + window * 180, 470, 70, 110, (126, 176, 110), 0)
        ink.box(22 + window * 180, 440, 176, 24, (214, 196, 160))
    for notice in range(12):
        x, y = 1275 + notice % 3 * 105, 110 + notice // 3 * 86
        ink.box(x, y, 92, 72, shade(pick(dice), 1.3), 2)
        for line in range(4):
            ink.stroke([(x + 10, y + 14 + line * 14), (x + 80, y + 14 + line * 14)],
                       (110, 96, 96), 2)  # fmt: skip
    ink.shape([(0, 560), (1600, 560), (1600, 900), (0, 900)], (178, 134, 94), 4)
    for row in range(3):
        for column in range(6):
            desk(ink, dice, 60 + column * 270 - row * 60, 590 + row * 105, 0.8 + row * 0.16)
    ink.light(120, 250, 520, (255, 250, 220), 0.3)


def desk(ink: Ink, dice: Dice, x: float, y: float, size: float) -> None:
    for leg in (14, 150):
        ink.stroke([(x + leg * size, y + 20), (x + leg * size, y + 110 * size)], (96, 100, 108), 7)
    ink.shape([(x + 20 * size, y), (x + 170 * size, y), (x + 190 * size, y + 36 * size),
               (x, y + 36 * size)], (216, 170, 116), 3)  # fmt: skip
    for _ in range(3):
        left = x + float(dice.uniform(30, 120)) * size
        ink.box(left, y + 6 * size, 38 * size, 20 * size, shade(pick(dice), 1.2), 2)


def bedroom(ink: Ink, dice: Dice) -> None:
    ink.gradient((214, 196, 214), (188, 166, 190))
    for row in range(3):
        for column in range(11):
            poster(ink, dice, 24 + column * 144 + row * 9, 22 + row * 168)
    for lamp in range(40):
        ink.disc(lamp * 41, 14 + 12 * float(np.sin(lamp)), 8, 8, (255, 226, 140), 1)
    ink.box(0, 560, 1600, 340, (176, 130, 104), 4)
    ink.box(900, 560, 680, 260, (240, 236, 240), 4)
    ink.shape([(900, 640), (1580, 640), (1600, 840), (880, 840)], (126, 150, 200), 4)
    for spot in range(90):
        ink.disc(910 + spot % 15 * 45, 660 + spot // 15 * 28, 9, 7, shade(pick(dice), 1.2), 0)
    ink.box(30, 600, 640, 26, WOOD, 4)
    ink.box(260, 440, 230, 150, (56, 60, 74), 6)
    ink.box(274, 452, 202, 120, (116, 190, 214), 2)
    for thing in range(12):
        jar(ink, dice, 56 + thing * 54, 600)
    for toy in range(9):
        bear(ink, dice, 940 + toy * 72, 596, 0.8 + toy % 3 * 0.15)
    for _ in range(60):
        x, y = dice.uniform(20, 860), dice.uniform(680, 880)
        ink.box(float(x), float(y), 44, 26, pick(dice), 2)
    ink.light(370, 510, 300, (200, 240, 255), 0.3)


def poster(ink: Ink, dice: Dice, x: float, y: float) -> None:
    paper = shade(pick(dice), 1.1)
    ink.box(x, y, 124, 152, paper, 3)
    ink.disc(x + 62, y + 66, 40, 44, shade(pick(dice), 1.2), 2)
    ink.disc(x + 62, y + 76, 24, 26, (250, 222, 200), 2)
    for side in (50, 74):
        ink.disc(x + side, y + 76, 4, 6, (40, 44, 76), 0)
    ink.text(x + 62, y + 132, ("STAR", "IDOL", "MECHA", "LIVE", "2001")[int(dice.integers(5))],
             shade(paper, 0.35), 26)  # fmt: skip


def bear(ink: Ink, dice: Dice, x: float, floor: float, size: float) -> None:
    fur = pick(dice)
    for side in (-1, 1):
        ink.disc(x + side * 20 * size, floor - 88 * size, 10 * size, 10 * size, fur)
    ink.disc(x, floor - 28 * size, 28 * size, 32 * size, fur)
    ink.disc(x, floor - 70 * size, 26 * size, 24 * size, fur)
    ink.disc(x, floor - 62 * size, 12 * size, 9 * size, shade(fur, 1.4), 1)
    for side in (-1, 1):
        ink.disc(x + side * 10 * size, floor - 76 * size, 3 * size, 4 * size, (30, 24, 30), 0)


def empty_room(ink: Ink, dice: Dice) -> None:
    del dice
    ink.gradient((228, 222, 214), (214, 206, 196), 0, 620)
    ink.gradient((186, 164, 138), (160, 136, 112), 620, 900)
    ink.box(980, 130, 300, 320, (190, 224, 240), 8)
    ink.stroke([(1130, 130), (1130, 450)], (120, 112, 106), 7)
    ink.shape([(620, 900), (900, 660), (1120, 660), (980, 900)], (226, 206, 172), 0)
    ink.box(0, 606, 1600, 16, (206, 196, 184), 2)
    ink.light(1130, 290, 500, (255, 252, 236), 0.35)


def plain_wall(ink: Ink, dice: Dice) -> None:
    del dice
    ink.gradient((206, 222, 226), (180, 200, 208))
    ink.box(0, 700, 1600, 200, (160, 176, 182), 3)
    ink.light(1200, 100, 700, (255, 255, 246), 0.4)
