import json
import shutil

import av
import numpy as np
import pytest

from curate import engine, images
from curate.demo.film import STORY, Take, draw, truth
from curate.extract import run
from curate.ledger import Ledger
from curate.records import Film, Frame, Refusal, Shot
from tests.extract.conftest import SMALL, snapshot


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


def test_one_worker_and_many_find_the_same(tmp_path, long, monkeypatch):
    held = []
    for cores in (1, 3):
        monkeypatch.setattr(engine, "cores", lambda cores=cores: cores)
        with Ledger(tmp_path / str(cores)) as ledger:
            run.extract(ledger, [long])
            kinds = (Film, Shot, Frame, Refusal)
            held.append([ledger.all(kind) for kind in kinds])

    assert held[0] == held[1]
