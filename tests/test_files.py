from __future__ import annotations

from pathlib import Path

import pytest

from curate import files
from curate.errors import DiskFull, NotWritable


def test_a_file_appears_whole(tmp_path):
    files.write_text(tmp_path / "new" / "ä.txt", "one\ntwo\n")

    assert (tmp_path / "new" / "ä.txt").read_bytes() == b"one\ntwo\n"
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["ä.txt"]


def test_an_error_while_writing_leaves_what_was_there(tmp_path):
    target = tmp_path / "a.txt"
    target.write_text("old")

    def write_half() -> None:
        with files.appearing(target) as part:
            part.write_text("ha")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_half()

    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a full device")
def test_a_full_disk_is_said_and_leaves_nothing(tmp_path):
    (tmp_path / "a.png.part").symlink_to("/dev/full")

    with pytest.raises(DiskFull, match=r"a\.png was not written"):
        files.write_bytes(tmp_path / "a.png", b"x" * 100)

    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_a_file_is_said(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(NotWritable):
        files.write_text(tmp_path / "file" / "a.txt", "")
