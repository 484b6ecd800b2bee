"""Graphs without models, which a ComfyUI without a GPU really runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

Graph = dict[str, dict[str, Any]]


def chain(
    *nodes: tuple[str, dict[str, Any]], image: str = "frame.png", prefix: str = "out"
) -> Graph:
    """LoadImage -> the nodes, each fed through its input `image` -> SaveImage, which is "out"."""
    graph: Graph = {"in": {"class_type": "LoadImage", "inputs": {"image": image}}}
    last = "in"
    for number, (kind, inputs) in enumerate(nodes):
        graph[str(number)] = {"class_type": kind, "inputs": {"image": [last, 0], **inputs}}
        last = str(number)
    saved = {"images": [last, 0], "filename_prefix": prefix}
    return graph | {"out": {"class_type": "SaveImage", "inputs": saved}}


def gate(file: Path) -> tuple[str, dict[str, Any]]:
    """The job stands still until `file` is there."""
    return "TestGate", {"file": str(file)}


def sleep(seconds: float, steps: int = 1) -> tuple[str, dict[str, Any]]:
    """The job takes so long, and no processor."""
    return "TestSleep", {"seconds": seconds, "steps": steps}


def out_of_memory(file: Path, times: int) -> tuple[str, dict[str, Any]]:
    """The first `times` runs, counted in `file`, end as a full card's do."""
    return "TestOutOfMemory", {"file": str(file), "times": times}


SHAKY = ("TestShaky", {"seed": 0})
"""Simplifies; by its seed it hits the frame's outlines or misses them."""

INVERT = ("ImageInvert", {})
QUANTIZE = ("ImageQuantize", {"colors": 24, "dither": "none"})
SLOW = ("ImageBlur", {"blur_radius": 31, "sigma": 9.0})
"""A second or two on a picture of Kontext's size."""

UNHURRIED = ("ImageBlur", {"blur_radius": 12, "sigma": 4.0})
"""A quarter of a second or so."""


def written(file: Path, graph: Graph) -> Path:
    file.write_text(json.dumps(graph), encoding="utf-8")
    return file
