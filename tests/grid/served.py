"""Grids that a real ComfyUI renders without a model: a prompt is a picture's name there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from curate import images
from curate.events import silent
from curate.grid import run
from curate.ledger import Ledger
from tests.comfyui.graphs import written
from tests.comfyui.server import ComfyUI
from tests.pictures import room

Graph = dict[str, dict[str, Any]]

STRENGTHS = (0.0, 0.5, 1.0, 2.0)
BY_PICTURE = ("--text-node", "in.image")


def node(kind: str, **inputs: object) -> dict[str, Any]:
    return {"class_type": kind, "inputs": inputs}


def sharpening(*between: tuple[str, dict[str, Any]]) -> Graph:
    """More detail the higher the number, 0 changes nothing; then further nodes."""
    graph = {
        "in": node("LoadImage", image="none.png"),
        "sharp": node("ImageSharpen", image=["in", 0], sharpen_radius=1, sigma=1.0, alpha=1.0),
    }
    last = "sharp"
    for number, (kind, inputs) in enumerate(between):
        graph[f"then{number}"] = node(kind, image=[last, 0], **inputs)
        last = f"then{number}"
    return graph | {"out": node("SaveImage", images=[last, 0], filename_prefix="x")}


def tinting() -> Graph:
    """The picture, and by the number more of one green all over it."""
    return {
        "in": node("LoadImage", image="none.png"),
        "green": node("EmptyImage", width=512, height=288, batch_size=1, color=0x30C030),
        "mix": node(
            "ImageBlend",
            image1=["in", 0],
            image2=["green", 0],
            blend_factor=0.0,
            blend_mode="normal",
        ),
        "out": node("SaveImage", images=["mix", 0], filename_prefix="x"),
    }


def shifting() -> Graph:
    """A part of the picture, the number of px further to the right."""
    return {
        "in": node("LoadImage", image="none.png"),
        "crop": node("ImageCrop", image=["in", 0], width=448, height=288, x=0, y=0),
        "out": node("SaveImage", images=["crop", 0], filename_prefix="x"),
    }


def moving(saver: str) -> Graph:
    """A clip of six frames, the picture and its negative in turn."""
    graph = sharpening()
    del graph["out"]
    graph |= {
        "negative": node("ImageInvert", image=["sharp", 0]),
        "both": node("ImageBatch", image1=["sharp", 0], image2=["negative", 0]),
        "clip": node("RepeatImageBatch", image=["both", 0], amount=3),
    }
    if saver == "SaveWEBM":
        last = node(saver, images=["clip", 0], filename_prefix="x", codec="vp9", fps=8.0, crf=12.0)
        return graph | {"out": last}
    graph["video"] = node("CreateVideo", images=["clip", 0], fps=8.0)
    last = node(saver, video=["video", 0], filename_prefix="x", format="mp4", codec="h264")
    return graph | {"out": last}


def place(comfy: ComfyUI, *names: str) -> None:
    """Drawn pictures in the server's input folder, a different one for each name."""
    for name in names:
        file = comfy.base / "input" / name
        seed = sum(map(ord, name))
        images.write(file, room(seed, 512, 288))


def rendered(
    workspace: Path,
    comfy: ComfyUI,
    graph: Graph,
    strength: str,
    prompts: tuple[str, ...],
    strengths: tuple[float, ...] = STRENGTHS,
    **look: Any,
) -> run.Report:
    """The report of a grid of that graph; no encoder looks at it."""
    file = written(workspace.with_suffix(".json"), graph)
    named = run.Named(text="in.image", strength=strength)
    how = run.recipe.of((), workflow=file, named=named)
    with Ledger(workspace) as ledger:
        return run.grid(
            ledger,
            how,
            (),
            prompts,
            run.Look("sheet", **{"encoder": "none", "box_px": 256} | look),
            strengths=strengths,
            servers=[comfy.url],
            tell=silent,
        )
