"""Cells that are clips, through the real ComfyUI's own video nodes."""

from fractions import Fraction

import av
import numpy as np
import pytest

from curate import images
from curate.errors import ImageUnreadable
from curate.grid import clips
from curate.ledger import Ledger
from curate.records import Cell
from tests.grid.served import moving, place, rendered, sharpening


@pytest.mark.parametrize("saver", ["SaveWEBM", "SaveVideo"])
def test_clips_are_measured_and_laid_out_both_ways_in_mp4_and_webm(comfy, tmp_path, saver):
    place(comfy, "one.png")

    report = rendered(
        tmp_path / "data", comfy, moving(saver), "sharp.alpha", ("one.png",), (0.0, 1.0, 2.0)
    )

    assert report.failures == ()
    assert [file.name for file in report.files] == [
        "sheet.png",
        "sheet_horizontal.mp4",
        "sheet_horizontal.webm",
        "sheet_vertical.mp4",
        "sheet_vertical.webm",
    ]
    shapes = {}
    for file in report.files[1:]:
        frames = clips.read(file)
        assert len(frames) == 6
        assert clips.fps(file) == 8
        assert abs(frames[0].mean() - frames[1].mean()) > 20
        shapes[file.name] = frames[0].shape
    wide, high = shapes["sheet_horizontal.mp4"], shapes["sheet_vertical.webm"]
    assert wide[1] > wide[0]
    assert high[0] > high[1]
    assert report.findings[0].concept.spearman == 1.0
    with Ledger(tmp_path / "data") as ledger:
        made = ledger.all(Cell)
    for cell in made:
        with av.open(tmp_path / "data" / cell.path) as container:
            assert "prompt" not in container.metadata
    assert "<video" in report.page.read_text(encoding="utf-8")


def test_a_sheet_that_moves_keeps_its_colours(tmp_path):
    colours = [(200, 40, 40), (40, 160, 60), (30, 60, 190), (128, 128, 128)]
    frame = np.zeros((64, 256, 3), np.uint8)
    for number, colour in enumerate(colours):
        frame[:, number * 64 : (number + 1) * 64] = colour

    for suffix in clips.SUFFIXES:
        file = tmp_path / f"colours.{suffix}"
        clips.write(file, iter([frame] * 4), Fraction(16))
        (first, *_) = clips.read(file)
        for number, colour in enumerate(colours):
            assert np.abs(first[32, number * 64 + 32].astype(int) - colour).max() <= 4


def test_the_same_frames_give_the_same_bytes(tmp_path):
    frames = [np.full((64, 64, 3), level, np.uint8) for level in (20, 120, 220)]
    for suffix in clips.SUFFIXES:
        files = [tmp_path / f"{name}.{suffix}" for name in "ab"]
        for file in files:
            clips.write(file, iter(frames), Fraction(16))
        assert files[0].read_bytes() == files[1].read_bytes()


def test_a_clip_that_is_none_is_unreadable(tmp_path):
    file = tmp_path / "cut.mp4"
    file.write_bytes(b"no video at all")

    with pytest.raises(ImageUnreadable):
        clips.read(file)


def test_the_frames_that_are_measured_are_spread_over_the_clip():
    frames = [np.full((2, 2, 3), number, np.uint8) for number in range(33)]

    assert [int(f[0, 0, 0]) for f in clips.spread(frames, 5)] == [0, 8, 16, 24, 32]
    assert len(clips.spread(frames[:3], 5)) == 3


def test_a_damaged_answer_is_no_cell(comfy, tmp_path):
    place(comfy, "one.png")
    black = (tmp_path / "black.png").resolve()
    images.write(black, np.zeros((288, 512, 3), np.uint8))
    (comfy.base / "input" / "black.png").write_bytes(black.read_bytes())

    report = rendered(
        tmp_path / "data", comfy, sharpening(), "sharp.alpha", ("black.png", "one.png"), (0.0, 1.0)
    )

    assert [f.message.rpartition(": ")[2] for f in report.failures] == ["it is black."] * 2
    assert sum(bool(cell.path) for cell in report.cells) == 2
