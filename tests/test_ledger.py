from __future__ import annotations

import dataclasses
import sqlite3
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from curate import ledger as ledgers
from curate import lines, moving
from curate.errors import (
    BadInput,
    DiskFull,
    Failure,
    LedgerBusy,
    LedgerUnreadable,
    WorkspaceUnusable,
)
from curate.ledger import Ledger
from curate.records import Frame, Task, Twin, Verdict
from curate.rows import writing
from curate.schema import MIGRATIONS

FRAME = Frame("f1", "film", 3, 12.5, "frames/a.png", 1920, 1080, 0.4, 2.0)
TWIN = Twin(
    id="t1",
    frame_id="f1",
    name="a",
    prompt="simplify",
    concept="density",
    instruction="Make it clean.",
    backend="embedded",
    made_by="nobody",
    seed=2**63 - 1,
    crop=(0, 21, 1920, 1059),
    width=1392,
    height=752,
    frame_path="twins/simplify/frame/a.png",
    twin_path="twins/simplify/twin/ä.png",
    graph={"1": {"class_type": "LoadImage"}},
)


@pytest.fixture
def ledger(tmp_path):
    with Ledger(tmp_path / "data") as opened:
        yield opened


def test_a_record_comes_back_as_it_went_in(ledger):
    ledger.put(FRAME, TWIN)

    assert ledger.get(Frame, id="f1") == FRAME
    assert ledger.all(Twin) == [TWIN]


def test_a_record_takes_the_place_of_the_one_with_its_key(ledger):
    ledger.put(Verdict("p", "rule", "look", ("a", "b")))
    ledger.put(Verdict("p", "rule", "keep", ()))
    ledger.put(Verdict("p", "person", "reject", ()))

    assert [v.ruling for v in ledger.all(Verdict, pair_id="p")] == ["reject", "keep"]


def test_a_transaction_that_fails_leaves_no_trace(ledger):
    def record_half() -> None:
        with ledger.transaction():
            ledger.put(FRAME)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        record_half()

    assert ledger.all(Frame) == []


def test_a_failed_task_is_not_done(ledger):
    ledger.finish("1", "extract", "film.mkv", count=3)
    ledger.fail("2", "extract", Failure("bad.mkv", "It broke.", "Mend it.", 3))

    assert ledger.done("extract") == {"1"}
    assert ledger.get(Task, id="2").reason == "It broke."
    assert ledger.get(Task, id="1").settings == {"count": 3}


def test_paths_are_stored_below_the_workspace_with_forward_slashes(ledger):
    inside = ledger.workspace / "frames" / "a b.png"

    assert ledger.relative(inside) == "frames/a b.png"
    assert ledger.path("frames/a b.png") == inside
    outside = ledger.workspace.parent / "other" / "x.png"
    assert ledger.path(ledger.relative(outside)) == outside


def test_the_ledger_as_json_lines_reads_back_equal(ledger, tmp_path):
    ledger.put(TWIN, FRAME, Verdict("p", "rule", "look", ("too dark",)))
    ledger.finish("1", "extract", "film.mkv")
    lines.dump(ledger, tmp_path / "out.jsonl")

    with Ledger(tmp_path / "other") as other:
        assert lines.load(other, tmp_path / "out.jsonl") == 4
        lines.dump(other, tmp_path / "again.jsonl")

    assert (tmp_path / "again.jsonl").read_bytes() == (tmp_path / "out.jsonl").read_bytes()


@pytest.mark.parametrize(
    "bad",
    [
        '{"table": "frames"}',
        '{"table": "verdicts", "pair_id": "p", "judge": "rule", "ruling": "?", "reasons": [], '
        '"at": "", "score": 0}',
        "frames",
    ],
)
def test_a_line_that_is_no_record_is_named_and_nothing_is_read(ledger, tmp_path, bad):
    ledger.put(FRAME)
    file = tmp_path / "out.jsonl"
    lines.dump(ledger, file)
    file.write_text(file.read_text() + bad + "\n")

    with Ledger(tmp_path / "other") as other:
        with pytest.raises(BadInput, match="Line 2"):
            lines.load(other, file)
        assert other.all(Frame) == []


def test_the_journal_is_write_ahead(ledger):
    with sqlite3.connect(ledger.workspace / ledgers.FILE) as db:
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert db.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
    db.close()


@pytest.mark.parametrize("version", range(8, len(MIGRATIONS)))
def test_what_an_older_version_recorded_is_kept(tmp_path, version):
    task = Task("t2", "kontext", "f1", "done", {"seed": 1}, at="2026-11-27")
    others = [dataclasses.replace(task, id=f"t{number}", state="failed") for number in (3, 1)]
    with sqlite3.connect(tmp_path / ledgers.FILE) as db:
        for statement in ";".join(MIGRATIONS[:version]).split(";"):
            db.execute(statement)
        db.execute(f"PRAGMA user_version = {version}")
        for kind, nouns in (("tasks", [task, *others]), ("frames", [FRAME])):
            marks, row = writing(type(nouns[0]))
            rows = [row(noun) for noun in nouns]
            db.executemany(f"INSERT INTO {kind} VALUES ({marks})", rows)
    db.close()

    with Ledger(tmp_path) as ledger:
        assert [one.id for one in ledger.all(Task)] == ["t1", "t2", "t3"]
        assert ledger.all(Task, station="kontext", state="done") == [task]
        assert ledger.all(Frame, film_id=FRAME.film_id) == [FRAME]


