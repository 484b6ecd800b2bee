"""One film after the other, or all together: scanned, chosen from, written, recorded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path

from curate.errors import CurateError, Failure, FilmChanged, FilmUnreadable, NothingLeft
from curate.events import Notice, Tell, silent
from curate.extract import film as films
from curate.extract import (
    hardware,
    notices,
    rows,
    scan,
    shots,
    store,
    together,
    writing,
)
from curate.extract.choice import Choice, choose
from curate.extract.figures import Figures
from curate.extract.looks import Known, Library
from curate.extract.reading import asked
from curate.extract.report import Extracted, Plan
from curate.extract.rows import Work
from curate.extract.sheet import page
from curate.extract.stills import Still
from curate.ledger import Ledger
from curate.records import Film, Frame, Refusal, Shot, Task

STATION = "extract"

Settled = dict[str, Film | Failure]
"""By the film's id what was recorded of it, or why nothing was."""


def held(ledger: Ledger, work: Work | None, film: Film, *, is_new: bool) -> Extracted:
    """What the ledger holds of a film."""
    return Extracted(
        path=work.source.path if work else Path(film.path),
        film=film,
        shots=tuple(ledger.all(Shot, film_id=film.id)),
        frames=tuple(sorted(ledger.all(Frame, film_id=film.id), key=lambda f: f.time_s)),
        refusals=tuple(sorted(ledger.all(Refusal, film_id=film.id), key=lambda r: r.time_s)),
        is_new=is_new,
        work=work,
    )


def each(ledger: Ledger, planned: Plan, tell: Tell) -> Settled:
    """Each film by itself."""
    settled: Settled = {}
    for work in planned.todo:
        try:
            figures = _scanned(ledger, work, tell)
            library = Library(_known(ledger, _before(ledger, work)))
            choice = choose(figures, work.choosing, float(work.source.time_base), library)
            settled[work.film_id] = _taken(ledger, work, figures, choice, tell)
        except (CurateError, scan.Failed) as error:
            settled[work.film_id] = _failed(ledger, work, error)
    return settled


def jointly(ledger: Ledger, planned: Plan, tell: Tell) -> Settled:
    """The films of a plan with one choice over all of them, those done before included."""
    settled: Settled = {}
    works = [*planned.todo, *(work for work, _ in planned.done)] if planned.todo else []
    works.sort(key=lambda work: work.source.path)
    choices: dict[str, Choice] = {}
    lists: dict[str, together.Shortlist] = {}
    inside: list[Known] = []
    ids = {work.film_id for work in works}
    for work in works:
        try:
            figures = _scanned(ledger, work, tell)
            tick_s = float(work.source.time_base)
            outside = [film_id for film_id in _before(ledger, work) if film_id not in ids]
            library = Library([*_known(ledger, outside), *inside])
            choice = choose(figures, work.choosing, tick_s, library)
        except (CurateError, scan.Failed) as error:
            settled[work.film_id] = _failed(ledger, work, error)
            continue
        given = {candidate.shot for candidate in choice.candidates}
        inside += [
            Known(work.name, look, shots.lasts_s(figures, span, tick_s), number in given)
            for number, (look, span) in enumerate(zip(choice.looks, choice.spans, strict=True), 1)
        ]
        count = work.choosing.count or 0
        choices[work.film_id] = choice
        lists[work.film_id] = together.shortlist(figures, choice)
        lists = together.comparable(lists, count)
    if not choices:
        return settled
    shares = together.shared(lists, planned.todo[0].choosing.count or 0)
    for work in planned.todo:
        if work.film_id in settled:
            continue
        try:
            figures = scan.scan(work, scan.stretches(work, ledger.workspace), silent)
            choice = choices[work.film_id].limited(shares[work.film_id])
            settled[work.film_id] = _taken(ledger, work, figures, choice, tell)
        except (CurateError, scan.Failed) as error:
            settled[work.film_id] = _failed(ledger, work, error)
    return settled


def with_page(ledger: Ledger, found: Extracted) -> Extracted:
    """The same with its contact sheet, made anew only if it shows another choice."""
    file = page.place(ledger.workspace, found.film)
    if page.is_of(file, found.film):
        return replace(found, page=ledger.relative(file))
    if found.work is None:
        return found
    stretches = scan.stretches(found.work, ledger.workspace)
    if not all(store.is_held(stretch) for stretch in stretches):
        return found
    figures = scan.scan(found.work, stretches, silent)
    thumbnails = {frame.id: page.thumbnail(ledger.path(frame.path)) for frame in found.frames}
    page.write(file, found, ledger.path, thumbnails, figures, stretches)
    return replace(found, page=ledger.relative(file))


