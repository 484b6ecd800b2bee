"""curate extract: plan which films are to be read, read them, record what was found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import asdict, replace
from pathlib import Path

from curate import engine, identity
from curate.errors import CurateError, Failure
from curate.events import Progress, Tell, silent
from curate.extract import (
    film,
    names,
    notices,
    search,
    turn,
)
from curate.extract.choice import Choosing
from curate.extract.names import Naming
from curate.extract.reading import Reading, Scan, window
from curate.extract.report import Extracted, Plan, Report
from curate.extract.rows import Work
from curate.extract.taking.run import STATION, each, held, jointly, with_page
from curate.ledger import Ledger
from curate.records import Film, Frame

__all__ = [
    "Choosing",
    "Extracted",
    "Naming",
    "Plan",
    "Reading",
    "Report",
    "Scan",
    "Work",
    "extract",
    "plan",
]

VERSION = "extract/7"


@engine.kept()
def extract(
    ledger: Ledger,
    films: Sequence[Path],
    *,
    choosing: Choosing = Choosing(),  # noqa: B008 - it is frozen
    reading: Reading = Reading(),  # noqa: B008 - it is frozen
    naming: Naming = Naming(),  # noqa: B008 - it is frozen
    tell: Tell = silent,
    dry_run: bool = False,
) -> Report:
    """Take the frames worth having out of films; one that fails does not stop the others.

    Args:
        ledger: of the workspace that the frames go to.
        films: paths of films and of folders that hold some; the same film twice is read once.
        choosing: how many frames, and which.
        reading: which part of each film is read, and how.
        naming: how the frames' files are written.
        tell: hears how many seconds of each film have been read.
        dry_run: only plan.
    """
    planned = plan(ledger, films, choosing, reading, naming, tell)
    found = {film.id: held(ledger, work, film, is_new=False) for work, film in planned.done}
    failures = list(planned.failures)
    if dry_run:
        return Report(tuple(found.values()), planned.todo, tuple(failures))
    is_joint = choosing.is_joint
    rounds = [films] if is_joint and planned.todo else [[w.source.path] for w in planned.todo]
    for number, named in enumerate(rounds):
        if len(rounds) > 1:
            tell(Progress("films", number, len(rounds), len(failures), unit="films"))
        with turn.taken(ledger.workspace, tell):
            again = plan(ledger, named, choosing, reading, naming)
            failures += [failure for failure in again.failures if failure not in failures]
            found |= {one.id: held(ledger, work, one, is_new=False) for work, one in again.done}
            settled = (jointly if is_joint else each)(ledger, again, tell)
        for work in again.todo:
            one = settled[work.film_id]
            if isinstance(one, Film):
                found[one.id] = held(ledger, work, one, is_new=True)
            else:
                failures.append(one)
    if len(rounds) > 1:
        tell(Progress("films", len(rounds), len(rounds), len(failures), unit="films"))
    recorded = {ledger.path(frame.path).name for frame in ledger.all(Frame)}
    for extracted in found.values():
        _sweep(ledger, naming, extracted.film, recorded)
    given = (with_page(ledger, found[film_id]) for film_id in planned.order if film_id in found)
    return Report(tuple(given), planned.todo, tuple(failures))


def plan(
    ledger: Ledger | None,
    films: Sequence[Path],
    choosing: Choosing = Choosing(),  # noqa: B008 - it is frozen
    reading: Reading = Reading(),  # noqa: B008 - it is frozen
    naming: Naming = Naming(),  # noqa: B008 - it is frozen
    tell: Tell = silent,
) -> Plan:
    """Which films are to be read; without a ledger none is done.

    Raises:
        BadSetting: the template of names will not do.
    """
    names.check(naming)
    finished = ledger.done(STATION) if ledger else set()
    known = {film.id: film for film in ledger.all(Film)} if ledger else {}
    taken = {film.name: film.id for film in known.values()}
    sought = search.films(films)
    failures = list(sought.failures)
    notices.others(sought.others, tell)
    works: dict[str, Work] = {}
    for path in sought.films:
        try:
            source = film.probe(path, reading.stream)
            used = window(source, reading)
            film_id = film.identified(path)
        except CurateError as error:
            failures.append(Failure.of(str(path), error))
            continue
        before = known.get(film_id)
        name = before.name if before else names.of_film(path, film_id, taken)
        taken[name] = film_id
        works.setdefault(film_id, Work("", film_id, name, source, reading, used, choosing, naming))
    todo, done = [], []
    for bare in works.values():
        work = replace(bare, task_id=_task_id(bare, works))
        before = known.get(work.film_id)
        is_done = before and before.task_id == work.task_id and work.task_id in finished
        if ledger and before and is_done and _is_whole(ledger, before):
            done.append((work, before))
        else:
            todo.append(work)
    return Plan(tuple(todo), tuple(done), tuple(failures), tuple(works))


def _task_id(work: Work, together: Iterable[str]) -> str:
    reading = {k: v for k, v in asdict(work.reading).items() if k != "hwaccel"}
    return identity.of_task(
        VERSION,
        film=work.film_id,
        choosing=asdict(work.choosing),
        reading=reading,
        naming=asdict(work.naming),
        together=sorted(together) if work.choosing.is_joint else [],
    )


def _is_whole(ledger: Ledger, film: Film) -> bool:
    return all(ledger.path(frame.path).is_file() for frame in ledger.all(Frame, film_id=film.id))


def _sweep(ledger: Ledger, naming: Naming, film: Film, recorded: Set[str]) -> None:
    """Delete files that would be this film's frames and are not recorded: of a run cut short."""
    for file in names.frames_of(naming, film.name, ledger.workspace / "frames"):
        if file.name not in recorded:
            file.unlink(missing_ok=True)
