"""The chosen frames of a film written, over all cores."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from curate import engine
from curate.events import Progress, Tell
from curate.extract import names, scan, stills
from curate.extract.choice import Choice
from curate.extract.figures import Figures
from curate.extract.rows import Work
from curate.extract.stills import Batch, Still

_BATCH_FRAMES = 8
_BATCH_PIXELS = 2_000_000  # less than that is done sooner than a process starts
_BATCHES = 2  # for each core: some frames are reached at once, some after hundreds of others
_NEEDS = engine.Needs(memory_mb=scan.MEMORY_MB)


def written(
    folder: Path, work: Work, figures: Figures, choice: Choice, tell: Tell
) -> Iterator[tuple[int, Still]]:
    """Write the chosen frames to `folder`; yields the PTS and what became of each.

    Raises:
        Failed: a frame cannot be written, or the film not be opened any more.
    """
    moments = [int(figures.pts[candidate.row]) for candidate in choice.candidates]
    crops = [choice.crops[candidate.shot - 1] for candidate in choice.candidates]
    files = [folder / name for name in _names(work, moments, choice)]
    size = _batch_frames(work, len(moments)) if work.source.landmarks else max(1, len(moments))
    batches = [
        Batch(
            work.source,
            tuple(moments[begin : begin + size]),
            tuple(files[begin : begin + size]),
            tuple(crops[begin : begin + size]),
        )
        for begin in range(0, len(moments), size)
    ]
    label, done = f"{work.source.path.name}: frames", 0
    for outcome in engine.map(stills.write, batches, needs=_NEEDS):
        if outcome.result is None:
            raise scan.Failed(outcome.failure, str(work.source.path))
        done += len(outcome.item.moments)
        tell(Progress(label, done, len(moments), unit="frames"))
        yield from ((still.moment, still) for still in outcome.result)


def _batch_frames(work: Work, frames: int) -> int:
    """How many frames are written in one go."""
    share = frames // (_BATCHES * engine.cores())
    least = math.ceil(_BATCH_PIXELS / (work.source.width * work.source.height))
    return min(max(share, least), _BATCH_FRAMES)


def _names(work: Work, moments: list[int], choice: Choice) -> Iterator[str]:
    of_shot: Counter[int] = Counter()
    for pts, candidate in zip(moments, choice.candidates, strict=True):
        of_shot[candidate.shot] += 1
        time_s = work.source.seconds(pts)
        yield names.of_frame(
            work.naming, work.name, time_s, candidate.shot, of_shot[candidate.shot]
        )
