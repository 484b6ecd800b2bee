"""What `curate extract` says of the films it read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from curate.cli import console

if TYPE_CHECKING:
    from curate.extract.run import Extracted, Report
    from curate.records import Frame

_SCANS = {"keyframes": "keyframes only", "fast": "reference frames only", "full": "every frame"}
_MOST_NAMED = 5


def as_object(found: Extracted, order: str) -> dict[str, object]:
    return {
        "film": found.path.as_posix(),
        "name": found.film.name,
        "duration_s": found.film.duration_s,
        "rate": found.film.rate,
        "page": found.page,
        "shots": [
            {"number": s.number, "start_s": s.start_s, "end_s": s.end_s, "kind": s.kind}
            for s in found.shots
        ],
        "frames": [
            {
                "path": f.path,
                "time_s": f.time_s,
                "shot": f.shot,
                "width": f.width,
                "height": f.height,
                "density": f.density,
                "sharpness": f.sharpness,
            }
            for f in _ordered(found.frames, order)
        ],
        "refused": [
            {"time_s": r.time_s, "reason": r.reason, "figure": r.figure, "shot": r.shot}
            for r in found.refusals
        ],
    }


def _ordered(frames: Iterable[Frame], order: str) -> list[Frame]:
    """Frames by time, or the densest first."""
    return sorted(frames, key=lambda f: (-f.density if order == "density" else 0, f.time_s))


def say_planned(report: Report) -> None:
    for work in report.planned:
        source, reading = work.source, work.reading
        part = f" ({work.part})" if work.part else ""
        console.show(
            f"{source.path.name}: {source.width}×{source.height} {source.codec}, "
            f"{source.duration_s:.0f} s{part}, to be read, {_SCANS[reading.scan]}."
        )
    for found in report.films:
        console.show(f"{found.path.name}: done before, {len(found.frames)} frames.")


def say(report: Report, workspace: Path, lists: Sequence[Path]) -> None:
    if not report.films:
        return
    console.show_table(
        ("film", "length", "shots", "frames", "refused"),
        [
            (
                found.film.name,
                f"{found.film.duration_s:.0f} s",
                sum(shot.kind == "content" for shot in found.shots),
                len(found.frames),
                _reasons(found),
            )
            for found in report.films
        ],
    )
    new = sum(len(found.frames) for found in report.films if found.is_new)
    old = sum(len(found.frames) for found in report.films if not found.is_new)
    there = f"; {old} were there already" if old else ""
    console.show(f"{new} frames written to {(workspace / 'frames').as_posix()}{there}.")
    for line in _shares(report):
        console.show(line)
    pages = [found.page for found in report.films if found.page]
    if len(pages) == 1:
        console.show(f"Page: {(workspace / pages[0]).as_posix()}")
    elif pages:
        console.show(f"Pages: {(workspace / pages[0]).parent.as_posix()}/, one for each film")
    for file in lists:
        console.show(file.as_posix())
    if new or old:
        console.show("curate kontext --prompt simplify.txt", lead="Next:")


def _shares(report: Report) -> Iterator[str]:
    """How one count was shared out among films, and of which nothing was taken."""
    films = [found for found in report.films if found.work and found.work.choosing.is_joint]
    if len(films) < 2:
        return
    giving = [found for found in films if found.frames]
    total = sum(len(found.frames) for found in films)
    yield f"In all {total} frames of {len(giving)} of {len(films)} films."
    left = [found.film.name for found in films if not found.frames]
    if left:
        named = ", ".join(left[:_MOST_NAMED]) + (", …" if len(left) > _MOST_NAMED else "")
        yield f"None of {named}: what others show is more crowded, or shows the same."


def _reasons(found: Extracted) -> str:
    counts: dict[str, int] = {}
    for refusal in found.refusals:
        counts[refusal.reason] = counts.get(refusal.reason, 0) + 1
    return ", ".join(f"{number} {reason}" for reason, number in sorted(counts.items())) or "none"
