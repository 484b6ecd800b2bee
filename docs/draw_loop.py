"""Draw loop.png, the picture in the README, from the workspace that `make demo` leaves."""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

PAPER, INK, QUIET = "#15181d", "#f2f4f7", "#9aa4b2"
ACCENT, KEEP, REJECT = "#7cc4ff", "#5fd38d", "#ff7b72"
WIDTH, HEIGHT, MARGIN = 1600, 620, 40
STRIP = ("07.458", "21.917", "38.833")
PAIRS = (("16.875", "keep", KEEP), ("02.833", "reject: nothing to simplify", REJECT))


def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def picture(folder: Path, moment: str, width: int) -> Image.Image:
    (file,) = folder.glob(f"*{moment}.png")
    image = Image.open(file).convert("RGB")
    return image.resize(
        (width, round(width * image.height / image.width)), Image.Resampling.LANCZOS
    )


def draw(workspace: Path) -> Image.Image:
    """The steps from left to right: frames of a film, twins with verdicts, LoRAs, slider."""
    sheet = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    pen = ImageDraw.Draw(sheet)
    frames, twins = (workspace / "twins" / "simplify" / half for half in ("frame", "twin"))

    heads = (
        (MARGIN, "extract", "the frames worth having"),
        (390, "kontext, pair-check", "frame and twin (here the embedded preview, not Kontext)"),
    )
    heads += ((1130, "dataset, merge", "two trainings, one slider"),)
    for left, head, below in heads:
        pen.text((left, 34), head, INK, font(34))
        pen.text((left, 80), below, QUIET, font(20))

    for row, moment in enumerate(STRIP):
        sheet.paste(picture(frames, moment, 280), (MARGIN, 130 + row * 160))
    for row, (moment, verdict, colour) in enumerate(PAIRS):
        top = 130 + row * 240
        left, right = picture(frames, moment, 330), picture(twins, moment, 330)
        sheet.paste(left, (390, top))
        sheet.paste(right, (390 + 340, top))
        pen.text((390, top + left.height + 8), verdict, colour, font(22))

    for row, (name, colour) in enumerate((("dense LoRA", INK), ("- sparse LoRA", INK))):
        top = 150 + row * 90
        pen.rounded_rectangle((1130, top, 1560, top + 70), 10, outline=QUIET, width=2)
        pen.text((1154, top + 20), name, colour, font(26))
        pen.text((1380, top + 24), "400 modules", QUIET, font(20))
    pen.rounded_rectangle((1130, 350, 1560, 420), 10, fill=ACCENT)
    pen.text((1154, 370), "= slider LoRA", PAPER, font(26))
    pen.text((1380, 374), "rank 4, exact", PAPER, font(20))
    pen.line((1150, 500, 1540, 500), QUIET, 4)
    for step in range(7):
        x = 1150 + step * 65
        pen.line((x, 490, x, 510), QUIET, 3)
        pen.text((x, 524), f"{step - 3:+d}" if step != 3 else "0", QUIET, font(20), anchor="mt")
    pen.ellipse((1150 + 5 * 65 - 14, 486, 1150 + 5 * 65 + 14, 514), fill=ACCENT)
    pen.text((1150, 556), "sparse", QUIET, font(20))
    pen.text((1540, 556), "dense", QUIET, font(20), anchor="ra")
    return sheet


if __name__ == "__main__":
    draw(Path(sys.argv[1])).save(Path(__file__).with_name("loop.png"), optimize=True)
