"""curate extract: plan which films are to be read, read them, record what was found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from curate import engine, identity
from curate.errors import CurateError, Failure, FilmUnreadable
from curate.events import Notice, Progress, Tell, silent
from curate.extract import figures as measures
from curate.extract import film, names, rows, stills
from curate.extract.choice import Choice, choose
from curate.extract.figures import Figures
from curate.extract.film import Piece
from curate.extract.rows import Work
from curate.extract.stills import Batch, Still
from curate.ledger import Ledger
from curate.records import Film, Frame, Refusal, Shot, Task

__all__ = ["Extracted", "Plan", "Report", "Work", "extract", "plan"]

STATION = "extract"
VERSION = "extract/1"

_BATCH_FRAMES = 8
_CUT_OFF_S = 1.5


@dataclass(frozen=True, slots=True)
class Extracted:
    """What the ledger holds of a film; `path` is as the user named it."""

    path: Path
    film: Film
    shots: tuple[Shot, ...]
    frames: tuple[Frame, ...]
    refusals: tuple[Refusal, ...]
    is_new: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """Films to read, films that are done, and films that cannot be opened."""

    todo: tuple[Work, ...]
    done: tuple[tuple[Path, Film], ...]
    failures: tuple[Failure, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """`films` were read, now or before; `planned` are those that were to be read."""

    films: tuple[Extracted, ...]
    planned: tuple[Work, ...]
    failures: tuple[Failure, ...]


def extract(
    ledger: Ledger,
    films: Sequence[Path],
    *,
    count: int | None = 120,
    tell: Tell = silent,
    dry_run: bool = False,
) -> Report:
    """Take the frames worth having out of films; one that fails does not stop the others.

    Args:
        ledger: of the workspace that the frames go to.
        films: paths; the same film twice is read once.
        count: at most so many frames a film, the most crowded and most different; None for one of
            every shot.
        tell: hears how many seconds of each film have been read.
        dry_run: only plan.
    """
    planned = plan(ledger, films, count)
    if dry_run:
        held = tuple(_held(ledger, path, film, is_new=False) for path, film in planned.done)
        return Report(held, planned.todo, planned.failures)
    found = {film.id: _held(ledger, path, film, is_new=False) for path, film in planned.done}
    failures = list(planned.failures)
    for work in planned.todo:
        try:
            recorded = _read(ledger, work, tell)
        except CurateError as error:
            failures.append(Failure.of(str(work.source.path), error))
        except _Failed as failed:
            failures.append(failed.failure)
        else:
            found[work.film_id] = _held(ledger, work.source.path, recorded, is_new=True)
            continue
        with ledger.transaction():
            ledger.fail(work.task_id, STATION, replace(failures[-1], item=work.name))
    for extracted in found.values():
        _sweep(ledger, extracted.film, extracted.frames)
    return Report(tuple(found.values()), planned.todo, tuple(failures))


def plan(ledger: Ledger | None, films: Sequence[Path], count: int | None) -> Plan:
    """Which films are to be read; without a ledger none is done."""
    todo: dict[str, Work] = {}
    done: dict[str, tuple[Path, Film]] = {}
    failures = []
    finished = ledger.done(STATION) if ledger else set()
    known = {film.id: film for film in ledger.all(Film)} if ledger else {}
    taken = {film.name: film.id for film in known.values()}
    for path in films:
        try:
            source = film.probe(path)
            film_id = _film_id(path)
        except CurateError as error:
            failures.append(Failure.of(str(path), error))
            continue
        task_id = identity.of_task(VERSION, film=film_id, count=count)
        before = known.get(film_id)
        is_done = before and before.task_id == task_id and task_id in finished
        if ledger and before and is_done and _is_whole(ledger, before):
            done[film_id] = (path, before)
            continue
        name = before.name if before else names.of_film(path, film_id, taken)
        taken[name] = film_id
        todo.setdefault(film_id, Work(task_id, film_id, name, source, count))
    return Plan(tuple(todo.values()), tuple(done.values()), tuple(failures))


class _Failed(Exception):
    """A piece of a film failed in a worker."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def _read(ledger: Ledger, work: Work, tell: Tell) -> Film:
    """Scan a film, choose from it, write the frames, record it all."""
    figures = _scanned(work, tell)
    if not len(figures):
        raise FilmUnreadable(work.source.path, "none of its pictures can be decoded")
    _warn(work, figures, tell)
    choice = choose(figures, work.count)
    written = dict(_written(ledger, work, figures, choice, tell))
    return _record(ledger, work, figures, choice, written)


