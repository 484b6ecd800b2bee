"""Pictures drawn for tests, and workspaces whose frames they are."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from curate import identity, images
from curate.images import RGB
from curate.ledger import Ledger
from curate.records import Frame


def room(seed: int, width: int = 320, height: int = 180) -> RGB:
    """A plain room with outlines across it, cluttered with small high-contrast things."""
    random = np.random.default_rng(seed)
    wall, floor = (tuple(map(int, random.integers(90, 200, 3))) for _ in range(2))
    canvas = np.full((height, width, 3), wall, np.uint8)
    cv2.rectangle(canvas, (0, height * 2 // 3), (width, height), floor, -1)
    thick = max(1, height // 180)
    cv2.line(canvas, (0, height * 2 // 3), (width, height * 2 // 3), (20, 20, 30), thick * 2)
    cv2.rectangle(
        canvas, (width // 8, height // 8), (width // 2, height * 5 // 8), (30, 25, 20), thick * 2
    )
    for _ in range(150):
        x, y = random.integers(0, (width, height))
        color = tuple(map(int, random.integers(0, 256, 3)))
        cv2.circle(canvas, (int(x), int(y)), int(random.integers(1, 3)) * thick, color, -1)
    return canvas


def place_frames(
    workspace: Path, count: int, *, name: str = "film", width: int = 320, height: int = 180
) -> list[Frame]:
    """Frames as `curate extract` leaves them: files and records."""
    frames = []
    with Ledger(workspace) as ledger:
        for seed in range(count):
            pixels = room(seed, width, height)
            path = workspace / "frames" / f"{name}_00-00-{seed:02d}.000.png"
            images.write(path, pixels)
            frame = Frame(
                id=identity.of_bytes(pixels.tobytes()),
                film_id="film",
                shot=seed,
                time_s=float(seed),
                path=ledger.relative(path),
                width=width,
                height=height,
                density=1.0,
                sharpness=1.0,
            )
            ledger.put(frame)
            frames.append(frame)
    return frames
