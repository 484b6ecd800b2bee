"""A workspace of very many pairs that were measured, for `benchmarks/pairs.py`.

The measures are drawn by a seed, the pictures are few and linked; the records are those that
extract, kontext and pair-check leave.
"""

from __future__ import annotations

import json
import os
from importlib import resources
from pathlib import Path

import cv2
import numpy as np

from curate import identity, images
from curate.ledger import Ledger
from curate.measures import VERSION
from curate.pairs.halves import stamp_of
from curate.pairs.measuring.run import STATION
from curate.pairs.score import score
from curate.pairs.verdict import DEFAULTS, judge
from curate.records import Frame, Pair, Task, Twin, Verdict

PICTURES, PER_SHOT = 12, 4
WIDTH, HEIGHT = 1392, 752

_GRAPH = json.loads(resources.files("curate.kontext").joinpath("kontext.json").read_text("utf-8"))

_SPREAD = {
    "ssim": (0.8, 0.1), "shift_px": (0.6, 0.5), "gradient_ncc": (0.85, 0.1),
    "a_shift": (0, 0.8), "b_shift": (0, 0.8), "lightness_shift": (0, 0.9),
    "chroma_slope": (0.96, 0.06), "contrast_ratio": (0.95, 0.05), "tile_residual": (16, 7),
    "lightness_mode": (0, 0.9), "a_mode": (0, 0.8), "b_mode": (0, 0.8), "edges_anew": (1, 0.6),
    "detail_ratio": (0.6, 0.15), "texture_left": (0.65, 0.12), "texture_least": (0.6, 0.1),
    "density_frame": (1.1, 0.3), "density_twin": (0.6, 0.2),
    "scale": (1, 0.001), "scale_x": (1, 0.001), "scale_y": (1, 0.001), "rotation_deg": (0, 0.02),
    "shift_x_px": (0, 0.3), "shift_y_px": (0, 0.3), "confidence": (0.9, 0.05),
    "ms_ssim": (0.85, 0.1), "ssim_registered": (0.85, 0.1), "edge_ncc": (0.9, 0.05),
    "edges_held": (0.85, 0.08), "edges_moved": (0.05, 0.05), "chroma_flat": (0.98, 0.03),
    "contrast_flat": (0.98, 0.03), "registration_gain": (2, 0.4), "sharpness": (1, 0.05),
    "tile_x": (0.5, 0.2), "tile_y": (0.5, 0.2),
}  # fmt: skip


def fill(workspace: Path, count: int) -> None:
    """That many checked pairs of one film and instruction, four frames a shot."""
    random = np.random.default_rng(0)
    sources = [workspace / "drawn" / f"{half}{n}.png" for half in "ab" for n in range(PICTURES)]
    for number, source in enumerate(sources):
        images.write(source, _drawn(number % PICTURES, clutter=number < PICTURES))
    hashes = [identity.of_file(source) for source in sources]
    folders = [workspace / "twins/simplify" / half for half in ("frame", "twin")]
    for folder in folders:
        folder.mkdir(parents=True)
    with Ledger(workspace) as ledger, ledger.transaction():
        for number in range(count):
            name = f"film_{number // 600:02d}-{number // 10 % 60:02d}-{number:05d}"
            places = number % PICTURES, PICTURES + number % PICTURES
            files = [folder / f"{name}.png" for folder in folders]
            for file, place in zip(files, places, strict=True):
                os.link(sources[place], file)
            frame, twin = (hashes[place] for place in places)
            _record(ledger, number, name, files, (frame, twin), _measures(random))


def _record(
    ledger: Ledger,
    number: int,
    name: str,
    files: list[Path],
    contents: tuple[str, str],
    measures: dict[str, float | None],
) -> None:
    frame_path, twin_path = (ledger.relative(file) for file in files)
    shot = number // PER_SHOT
    frame = Frame(f"{number:08x}f", "film", shot, number, frame_path, WIDTH, HEIGHT, 1.0, 1.0)
    twin = Twin(
        f"{number:08x}t", frame.id, name, "simplify", "density", "Simplify.", "comfyui",
        "FLUX.1 Kontext", 1, (0, 0, WIDTH, HEIGHT), WIDTH, HEIGHT, frame_path, twin_path,
        _GRAPH,
    )  # fmt: skip
    pair = Pair(
        identity.of_task("pair", name=name, group="simplify", frame=contents[0], twin=contents[1]),
        name, twin.id, "density", frame_path, twin_path, measures, "CLIP",
    )  # fmt: skip
    said = judge(measures, "density", DEFAULTS)
    words = tuple(reason.text for reason in said.reasons)
    points = score(measures, "density")
    ledger.put(frame, twin, pair, Verdict(pair.id, "rule", said.ruling, words, score=points))
    settings: dict[str, object] = {
        "version": VERSION, "pair": pair.id, "group": "simplify",
        "frame": contents[0], "twin": contents[1],
        "frame_path": frame_path, "twin_path": twin_path,
        "stamps": [stamp_of(file) for file in files],
    }  # fmt: skip
    ledger.finish(twin.id, "kontext", name, frame=frame.id, variant=1)
    ledger.put(Task(f"{number:032x}", STATION, name, "done", settings, at="2026-11-22T00:00:00"))


def _measures(random: np.random.Generator) -> dict[str, float | None]:
    drawn: dict[str, float | None] = {
        key: float(f"{abs(random.normal(*of)) if of[0] else random.normal(*of):.6g}")
        for key, of in _SPREAD.items()
    }
    return drawn | {"width_px": WIDTH, "height_px": HEIGHT, "clip_similarity": 0.9}


def _drawn(seed: int, *, clutter: bool) -> images.RGB:
    random = np.random.default_rng(seed)
    ramp = np.linspace(200, 90, HEIGHT)[:, None, None] * np.array([0.8, 0.95, 1.1])
    canvas = np.repeat(ramp, WIDTH, axis=1).clip(0, 255).astype(np.uint8)
    for _ in range(60):
        x, y, w, h = random.integers(0, (WIDTH, HEIGHT, 200, 200))
        color = [int(c) for c in random.integers(40, 230, 3)]
        cv2.rectangle(canvas, (int(x), int(y)), (int(x + w), int(y + h)), color, -1)
    for x, y in random.integers(0, (WIDTH, HEIGHT), (9000, 2)) if clutter else ():
        color = [int(c) for c in random.integers(0, 256, 3)]
        cv2.circle(canvas, (int(x), int(y)), int(random.integers(1, 4)), color, -1)
    return canvas
