"""A whole film measured, piece by piece over all cores."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from curate import engine
from curate.errors import Failure
from curate.events import Progress, Tell
from curate.extract import figures, film, store
from curate.extract.figures import Figures
from curate.extract.rows import Work
from curate.extract.store import Held, Stretch

MEMORY_MB = 500
"""What a process that decodes takes; of 4K H.264 it is 275."""

_CARD_SHARE = 0.125


class Failed(Exception):
    """A part of a film failed in a worker."""

    def __init__(self, failure: Failure | None, item: str) -> None:
        assert failure is not None
        super().__init__(failure.message)
        self.failure = replace(failure, item=item)


def scan(work: Work, stretches: Sequence[Stretch], tell: Tell) -> Figures:
    """The figures of the part of a film that is asked for; only what is not held is decoded.

    Raises:
        Failed: a piece cannot be read at all.
    """
    source = work.source
    waiting = [stretch for stretch in stretches if not store.is_held(stretch)]
    lengths_s = {stretch.file: _length_s(stretch) for stretch in stretches}
    total_s = sum(lengths_s.values())
    done_s = held_s = total_s - sum(lengths_s[stretch.file] for stretch in waiting)
    began = time.monotonic()
    tell(Progress(source.path.name, done_s, total_s, unit="s"))
    for outcome in engine.map(store.measure, waiting, needs=_needs(work)):
        if outcome.result is None:
            raise Failed(outcome.failure, str(source.path))
        done_s += lengths_s[outcome.item.file]
        speed = (done_s - held_s) / max(time.monotonic() - began, 1e-3)
        tell(
            Progress(source.path.name, done_s, total_s, unit="s", detail=f"{speed:.1f} × real time")
        )
    return figures.joined(Held(stretches), work.window.first, work.window.stop)


def stretches(work: Work, workspace: Path) -> list[Stretch]:
    """The pieces of a film that are to be read, and where their figures are kept."""
    return store.stretches(
        workspace, work.film_id, film.pieces(work.source, work.reading, work.window)
    )


def _needs(work: Work) -> engine.Needs:
    """A core for each piece; a graphics card decodes several at once."""
    gpus = _CARD_SHARE if work.reading.hwaccel == "cuda" else 0
    return engine.Needs(gpus=gpus, memory_mb=MEMORY_MB)


def _length_s(stretch: Stretch) -> float:
    """How much of the film a piece is; the last one has what is left."""
    piece = stretch.piece
    end_s = piece.source.duration_s if piece.end is None else piece.source.seconds(piece.end)
    return max(0.0, end_s - piece.source.seconds(piece.begin))
