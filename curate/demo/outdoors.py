"""Places under the sky: streets and markets full of things, skies and seas with next to nothing."""

from __future__ import annotations

import numpy as np

from curate.demo.indoors import Dice, pick
from curate.demo.ink import Colour, Ink, shade

_SIGNS = ("RAMEN", "CAFE", "BOOKS", "BAR", "24h", "SUSHI", "HOTEL", "TEA", "GAMES", "UDON")


def sky(ink: Ink, dice: Dice) -> None:
    ink.gradient((92, 164, 226), (206, 232, 244))
    for x, y, size in ((330, 260, 1.0), (980, 170, 1.5), (1420, 420, 0.8)):
        cloud(ink, dice, x, y, size)
    ink.shape([(0, 800), (300, 745), (700, 770), (1100, 730), (1600, 790), (1600, 900), (0, 900)],
              (126, 178, 104), 3)  # fmt: skip


def cloud(ink: Ink, dice: Dice, x: float, y: float, size: float) -> None:
    puffs = [
        (dice.uniform(-150, 150), dice.uniform(-34, 20), dice.uniform(34, 70)) for _ in range(12)
    ]
    for colour, sink in (((212, 224, 238), 18.0), ((252, 252, 252), 0.0)):
        for dx, dy, wide in puffs:
            ink.disc(x + dx * size, y + (dy + sink) * size, wide * size, wide * 0.6 * size,
                     colour, 0)  # fmt: skip


def sea(ink: Ink, dice: Dice) -> None:
    ink.gradient((86, 70, 128), (250, 178, 120), 0, 520)
    ink.gradient((206, 130, 122), (52, 60, 104), 520, 900)
    ink.disc(800, 470, 74, 74, (255, 238, 196), 0)
    ink.light(800, 470, 420, (255, 216, 150), 0.6)
    for line in range(26):
        y = 530 + line * 13.0
        x = 800 + float(dice.uniform(-60, 60))
        ink.stroke([(x - 30 - line, y), (x + 30 + line, y)], (255, 220, 170), 3)


