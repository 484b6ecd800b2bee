import json
import os
import shutil
import signal
import sqlite3
from pathlib import Path

import av
import numpy as np
import pytest

from curate import engine, images
from curate.demo.film import STORY, Take, draw, truth
from curate.extract import run
from curate.ledger import Ledger
from curate.records import Film, Frame, Refusal, Shot
from tests.conftest import Cli

SHORT = [Take("library", 1), Take("sea", 1), Take("street", 1), Take("black", 0.5)]
SMALL = (320, 180)


@pytest.fixture(scope="module")
def short(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("short") / "short.mp4"
    draw(path, SHORT, size=SMALL)
    return path


@pytest.fixture(scope="module")
def long(tmp_path_factory) -> Path:
    """Two pieces, so that processes share the work."""
    path = tmp_path_factory.mktemp("long") / "long.mkv"
    draw(path, [Take(t.scene, t.seconds * 1.7, t.pan, t.join, t.join_s) for t in STORY], size=SMALL)
    return path


def snapshot(curate: Cli) -> tuple[dict[str, bytes], list[dict[str, object]]]:
    """Every frame's bytes, and the ledger without the times of day."""
    assert curate("ledger", "export", "ledger.jsonl").returncode == 0
    lines = (curate.folder / "ledger.jsonl").read_text(encoding="utf-8").splitlines()
    records = [{k: v for k, v in json.loads(line).items() if k != "at"} for line in lines]
    folder = curate.workspace / "frames"
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir())}, records


def test_a_film_becomes_frames_and_records(curate, drawn_film):
    ran = curate("extract", drawn_film, "--scan", "full", "--per-shot", 1, "--json")

    assert ran.returncode == 0, ran.stderr
    (film,) = json.loads(ran.stdout)["films"]
    known = truth(STORY, 24)
    assert len(film["frames"]) == len({s.scene for s in known.shots if s.kind == "content"})
    assert {shot["kind"] for shot in film["shots"]} == {"content", "flat", "transition"}
    assert {"black", "transition", "lettering", "similar"} <= {r["reason"] for r in film["refused"]}
    for frame in film["frames"]:
        assert images.read(curate.workspace / frame["path"]).shape == (360, 640, 3)
        assert frame["path"].startswith("frames/drawn_00-00-")


def test_the_frame_written_is_the_frame_of_its_moment(curate, short):
    ran = curate("extract", short, "--json")

    with av.open(short) as container:
        shown = {f.time: f.to_ndarray(format="rgb24") for f in container.decode(video=0)}
    (film,) = json.loads(ran.stdout)["films"]
    for frame in film["frames"]:
        (meant,) = [p for t, p in shown.items() if abs(t - frame["time_s"]) < 1e-5]
        pixels = images.read(curate.workspace / frame["path"]).astype(int)
        assert np.abs(pixels - meant).mean() < 2


def test_a_real_film_of_one_shot_gives_one_frame(curate, bunny):
    ran = curate("extract", bunny, "--json")

    (film,) = json.loads(ran.stdout)["films"]
    assert [shot["kind"] for shot in film["shots"]] == ["content"]
    assert len(film["frames"]) == 1


def test_the_same_again_does_nothing_and_says_the_same(curate, short):
    first = curate("extract", short, "--json")
    before = {f: f.stat().st_mtime_ns for f in (curate.workspace / "frames").iterdir()}

    again = curate("extract", short, "--json")

    assert json.loads(again.stdout) == json.loads(first.stdout)
    assert {f: f.stat().st_mtime_ns for f in (curate.workspace / "frames").iterdir()} == before
    assert "0 frames written" in curate("extract", short).stdout


def test_a_deleted_frame_is_made_again(curate, short):
    curate("extract", short)
    before = snapshot(curate)
    next((curate.workspace / "frames").iterdir()).unlink()

    curate("extract", short)

    assert snapshot(curate) == before


def test_another_count_replaces_what_was_chosen(curate, short):
    curate("extract", short)
    ran = curate("extract", short, "--count", 1, "--json")

    (film,) = json.loads(ran.stdout)["films"]
    files = [f"frames/{f.name}" for f in (curate.workspace / "frames").iterdir()]
    assert [frame["path"] for frame in film["frames"]] == files
    assert [r["reason"] for r in film["refused"]].count("surplus") == 2
    with Ledger(curate.workspace) as ledger:
        assert [f.path for f in ledger.all(Frame)] == files
        assert len(ledger.done("extract")) == 1


def test_frames_of_a_choice_that_was_never_recorded_are_swept_away(curate, short):
    curate("extract", short)
    before = snapshot(curate)
    (curate.workspace / "frames/short_00-00-09.000.png").touch()
    (curate.workspace / "frames/short_00-00-09.500.png.part").touch()

    curate("extract", short)

    assert snapshot(curate) == before


