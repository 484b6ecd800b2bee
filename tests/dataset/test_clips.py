from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from curate.dataset import footage, musubi
from curate.errors import BadSetting
from tests.conftest import Cli
from tests.dataset.test_musubi import obey_the_schema

NAME = "丘の上"


def clip(file: Path, *, frames: int = 30, rate: int = 24, size: tuple[int, int] = (96, 54)) -> Path:
    """A film of noise; each frame another."""
    with av.open(file, "w") as out:
        stream = out.add_stream("mpeg4", rate=rate)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        random = np.random.default_rng(0)
        for _ in range(frames):
            pixels = random.integers(0, 256, (size[1], size[0], 3), np.uint8)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        out.mux(stream.encode(None))
    return file


@pytest.fixture
def folders(curate: Cli) -> tuple[Path, Path]:
    """A pair of clips of 30 frames, and a clip without its other half."""
    dense, sparse = curate.folder / "crowded", curate.folder / "bare"
    for folder in (dense, sparse):
        folder.mkdir()
    clip(dense / f"{NAME}.Mp4")
    shutil.copy(dense / f"{NAME}.Mp4", sparse / f"{NAME}.mp4")
    shutil.copy(dense / f"{NAME}.Mp4", dense / "alone.mp4")
    return dense, sparse


def asked(folders: tuple[Path, Path]) -> tuple[str | Path, ...]:
    return "dataset", "--kind", "video", "--dense", folders[0], "--sparse", folders[1]


def test_pairs_of_clips_get_video_folders_frames_of_4n_1_and_a_rate_as_float(
    curate: Cli, folders: tuple[Path, Path]
) -> None:
    ran = curate(*asked(folders), "--frames", 1, "--frames", 17, "--fps", 24)

    assert ran.returncode == 0, ran.stderr
    assert "1 pairs of clips" in ran.stdout
    assert "1 a half, trained at 256×144" in ran.stdout
    assert "alone is in one of the two folders only" in ran.stderr
    for half in ("dense", "sparse"):
        folder = curate.workspace / "dataset" / half
        settings = obey_the_schema((folder.parent / f"{half}.toml").read_text("utf-8"))
        assert Path(settings["video_directory"]) == folder
        assert settings["target_frames"] == [1, 17]
        assert settings["source_fps"] == 24.0
        assert {file.name for file in folder.iterdir()} == {f"{NAME}.mp4", f"{NAME}.txt"}
        assert (folder / f"{NAME}.mp4").read_bytes() == (folders[1] / f"{NAME}.mp4").read_bytes()
    assert curate("dataset", "--check").returncode == 0


def test_clips_that_are_no_longer_asked_for_leave(curate: Cli, folders: tuple[Path, Path]) -> None:
    assert curate(*asked(folders), "--frames", 17).returncode == 0
    shutil.copy(folders[0] / "alone.mp4", folders[1])
    (folders[0] / f"{NAME}.Mp4").unlink()

    assert curate(*asked(folders), "--frames", 17).returncode == 0

    for half in ("dense", "sparse"):
        held = {file.name for file in (curate.workspace / "dataset" / half).iterdir()}
        assert held == {"alone.mp4", "alone.txt"}


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda file: clip(file, frames=29), "differ in number of frames: 30 and 29"),
        (lambda file: clip(file, size=(96, 64)), "differ in size: 96×54 and 96×64"),
        (lambda file: clip(file, rate=25), "differ in frames a second: 24 and 25"),
        (lambda file: file.write_bytes(b"no clip"), "Cannot decode the clip"),
        (lambda file: file.write_bytes(file.read_bytes()[:9000]), "Cannot decode the clip"),
    ],
)
def test_a_pair_of_clips_that_cannot_be_trained_on_is_named_and_the_others_go_on(
    curate: Cli, folders: tuple[Path, Path], harm: Callable[[Path], object], said: str
) -> None:
    shutil.copy(folders[0] / "alone.mp4", folders[1])
    harm(folders[1] / f"{NAME}.mp4")

    ran = curate(*asked(folders), "--frames", 17, "--json")

    assert ran.returncode == 1
    told = json.loads(ran.stdout)
    assert told["pairs"] == ["alone"]
    assert [failure["item"] for failure in told["failures"]] == [NAME]
    assert said in told["failures"][0]["message"]
    assert {f.stem for f in (curate.workspace / "dataset" / "dense").iterdir()} == {"alone"}


def test_clips_too_short_for_every_length_are_refused_and_for_some_are_said(
    curate: Cli, folders: tuple[Path, Path]
) -> None:
    none = curate(*asked(folders), "--frames", 21, "--fps", 24)
    assert not (curate.workspace / "dataset").exists()
    some = curate(*asked(folders), "--frames", 17, "--frames", 21, "--fps", 24)

    assert none.returncode == 3
    assert "20 frames to train on" in none.stderr
    assert some.returncode == 0
    assert "20 frames to train on, too few for 21" in some.stderr
    checked = curate("dataset", "--check")
    assert checked.returncode == 5
    assert "dropped at 21 frames: it has 20 to train on" in checked.stdout


def test_a_rate_that_is_not_the_clips_is_said(curate: Cli, folders: tuple[Path, Path]) -> None:
    ran = curate(*asked(folders), "--frames", 5, "--fps", 60)

    assert ran.returncode == 0
    assert "has 24 frames a second, not 60" in ran.stderr


@pytest.mark.parametrize(
    ("frames", "fps", "kept"), [(30, None, 30), (30, 24.0, 20), (30, 12.0, 30), (1, 60.0, 1)]
)
def test_as_many_frames_are_kept_as_musubi_keeps(frames: int, fps: float | None, kept: int) -> None:
    assert footage.trained(frames, fps) == kept


def test_captions_of_clips_are_read_from_files(curate: Cli, folders: tuple[Path, Path]) -> None:
    missing = curate(*asked(folders), "--frames", 17, "--captions", "file")
    for folder, text in zip(folders, ("full", "bare"), strict=True):
        (folder / f"{NAME}.txt").write_text(text)
    found = curate(*asked(folders), "--frames", 17, "--captions", "file")

    assert missing.returncode == 3
    assert f"{NAME}.txt" in missing.stderr
    assert found.returncode == 0, found.stderr
    for half, text in (("dense", "full"), ("sparse", "bare")):
        assert (curate.workspace / "dataset" / half / f"{NAME}.txt").read_text() == text


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
