import json
import os
from pathlib import Path

import av
import numpy as np
import pytest

from curate.demo.film import STORY, draw
from curate.ledger import Ledger
from curate.records import Frame
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


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_refuses_is_said(curate, short):
    (curate.workspace / "frames").mkdir(parents=True)
    (curate.workspace / "frames").chmod(0o500)

    ran = curate("extract", short)

    assert ran.returncode == 3
    assert "Cannot write" in ran.stderr
