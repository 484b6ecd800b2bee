"""What was found in a film, as the records that the ledger keeps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from curate import identity
from curate.extract.choice import Choice, Choosing
from curate.extract.figures import Figures
from curate.extract.names import Naming
from curate.extract.reading import Reading, Window, asked
from curate.extract.source import Source
from curate.extract.stills import Still
from curate.records import Film, Frame, Refusal, Shot


@dataclass(frozen=True, slots=True)
class Work:
    """A film that is to be read.

    Attributes:
        reading: how, and which part of it.
        window: that part, in PTS.
        choosing: how many frames to keep, and which.
        naming: how their files are written.
    """

    task_id: str
    film_id: str
    name: str
    source: Source
    reading: Reading
    window: Window
    choosing: Choosing
    naming: Naming = Naming()  # noqa: RUF009 - it is frozen

    @property
    def part(self) -> str:
        """The part that is used, as the user asked for it; empty for all of the film."""
        return asked(self.reading)


def film(work: Work, figures: Figures) -> Film:
    """The film itself; its size is that of the whole picture, bars and all."""
    source = work.source
    return Film(
        id=work.film_id,
        task_id=work.task_id,
        name=work.name,
        path=source.path.absolute().as_posix(),
        width=source.width,
        height=source.height,
        duration_s=film_end_s(source, figures),
        codec=source.codec,
        pixel_format=source.pixel_format,
        rate=str(source.rate or ""),
    )


def shots(work: Work, figures: Figures, choice: Choice) -> Iterator[Shot]:
    starts = [work.source.seconds(int(figures.pts[span.first])) for span in choice.spans]
    ends = [*starts[1:], film_end_s(work.source, figures)]
    for number, span in enumerate(choice.spans, start=1):
        start_s, end_s = starts[number - 1], ends[number - 1]
        yield Shot(work.film_id, number, start_s, end_s, span.kind, choice.looks[number - 1])


def frames(
    work: Work,
    figures: Figures,
    choice: Choice,
    written: Mapping[int, Still],
    stored: Callable[[Path], str],
) -> Iterator[Frame]:
    for candidate in choice.candidates:
        still = written.get(int(figures.pts[candidate.row]))
        if still is None:
            continue
        yield Frame(
            id=identity.of_task("frame/1", film=work.film_id, at=still.moment, px=still.pixels_id),
            film_id=work.film_id,
            shot=candidate.shot,
            time_s=work.source.seconds(still.moment),
            path=stored(still.file),
            width=still.width,
            height=still.height,
            density=still.density,
            sharpness=still.sharpness,
        )


def refusals(
    work: Work, figures: Figures, choice: Choice, written: Mapping[int, Still]
) -> Iterator[Refusal]:
    for row, shot, refused in choice.refused:
        time_s = work.source.seconds(int(figures.pts[row]))
        yield Refusal(work.film_id, shot, time_s, refused.reason, round(refused.figure, 4))
    for candidate in choice.candidates:
        pts = int(figures.pts[candidate.row])
        if pts not in written:
            yield Refusal(work.film_id, candidate.shot, work.source.seconds(pts), "damaged", 1.0)


def film_end_s(source: Source, figures: Figures) -> float:
    """When the last frame ends, if it stands as long as the one before."""
    pts = figures.pts
    gap = int(pts[-1] - pts[-2]) if len(pts) > 1 else 0
    return source.seconds(int(pts[-1]) + gap)
