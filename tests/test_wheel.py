from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", folder, ROOT],
        check=True,
        capture_output=True,
    )
    (wheel,) = folder.glob("curate_lora-*.whl")
    return set(zipfile.ZipFile(wheel).namelist())


def test_the_wheel_carries_the_prompts(packed):
    prompts = {f"curate/prompts/{file.name}" for file in (ROOT / "prompts").glob("*.txt")}

    assert len(prompts) >= 5
    assert prompts <= packed


def test_the_wheel_carries_everything_that_is_not_python(packed):
    data = {
        file.relative_to(ROOT).as_posix()
        for file in (ROOT / "curate").rglob("*")
        if file.suffix in {".json", ".html", ".css", ".js", ".txt"}
    }

    assert "curate/kontext/kontext.json" in data
    assert data <= packed


def test_the_wheel_carries_nothing_else(packed):
    assert {name.split("/")[0] for name in packed} == {
        "curate",
        *(name.split("/")[0] for name in packed if ".dist-info" in name),
    }
