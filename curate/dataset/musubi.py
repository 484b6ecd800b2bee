"""What Musubi Tuner reads: dataset files, training files, sample prompts; and what it caches."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import tomli_w

from curate.errors import BadSetting

HALVES = ("dense", "sparse")
CAPTION = ".txt"
IMAGES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp"})
"""What Musubi takes for images on every system; it also reads some in capitals."""

_GLOB = re.compile(r"[\[\]*?]")
_CACHE_NAME = re.compile(r"(_\d+x\d+_[a-z0-9_]+|_te)\.safetensors$")
_FRAMES_STEP = 4
_NUMBERS: Mapping[str, int] = MappingProxyType({"batch_size": 1, "num_repeats": 1})


@dataclass(frozen=True, slots=True)
class Clips:
    """How Musubi cuts clips: `frames` each 4n + 1, `fps` of the files, None as they are."""

    frames: tuple[int, ...]
    fps: float | None = None


def clips(frames: tuple[int, ...], fps: float | None) -> Clips:
    """The cutting of clips, checked.

    Raises:
        BadSetting: a number of frames is not 4n + 1, or the rate is not positive.
    """
    for count in frames:
        if count < 1 or count % _FRAMES_STEP != 1:
            down = max(count - (count - 1) % _FRAMES_STEP, 1)
            raise BadSetting(
                f"Wan trains clips of 4n + 1 frames, not of {count}.",
                remedy=f"Give --frames {down} or --frames {down + _FRAMES_STEP}.",
            )
    if fps is not None and fps <= 0:
        raise BadSetting(f"A clip cannot have {fps} frames a second.", remedy="Give --fps 24.")
    return Clips(frames, fps)


def dataset_toml(
    folder: Path,
    cache: Path,
    resolution: int,
    numbers: Mapping[str, int] = _NUMBERS,
    cut: Clips | None = None,
) -> str:
    """The dataset file of one half.

    The schema is strict: no key may be unknown, paths may not stand in [general]. The caption
    extension needs its dot, or Musubi finds no caption and drops every image.

    Args:
        folder: the images, or clips, and their captions.
        cache: a folder for this half alone; a shared one trains each half on both.
        resolution: the side of a square with the area to train at.
        numbers: batch_size and num_repeats.
        cut: how clips are cut; None for images.
    """
    kind = "video" if cut else "image"
    dataset: dict[str, object] = {
        f"{kind}_directory": folder.absolute().as_posix(),
        "cache_directory": cache.absolute().as_posix(),
        "resolution": [resolution, resolution],
        "num_repeats": numbers["num_repeats"],
    }
    if cut:
        dataset |= {"target_frames": list(cut.frames), "frame_extraction": "head"}
        dataset |= {} if cut.fps is None else {"source_fps": float(cut.fps)}
    general = {
        "caption_extension": CAPTION,
        "batch_size": numbers["batch_size"],
        "enable_bucket": True,
        "bucket_no_upscale": False,
    }
    return tomli_w.dumps({"general": general, "datasets": [dataset]})


def trainer_toml(settings: Mapping[str, object]) -> str:
    """The training file of one half; only keys of Musubi's own parser belong in it."""
    return tomli_w.dumps(dict(settings))


def sample_prompts(prompts: tuple[str, ...], width: int, height: int, frames: int) -> str:
    """What Musubi draws while it trains, as JSON: its text format cannot hold an empty prompt."""
    samples = [
        {
            "prompt": prompt,
            "negative_prompt": "",
            "width": width,
            "height": height,
            "frame_count": frames,
            "seed": 42,
            "sample_steps": 20,
            "discrete_flow_shift": 3.0,
            "cfg_scale": 1.0,
        }
        for prompt in prompts
    ]
    return json.dumps(samples, ensure_ascii=False, indent=2) + "\n"


def usable_cache(cache: Path) -> Path:
    """`cache`, if Musubi can find again what it writes there.

    Raises:
        BadSetting: its path has a character that Musubi's search takes for a pattern.
    """
    found = _GLOB.search(cache.absolute().as_posix())
    if found:
        raise BadSetting(
            f"Musubi would find none of its caches in {cache.absolute()}: "
            f"its search takes {found[0]!r} for a pattern.",
            remedy="Name a folder without [ ] * ? by `--cache DIR`, or another workspace.",
        )
    return cache


def caches(folder: Path) -> list[Path]:
    """The latents and text embeddings that Musubi cached in `folder`."""
    if not folder.is_dir():
        return []
    return sorted(file for file in folder.iterdir() if _CACHE_NAME.search(file.name))
