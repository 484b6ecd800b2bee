"""The ledger's file, and its tables as an ordered list of migrations: append, never edit."""

from __future__ import annotations

from pathlib import Path

FILE = "curate.db"


def exists(workspace: Path) -> bool:
    """Whether any station has worked in `workspace`."""
    file = workspace / FILE
    return file.is_file() or file.is_symlink()


MIGRATIONS = (
    """
    CREATE TABLE tasks (
        id TEXT PRIMARY KEY,
        station TEXT NOT NULL,
        item TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('submitted', 'done', 'failed')),
        settings TEXT NOT NULL,
        reason TEXT NOT NULL,
        remedy TEXT NOT NULL,
        exit_code INTEGER NOT NULL,
        at TEXT NOT NULL
    ) STRICT;
    CREATE INDEX tasks_by_station ON tasks (station, state);

    CREATE TABLE films (
        id TEXT PRIMARY KEY,
        task_id TEXT NOT NULL,
        name TEXT NOT NULL,
        path TEXT NOT NULL,
        width INTEGER NOT NULL,
        height INTEGER NOT NULL,
        duration_s REAL NOT NULL,
        codec TEXT NOT NULL,
        pixel_format TEXT NOT NULL
    ) STRICT;

    CREATE TABLE shots (
        film_id TEXT NOT NULL,
        number INTEGER NOT NULL,
        start_s REAL NOT NULL,
        end_s REAL NOT NULL,
        kind TEXT NOT NULL,
        PRIMARY KEY (film_id, number)
    ) STRICT;

    CREATE TABLE frames (
        id TEXT PRIMARY KEY,
        film_id TEXT NOT NULL,
        shot INTEGER NOT NULL,
        time_s REAL NOT NULL,
        path TEXT NOT NULL,
        width INTEGER NOT NULL,
        height INTEGER NOT NULL,
        density REAL NOT NULL,
        sharpness REAL NOT NULL
    ) STRICT;
    CREATE INDEX frames_by_film ON frames (film_id, time_s);

    CREATE TABLE refusals (
        film_id TEXT NOT NULL,
        shot INTEGER NOT NULL,
        time_s REAL NOT NULL,
        reason TEXT NOT NULL,
        figure REAL NOT NULL,
        PRIMARY KEY (film_id, time_s, reason)
    ) STRICT;

    CREATE TABLE jobs (
        prompt_id TEXT PRIMARY KEY,
        task_id TEXT NOT NULL,
        server TEXT NOT NULL,
        prefix TEXT NOT NULL,
        at TEXT NOT NULL
    ) STRICT;
    CREATE INDEX jobs_by_task ON jobs (task_id);

    CREATE TABLE twins (
        id TEXT PRIMARY KEY,
        frame_id TEXT NOT NULL,
        name TEXT NOT NULL,
        prompt TEXT NOT NULL,
        concept TEXT NOT NULL,
        instruction TEXT NOT NULL,
        backend TEXT NOT NULL,
        made_by TEXT NOT NULL,
        seed INTEGER NOT NULL,
        crop TEXT NOT NULL,
        width INTEGER NOT NULL,
        height INTEGER NOT NULL,
        frame_path TEXT NOT NULL,
        twin_path TEXT NOT NULL,
        graph TEXT NOT NULL
    ) STRICT;
    CREATE INDEX twins_by_frame ON twins (frame_id);

    CREATE TABLE pairs (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        twin_id TEXT NOT NULL,
        concept TEXT NOT NULL,
        frame_path TEXT NOT NULL,
        twin_path TEXT NOT NULL,
        measures TEXT NOT NULL,
        encoder TEXT NOT NULL
    ) STRICT;

    CREATE TABLE verdicts (
        pair_id TEXT NOT NULL,
        judge TEXT NOT NULL CHECK (judge IN ('rule', 'person')),
        ruling TEXT NOT NULL CHECK (ruling IN ('keep', 'look', 'reject')),
        reasons TEXT NOT NULL,
        PRIMARY KEY (pair_id, judge)
    ) STRICT;

    CREATE TABLE loras (
        id TEXT PRIMARY KEY,
        path TEXT NOT NULL,
        dense_path TEXT NOT NULL,
        sparse_path TEXT NOT NULL,
        rank INTEGER NOT NULL,
        modules INTEGER NOT NULL,
        kept_energy REAL NOT NULL
    ) STRICT;
    """,
    "ALTER TABLE verdicts ADD COLUMN at TEXT NOT NULL DEFAULT ''",
    """
    ALTER TABLE verdicts ADD COLUMN score REAL NOT NULL DEFAULT 0;
    ALTER TABLE twins ADD COLUMN variant INTEGER NOT NULL DEFAULT 1;
    ALTER TABLE twins ADD COLUMN control_path TEXT NOT NULL DEFAULT ''
    """,
    """
    CREATE INDEX tasks_by_item ON tasks (station, item);
    CREATE INDEX twins_by_path ON twins (twin_path)
    """,
    """
    ALTER TABLE films ADD COLUMN rate TEXT NOT NULL DEFAULT '';
    ALTER TABLE shots ADD COLUMN look TEXT NOT NULL DEFAULT ''
    """,
    """
    CREATE TABLE cells (
        id TEXT PRIMARY KEY,
        lora TEXT NOT NULL,
        prompt TEXT NOT NULL,
        seed INTEGER NOT NULL,
        strength REAL NOT NULL,
        path TEXT NOT NULL,
        digest TEXT NOT NULL,
        made_by TEXT NOT NULL,
        graph TEXT NOT NULL,
        measured TEXT NOT NULL,
        measures TEXT NOT NULL
    ) STRICT
    """,
    "ALTER TABLE twins ADD COLUMN captions TEXT NOT NULL DEFAULT '[]'",
    """
    DROP INDEX tasks_by_station;
    CREATE INDEX tasks_by_station ON tasks (station, state, id)
    """,
    # Rows lie in the order of their ids, in which they are read.
    """
    ALTER TABLE tasks RENAME TO old_tasks;
    CREATE TABLE tasks (
        id TEXT PRIMARY KEY,
        station TEXT NOT NULL,
        item TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('submitted', 'done', 'failed')),
        settings TEXT NOT NULL,
        reason TEXT NOT NULL,
        remedy TEXT NOT NULL,
        exit_code INTEGER NOT NULL,
        at TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    INSERT INTO tasks SELECT * FROM old_tasks ORDER BY id;
    DROP TABLE old_tasks;
    CREATE INDEX tasks_by_station ON tasks (station, state);
    CREATE INDEX tasks_by_item ON tasks (station, item);

    ALTER TABLE frames RENAME TO old_frames;
    CREATE TABLE frames (
        id TEXT PRIMARY KEY,
        film_id TEXT NOT NULL,
        shot INTEGER NOT NULL,
        time_s REAL NOT NULL,
        path TEXT NOT NULL,
        width INTEGER NOT NULL,
        height INTEGER NOT NULL,
        density REAL NOT NULL,
        sharpness REAL NOT NULL
    ) STRICT, WITHOUT ROWID;
    INSERT INTO frames SELECT * FROM old_frames ORDER BY id;
    DROP TABLE old_frames;
    CREATE INDEX frames_by_film ON frames (film_id, time_s)
    """,
    """
    ALTER TABLE pairs ADD COLUMN numbers BLOB NOT NULL DEFAULT x'';

    ALTER TABLE verdicts RENAME TO old_verdicts;
    CREATE TABLE verdicts (
        pair_id TEXT NOT NULL,
        judge TEXT NOT NULL CHECK (judge IN ('rule', 'person')),
        ruling TEXT NOT NULL CHECK (ruling IN ('keep', 'look', 'reject')),
        reasons TEXT NOT NULL,
        at TEXT NOT NULL DEFAULT '',
        score REAL NOT NULL DEFAULT 0,
        PRIMARY KEY (pair_id, judge)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO verdicts SELECT * FROM old_verdicts ORDER BY pair_id, judge;
    DROP TABLE old_verdicts
    """,
)
