"""Words on a sheet: in the face that Pillow brings, or in one of the system's."""

from __future__ import annotations

from functools import cache

from PIL import ImageFont

_SYSTEM = (
    *("NotoSansCJK-Regular.ttc", "DejaVuSans.ttf", "msgothic.ttc"),
    *("Arial Unicode.ttf", "arial.ttf"),
)
"""Faces with more than ASCII, by their files' names on Linux, Windows and macOS."""

_OWN = frozenset("·“”")
"""What Pillow's own face has besides ASCII, as far as it is used."""

Face = ImageFont.FreeTypeFont | ImageFont.ImageFont


def face(text: str, size_px: int) -> Face:
    """A face of that size for a text: Pillow's own, the same everywhere, if it has the signs."""
    return _face(size_px, is_plain=all(sign.isascii() or sign in _OWN for sign in text))


@cache
def _face(size_px: int, *, is_plain: bool) -> Face:
    for name in () if is_plain else _SYSTEM:
        try:
            return ImageFont.truetype(name, size_px)
        except OSError:
            continue
    return ImageFont.load_default(size_px)


def width(text: str, size_px: int) -> float:
    """The width of a line in px."""
    return face(text, size_px).getlength(text)


def wrapped(text: str, size_px: int, width_px: int, lines: int) -> list[str]:
    """The text in at most so many lines of that width; what is too much ends in "...".

    Words are parted only where one is wider than a line, as a sentence in Japanese is.
    """
    made, line = [], ""
    for piece in _pieces(text, size_px, width_px):
        longer = line + piece if line else piece.strip()
        if line and width(longer, size_px) > width_px:
            made.append(line)
            longer = piece.strip()
        line = longer
    made.append(line)
    if len(made) <= lines:
        return made
    last = made[lines - 1]
    while last and width(last + "...", size_px) > width_px:
        last = last[:-1]
    return [*made[: lines - 1], last.rstrip() + "..."]


def _pieces(text: str, size_px: int, width_px: int) -> list[str]:
    """Words, each with a space before it but the first; too wide ones letter by letter."""
    pieces: list[str] = []
    for number, word in enumerate(text.split()):
        lead = " " if number else ""
        if width(word, size_px) > width_px:
            pieces += [lead + word[0], *word[1:]]
        else:
            pieces.append(lead + word)
    return pieces
