"""Films that several of these files read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from curate.demo.film import STORY, Take, draw
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
