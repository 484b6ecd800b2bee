"""A real `curate review` in a process of its own, and a workspace of checked pairs for it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from curate.ledger import Ledger
from curate.pairs.run import pair_check
from curate.records import Pair, Verdict
from tests.pairs.scenes import place_twin, recoloured, scene, shifted, twin_of


class Server:
    """A running page: its address, and the ends a server can come to."""

    def __init__(self, workspace: Path, *arguments: object) -> None:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("CURATE_")}
        command = [sys.executable, "-m", "curate", "-w", str(workspace), "review", "--no-open"]
        self.process = subprocess.Popen(
            [*command, *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env=environment | {"NO_COLOR": "1"},
            start_new_session=True,
        )
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line.startswith("Review: "):
            raise AssertionError(f"no address: {line}{self.process.communicate()}")
        self.url = line.removeprefix("Review: ").strip()
        self.root, self.token = self.url.rstrip("/").rsplit("/", 1)

    def kill(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.communicate()

    def interrupt(self) -> tuple[int, str, str]:
        """Ctrl-C: exit code and what was said."""
        os.killpg(self.process.pid, signal.SIGINT)
        said = self.process.communicate(timeout=60)
        return self.process.returncode, *said


@contextmanager
def serving(workspace: Path, *arguments: object) -> Iterator[Server]:
    server = Server(workspace, *arguments)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.kill()


def checked_pairs(workspace: Path) -> None:
    """Six pairs: one good, one that needs a person, four bad, each for another reason."""
    place_twin(workspace, "good", scene(1), twin_of(1))
    place_twin(workspace, "moved", scene(2), shifted(twin_of(2), 5, 0))
    place_twin(workspace, "tinted", scene(3), recoloured(twin_of(3), a=-6))
    place_twin(workspace, "same", scene(4), scene(4))
    swapped = twin_of(5)
    swapped[150:260, 300:360] = (240, 20, 30)
    place_twin(workspace, "swapped", scene(5), swapped)
    place_twin(workspace, "[東京] <b>", scene(6), shifted(twin_of(6), 0, 9))
    with Ledger(workspace) as ledger:
        assert len(pair_check(ledger).pairs) == 6


def persons(workspace: Path) -> dict[str, str]:
    """What a person decided, by the pair's name; "look" stands for "repair"."""
    with Ledger(workspace) as ledger:
        names = {pair.id: pair.name for pair in ledger.all(Pair)}
        return {names[v.pair_id]: v.ruling for v in ledger.all(Verdict, judge="person")}