def test_a_file_that_is_no_ledger_is_refused(tmp_path):
    (tmp_path / ledgers.FILE).write_text("this is a text, and long enough to be looked at" * 20)

    with pytest.raises(LedgerUnreadable, match="not a database"):
        Ledger(tmp_path)


def test_a_ledger_of_a_newer_version_is_refused(tmp_path):
    with Ledger(tmp_path):
        pass
    with sqlite3.connect(tmp_path / ledgers.FILE) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()

    with pytest.raises(LedgerUnreadable, match="newer"):
        Ledger(tmp_path)


def test_a_workspace_below_a_file_is_refused(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(WorkspaceUnusable):
        Ledger(tmp_path / "file" / "data")


@pytest.mark.skipif(sys.platform == "win32", reason="the file system of a Unix is imitated")
def test_where_no_memory_can_be_shared_the_journal_is_kept_and_a_warning_given(
    tmp_path, monkeypatch
):
    connect = sqlite3.connect
    monkeypatch.setattr(
        sqlite3, "connect", lambda f, **o: connect(f"{f.as_uri()}?vfs=unix-dotfile", uri=True, **o)
    )

    with pytest.warns(UserWarning, match="not on a local disk"):
        ledger = Ledger(tmp_path)

    with ledger:
        ledger.put(FRAME)
        assert ledger.all(Frame) == [FRAME]


def test_many_may_open_a_new_workspace_at_once(tmp_path):
    def opened(number: int) -> int:
        with Ledger(tmp_path / "data") as ledger:
            ledger.finish(str(number), "extract", "film")
        return number

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(opened, range(16)))

    with Ledger(tmp_path / "data") as ledger:
        assert len(ledger.done("extract")) == 16


def test_a_full_disk_is_said_and_nobody_is_told_to_move_the_ledger_away(ledger):
    ledger._db.execute("PRAGMA max_page_count = 1")

    with pytest.raises(DiskFull):
        ledger.finish("1", "extract", "film", notes="long " * 100_000)


def test_a_ledger_that_another_holds_is_busy_not_broken(ledger, monkeypatch):
    monkeypatch.setattr(ledgers, "_BUSY_S", 0.05)
    with ledger.transaction(), Ledger(ledger.workspace) as other, pytest.raises(LedgerBusy):
        other.put(FRAME)


def test_a_twin_whose_frame_is_no_longer_chosen_is_not_current(ledger):
    ledger.put(FRAME, TWIN)
    assert ledger.current_twins() == [TWIN]

    ledger.remove(Frame, id=FRAME.id)

    assert ledger.current_twins() == []


def test_twins_can_be_read_without_their_graphs(ledger: Ledger) -> None:
    ledger.put(TWIN)

    assert ledger.twins() == [dataclasses.replace(TWIN, graph={})]


def test_some_fields_of_many_records_can_be_read_alone(ledger: Ledger) -> None:
    ledger.put(TWIN, dataclasses.replace(TWIN, id="0", seed=2))

    assert list(ledger.columns(Twin, "id", "crop", "graph", seed=TWIN.seed)) == [
        (TWIN.id, TWIN.crop, TWIN.graph)
    ]
    assert [twin_id for (twin_id,) in ledger.columns(Twin, "id")] == ["0", TWIN.id]
    assert list(ledger.columns(Frame, "id")) == []


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right there")
def test_a_ledger_on_another_disk_is_found_through_its_workspace(tmp_path):
    with Ledger(tmp_path / "shared") as ledger:
        ledger.put(FRAME)

    there = moving.move(tmp_path / "shared", tmp_path / "local")

    with Ledger(tmp_path / "shared") as ledger:
        assert ledger.all(Frame) == [FRAME]
        assert there.with_name(there.name + "-wal").exists()
    assert [file.name for file in (tmp_path / "shared").iterdir()] == ["curate.db"]


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right there")
def test_a_ledger_that_another_machine_has_is_not_begun_anew(tmp_path):
    Ledger(tmp_path / "shared").__exit__(None, None, None)
    moving.move(tmp_path / "shared", tmp_path / "local").unlink()

    with pytest.raises(LedgerUnreadable, match="not on this machine"):
        Ledger(tmp_path / "shared")


def test_records_are_read_one_by_one_as_they_are_asked_for(ledger: Ledger) -> None:
    ledger.put(FRAME, Task("a", "kontext", "a", "done"), Task("b", "kontext", "b", "done"))
    with sqlite3.connect(ledger.workspace / ledgers.FILE) as other:
        other.execute("UPDATE tasks SET settings = 'damaged' WHERE id = 'b'")

    tasks = ledger.each(Task, station="kontext")

    assert next(tasks).id == "a"
    with pytest.raises(ValueError, match="Expecting value"):
        next(tasks)


def test_what_is_done_is_told_from_an_index_alone_in_its_order(ledger: Ledger) -> None:
    question = "SELECT id FROM tasks WHERE station = 'kontext' AND state = 'done' ORDER BY id"
    with sqlite3.connect(ledger.workspace / ledgers.FILE) as other:
        steps = [row[-1] for row in other.execute(f"EXPLAIN QUERY PLAN {question}")]

    (step,) = steps
    assert "COVERING INDEX tasks_by_station" in step
