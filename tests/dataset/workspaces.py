"""Workspaces with pairs: checked, or kept without the cost of measuring them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from curate import identity, images
from curate.dataset.run import Report, Settings, dataset
from curate.images import RGB
from curate.ledger import Ledger
from curate.pairs.halves import stamp_of
from curate.pairs.run import pair_check
from curate.records import Film, Pair, Ruling, Verdict
from tests.pairs.scenes import place_twin, scene, twin_of

HALVES = ("dense", "sparse")
ORDER = ["wan_cache_latents.py", "wan_cache_text_encoder_outputs.py", "wan_train_network.py"]


def made(workspace: Path, *, prompt: str | None = None, **options: Any) -> Report:
    with Ledger(workspace) as ledger:
        return dataset(ledger, Settings(**options), prompt=prompt)


def check(workspace: Path, **decisions: Ruling) -> None:
    with Ledger(workspace) as ledger:
        pair_check(ledger, decisions=decisions)


def held(workspace: Path) -> dict[str, bytes]:
    """The dataset's files, by path, caches apart."""
    folder = workspace / "dataset"
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file() and "cache" not in file.parts
    }


def place_pair(
    workspace: Path, name: str, halves: tuple[RGB, RGB], ruling: Ruling = "keep"
) -> Pair:
    """A pair as `curate pair-check` leaves it: files, measures, a verdict."""
    twin = place_twin(workspace, name, *halves)
    with Ledger(workspace) as ledger:
        paths = [ledger.path(path) for path in (twin.frame_path, twin.twin_path)]
        frame, other = (identity.of_bytes(path.read_bytes()) for path in paths)
        pair = Pair(
            id=identity.of_task("pair", name=name, frame=frame, twin=other),
            name=name,
            twin_id=twin.id,
            concept=twin.concept,
            frame_path=twin.frame_path,
            twin_path=twin.twin_path,
            measures={"ssim": 0.81, "detail_ratio": 0.62, "clip": None},
            encoder="",
        )
        ledger.put(pair, Verdict(pair.id, "rule", ruling, ()))
        stamps = [stamp_of(path) for path in paths]
        ledger.finish(
            f"check of {name}", "pair-check", name,
            pair=pair.id, frame=frame, twin=other, stamps=stamps,
        )  # fmt: skip
    return pair


def place_pairs(workspace: Path, count: int, *, film: str = "film") -> list[str]:
    """That many kept pairs of 320 × 180 px; returns their names."""
    names = [f"{film}_00-00-{seed:02d}.500" for seed in range(count)]
    for seed, name in enumerate(names):
        size = {"width": 320, "height": 180}
        frame = scene(seed, **size)
        images.write(workspace / "frames" / f"{name}.png", frame)
        place_pair(workspace, name, (frame, twin_of(seed, **size)))
    with Ledger(workspace) as ledger:
        path = f"/home/someone/films/{film}.mkv"
        ledger.put(Film("film", "read", film, path, 1920, 1080, 5400.0, "hevc", "yuv420p10le"))
    return names