def test_two_films_of_one_name_do_not_collide(curate, short, tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
    shutil.copy(short, tmp_path / "a/01.mp4")
    draw(tmp_path / "b/01.mp4", [Take("market", 1), Take("night", 1)], size=SMALL)

    ran = curate("extract", "a/01.mp4", "b/01.mp4", "--json")

    films = json.loads(ran.stdout)["films"]
    paths = [frame["path"] for film in films for frame in film["frames"]]
    assert [film["film"] for film in films] == ["a/01.mp4", "b/01.mp4"]
    assert len(set(paths)) == len(paths) == 5
    assert all((curate.workspace / path).is_file() for path in paths)


def test_a_broken_film_does_not_stop_the_others(curate, short, tmp_path):
    (tmp_path / "bad.mkv").write_text("no film\n" * 99, encoding="utf-8")

    ran = curate("extract", "bad.mkv", short, "missing.mkv")

    assert ran.returncode == 1
    assert "3 frames written" in ran.stdout
    assert "bad.mkv" in ran.stderr
    assert "missing.mkv" in ran.stderr
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("missing.mkv", "There is no film"),
        ("text.mkv", "Cannot decode text.mkv"),
        ("folder", "There are no films in"),
        ("sound.mkv", "has no video"),
    ],
)
def test_what_is_no_film_is_said_with_a_remedy(curate, tmp_path, name, words):
    (tmp_path / "text.mkv").write_text("no film\n" * 99, encoding="utf-8")
    (tmp_path / "folder").mkdir()
    with av.open(tmp_path / "sound.mkv", "w") as container:
        stream = container.add_stream("aac", rate=44100)
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        sound.sample_rate = 44100
        container.mux(stream.encode(sound))
        container.mux(stream.encode(None))

    ran = curate("extract", name)

    said = [line for line in ran.stderr.splitlines() if line.strip()]
    assert ran.returncode == 3
    assert words in said[-2]
    assert said[-2].startswith("error:")
    assert said[-1].startswith("       ")


def test_a_truncated_film_is_used_as_far_as_it_goes_and_this_is_said(curate, tmp_path):
    draw(tmp_path / "whole.mkv", STORY[:6], size=SMALL)
    data = (tmp_path / "whole.mkv").read_bytes()
    (tmp_path / "cut.mkv").write_bytes(data[: len(data) // 2])

    ran = curate("extract", "cut.mkv")

    assert ran.returncode == 0
    assert "cut.mkv breaks off at" in ran.stderr
    assert list((curate.workspace / "frames").iterdir())


def test_a_workspace_that_cannot_be_is_said(curate, short):
    (curate.folder / "file").touch()

    ran = curate("-w", "file/data", "extract", short)

    assert ran.returncode == 3
    assert "as the workspace" in ran.stderr


@pytest.mark.skipif(
    not Path("/dev/full").exists(), reason="the disk that is always full is Linux's"
)
def test_a_full_disk_is_said_and_the_next_run_finishes(curate, short):
    wanted = json.loads(curate("-w", "other", "extract", short, "--json").stdout)["films"][0]
    part = curate.workspace / f"{wanted['frames'][1]['path']}.part"
    part.parent.mkdir(parents=True)
    part.symlink_to("/dev/full")

    ran = curate("extract", short)
    assert ran.returncode == 3
    assert "The disk is full" in ran.stderr
    with Ledger(curate.workspace) as ledger:
        assert not ledger.all(Frame)

    part.unlink(missing_ok=True)
    assert curate("extract", short).returncode == 0
    names = {f"frames/{f.name}" for f in (curate.workspace / "frames").iterdir()}
    assert names == {frame["path"] for frame in wanted["frames"]}


def test_a_dry_run_says_what_would_be_read_and_writes_nothing(curate, short):
    ran = curate("extract", short, "--dry-run")

    assert ran.returncode == 0
    assert "short.mp4: 320×180 h264, 4 s, to be read, reference frames only." in ran.stdout
    assert not curate.workspace.exists()


def test_a_dry_run_after_the_real_one_has_nothing_to_do(curate, short):
    curate("extract", short)

    assert "short.mp4: done before, 3 frames." in curate("extract", short, "--dry-run").stdout


@pytest.mark.parametrize("count", ["0", "-3", "many"])
def test_a_count_that_is_none_is_a_usage_error(curate, short, count):
    assert curate("extract", short, f"--count={count}").returncode == 2


def frames_there(curate: Cli) -> int:
    folder = curate.workspace / "frames"
    return len(list(folder.iterdir())) if folder.is_dir() else 0


def rows(curate: Cli) -> int:
    try:
        db = sqlite3.connect(f"{(curate.workspace / 'curate.db').as_uri()}?mode=ro", uri=True)
        try:
            return int(db.execute("SELECT count(*) FROM films").fetchone()[0])
        finally:
            db.close()
    except sqlite3.OperationalError:
        return 0


@pytest.fixture(scope="module")
def undisturbed(long, tmp_path_factory) -> tuple[dict[str, bytes], list[dict[str, object]]]:
    curate = Cli(tmp_path_factory.mktemp("undisturbed"))
    assert curate("extract", long).returncode == 0
    return snapshot(curate)


@pytest.mark.parametrize(
    "moment", ["at once", "the ledger is there", "the first frame", "the fifth frame", "recorded"]
)
def test_killed_at_any_moment_and_run_again_it_is_as_if_undisturbed(
    curate, long, undisturbed, moment
):
    reached = {
        "at once": lambda: True,
        "the ledger is there": lambda: (curate.workspace / "curate.db").exists(),
        "the first frame": lambda: frames_there(curate) >= 1,
        "the fifth frame": lambda: frames_there(curate) >= 5,
        "recorded": lambda: rows(curate) > 0,
    }[moment]

    curate.stop_when(reached, "extract", long, signal_number=signal.SIGKILL)
    assert curate("extract", long).returncode == 0

    assert snapshot(curate) == undisturbed


def test_one_worker_and_many_find_the_same(tmp_path, long, monkeypatch):
    held = []
    for cores in (1, 3):
        monkeypatch.setattr(engine, "cores", lambda cores=cores: cores)
        with Ledger(tmp_path / str(cores)) as ledger:
            run.extract(ledger, [long])
            kinds = (Film, Shot, Frame, Refusal)
            held.append([ledger.all(kind) for kind in kinds])

    assert held[0] == held[1]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_refuses_is_said(curate, short):
    (curate.workspace / "frames").mkdir(parents=True)
    (curate.workspace / "frames").chmod(0o500)

    ran = curate("extract", short)

    assert ran.returncode == 3
    assert "Cannot write" in ran.stderr
