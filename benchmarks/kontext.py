"""`curate kontext`'s fleet against the bare server, a polling client, and itself on two servers.

Real ComfyUI servers, started here. Tiny jobs without a model (LoadImage, ImageQuantize, SaveImage
at 256 × 144), upload and download on all sides; rates are measured in turn and the median of each
counts, as the machine's speed varies meanwhile. Every run has a folder of its own on the server,
which lists it for each picture it saves. Exit code 1 if a bar is missed.

    python benchmarks/kontext.py [--jobs 60] [--rounds 5]
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import aiohttp

sys.path.insert(0, str(Path(__file__).parents[1]))

from curate import files, images
from curate.comfy import fleet
from curate.comfy.job import FOLDER, Order
from curate.comfy.server import Server
from curate.kontext import answer, run
from curate.ledger import Ledger, now
from curate.records import Frame, Job, Task
from tests.comfyui.graphs import QUANTIZE, chain, sleep, written
from tests.comfyui.server import ComfyUI, running
from tests.pictures import room

WINDOWS = (1, 2, 4, 8)
LEAST_OF_BARE, LEAST_TIMES_POLLING, LEAST_TIMES_ONE = 0.9, 3.0, 1.7
MOST_GAP_S, MOST_PLANNING_S, MOST_MEMORY_MB = 0.020, 5.0, 300.0
POLL_S, JOB_S = 0.25, 0.25
FRAMES = 10_000


class Http:
    """One kept connection that does nothing but what it is told."""

    def __init__(self, url: str) -> None:
        self._to = urlsplit(url)

    async def ask(self, method: str, path: str, body: bytes = b"", kind: str = "json") -> bytes:
        if not hasattr(self, "_reader"):
            self._reader, self._writer = await asyncio.open_connection(
                self._to.hostname, self._to.port
            )
        head = f"{method} {path} HTTP/1.1\r\nHost: {self._to.netloc}\r\n"
        head += f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
        self._writer.write(head.encode() + body)
        answer = (await self._reader.readuntil(b"\r\n\r\n")).decode().lower()
        assert " 200 " in answer.splitlines()[0], answer
        length = answer.split("content-length:")[1].split("\r\n")[0]
        return await self._reader.readexactly(int(length))

    async def submit(self, png: bytes, client: str, prompt_id: str, folder: str) -> None:
        edge = "edge"
        form = (
            f'--{edge}\r\nContent-Disposition: form-data; name="image"; filename="{prompt_id}.png"'
        )
        form += "\r\nContent-Type: image/png\r\n\r\n"
        rest = (
            f'\r\n--{edge}\r\nContent-Disposition: form-data; name="subfolder"\r\n\r\n{folder}\r\n'
        )
        body = form.encode() + png + rest.encode() + f"--{edge}--\r\n".encode()
        await self.ask("POST", "/upload/image", body, f"multipart/form-data; boundary={edge}")
        name = f"{folder}/{prompt_id}"
        graph = chain(QUANTIZE, image=f"{name}.png", prefix=name)
        asked = {"prompt": graph, "prompt_id": prompt_id, "client_id": client}
        await self.ask("POST", "/prompt", json.dumps(asked).encode())

    async def fetch(self, prompt_id: str, folder: str) -> None:
        path = f"/view?filename={prompt_id}_00001_.png&subfolder={folder}&type=output"
        assert (await self.ask("GET", path)).startswith(b"\x89PNG")


async def bare(url: str, pngs: list[bytes], window: int) -> float:
    """Jobs a second of a loop that only posts, hears of the end, and reads."""
    client, ended, left = str(uuid4()), {}, iter(pngs)
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{url}/ws?clientId={client}", max_msg_size=0) as socket,
    ):

        async def hear() -> None:
            async for message in socket:
                said = json.loads(message.data) if isinstance(message.data, str) else {}
                about = said.get("data", {})
                if said.get("type") == "executing" and about.get("node") is None:
                    ended[about["prompt_id"]].set()

        async def lane() -> None:
            http = Http(url)
            for png in left:
                prompt_id = str(uuid4())
                ended[prompt_id] = asyncio.Event()
                await http.submit(png, client, prompt_id, client)
                await ended[prompt_id].wait()
                await http.fetch(prompt_id, client)

        hearing, began = asyncio.create_task(hear()), time.perf_counter()
        await asyncio.gather(*(lane() for _ in range(window)))
        spent = time.perf_counter() - began
        hearing.cancel()
    return len(pngs) / spent


async def polling(url: str, pngs: list[bytes]) -> float:
    """Jobs a second of a client that submits one and asks every 250 ms whether it is done."""
    http, began = Http(url), time.perf_counter()
    for png in pngs:
        prompt_id = str(uuid4())
        await http.submit(png, "polling", prompt_id, "polling")
        while prompt_id not in json.loads(await http.ask("GET", f"/history/{prompt_id}")):
            await asyncio.sleep(POLL_S)
        await http.fetch(prompt_id, "polling")
    return len(pngs) / (time.perf_counter() - began)


def ours(
    urls: list[str], pngs: list[bytes], node: tuple[str, dict[str, object]], place: Path
) -> tuple[float, list[Job]]:
    """Jobs a second of the fleet; a ledger on disk, each answer decoded, checked and written.

    What is written below `place` stays: ext4 passes over every inode that was deleted of late.
    """
    jobs: list[Job] = []
    folder = f"{FOLDER}/{uuid4()}"
    work = Path(tempfile.mkdtemp(dir=place))
    with Ledger(work) as ledger:

        def book(order: Order, server: str) -> Job:
            prompt_id = str(uuid4())
            jobs.append(Job(prompt_id, order.key, server, f"{folder}/{prompt_id}", now()))
            with ledger.transaction():
                ledger.put(Task(order.key, "bench", order.name, "submitted"), jobs[-1])
            return jobs[-1]

        def keep(key: str, frame: images.RGB, came: bytes) -> None:
            png = answer.png(key, frame, came, may_be_equal=node[0] == "TestSleep")
            files.write_bytes(work / f"{key}.png", png)

        orders = [
            Order(
                key=str(n),
                name=str(n),
                output="out",
                begin=tuple,
                picture=lambda png=png: png,
                graph=lambda image, prefix: chain(node, image=image, prefix=prefix),
                accept=lambda came, n=n, frame=frame: keep(str(n), frame, came),
            )
            for n, (png, frame) in enumerate(zip(pngs, map(images.decode, pngs), strict=True))
        ]
        began = time.perf_counter()
        for outcome in fleet.make([Server(url) for url in urls], orders, book):
            assert outcome.failure is None, outcome.failure
            ledger.finish(outcome.item.key, "bench", outcome.item.name)
        return len(pngs) / (time.perf_counter() - began), jobs


def gaps_s(server: ComfyUI, jobs: list[Job]) -> list[float]:
    """The times a server stood idle between two jobs, by its own clock, ascending."""
    spans = []
    for job in jobs:
        entry = server.get(f"/history/{job.prompt_id}")[job.prompt_id]
        at = {name: about["timestamp"] for name, about in entry["status"]["messages"]}
        spans.append((at["execution_start"], at["execution_success"]))
    spans.sort()
    return sorted((later[0] - earlier[1]) / 1000 for earlier, later in itertools.pairwise(spans))


def planning() -> tuple[float, float]:
    """Seconds of processor time to plan 10,000 frames, and the peak memory, 10^6 bytes."""
    with tempfile.TemporaryDirectory() as name, Ledger(Path(name)) as ledger:
        with ledger.transaction():
            for n in range(FRAMES):
                path = f"frames/film_{n:05d}.png"
                ledger.put(Frame(f"{n:032x}", "film", n, float(n), path, 1920, 1080, 1.0, 1.0))
        graph = written(Path(name) / "graph.json", chain(QUANTIZE))
        recipe = run.recipes.of("simplify.txt", "comfy", workflow=graph)
        began = time.process_time()
        report = run.kontext(ledger, recipe, dry_run=True)
        spent = time.process_time() - began
    assert len(report.planned) == FRAMES
    return spent, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def spread(rates: list[float]) -> str:
    return f"{statistics.median(rates):.1f} jobs/s, {min(rates):.1f} to {max(rates):.1f}"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--jobs", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    lines, are_met = [], []

    def bar(text: str, met: bool) -> None:
        lines.append(f"{'ok    ' if met else 'MISSED'} {text}")
        are_met.append(met)

    spent, memory = planning()
    bar(f"{FRAMES} frames planned in {spent:.2f} CPU-s (bar 5 s)", spent < MOST_PLANNING_S)
    bar(f"peak memory {memory:.0f} MB (bar 300 MB)", memory < MOST_MEMORY_MB)
    numbers = iter(range(10**6))

    def fresh(count: int) -> list[bytes]:
        return [images.encode_png(room(next(numbers), 256, 144)) for _ in range(count)]

    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        for one, two in running(place / "a", place / "b"):
            asyncio.run(bare(one.url, fresh(10), 2))
            bares: dict[int, list[float]] = {window: [] for window in WINDOWS}
            fleets = []
            for _ in range(asked.rounds):
                for window in WINDOWS:
                    bares[window].append(asyncio.run(bare(one.url, fresh(asked.jobs), window)))
                    fleets.append(ours([one.url], fresh(asked.jobs), QUANTIZE, place)[0])
            slow = asyncio.run(polling(one.url, fresh(12)))
            asleep = sleep(JOB_S)
            alone, jobs = ours([one.url], fresh(80), asleep, place)
            both, _ = ours([one.url, two.url], fresh(48), asleep, place)
            gaps = gaps_s(one, jobs)
    for window, rates in bares.items():
        lines.append(f"       bare, window {window}: {spread(rates)}")
    lines.append(f"       ours: {spread(fleets)}; load {os.getloadavg()[0]:.1f}")
    share = statistics.median(fleets) / max(map(statistics.median, bares.values()))
    bar(f"{share:.2f} of the best bare rate (bar 0.9)", share >= LEAST_OF_BARE)
    lucky = max(fleets) / max(map(max, bares.values()))
    lines.append(f"       {lucky:.2f} by the single fastest run of each")
    times = statistics.median(fleets) / slow
    bar(f"{times:.1f} x a client that polls every 250 ms (bar 3)", times >= LEAST_TIMES_POLLING)
    bar(f"two servers {both / alone:.2f} x one (bar 1.7)", both / alone >= LEAST_TIMES_ONE)
    gap = statistics.mean(gaps)
    bar(f"idle gap {gap * 1e3:.1f} ms a job (bar 20 ms)", gap < MOST_GAP_S)
    lines.append(
        f"       its median {statistics.median(gaps) * 1e3:.1f} ms, "
        f"the longest {gaps[-1] * 1e3:.0f} ms"
    )
    print("\n".join(lines))
    return 0 if all(are_met) else 1


if __name__ == "__main__":
    sys.exit(main())
