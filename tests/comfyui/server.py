"""A real ComfyUI on a free port, started for the tests and killed after them."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.comfyui.install import LAUNCHER, installed

NODES = Path(__file__).with_name("nodes.py")

START_S = 180.0

KONTEXT_MODELS = (
    "diffusion_models/flux1-dev-kontext_fp8_scaled.safetensors",
    "text_encoders/clip_l.safetensors",
    "text_encoders/t5xxl_fp8_e4m3fn_scaled.safetensors",
    "vae/ae.safetensors",
)


class ComfyUI:
    """One server with a base directory of its own; it may be killed and started again."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None
        (base / "no-front-end").mkdir(parents=True)
        (base / "custom_nodes").mkdir()
        shutil.copy(NODES, base / "custom_nodes" / NODES.name)

    @property
    def is_running(self) -> bool:
        return self._process is not None

    def start(self) -> None:
        """Begin to start; `wait_ready` waits until it answers."""
        place = installed()
        log = (self.base / "log.txt").open("ab")
        self._process = subprocess.Popen(
            [place.python, LAUNCHER, place.main, *self._options()],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=self.base,
        )
        log.close()

    def wait_ready(self) -> None:
        end = time.monotonic() + START_S
        while time.monotonic() < end:
            assert self._process is not None
            assert self._process.poll() is None, self.log()
            try:
                self.get("/system_stats")
            except OSError:
                time.sleep(0.1)
            else:
                return
        raise AssertionError(f"ComfyUI did not answer in {START_S} s:\n{self.log()}")

    def kill(self) -> None:
        """End it as `kill -9` does."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(self.url + path, timeout=10) as response:
            return json.load(response)

    def version(self) -> str:
        return str(self.get("/system_stats")["system"]["comfyui_version"])

    def queued(self) -> set[str]:
        """The ids of the prompts that run or wait."""
        queue = self.get("/queue")
        return {job[1] for job in queue["queue_running"] + queue["queue_pending"]}

    def running(self) -> set[str]:
        """The ids of the prompts that run."""
        return {job[1] for job in self.get("/queue")["queue_running"]}

    def submit(self, graph: dict[str, Any], prompt_id: str) -> None:
        """Queue a graph as somebody else would."""
        self.post("/prompt", {"prompt": graph, "prompt_id": prompt_id})

    def post(self, path: str, body: dict[str, Any]) -> None:
        request = urllib.request.Request(
            self.url + path, json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=10):
            pass

    def prompts_taken(self) -> int:
        """How many prompts it has accepted since it was started."""
        return self.log().rpartition("Starting server")[2].count("got prompt")

    def log(self) -> str:
        return (self.base / "log.txt").read_text(encoding="utf-8", errors="replace")

    def outputs(self) -> list[Path]:
        return sorted((self.base / "output").rglob("*.png"))

    @contextmanager
    def empty_models(self) -> Iterator[None]:
        """Give the Kontext graph its file names: it validates, and fails when it runs."""
        files = [self.base / "models" / name for name in KONTEXT_MODELS]
        for file in files:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
        yield
        for file in files:
            file.unlink()

    def _options(self) -> list[str]:
        return [
            *("--cpu", "--listen", "127.0.0.1", "--port", str(self.port)),
            *("--base-directory", str(self.base), "--database-url", "sqlite:///:memory:"),
            *("--front-end-root", str(self.base / "no-front-end")),
            *("--disable-all-custom-nodes", "--whitelist-custom-nodes", NODES.name),
            *("--disable-api-nodes", "--disable-auto-launch"),
        ]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def running(*bases: Path) -> Iterator[list[ComfyUI]]:
    """Servers that start side by side, ready; killed at the end."""
    servers = [ComfyUI(base) for base in bases]
    try:
        for server in servers:
            server.start()
        for server in servers:
            server.wait_ready()
        yield servers
    finally:
        for server in servers:
            server.kill()


@pytest.fixture(scope="session")
def comfy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ComfyUI]:
    """A server for the whole session, without any model."""
    for (server,) in running(tmp_path_factory.mktemp("comfyui") / "base"):
        yield server
