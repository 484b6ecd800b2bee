from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from curate.dataset import musubi
from curate.errors import BadSetting
from tests.conftest import Cli
from tests.dataset.test_musubi import obey_the_schema


@pytest.fixture
def folders(curate: Cli, bunny: Path) -> tuple[Path, Path]:
    dense, sparse = curate.folder / "crowded", curate.folder / "bare"
    for folder in (dense, sparse):
        folder.mkdir()
        shutil.copy(bunny, folder / "丘の上.mp4")
    shutil.copy(bunny, dense / "alone.mp4")
    return dense, sparse


def test_pairs_of_clips_get_video_folders_frames_of_4n_1_and_a_rate_as_float(
    curate: Cli, folders: tuple[Path, Path]
) -> None:
    where = ("--dense", folders[0], "--sparse", folders[1])

    ran = curate("dataset", "--kind", "video", *where, "--frames", 1, "--frames", 25, "--fps", 24)

    assert ran.returncode == 0, ran.stderr
    assert "1 pairs of clips" in ran.stdout
    assert "alone is in one of the two folders only" in ran.stderr
    for half in ("dense", "sparse"):
        folder = curate.workspace / "dataset" / half
        settings = obey_the_schema((folder.parent / f"{half}.toml").read_text("utf-8"))
        assert Path(settings["video_directory"]) == folder
        assert settings["target_frames"] == [1, 25]
        assert settings["source_fps"] == 24.0
        assert {file.name for file in folder.iterdir()} == {"丘の上.mp4", "丘の上.txt"}
        assert (folder / "丘の上.mp4").read_bytes() == (folders[0] / "丘の上.mp4").read_bytes()


def test_clips_that_are_no_longer_asked_for_leave(
    curate: Cli, folders: tuple[Path, Path], bunny: Path
) -> None:
    where = ("--kind", "video", "--dense", folders[0], "--sparse", folders[1])
    assert curate("dataset", *where).returncode == 0
    shutil.copy(bunny, folders[1] / "alone.mp4")
    for folder in folders:
        (folder / "丘の上.mp4").unlink()

    assert curate("dataset", *where).returncode == 0

    for half in ("dense", "sparse"):
        held = {file.name for file in (curate.workspace / "dataset" / half).iterdir()}
        assert held == {"alone.mp4", "alone.txt"}


@pytest.mark.parametrize(("frames", "near"), [(24, "21 or --frames 25"), (2, "1 or --frames 5")])
def test_other_numbers_of_frames_are_refused_with_the_nearest(frames: int, near: str) -> None:
    with pytest.raises(BadSetting) as caught:
        musubi.clips((frames,), None)

    assert near in caught.value.remedy


def test_folders_of_images_are_sent_to_the_check(curate: Cli) -> None:
    (curate.workspace).mkdir()
    ran = curate("dataset", "--kind", "video", "--dense", "a")

    assert ran.returncode == 2
    assert "--sparse DIR" in ran.stderr
