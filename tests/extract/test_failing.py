import json
from pathlib import Path

import pytest

from curate.demo.film import STORY, draw
from curate.ledger import Ledger
from curate.records import Frame
from tests.extract import made
from tests.extract.conftest import SMALL


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
    made.sound(tmp_path / "sound.mkv")

    ran = curate("extract", name)

    said = [line for line in ran.stderr.splitlines() if line.strip()]
    assert ran.returncode == 3
    assert words in said[-2]
    assert said[-2].startswith("error:")
    assert said[-1].startswith("       ")


@pytest.mark.parametrize("is_described", [True, False])
def test_an_encrypted_film_is_refused_as_such(curate, tmp_path, is_described):
    key = "0123456789abcdef" * 2
    options = {"encryption_scheme": "cenc-aes-ctr", "encryption_key": key, "encryption_kid": key}
    film = made.film(tmp_path / "drm.mp4", "libx264", "yuv420p", container_options=options)
    if not is_described:  # FFmpeg takes the size and the picture format from this box
        held = bytearray(film.read_bytes())
        at = held.index(b"avcC")
        held[at + 12 : at + 41] = bytes(29)
        film.write_bytes(held)

    ran = curate("extract", "drm.mp4")

    assert ran.returncode == 3
    assert "The pictures of drm.mp4 are encrypted." in ran.stderr


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


@pytest.mark.skipif(
    not Path("/sys/kernel").exists(), reason="the folder that refuses root too is Linux's"
)
def test_a_folder_that_refuses_is_said(curate, short):
    curate.workspace.mkdir()
    (curate.workspace / "frames").symlink_to("/sys/kernel")

    ran = curate("extract", short)

    assert ran.returncode == 3
    assert "Cannot write" in ran.stderr
