"""What a shot looks like, in few bits: to find the same one again in another film."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from curate.extract.figures import TONES, Figures, lumas
from curate.extract.shots import Span

_GRID = (9, 8)
_PLACES = (0.25, 0.5, 0.75)
_BYTES = 8 * len(_PLACES)
_MOST_BITS = 8
_SLACK_S, _SLACK_SHARE = 0.3, 0.04
_ONES = np.array([number.bit_count() for number in range(256)], np.uint8)


@dataclass(frozen=True, slots=True)
class Known:
    """A shot of another film that a frame was taken from."""

    film: str
    look: str
    lasts_s: float


class Library:
    """Shots of other films, ready to be compared with."""

    def __init__(self, known: Iterable[Known] = ()) -> None:
        whole = [one for one in known if len(one.look) == 2 * _BYTES]
        self._films = [one.film for one in whole]
        self._bits = np.frombuffer(bytes.fromhex("".join(one.look for one in whole)), np.uint8)
        self._bits = self._bits.reshape(-1, _BYTES)
        self._lasts_s = np.array([one.lasts_s for one in whole])

    def find(self, look: str, lasts_s: float) -> tuple[str, int] | None:
        """The film that has the shot too, and by how many bits it differs at most; or None.

        It is the same shot if at each of three moments no more than 8 of 64 bits differ (of two
        pictures that have nothing in common 32 do), and if it lasts as long, within 0.3 s or 4 %.
        """
        if not self._films or not look:
            return None
        mine = np.frombuffer(bytes.fromhex(look), np.uint8)
        apart = _ONES[self._bits ^ mine].reshape(-1, len(_PLACES), 8).sum(axis=2).max(axis=1)
        slack_s = max(_SLACK_S, _SLACK_SHARE * lasts_s)
        apart = np.where(np.abs(self._lasts_s - lasts_s) <= slack_s, apart, 64)
        place = int(np.argmin(apart))
        return (self._films[place], int(apart[place])) if apart[place] <= _MOST_BITS else None


def of_span(figures: Figures, span: Span) -> str:
    """The look of a shot, as hex: 64 bits at a quarter, a half and three quarters of its time.

    Each bit says which of two neighbours on a grid of 9 × 8 is brighter, so that another encoder,
    size or exposure changes few of them (the "difference hash", Krawetz 2013).
    """
    if span.kind != "content":
        return ""
    first, last = figures.pts[span.first], figures.pts[span.stop - 1]
    moments = [first + (last - first) * place for place in _PLACES]
    rows = np.clip(np.searchsorted(figures.pts, moments), span.first, span.stop - 1)
    return b"".join(_hash(luma) for luma in lumas(figures.tones[rows])).hex()


def _hash(luma: NDArray[np.float32]) -> bytes:
    grid = cv2.resize(luma.reshape(TONES[::-1]), _GRID, interpolation=cv2.INTER_AREA)
    return np.packbits(grid[:, 1:] > grid[:, :-1]).tobytes()
