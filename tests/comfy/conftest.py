"""Orders to real servers, and servers that a test may kill."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import pytest

from curate import images
from curate.comfy import fleet
from curate.comfy.job import FOLDER, Order
from curate.comfy.server import Server
from curate.engine import Outcome
from curate.events import silent
from curate.records import Job
from tests.comfyui.graphs import INVERT, chain
from tests.comfyui.server import ComfyUI, running
from tests.pictures import room


@dataclass
class Shop:
    """Places orders for pictures of rooms and remembers what was booked and what came."""

    booked: list[Job] = field(default_factory=list)
    came: dict[str, bytes] = field(default_factory=dict)

    def order(self, number, *nodes, size=(320, 180), earlier=()):
        key = f"room-{number}"
        return Order(
            key=key,
            name=key,
            output="out",
            begin=lambda: tuple(earlier),
            picture=lambda: images.encode_png(room(number, *size)),
            graph=lambda image, prefix: chain(*nodes or (INVERT,), image=image, prefix=prefix),
            accept=lambda png: self.came.update({key: png}),
        )

    def book(self, order, server):
        prompt_id = str(uuid4())
        self.booked.append(Job(prompt_id, order.key, server, f"{FOLDER}/{prompt_id}", ""))
        return self.booked[-1]

    def make(self, servers, orders, *, headers=(), tell=silent, give_up_after_s=0.2, **patience):
        """The outcomes of orders on the servers, or at the addresses, as they come."""
        connections = [Server(getattr(s, "url", s), headers, **patience) for s in servers]
        return fleet.make(
            connections, orders, self.book, tell=tell, give_up_after_s=give_up_after_s
        )

    def fill(self, servers, orders, **how) -> list[Outcome]:
        return list(self.make(servers, orders, **how))


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture(scope="module")
def _pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[ComfyUI]]:
    bases: list[Path] = [tmp_path_factory.mktemp("comfyui") / name for name in "ab"]
    yield from running(*bases)


@pytest.fixture
def two_comfys(_pair: list[ComfyUI]) -> list[ComfyUI]:
    """Two servers that a test may kill; those that an earlier test killed are started again."""
    dead = [server for server in _pair if not server.is_running]
    for server in dead:
        server.start()
    for server in dead:
        server.wait_ready()
    return _pair
