"""What is given of films that were read: lists, scene lists, the figures of their frames."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

from curate import files
from curate.events import Tell, silent
from curate.extract import lists, scan
from curate.extract.giving import figures as table
from curate.extract.giving.scenes import FORMS
from curate.extract.report import Extracted, Report
from curate.extract.sheet import page
from curate.extract.taking.run import held, with_page
from curate.ledger import Ledger
from curate.records import Film

__all__ = ["as_csv", "listed", "scenes", "stats"]


def listed(ledger: Ledger) -> Report:
    """What the ledger holds of every film; nothing is decoded."""
    known = sorted(ledger.all(Film), key=lambda film: film.name)
    found = (held(ledger, None, film, is_new=False) for film in known)
    return Report(tuple(with_page(ledger, one) for one in found), (), ())


def as_csv(report: Report) -> str:
    """The shots of the films and the frames taken from each, a line for each."""
    return lists.as_csv((one.film, one.shots, one.frames) for one in report.films)


def scenes(workspace: Path, films: Iterable[Extracted], forms: Iterable[str]) -> list[Path]:
    """Write each film's shots beside its page, in each of the `FORMS`; returns the files.

    Raises:
        DiskFull, NotWritable: as `files.appearing`.
    """
    written = []
    wanted = list(dict.fromkeys(forms))
    for one in films:
        for form in wanted:
            file = page.place(workspace, one.film).with_name(f"{one.film.name}.{form}")
            files.write_text(file, FORMS[form](one))
            written.append(file)
    return written


def stats(ledger: Ledger, films: Iterable[Extracted], file: Path, tell: Tell = silent) -> None:
    """Write the figures of every frame of films that were read as CSV.

    They were kept when the films were measured; what is no longer kept is measured again.

    Raises:
        DiskFull, NotWritable: as `files.appearing`.
        Failed: a film cannot be read any more.
    """
    with files.appearing(file) as part, part.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out, lineterminator="\n").writerow(table.HEAD)
        for one in films:
            if one.work is not None:
                stretches = scan.stretches(one.work, ledger.workspace)
                found = scan.scan(one.work, stretches, tell)
                table.write(out, one.film.name, one.work.source, found)