def _scanned(ledger: Ledger, work: Work, tell: Tell) -> Figures:
    """The figures of what is asked for of a film."""
    name, reason = hardware.settled(work.source, work.reading.hwaccel)
    if reason:
        tell(Notice(f"{reason}; {work.source.path.name} is decoded on the processor."))
    work = replace(work, reading=replace(work.reading, hwaccel=name))
    for text in notices.before(work):
        tell(Notice(text))
    figures = scan.scan(work, scan.stretches(work, ledger.workspace), tell)
    if films.identified(work.source.path) != work.film_id:
        store.forget(ledger.workspace, work.film_id)
        raise FilmChanged(work.source.path)
    if not len(figures):
        if not work.window.is_whole:
            raise NothingLeft(work.source.path, work.source.duration_s, asked(work.reading))
        raise FilmUnreadable(work.source.path, "none of its pictures can be decoded")
    for text in notices.after(work, figures):
        tell(Notice(text))
    return figures


def _taken(ledger: Ledger, work: Work, figures: Figures, choice: Choice, tell: Tell) -> Film:
    """Write the chosen frames, record them, and show them on a page."""
    folder = ledger.workspace / "frames"
    written = dict(writing.written(folder, work, figures, choice, tell))
    recorded = _record(ledger, work, figures, choice, written)
    found = held(ledger, work, recorded, is_new=True)
    by_path = {ledger.relative(still.file): still.thumbnail for still in written.values()}
    thumbnails = {frame.id: by_path[frame.path] for frame in found.frames}
    stretches = scan.stretches(work, ledger.workspace)
    file = page.place(ledger.workspace, recorded)
    page.write(file, found, ledger.path, thumbnails, figures, stretches)
    return recorded


def _record(
    ledger: Ledger, work: Work, figures: Figures, choice: Choice, written: dict[int, Still]
) -> Film:
    """Put a film's records in the place of its former ones, in one transaction.

    Files of former frames go before: killed in between, the next run makes it all again.
    """
    recorded = rows.film(work, figures)
    frames = list(rows.frames(work, figures, choice, written, ledger.relative))
    kept = {frame.path for frame in frames}
    after = _before(ledger, work)
    for frame in ledger.all(Frame, film_id=work.film_id):
        if frame.path not in kept:
            ledger.path(frame.path).unlink(missing_ok=True)
    with ledger.transaction():
        ledger.remove(Film, id=work.film_id)
        for kind in (Shot, Frame, Refusal):
            ledger.remove(kind, film_id=work.film_id)
        ledger.remove(Task, station=STATION, item=work.name)
        ledger.put(recorded, *rows.shots(work, figures, choice), *frames)
        ledger.put(*rows.refusals(work, figures, choice, written))
        ledger.finish(work.task_id, STATION, work.name, **asdict(work.choosing), after=after)
    return recorded


def _failed(ledger: Ledger, work: Work, error: CurateError | scan.Failed) -> Failure:
    """Record that a film could not be done."""
    name = str(work.source.path)
    failure = error.failure if isinstance(error, scan.Failed) else Failure.of(name, error)
    with ledger.transaction():
        ledger.fail(work.task_id, STATION, replace(failure, item=work.name))
    return failure


def _before(ledger: Ledger, work: Work) -> list[str]:
    """The films whose frames come before this one's where both have a shot.

    Those that were there when it was first done, so that it can be done again alike.
    """
    former = ledger.get(Task, station=STATION, item=work.name, state="done")
    after = former.settings.get("after") if former else None
    if isinstance(after, list):
        return [str(film_id) for film_id in after]
    return sorted(film.id for film in ledger.all(Film) if film.id != work.film_id)


def _known(ledger: Ledger, film_ids: Iterable[str]) -> list[Known]:
    """The shots of films."""
    known = []
    for film_id in film_ids:
        film = ledger.get(Film, id=film_id)
        if film is None:
            continue
        given = {frame.shot for frame in ledger.all(Frame, film_id=film_id)}
        known += [
            Known(film.name, shot.look, shot.end_s - shot.start_s, shot.number in given)
            for shot in sorted(ledger.all(Shot, film_id=film_id), key=lambda s: s.number)
            if shot.look
        ]
    return known