def street(ink: Ink, dice: Dice) -> None:
    ink.gradient((150, 196, 226), (232, 232, 220))
    for index in range(7):
        house(ink, dice, index * 232 - 10, 110 + float(dice.uniform(-60, 60)), 226)
    ink.shape([(0, 790), (1600, 790), (1600, 900), (0, 900)], (150, 148, 152), 3)
    for line in range(14):
        ink.box(line * 120, 838, 66, 12, (236, 232, 214), 0)
    for pole in (180, 760, 1330):
        ink.box(pole, 60, 16, 750, (122, 116, 116), 3)
        for arm in (110, 150):
            ink.box(pole - 56, arm, 128, 9, (110, 104, 104), 2)
    for wire in range(7):
        sag = [(x, 112 + wire * 9 + 40 * float(np.sin((x % 575) / 575 * np.pi)))
               for x in range(0, 1601, 40)]  # fmt: skip
        ink.stroke(sag, (60, 58, 66), 2)
    for machine in (330, 1010):
        ink.box(machine, 610, 110, 190, (206, 72, 74), 4)
        for can in range(15):
            ink.box(machine + 10 + can % 5 * 19, 626 + can // 5 * 36, 13, 26, pick(dice), 1.5)
    for bicycle in (560, 900, 1440):
        for wheel in (0, 84):
            ink.disc(bicycle + wheel, 782, 34, 34, (90, 90, 96), 4)
            ink.disc(bicycle + wheel, 782, 27, 27, (196, 194, 192), 2)
        ink.stroke([(bicycle, 782), (bicycle + 28, 724), (bicycle + 70, 728), (bicycle + 84, 782)],
                   (60, 120, 160), 5)  # fmt: skip


def house(ink: Ink, dice: Dice, x: float, top: float, width: float) -> None:
    """A shop with flats above, signs, lanterns and goods in front."""
    wall = shade(pick(dice), 1.25)
    ink.box(x, top, width, 800 - top, wall, 4)
    for floor in range(4):
        for window in range(3):
            left, up = x + 20 + window * 66, top + 26 + floor * 106
            if up < 470:
                ink.box(left, up, 46, 64, (124, 160, 184), 3)
                ink.box(left - 5, up + 64, 56, 16, (110, 98, 94), 2)
                ink.box(left + 4, up + 40, 20, 26, pick(dice), 2)
    for stripe in range(10):
        colour: Colour = (246, 240, 228) if stripe % 2 else shade(wall, 0.7)
        left = x + stripe * width / 10
        ink.shape([(left, 560), (left + width / 10, 560), (left + width / 10 - 4, 604),
                   (left - 4, 604)], colour, 1.5)  # fmt: skip
    ink.box(x + 14, 606, width - 28, 190, (74, 62, 66), 3)
    for place in range(24):
        ink.box(x + 22 + place % 8 * 23, 640 + place // 8 * 48, 19, 30, pick(dice), 1.5)
    ink.box(x + 6, 506, width - 12, 52, pick(dice), 3)
    ink.text(x + width / 2, 532, _SIGNS[int(dice.integers(10))], (252, 248, 236), 40)
    ink.box(x + width - 44, top + 30, 54, 210, pick(dice), 3)
    word = _SIGNS[int(dice.integers(10))]
    for index, letter in enumerate(word):
        ink.text(x + width - 17, top + 55 + index * 40, letter, (252, 250, 240), 36)
    for lantern in range(5):
        ink.disc(x + 26 + lantern * 44, 622, 13, 18, (226, 84, 66), 2)


def market(ink: Ink, dice: Dice) -> None:
    ink.gradient((196, 214, 206), (226, 206, 170))
    for stall in range(4):
        left = 12 + stall * 400
        for stripe in range(12):
            tone: Colour = (248, 242, 230) if stripe % 2 else pick(dice)
            at = left + stripe * 31.5
            ink.shape([(at, 60), (at + 31.5, 60), (at + 36, 190), (at - 4, 190)], tone, 2)
        for lamp in range(6):
            ink.disc(left + 34 + lamp * 62, 222, 19, 26, (240, 150, 70), 2.5)
        for post in (4, 366):
            ink.box(left + post, 190, 12, 660, (128, 92, 66), 3)
        for row in range(5):
            for crate in range(3):
                fruit_crate(ink, dice, left + 22 + crate * 117, 290 + row * 116)
    ink.light(800, 0, 900, (255, 240, 190), 0.25)


def fruit_crate(ink: Ink, dice: Dice, x: float, y: float) -> None:
    colour = pick(dice)
    ink.box(x, y - 6, 112, 76, (110, 78, 56), 3)
    for row in range(4):
        for column in range(6):
            ink.disc(x + 10 + column * 18 + row % 2 * 5, y + row * 15, 11, 11,
                     shade(colour, float(dice.uniform(0.85, 1.25))), 2)  # fmt: skip
    ink.box(x - 3, y + 56, 118, 40, (186, 140, 94), 3)
    ink.stroke([(x, y + 76), (x + 112, y + 76)], (136, 98, 68), 2)
    ink.box(x + 34, y + 62, 46, 26, (250, 246, 226), 2)
    ink.text(x + 57, y + 75, f"{int(dice.integers(1, 10)) * 100}", (176, 52, 52), 24)


def night(ink: Ink, dice: Dice) -> None:
    ink.gradient((14, 16, 40), (52, 46, 90))
    ink.disc(1250, 150, 60, 60, (240, 236, 206), 0)
    ink.light(1250, 150, 260, (180, 180, 220), 0.35)
    for index in range(26):
        x, top = index * 64 - 20, float(dice.uniform(180, 520))
        wall = shade((44, 46, 78), float(dice.uniform(0.6, 1.3)))
        ink.box(x, top, 84, 900 - top, wall, 2)
        for window in range(int((860 - top) / 26) * 4):
            lit = dice.random() < 0.45
            pane: Colour = (250, 214, 130) if lit else (36, 38, 66)
            ink.box(x + 8 + window % 4 * 18, top + 14 + window // 4 * 26, 11, 15, pane, 0)
    for sign in range(14):
        x, y = 40 + sign * 112, float(dice.uniform(560, 800))
        ink.box(x, y, 86, 34, shade(pick(dice), 0.9), 2)
        ink.text(x + 43, y + 17, _SIGNS[sign % 10], (255, 244, 220), 22)


def field(ink: Ink, dice: Dice) -> None:
    ink.gradient((150, 204, 232), (240, 240, 214), 0, 560)
    ink.shape([(0, 560), (400, 470), (820, 540), (1240, 450), (1600, 520), (1600, 900), (0, 900)],
              (140, 184, 128), 0)  # fmt: skip
    ink.shape([(0, 640), (500, 600), (1000, 640), (1600, 590), (1600, 900), (0, 900)],
              (116, 168, 96), 3)  # fmt: skip
    ink.box(1180, 470, 26, 170, (120, 86, 64), 4)
    for dx, dy in ((-50, 0), (50, 10), (0, -60), (0, 10)):
        ink.disc(1193 + dx, 430 + dy, 86, 70, (94, 150, 88), 0)
    for _ in range(60):
        x, y = float(dice.uniform(0, 1600)), float(dice.uniform(680, 880))
        ink.stroke([(x, y), (x + 6, y - 22)], (90, 146, 78), 3)