def _scanned(work: Work, tell: Tell) -> Figures:
    pieces = film.pieces(work.source)
    total_s = work.source.duration_s
    tell(Progress(work.source.path.name, 0, total_s, unit="s"))
    parts: dict[Piece, Figures] = {}
    for outcome in engine.map(measures.measure, pieces):
        if outcome.result is None:
            raise _Failed(replace(_failure(outcome.failure), item=str(work.source.path)))
        parts[outcome.item] = outcome.result
        read_s = total_s * len(parts) / len(pieces)
        tell(Progress(work.source.path.name, read_s, total_s, unit="s"))
    return measures.joined([parts[piece] for piece in pieces])


def _written(
    ledger: Ledger, work: Work, figures: Figures, choice: Choice, tell: Tell
) -> Iterator[tuple[int, Still]]:
    """Write the chosen frames; yields the PTS and what became of each."""
    moments = [int(figures.pts[candidate.row]) for candidate in choice.candidates]
    folder = ledger.workspace / "frames"
    files = [folder / names.of_frame(work.name, work.source.seconds(pts)) for pts in moments]
    batches = [
        Batch(
            work.source,
            tuple(moments[begin : begin + _BATCH_FRAMES]),
            tuple(files[begin : begin + _BATCH_FRAMES]),
            choice.crop,
        )
        for begin in range(0, len(moments), _BATCH_FRAMES)
    ]
    label, done = f"{work.source.path.name}: frames", 0
    for outcome in engine.map(stills.write, batches):
        if outcome.result is None:
            raise _Failed(_failure(outcome.failure))
        done += len(outcome.item.moments)
        tell(Progress(label, done, len(moments), unit="frames"))
        yield from ((still.moment, still) for still in outcome.result)


def _record(
    ledger: Ledger, work: Work, figures: Figures, choice: Choice, written: dict[int, Still]
) -> Film:
    """Put a film's records in the place of its former ones, in one transaction."""
    recorded = rows.film(work, figures)
    with ledger.transaction():
        ledger.remove(Film, id=work.film_id)
        for kind in (Shot, Frame, Refusal):
            ledger.remove(kind, film_id=work.film_id)
        ledger.remove(Task, station=STATION, item=work.name)
        ledger.put(recorded, *rows.shots(work, figures, choice))
        ledger.put(*rows.frames(work, figures, choice, written, ledger.relative))
        ledger.put(*rows.refusals(work, figures, choice, written))
        ledger.finish(work.task_id, STATION, work.name, count=work.count)
    return recorded


def _held(ledger: Ledger, path: Path, film: Film, *, is_new: bool) -> Extracted:
    return Extracted(
        path=path,
        film=film,
        shots=tuple(ledger.all(Shot, film_id=film.id)),
        frames=tuple(sorted(ledger.all(Frame, film_id=film.id), key=lambda f: f.time_s)),
        refusals=tuple(sorted(ledger.all(Refusal, film_id=film.id), key=lambda r: r.time_s)),
        is_new=is_new,
    )


def _is_whole(ledger: Ledger, film: Film) -> bool:
    return all(ledger.path(frame.path).is_file() for frame in ledger.all(Frame, film_id=film.id))


def _sweep(ledger: Ledger, film: Film, frames: Iterable[Frame]) -> None:
    """Delete this film's files that are not among its frames: chosen by an earlier run."""
    kept = {ledger.path(frame.path).name for frame in frames}
    for file in names.frames_of(film.name, ledger.workspace / "frames"):
        if file.name not in kept:
            file.unlink(missing_ok=True)


def _warn(work: Work, figures: Figures, tell: Tell) -> None:
    name, end_s = work.source.path.name, rows.end_s(work.source, figures)
    if end_s < work.source.duration_s - _CUT_OFF_S:
        tell(
            Notice(
                f"{name} breaks off at {end_s:.1f} s of {work.source.duration_s:.1f} s; "
                "it is used as far as it goes."
            )
        )
    if damaged := int(figures.damaged.sum()):
        tell(Notice(f"{name} has {damaged} damaged frames; they are not used."))


def _film_id(path: Path) -> str:
    try:
        return identity.of_film(path)
    except OSError as error:
        raise FilmUnreadable(path, (error.strerror or str(error)).lower()) from error


def _failure(failure: Failure | None) -> Failure:
    assert failure is not None
    return failure
