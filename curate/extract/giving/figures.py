"""The figures of every frame that was looked at, for spreadsheets."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import IO

from curate.extract.figures import Figures
from curate.extract.lists import clock
from curate.extract.source import Source

_COLUMNS = ("jump", "likeness", "tint", "level", "contrast", "sharpness", "density", "letters")
HEAD = ("film", "timecode", "time_s", "pts", *_COLUMNS, "damaged")


def write(file: IO[str], name: str, source: Source, figures: Figures) -> None:
    """Append a line for each frame of a film."""
    csv.writer(file, lineterminator="\n").writerows(_rows(name, source, figures))


def _rows(name: str, source: Source, figures: Figures) -> Iterator[tuple[object, ...]]:
    table = zip(*(getattr(figures, column).tolist() for column in _COLUMNS), strict=True)
    for pts, damaged, values in zip(
        figures.pts.tolist(), figures.damaged.tolist(), table, strict=True
    ):
        time_s = source.seconds(pts)
        numbers = (f"{value:.4g}" for value in values)
        yield (name, clock(time_s), f"{time_s:.6f}", pts, *numbers, int(damaged))
