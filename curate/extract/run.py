"""curate extract: plan which films are to be read, read them, record what was found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from curate import engine, identity
from curate.errors import CurateError, Failure, FilmChanged, FilmUnreadable, NothingLeft
from curate.events import Notice, Progress, Tell, silent
from curate.extract import (
    film,
    hardware,
    lists,
    names,
    notices,
    rows,
    scan,
    search,
    stills,
    store,
    turn,
)
from curate.extract.choice import Choice, Choosing, choose
from curate.extract.figures import Figures
from curate.extract.reading import Reading, Scan, asked, window
from curate.extract.rows import Work
from curate.extract.stills import Batch, Still
from curate.ledger import Ledger
from curate.records import Film, Frame, Refusal, Shot, Task

__all__ = ["Choosing", "Extracted", "Plan", "Reading", "Report", "Scan", "Work", "extract", "plan"]

STATION = "extract"
VERSION = "extract/3"

_BATCH_FRAMES = 8
_MOST_NAMED = 5


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
    choosing: Choosing = Choosing(),  # noqa: B008 - it is frozen
    reading: Reading = Reading(),  # noqa: B008 - it is frozen
    tell: Tell = silent,
    dry_run: bool = False,
) -> Report:
    """Take the frames worth having out of films; one that fails does not stop the others.

    Args:
        ledger: of the workspace that the frames go to.
        films: paths of films and of folders that hold some; the same film twice is read once.
        choosing: how many frames, and which.
        reading: which part of each film is read, and how.
        tell: hears how many seconds of each film have been read.
        dry_run: only plan.
    """
    planned = plan(ledger, films, choosing, reading, tell)
    found = {film.id: _held(ledger, path, film, is_new=False) for path, film in planned.done}
    failures = list(planned.failures)
    for number, work in enumerate(() if dry_run else planned.todo):
        if len(planned.todo) > 1:
            tell(Progress("films", number, len(planned.todo), len(failures), unit="films"))
        with turn.taken(ledger.workspace, tell):
            again = plan(ledger, [work.source.path], choosing, reading)
            failures += again.failures
            for path, done in again.done:
                found[done.id] = _held(ledger, path, done, is_new=False)
            for waiting in again.todo:
                recorded = _attempted(ledger, waiting, tell)
                if isinstance(recorded, Film):
                    found[recorded.id] = _held(ledger, waiting.source.path, recorded, is_new=True)
                else:
                    failures.append(recorded)
    if not dry_run:
        if len(planned.todo) > 1:
            total = len(planned.todo)
            tell(Progress("films", total, total, len(failures), unit="films"))
        for extracted in found.values():
            _sweep(ledger, extracted.film, extracted.frames)
    return Report(tuple(found.values()), planned.todo, tuple(failures))


def listed(ledger: Ledger) -> Report:
    """What the ledger holds of every film; nothing is decoded."""
    known = sorted(ledger.all(Film), key=lambda film: film.name)
    held = (_held(ledger, Path(film.path), film, is_new=False) for film in known)
    return Report(tuple(held), (), ())


def as_csv(report: Report) -> str:
    """The shots of the films and the frames taken from each, a line for each."""
    return lists.as_csv((one.film, one.shots, one.frames) for one in report.films)


def plan(
    ledger: Ledger | None,
    films: Sequence[Path],
    choosing: Choosing = Choosing(),  # noqa: B008 - it is frozen
    reading: Reading = Reading(),  # noqa: B008 - it is frozen
    tell: Tell = silent,
) -> Plan:
    """Which films are to be read; without a ledger none is done."""
    todo: dict[str, Work] = {}
    done: dict[str, tuple[Path, Film]] = {}
    finished = ledger.done(STATION) if ledger else set()
    known = {film.id: film for film in ledger.all(Film)} if ledger else {}
    taken = {film.name: film.id for film in known.values()}
    sought = search.films(films)
    failures = list(sought.failures)
    _tell_others(sought.others, tell)
    for path in sought.films:
        try:
            source = film.probe(path, reading.stream)
            used = window(source, reading)
            film_id = _film_id(path)
        except CurateError as error:
            failures.append(Failure.of(str(path), error))
            continue
        settings = {k: v for k, v in asdict(reading).items() if k != "hwaccel"}
        task_id = identity.of_task(
            VERSION, film=film_id, choosing=asdict(choosing), reading=settings
        )
        before = known.get(film_id)
        is_done = before and before.task_id == task_id and task_id in finished
        if ledger and before and is_done and _is_whole(ledger, before):
            done[film_id] = (path, before)
            continue
        name = before.name if before else names.of_film(path, film_id, taken)
        taken[name] = film_id
        todo.setdefault(film_id, Work(task_id, film_id, name, source, reading, used, choosing))
    return Plan(tuple(todo.values()), tuple(done.values()), tuple(failures))


def _attempted(ledger: Ledger, work: Work, tell: Tell) -> Film | Failure:
    """What was recorded of a film, or why nothing was."""
    try:
        return _read(ledger, work, tell)
    except CurateError as error:
        failure = Failure.of(str(work.source.path), error)
    except scan.Failed as failed:
        failure = failed.failure
    with ledger.transaction():
        ledger.fail(work.task_id, STATION, replace(failure, item=work.name))
    return failure


def _read(ledger: Ledger, work: Work, tell: Tell) -> Film:
    """Scan a film, choose from it, write the frames, record it all."""
    work = _on_hardware(work, tell)
    for text in notices.before(work):
        tell(Notice(text))
    figures = scan.scan(work, scan.stretches(work, ledger.workspace), tell)
    if _film_id(work.source.path) != work.film_id:
        store.forget(ledger.workspace, work.film_id)
        raise FilmChanged(work.source.path)
    if not len(figures):
        if not work.window.is_whole:
            raise NothingLeft(work.source.path, work.source.duration_s, asked(work.reading))
        raise FilmUnreadable(work.source.path, "none of its pictures can be decoded")
    for text in notices.after(work, figures):
        tell(Notice(text))
    choice = choose(figures, work.choosing, float(work.source.time_base))
    written = dict(_written(ledger, work, figures, choice, tell))
    return _record(ledger, work, figures, choice, written)


def _on_hardware(work: Work, tell: Tell) -> Work:
    """The work with the decoder that it can have."""
    name, reason = hardware.settled(work.source, work.reading.hwaccel)
    if reason:
        tell(Notice(f"{reason}; {work.source.path.name} is decoded on the processor."))
    return replace(work, reading=replace(work.reading, hwaccel=name))


def _written(
    ledger: Ledger, work: Work, figures: Figures, choice: Choice, tell: Tell
) -> Iterator[tuple[int, Still]]:
    """Write the chosen frames; yields the PTS and what became of each."""
    moments = [int(figures.pts[candidate.row]) for candidate in choice.candidates]
    crops = [choice.crops[candidate.shot - 1] for candidate in choice.candidates]
    folder = ledger.workspace / "frames"
    files = [folder / names.of_frame(work.name, work.source.seconds(pts)) for pts in moments]
    size = _BATCH_FRAMES if work.source.landmarks else max(1, len(moments))
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
    for outcome in engine.map(stills.write, batches):
        if outcome.result is None:
            raise scan.Failed(outcome.failure, str(work.source.path))
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
        ledger.finish(work.task_id, STATION, work.name, **asdict(work.choosing))
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


def _tell_others(others: Sequence[Path], tell: Tell) -> None:
    if not others:
        return
    named = ", ".join(path.name for path in others[:_MOST_NAMED])
    more = ", …" if len(others) > _MOST_NAMED else ""
    files = "file that is no film is" if len(others) == 1 else "files that are no films are"
    tell(Notice(f"{len(others)} {files} left out: {named}{more}"))


def _film_id(path: Path) -> str:
    try:
        return identity.of_film(path)
    except OSError as error:
        raise FilmUnreadable(path, (error.strerror or str(error)).lower()) from error
