"""A table where nothing is styled, drawn as rich draws it: loading rich takes as long as numpy."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

_GAP = "  "
_NARROW = ((0x20, 0x300), (0x370, 0x483), (0x2010, 0x2060), (0x2190, 0x2300))
"""Code points that take one column if they are printable: Latin, Greek, Cyrillic, dashes, signs."""


def table(
    columns: Sequence[str], rows: Sequence[Sequence[str]], is_right: Sequence[bool], width: int
) -> str:
    """The table without its last line's end; empty if it is too wide, or not for this drawer.

    Args:
        columns: their titles.
        rows: their cells, in which a line may end.
        is_right: which columns stand to the right.
        width: of the widest line, in columns of a terminal.
    """
    split = [[cell.split("\n") for cell in row] for row in (columns, *rows)]
    texts = {text for row in split for cell in row for text in cell}
    widths = [max(len(text) for row in split for text in row[i]) for i in range(len(columns))]
    if not all(map(_is_narrow, texts)) or "[" in "".join(columns) or 0 in widths:
        return ""
    if sum(widths) + len(_GAP) * (len(columns) - 1) > width:
        return ""
    return "\n".join(
        _GAP.join(
            text.rjust(wide) if right else text.ljust(wide)
            for text, wide, right in zip(line, widths, is_right, strict=True)
        )
        for row in split
        for line in zip_longest(*row, fillvalue="")
    )


def _is_narrow(text: str) -> bool:
    return text.isprintable() and (
        text.isascii() or all(any(low <= ord(c) < high for low, high in _NARROW) for c in text)
    )
