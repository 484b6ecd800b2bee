"""Drawn scenes, cluttered and simplified, and workspaces that hold them as twins."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from curate import images
from curate.images import RGB
from curate.ledger import Ledger
from curate.records import Concept, Frame, Twin

PREVIEW = "preview quality: embedded simplifier, not Kontext"


def scene(seed: int, *, clutter: bool = True, width: int = 640, height: int = 360) -> RGB:
    """A street of outlined houses below a sky; with small things all over it, or without."""
    random = np.random.default_rng(seed)
    ramp = np.linspace(200, 120, height, dtype=np.float32)[:, None, None]
    canvas = np.repeat(ramp * np.float32([0.8, 0.95, 1.15]), width, axis=1).clip(0, 255)
    canvas = canvas.astype(np.uint8)
    left = 0
    while left < width:
        wide, high = (
            int(random.integers(60, 140)),
            int(random.integers(height // 4, height * 3 // 4)),
        )
        color = tuple(int(c) for c in random.integers(60, 220, 3))
        corners = (left, height - high), (left + wide, height)
        cv2.rectangle(canvas, *corners, color, -1)
        cv2.rectangle(canvas, *corners, (25, 20, 30), 3)
        cv2.circle(canvas, (left + wide // 2, height - high // 2), 18, (40, 30, 30), 3)
        left += wide
    if clutter:
        for x, y in random.integers(0, (width, height), (700, 2)):
            color = tuple(int(c) for c in random.integers(0, 256, 3))
            cv2.circle(canvas, (int(x), int(y)), int(random.integers(1, 3)), color, -1)
    return canvas


def twin_of(seed: int, width: int = 640, height: int = 360) -> RGB:
    """The scene of that seed, simplified: the same but for the small things."""
    return scene(seed, clutter=False, width=width, height=height)


def affine(image: RGB, matrix: object) -> RGB:
    size = (image.shape[1], image.shape[0])
    return np.asarray(
        cv2.warpAffine(
            image,
            np.asarray(matrix, np.float64),
            size,
            flags=cv2.INTER_CUBIC,
            borderMode=cv2.BORDER_REFLECT,
        ),
        np.uint8,
    )


def shifted(image: RGB, x: float, y: float) -> RGB:
    return affine(image, [[1, 0, x], [0, 1, y]])


def zoomed(image: RGB, scale: float) -> RGB:
    height, width = image.shape[:2]
    middle = ((width - 1) / 2, (height - 1) / 2)
    return affine(image, cv2.getRotationMatrix2D(middle, 0, scale))


def recoloured(
    image: RGB, *, lightness: float = 0, a: float = 0, b: float = 0, chroma: float = 1
) -> RGB:
    lab = cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)
    lab[..., 1:] *= chroma
    lab += np.float32([lightness, a, b])
    rgb = cv2.cvtColor(lab, cv2.COLOR_Lab2RGB)
    return np.asarray((rgb * 255 + 0.5).clip(0, 255), np.uint8)


def place_twin(
    workspace: Path,
    name: str,
    frame: RGB,
    twin: RGB,
    *,
    prompt: str = "simplify",
    concept: Concept = "density",
    made_by: str = PREVIEW,
) -> Twin:
    """A twin as `curate kontext` leaves it: two files and a record."""
    folder = workspace / "twins" / prompt
    frame_path, twin_path = folder / "frame" / f"{name}.png", folder / "twin" / f"{name}.png"
    images.write(frame_path, frame)
    images.write(twin_path, twin)
    height, width = frame.shape[:2]
    with Ledger(workspace) as ledger:
        record = Twin(
            id=f"twin of {name} by {prompt}",
            frame_id=name,
            name=name,
            prompt=prompt,
            concept=concept,
            instruction="Remove the small things.",
            backend="embedded",
            made_by=made_by,
            seed=1,
            crop=(0, 0, width, height),
            width=width,
            height=height,
            frame_path=ledger.relative(frame_path),
            twin_path=ledger.relative(twin_path),
        )
        ledger.put(record, Frame(name, "film", 1, 0.0, f"frames/{name}.png", width, height, 1, 1))
    return record


def place_twins(workspace: Path, count: int) -> list[str]:
    """That many good pairs; returns their names."""
    names = [f"film_00-00-{seed:02d}.500" for seed in range(count)]
    for seed, name in enumerate(names):
        place_twin(workspace, name, scene(seed), twin_of(seed))
    return names
