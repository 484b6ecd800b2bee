"""What was done, to what, with what: SQLite, one writer."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import sqlite3
import time
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from functools import lru_cache, partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from curate import choice, records
from curate.errors import (
    CurateError,
    DiskFull,
    Failure,
    LedgerBusy,
    LedgerUnreadable,
    WorkspaceUnusable,
)
from curate.rows import TABLES, condition, restored_all, restored_columns, writing
from curate.schema import FILE as FILE
from curate.schema import MIGRATIONS
from curate.schema import exists as exists

_CACHE_KB = 65_536  # a third faster than SQLite's own 2 MB with a million records
_BUSY_S = 30.0
_RETRY_S = 0.05
_PRIMARY_CODE = 0xFF  # the upper bits of an SQLite error code say more about the lower
_PAGE_BYTES = 1 << 16
_ROWS = 500  # read at a time
_WRITTEN = 50  # rows of a statement: of many, a third faster than one by one
_FOLDERS = 64

N = TypeVar("N")


def now() -> str:
    """The moment in UTC, to the second, as ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")


class Ledger:
    """The ledger of one workspace, open for reading and writing; a context manager.

    Args:
        workspace: its folder; made if it is not there.

    Raises:
        WorkspaceUnusable: the folder cannot be made or written to.
        LedgerUnreadable: the file there is no ledger, is damaged or comes from a newer version.
    """

    def __init__(self, workspace: Path) -> None:
        self.workspace = workspace
        root = os.path.abspath(workspace)  # noqa: PTH100 - resolve() would follow links
        self._root = root.rstrip(os.sep) + os.sep
        self._below = os.path.join(workspace, "")  # noqa: PTH118 - Path drops the last separator
        # many files lie in few folders
        self._folder = lru_cache(_FOLDERS)(partial(os.path.join, self._below))
        file = workspace / FILE
        try:
            workspace.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise WorkspaceUnusable(workspace, (error.strerror or str(error)).lower()) from error
        if file.is_symlink() and not file.exists():
            raise LedgerUnreadable(file, f"it lies in {file.readlink()}, not on this machine")
        if not os.access(workspace, os.W_OK):
            raise WorkspaceUnusable(workspace, "you may not write to it")
        try:
            self._db = sqlite3.connect(file, timeout=_BUSY_S, isolation_level=None)
            self._prepare(file)
        except sqlite3.DatabaseError as error:
            raise self._in_words(error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._db.close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is written inside is recorded, or none of it."""
        self._execute("BEGIN IMMEDIATE")
        try:
            yield
            self._execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    def put(self, *nouns: records.Noun) -> None:
        """Write records, each in the place of the one with its key."""
        for kind, some in itertools.groupby(nouns, type):
            marks, row = writing(kind)
            rows = list(map(row, some))
            whole = len(rows) - len(rows) % _WRITTEN
            several = [
                [*itertools.chain.from_iterable(rows[start : start + _WRITTEN])]
                for start in range(0, whole, _WRITTEN)
            ]
            for count, values in ((_WRITTEN, several), (1, rows[whole:])):
                if values:
                    all_marks = ", ".join([f"({marks})"] * count)
                    self._execute(f"REPLACE INTO {TABLES[kind]} VALUES {all_marks}", *values)

    def each(self, kind: type[N], **where: object) -> Iterator[N]:
        """The records of a kind whose columns equal `where`, ordered by their first columns.

        They are read as they are asked for, some at a time; write none of that kind meanwhile.
        """
        clause, values = condition(where)
        rows = self._execute(f"SELECT * FROM {TABLES[kind]}{clause} ORDER BY 1, 2, 3, 4", values)
        return self._restored(kind, rows)

    def all(self, kind: type[N], **where: object) -> list[N]:
        """What `each` gives, all at once."""
        return list(self.each(kind, **where))

    def columns(self, kind: type[records.Noun], *names: str, **where: object) -> Iterator[Any]:
        """Some fields of the records of a kind, ordered by the first: of many, far less to read."""
        clause, values = condition(where)
        wanted = f"SELECT {', '.join(names)} FROM {TABLES[kind]}{clause} ORDER BY 1"
        rows = self._execute(wanted, values)
        while some := rows.fetchmany(_ROWS):
            yield from zip(*restored_columns(kind, some, names), strict=True)

    def get(self, kind: type[N], **where: object) -> N | None:
        """The first record that `all` would give, or None."""
        return next(self.each(kind, **where), None)

    def remove(self, kind: type[records.Noun], **where: object) -> None:
        """Delete the records of a kind whose columns equal `where`."""
        clause, values = condition(where)
        self._execute(f"DELETE FROM {TABLES[kind]}{clause}", values)

    def done(self, station: str) -> set[str]:
        """The ids of a station's finished tasks."""
        rows = self._execute("SELECT id FROM tasks WHERE station = ? AND state = 'done'", [station])
        return {row[0] for row in rows}

    def twins(self) -> list[records.Twin]:
        """Every twin without its graph, which is most of what it weighs."""
        names = [column.name for column in fields(records.Twin)]
        columns = ", ".join("'{}'" if name == "graph" else name for name in names)
        rows = self._execute(f"SELECT {columns} FROM {TABLES[records.Twin]} ORDER BY id")
        return list(self._restored(records.Twin, rows))

    def current_twins(self) -> list[records.Twin]:
        """The twins whose frames are still among those chosen from their films."""
        return self._of_chosen_frames(self.all(records.Twin))

    def rulings(self) -> dict[str, records.Ruling]:
        """The ruling on each pair that the last check saw; a person's outranks the rule's."""
        persons = {
            verdict.pair_id: verdict.ruling for verdict in self.all(records.Verdict, judge="person")
        }
        rule = self.all(records.Verdict, judge="rule")
        return {verdict.pair_id: persons.get(verdict.pair_id, verdict.ruling) for verdict in rule}

    def chosen(self) -> dict[str, records.Ruling]:
        """The same of the one pair that counts for each frame under an instruction."""
        verdicts = self.all(records.Verdict)
        twins = self._of_chosen_frames(self.twins())
        return choice.best(self.all(records.Pair), twins, verdicts)

    def _of_chosen_frames(self, twins: list[records.Twin]) -> list[records.Twin]:
        chosen = {frame for (frame,) in self.columns(records.Frame, "id")}
        return [twin for twin in twins if twin.frame_id in chosen]

    def jobs(self, task_id: str) -> tuple[records.Job, ...]:
        """The jobs that were submitted for a task, oldest first."""
        return tuple(sorted(self.all(records.Job, task_id=task_id), key=lambda job: job.at))

    def submit(self, job: records.Job, station: str, item: str) -> None:
        """Record a job and its task as submitted, before it is."""
        with self.transaction():
            self.put(records.Task(job.task_id, station, item, "submitted", at=job.at), job)

    def finish(self, task_id: str, station: str, item: str, **settings: object) -> None:
        """Record a task as done."""
        self.put(records.Task(task_id, station, item, "done", settings, at=now()))

    def fail(self, task_id: str, station: str, failure: Failure) -> None:
        """Record a task as failed; the next run tries it again."""
        self.put(
            records.Task(
                task_id,
                station,
                failure.item,
                "failed",
                reason=failure.message,
                remedy=failure.remedy,
                exit_code=failure.exit_code,
                at=now(),
            )
        )

    def revision(self) -> int:
        """A number that changes when another connection has written."""
        return int(self._execute("PRAGMA data_version").fetchone()[0])

    def relative(self, path: Path | str) -> str:
        """`path` as the ledger stores it: below the workspace if it is there, "/" between parts."""
        text = os.fspath(path)
        if text.startswith(self._below) and ".." not in text:
            return text[len(self._below) :].replace(os.sep, "/")
        absolute = os.path.abspath(path)  # noqa: PTH100 - resolve() would follow links
        return absolute.removeprefix(self._root).replace(os.sep, "/")

    def path(self, relative: str) -> Path:
        """The file that a stored path names."""
        return self.workspace / relative

    def file(self, relative: str) -> str:
        """The same as text: of many, a fraction of the time."""
        folder, _, name = relative.rpartition("/")
        return f"{self._folder(folder)}/{name}" if folder else self._folder(name)

    def copy(self, file: Path) -> None:
        """Copy the ledger as it is now to a file that is not there yet."""
        self._execute("VACUUM INTO ?", [str(file)])

    def _restored(self, kind: type[N], rows: sqlite3.Cursor) -> Iterator[N]:
        count = 1  # one may be all that is asked for
        while some := rows.fetchmany(count):
            yield from restored_all(kind, some)
            count = _ROWS

    def _execute(self, statement: str, *rows: Sequence[object]) -> sqlite3.Cursor:
        try:
            if len(rows) > 1:
                return self._db.executemany(statement, rows)
            return self._db.execute(statement, *rows)
        except sqlite3.DatabaseError as error:
            raise self._in_words(error) from error

    def _in_words(self, error: sqlite3.DatabaseError) -> CurateError:
        file, code = self.workspace / FILE, error.sqlite_errorcode & _PRIMARY_CODE
        is_full = shutil.disk_usage(self.workspace).free < _PAGE_BYTES
        if code == sqlite3.SQLITE_FULL or (code == sqlite3.SQLITE_IOERR and is_full):
            return DiskFull(file)
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return LedgerBusy(file)
        return LedgerUnreadable(file, str(error))

    def _prepare(self, file: Path) -> None:
        # as safe against kills as FULL; a power cut can cost the last records, never the ledger
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.execute(f"PRAGMA cache_size = -{_CACHE_KB}")
        if not self._is_write_ahead():
            self._db.execute("PRAGMA journal_mode = DELETE")
            warnings.warn(
                f"{file} is not on a local disk: run one curate at a time there.", stacklevel=3
            )
        version = self._version()
        if version > len(MIGRATIONS):
            raise LedgerUnreadable(file, f"it was written by a newer curate (schema {version})")
        if version < len(MIGRATIONS):
            with self.transaction():
                for script in MIGRATIONS[self._version() :]:
                    for statement in script.split(";"):
                        self._db.execute(statement)
                self._db.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")

    def _version(self) -> int:
        return int(self._db.execute("PRAGMA user_version").fetchone()[0])

    def _is_write_ahead(self) -> bool:
        """Switch to write-ahead logging; SQLite itself does not wait for another that does so."""
        end = time.monotonic() + _BUSY_S
        while True:
            try:
                return bool(self._db.execute("PRAGMA journal_mode = WAL").fetchone()[0] == "wal")
            except sqlite3.OperationalError:
                if time.monotonic() > end:
                    raise
                time.sleep(_RETRY_S)
