"""The Wan2.1 T2V graph that comes with curate, with the user's changes in it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from curate.comfy import packaged
from curate.comfy.protocol import Graph
from curate.errors import BadSetting

SLIDER = "4"
"""The node of wan.json whose strength is the slider's."""

_MODEL, _CLIP, _VAE, _SHIFT = "1", "2", "3", "5"
_NEGATIVE, _LATENT, _SAMPLER, _DECODE, _SAVE = "7", "8", "9", "10", "11"
_FAST_STEPS, _FAST_CFG, _FAST_SHIFT = 4, 1.0, 5.0  # as lightx2v's own examples have them
_FPS = 16.0  # Wan2.1's
_CRF = 12.0  # the cells are measured, so they are written finer than to be looked at
_SIDE_STEP_PX, _FRAME_STEP = 16, 4  # of the model's latents
_SIZE = re.compile(r"(\d+)[x×](\d+)")


@dataclass(frozen=True, slots=True)
class Options:
    """Changes to the shipped graph; None leaves a value as it is.

    `style_loras` are FILE:strength. `accelerator` too: a LoRA such as lightx2v's, with which 4
    steps at cfg 1 are enough. `frames` of a clip are one more than a multiple of 4; 1 is a still.
    """

    model: str | None = None
    clip: str | None = None
    vae: str | None = None
    steps: int | None = None
    cfg: float | None = None
    shift: float | None = None
    sampler: str | None = None
    scheduler: str | None = None
    size: str | None = None
    frames: int = 1
    negative: str | None = None
    style_loras: tuple[str, ...] = ()
    accelerator: str | None = None


def graph(options: Options) -> Graph:
    """The shipped graph with other values; further LoRAs stand between the model and the slider.

    Raises:
        BadSetting: a value that the model cannot take, or a model that another loader must load.
    """
    made = packaged.graph("curate.grid", "wan.json", options.model)
    width, height = _size(options.size)
    fast = options.accelerator is not None
    packaged.put(made, _MODEL, unet_name=options.model)
    packaged.put(made, _CLIP, clip_name=options.clip)
    packaged.put(made, _VAE, vae_name=options.vae)
    packaged.put(made, _SHIFT, shift=_or(options.shift, _FAST_SHIFT if fast else None))
    packaged.put(made, _NEGATIVE, text=options.negative)
    packaged.put(made, _LATENT, width=width, height=height, length=_frames(options.frames))
    packaged.put(
        made,
        _SAMPLER,
        steps=_or(options.steps, _FAST_STEPS if fast else None),
        cfg=_or(options.cfg, _FAST_CFG if fast else None),
        sampler_name=options.sampler,
        scheduler=options.scheduler,
    )
    further = [lora for lora in (options.accelerator, *options.style_loras) if lora]
    packaged.chain(made, SLIDER, further, title="Further LoRA")
    if options.frames > 1:
        made[_SAVE] = {
            "class_type": "SaveWEBM",
            "inputs": {"images": [_DECODE, 0], "filename_prefix": "curate/cell"}
            | {"codec": "vp9", "fps": _FPS, "crf": _CRF},
            "_meta": {"title": "Cell"},
        }
    return made


def _or(value: float | None, otherwise: float | None) -> float | None:
    return otherwise if value is None else value


def _size(text: str | None) -> tuple[int | None, int | None]:
    if text is None:
        return None, None
    match = _SIZE.fullmatch(text)
    if not match or any(not int(side) or int(side) % _SIDE_STEP_PX for side in match.groups()):
        raise BadSetting(
            f"--size {text} is no size that the model makes.",
            remedy=f"Both sides are multiples of {_SIDE_STEP_PX}: --size 832x480.",
        )
    return int(match[1]), int(match[2])


def _frames(count: int) -> int:
    if count < 1 or count % _FRAME_STEP != 1:
        near = max(round((count - 1) / _FRAME_STEP), 0) * _FRAME_STEP + 1
        raise BadSetting(
            f"The model makes no clip of {count} frames.",
            remedy=f"One more than a multiple of {_FRAME_STEP}: --frames {near}.",
        )
    return count
