"""Whether this machine has what the stations need, and how to get what it lacks."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import curate.kontext.run as kontext
from curate.errors import CurateError

State = Literal["ok", "optional", "missing"]

CLIP = "openai/clip-vit-base-patch32"
"""The CLIP that pair-check is most often given."""

_DECODERS = ("h264", "hevc", "av1", "vp9", "mpeg2video")
_OLDEST = (3, 11)
_FREE_GB = 10.0  # a feature's frames, twins and dataset take 3 to 6 GB


@dataclass(frozen=True, slots=True)
class Check:
    """One line: what was looked for, what was found, and the remedy if it is not ok."""

    name: str
    state: State
    found: str
    remedy: str = ""


def checks(workspace: Path, servers: list[str]) -> Iterator[Check]:
    """Look at Python, the decoder, torch, each ComfyUI server, CLIP's weights and the disk."""
    yield _python()
    yield _decoder()
    yield _torch()
    for server in servers:
        yield from _comfy(server)
    yield _clip()
    yield _disk(workspace)


def _python() -> Check:
    found = f"{platform.python_version()} on {platform.system()}"
    if sys.version_info[:2] < _OLDEST:
        return Check("Python", "missing", found, "Install Python 3.11 or newer.")
    return Check("Python", "ok", found)


def _decoder() -> Check:
    remedy = "`pip install --force-reinstall av` brings FFmpeg with these decoders."
    try:
        import av
    except ImportError as error:
        return Check("decoder", "missing", f"PyAV does not load: {error}", remedy)
    lacking = [name for name in _DECODERS if name not in av.codecs_available]
    found = f"PyAV {av.__version__}: {', '.join(n for n in _DECODERS if n not in lacking)}"
    if lacking:
        return Check("decoder", "missing", f"{found}, but not {', '.join(lacking)}", remedy)
    return Check("decoder", "ok", found)


def _torch() -> Check:
    try:
        import torch
    except (ImportError, OSError) as error:
        return Check(
            "torch", "optional", f"does not load: {error}", "merge runs on the CPU without it."
        )
    if torch.cuda.is_available():
        return Check("torch", "ok", f"{torch.__version__}, CUDA on {torch.cuda.get_device_name(0)}")
    return Check(
        "torch",
        "optional",
        f"{torch.__version__}, no CUDA",
        "Nothing to do: merge takes seconds on the CPU. With an NVIDIA card, install torch as "
        "pytorch.org says for it.",
    )


def _comfy(server: str) -> Iterator[Check]:
    try:
        version, lacking = kontext.preflight(server)
    except CurateError as error:
        yield Check("ComfyUI", "optional", str(error), error.remedy)
        return
    yield Check("ComfyUI", "ok", f"{version} at {server}")
    if lacking:
        yield Check(
            "Kontext models",
            "optional",
            f"{server} lacks {'; '.join(lacking)}",
            "Put the files into those folders of ComfyUI and restart it.",
        )
    else:
        yield Check("Kontext models", "ok", f"all at {server}")


def _clip() -> Check:
    if importlib.util.find_spec("transformers") is None:
        return Check(
            "CLIP",
            "optional",
            "transformers is not installed",
            "`pip install 'curate-lora[clip]'`, then `curate pair-check --clip DIR`; "
            "without it CLIP similarity is not measured.",
        )
    from huggingface_hub import try_to_load_from_cache

    loader = f"transformers {importlib.metadata.version('transformers')}"
    if isinstance(try_to_load_from_cache(CLIP, "config.json"), str):
        return Check("CLIP", "ok", f"{loader}, {CLIP} is on this machine")
    return Check(
        "CLIP",
        "optional",
        f"{loader}, no weights of {CLIP} on this machine",
        f"`curate pair-check --clip {CLIP}` fetches them once; or give a folder.",
    )


def _disk(workspace: Path) -> Check:
    place = workspace.absolute()
    while not place.exists():
        place = place.parent
    free_gb = shutil.disk_usage(place).free / 1e9
    found = f"{free_gb:.0f} GB free at {place}"
    if free_gb < _FREE_GB:
        remedy = f"Free {_FREE_GB:.0f} GB, or put the workspace elsewhere with `curate -w DIR …`."
        return Check("disk", "missing", found, remedy)
    return Check("disk", "ok", found)
