"""What a shot looks like, in few bits: to find the same one again in another film."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from curate.extract.figures import TONES, Figures, Gray, lumas
from curate.extract.shots import Span

_GRID = (9, 8)
_PLACES = (0.25, 0.5, 0.75)
_HASH, _TINTS = 8, 2
_BYTES = (_HASH + _TINTS) * len(_PLACES)
_MOST_BITS, _MOST_BITS_ALONE, _MOST_TINT = 8, 2, 6
_SLACK_S, _SLACK_SHARE = 0.3, 0.04
_RUN_SHOTS, _RUN_S = 3, 10.0
_NONE = 64
_ONES = np.array([number.bit_count() for number in range(256)], np.uint8)

Runs = Mapping[tuple[int, int], tuple[int, float]]
"""By the places of a shot here and there, in how long a run it is: shots and seconds."""


@dataclass(frozen=True, slots=True)
class Known:
    """A shot of another film; `is_given` says whether a frame was taken from it."""

    film: str
    look: str
    lasts_s: float
    is_given: bool = True


class Library:
    """Shots of other films in the order they are shown, ready to be compared with."""

    def __init__(self, known: Iterable[Known] = ()) -> None:
        self._known = [one for one in known if len(one.look) == 2 * _BYTES]
        self._looks = _parsed([one.look for one in self._known])
        self._lasts_s = np.array([one.lasts_s for one in self._known])

    def recurring(self, shots: Sequence[tuple[str, float]]) -> list[tuple[str, int] | None]:
        """For each shot the film that has given it, and by how many bits it differs; or None.

        Two shots match if at each of three moments no more than 8 of 64 bits differ (of two
        pictures that have nothing in common 32 do) and the colour is the same, and if they last as
        long, within 0.3 s or 4 %. A match counts in a run of three shots that follow each other in
        both films, or of ten seconds, as an opening is; so does the shot before or behind such a
        run, however long: it may be cut off. By itself, a shot is the same only up to 2 bits: a
        place that is seen again, with somebody else in it, is no opening.

        Args:
            shots: of a film, in order: look (see `of_span`; empty ones match nothing) and seconds.
        """
        own = [place for place, (look, _) in enumerate(shots) if len(look) == 2 * _BYTES]
        found: list[tuple[str, int] | None] = [None] * len(shots)
        if not own or not self._known:
            return found
        bits: dict[tuple[int, int], int] = {}
        whole: dict[tuple[int, int], float] = {}
        for place, number in enumerate(own):
            look, lasts_s = shots[number]
            apart = self._apart(_parsed([look])[0])
            slack_s = max(_SLACK_S, _SLACK_SHARE * lasts_s)
            for there in np.flatnonzero(apart <= _MOST_BITS).tolist():
                bits[place, there] = int(apart[there])
                if abs(float(self._lasts_s[there]) - lasts_s) <= slack_s:
                    whole[place, there] = lasts_s
        for here, there in self._counted(bits, whole):
            known, number = self._known[there], own[here]
            best = found[number]
            if known.is_given and (best is None or bits[here, there] < best[1]):
                found[number] = (known.film, bits[here, there])
        return found

    def _apart(self, mine: Gray) -> NDArray[np.int64]:
        """How many bits each known shot differs at the worst moment; 64 in another colour."""
        apart = _ONES[self._looks[:, :, :_HASH] ^ mine[:, :_HASH]].sum(axis=2).max(axis=1)
        tints = np.abs(self._looks[:, :, _HASH:].astype(int) - mine[:, _HASH:]).max(axis=(1, 2))
        return np.where(tints <= _MOST_TINT, apart, _NONE).astype(np.int64)

    def _counted(
        self, bits: Mapping[tuple[int, int], int], whole: Mapping[tuple[int, int], float]
    ) -> list[tuple[int, int]]:
        """The matches that count, in order."""
        runs = self._runs(whole)
        long = {at for at, (n, lasts_s) in runs.items() if n >= _RUN_SHOTS or lasts_s >= _RUN_S}
        ends = {
            (here + step, there + step)
            for here, there in long
            for step in (-1, 1)
            if (here + step, there + step) in bits and self._is_next(there, there + step)
        }
        alone = {at for at in whole if bits[at] <= _MOST_BITS_ALONE}
        return sorted(long | ends | alone)

    def _runs(self, whole: Mapping[tuple[int, int], float]) -> Runs:
        runs: dict[tuple[int, int], tuple[int, float]] = {}
        for here, there in sorted(whole):
            if (here, there) in runs:
                continue
            run = [(here, there)]
            while (after := (run[-1][0] + 1, run[-1][1] + 1)) in whole and self._is_next(
                run[-1][1], after[1]
            ):
                run.append(after)
            runs |= dict.fromkeys(run, (len(run), sum(whole[at] for at in run)))
        return runs

    def _is_next(self, one: int, other: int) -> bool:
        return self._known[one].film == self._known[other].film


def of_span(figures: Figures, span: Span) -> str:
    """The look of a shot, as hex: at a quarter, a half and three quarters of its time 64 bits.

    Each bit says which of two neighbours on a grid of 9 × 8 is brighter, so that another encoder,
    size or exposure changes few of them (the "difference hash", Krawetz 2013). Behind them stands
    the mean of both chroma planes, a byte each.
    """
    if span.kind != "content":
        return ""
    first, last = figures.pts[span.first], figures.pts[span.stop - 1]
    moments = [first + (last - first) * place for place in _PLACES]
    rows = np.clip(np.searchsorted(figures.pts, moments), span.first, span.stop - 1)
    tones = figures.tones[rows]
    tints = tones[:, TONES[0] * TONES[1] :].reshape(len(rows), _TINTS, -1).mean(axis=2)
    parts = zip(lumas(tones), np.rint(tints).astype(np.uint8), strict=True)
    return b"".join(_hash(luma) + tint.tobytes() for luma, tint in parts).hex()


def _parsed(looks: Sequence[str]) -> Gray:
    """Shape (looks, moments, bytes)."""
    flat = np.frombuffer(bytes.fromhex("".join(looks)), np.uint8)
    return flat.reshape(-1, len(_PLACES), _HASH + _TINTS)


def _hash(luma: NDArray[np.float32]) -> bytes:
    grid = cv2.resize(luma.reshape(TONES[::-1]), _GRID, interpolation=cv2.INTER_AREA)
    return np.packbits(grid[:, 1:] > grid[:, :-1]).tobytes()
