from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import wait
from pathlib import Path
from types import SimpleNamespace

import pytest

from curate import engine
from curate.engine import processes
from curate.errors import FilmMissing
from tests.conftest import wait_until

ROOT = Path(__file__).parents[1]


def square(number: int) -> int:
    return number * number


def refuse_odd(number: int) -> int:
    if number % 2:
        raise FilmMissing(Path(f"{number}.mkv"))
    return number


def stumble(number: int) -> float:
    return 1 / number


def die_on_three(number: int) -> int:
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def note_or_die(item: tuple[str, str]) -> None:
    folder, name = Path(item[0]), item[1]
    if name == "die":
        wait_until((folder / "2").exists)  # the worker that began it has sent what it did before
        os.kill(os.getpid(), signal.SIGKILL)
    with (folder / name).open("a", encoding="utf-8") as file:
        file.write("x")


def process_id(_: int) -> int:
    return os.getpid()


def threads(_: int) -> str | None:
    return os.environ.get("OPENCV_FOR_THREADS_NUM")


def leave_trace(folder: str) -> None:
    (Path(folder) / str(os.getpid())).touch()
    time.sleep(600)


def hold_two_workers(folder: str) -> None:
    for _ in engine.map(leave_trace, [folder, folder], workers=2):
        pass


def test_every_item_has_one_outcome():
    outcomes = list(engine.map(square, range(20), workers=2))

    assert sorted(o.result for o in outcomes) == [n * n for n in range(20)]


def test_a_failed_item_is_an_outcome_and_the_others_go_on():
    outcomes = {o.item: o for o in engine.map(refuse_odd, range(4), workers=2)}

    assert outcomes[2].result == 2
    assert outcomes[3].failure is not None
    assert outcomes[3].failure.message == "There is no film 3.mkv."
    assert outcomes[3].failure.exit_code == 3


def test_an_error_that_nobody_foresaw_names_itself_and_the_item():
    outcome = next(iter(engine.map(stumble, [0])))

    assert outcome.failure is not None
    assert "ZeroDivisionError on 0" in outcome.failure.message


def test_an_item_that_kills_its_worker_is_set_aside_and_the_others_are_done():
    outcomes = {o.item: o for o in engine.map(die_on_three, range(8), workers=2)}

    assert sorted(outcomes) == list(range(8))
    assert [n for n, o in outcomes.items() if o.failure] == [3]
    assert "died on 3" in outcomes[3].failure.message


def test_what_was_done_when_a_worker_died_is_not_done_again(tmp_path, monkeypatch):
    def heard_late(futures, **_):  # all at once, those of the dead worker first
        done = wait(futures).done
        return SimpleNamespace(done=sorted(done, key=lambda future: not future.exception()))

    monkeypatch.setattr(processes, "wait", heard_late)
    items = [(str(tmp_path), name) for name in ("0", "die", "1", "2")]
    outcomes = list(engine.map(note_or_die, items, workers=2))

    assert sorted(o.item[1] for o in outcomes if not o.failure) == ["0", "1", "2"]
    assert (tmp_path / "0").read_text() == (tmp_path / "1").read_text() == "x"


def test_a_single_item_is_worked_in_this_process():
    assert [o.result for o in engine.map(process_id, [1])] == [os.getpid()]


def test_several_items_are_worked_in_other_processes():
    assert os.getpid() not in {o.result for o in engine.map(process_id, [1, 2], workers=2)}


def test_kept_processes_work_on_one_map_after_the_other():
    with engine.kept():
        first, second = (
            {o.result for o in engine.map(process_id, range(9), workers=2)} for _ in range(2)
        )

    assert len(first | second) <= 2
    assert os.getpid() not in first


def test_a_kept_process_that_died_is_replaced():
    with engine.kept():
        before = {o.result for o in engine.map(process_id, range(9), workers=2)}
        for process in before:
            os.kill(process, signal.SIGKILL)
        outcomes = {o.item: o for o in engine.map(die_on_three, range(8), workers=2)}
        after = {o.result for o in engine.map(process_id, range(9), workers=2)}

    assert [n for n, o in outcomes.items() if o.failure] == [3]
    assert sorted(outcomes) == list(range(8))
    assert after.isdisjoint(before)


def test_kept_processes_end_where_they_are_no_longer_needed():
    with engine.kept():
        held = {o.result for o in engine.map(process_id, range(9), workers=2)}

    assert not any(is_running(process) for process in held if process)


def test_kept_processes_end_when_a_map_is_left_early():
    with engine.kept():
        outcomes = engine.map(process_id, range(99), workers=2)
        left = next(outcomes).result
        outcomes.close()

        assert left is not None
        wait_until(lambda: not is_running(left))


def test_items_are_read_only_as_far_ahead_as_there_is_room():
    taken = []

    def items():
        for number in range(1000):
            taken.append(number)
            yield number

    outcomes = engine.map(square, items(), workers=2)
    next(outcomes)
    outcomes.close()

    assert len(taken) < 12


def test_workers_use_one_thread_each():
    assert {o.result for o in engine.map(threads, [1, 2], workers=2)} == {"1"}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_workers_end_with_the_process_that_started_them(tmp_path, number):
    code = f"from tests.test_engine import hold_two_workers; hold_two_workers({str(tmp_path)!r})"
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stderr=subprocess.DEVNULL)
    wait_until(lambda: len(list(tmp_path.iterdir())) == 2)

    parent.send_signal(number)
    parent.wait(timeout=60)

    wait_until(lambda: not any(is_running(int(trace.name)) for trace in tmp_path.iterdir()))


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="reads Linux's process table")
def test_workers_that_are_only_starting_do_not_answer_ctrl_c_with_a_traceback(tmp_path):
    code = f"""
from tests.test_engine import hold_two_workers
try:
    hold_two_workers({str(tmp_path)!r})
except KeyboardInterrupt:
    print("stopped")
"""
    parent = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    children = Path(f"/proc/{parent.pid}/task/{parent.pid}/children")
    wait_until(lambda: len(children.read_text().split()) >= 3)

    os.killpg(parent.pid, signal.SIGINT)
    stdout, stderr = parent.communicate(timeout=60)

    assert stdout == "stopped\n"
    assert stderr == ""


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{process}/stat")
    return not (state.exists() and state.read_text().rsplit(")", 1)[1].split()[0] == "Z")
