"""What Musubi Tuner v0.3.4 reads: the dataset file, its buckets, its caches, its commands."""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import tomli_w

from curate.errors import BadSetting

HALVES = ("dense", "sparse")
CAPTION = ".txt"

_STEP_PX = 16
_GLOB = re.compile(r"[\[\]*?]")
_CACHE_NAME = re.compile(r"(_\d+x\d+_[a-z0-9_]+|_te)\.safetensors$")


@dataclass(frozen=True, slots=True)
class Bucket:
    """The size Musubi trains an image at, and how many of its resized pixels it crops away."""

    width: int
    height: int
    crop_px: int


def bucket(width: int, height: int, resolution: int) -> Bucket:
    """The bucket of an image of `width` × `height` for an area of `resolution`² pixels.

    Musubi's rule: sides in steps of 16, the area at most `resolution`², the nearest aspect ratio;
    the image is resized to cover the bucket, the rest is cropped around the centre.
    """
    aspect = width / height
    w, h = min(_buckets(resolution), key=lambda size: (abs(size[0] / size[1] - aspect), size))
    scale = max(w / width, h / height)
    return Bucket(w, h, round(width * scale) - w + round(height * scale) - h)


def dataset_toml(images: Path, cache: Path, resolution: int) -> str:
    """The dataset file of one half.

    The schema is strict: no key may be unknown, paths may not stand in [general]. The caption
    extension needs its dot, or Musubi finds no caption and drops every image.

    Args:
        images: the folder of images and captions.
        cache: a folder for this half alone; a shared one trains each half on both.
        resolution: the side of a square with the area to train at.
    """
    return tomli_w.dumps(
        {
            "general": {
                "caption_extension": CAPTION,
                "batch_size": 1,
                "enable_bucket": True,
                "bucket_no_upscale": False,
            },
            "datasets": [
                {
                    "image_directory": images.absolute().as_posix(),
                    "cache_directory": cache.absolute().as_posix(),
                    "resolution": [resolution, resolution],
                    "num_repeats": 1,
                }
            ],
        }
    )


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


def usable_resolution(resolution: int) -> int:
    """`resolution`, if it has buckets.

    Raises:
        BadSetting: it is under 32.
    """
    if resolution < 2 * _STEP_PX:
        raise BadSetting(
            f"A resolution of {resolution} is too small to train at.",
            remedy="Give --resolution 192 or more.",
        )
    return resolution


def caches(folder: Path) -> list[Path]:
    """The latents and text embeddings that Musubi cached in `folder`."""
    if not folder.is_dir():
        return []
    return sorted(file for file in folder.iterdir() if _CACHE_NAME.search(file.name))


def commands(half: str, dataset: Path, loras: Path) -> list[str]:
    """The three commands, typed in Musubi's folder, that train one half.

    The settings are those of the method's author. The alpha is given since Musubi's own default
    of 1 would divide a LoRA of rank 16 by 16.
    """
    config = shlex.quote(dataset.absolute().as_posix())
    output = shlex.quote(loras.absolute().as_posix())
    source = "src/musubi_tuner"
    return [
        f"python {source}/wan_cache_latents.py --dataset_config {config} --vae VAE",
        f"python {source}/wan_cache_text_encoder_outputs.py --dataset_config {config} --t5 T5 "
        "--batch_size 16",
        "accelerate launch --num_cpu_threads_per_process 1 --mixed_precision bf16 "
        f"{source}/wan_train_network.py --task t2v-14B --dit DIT --dataset_config {config} "
        "--sdpa --mixed_precision bf16 --fp8_base --gradient_checkpointing "
        "--network_module networks.lora_wan --network_dim 16 --network_alpha 16 "
        "--optimizer_type lion_pytorch.Lion --learning_rate 2e-5 "
        "--lr_scheduler constant_with_warmup --lr_warmup_steps 50 --max_train_steps 5000 "
        "--timestep_sampling shift --discrete_flow_shift 3.0 --seed 42 --save_precision fp32 "
        f"--output_dir {output} --output_name {half}",
    ]


def _buckets(resolution: int) -> Sequence[tuple[int, int]]:
    area, side = resolution**2, math.isqrt(resolution**2)
    widths = range(max(side // 2 // _STEP_PX, 1) * _STEP_PX, side + _STEP_PX, _STEP_PX)
    sizes = [(width, area // width // _STEP_PX * _STEP_PX) for width in widths]
    return sorted({size for w, h in sizes if h for size in ((w, h), (h, w))})
