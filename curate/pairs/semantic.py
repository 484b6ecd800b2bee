"""Whether two images show the same thing: cosine of their CLIP embeddings, where weights are."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import numpy as np
from safetensors import SafetensorError

from curate import identity, images
from curate.errors import ClipUnusable

_MEAN = np.array((0.48145466, 0.4578275, 0.40821073), np.float32)  # of CLIP's training images
_SD = np.array((0.26862954, 0.26130258, 0.27577711), np.float32)
_KINDS = ("clip", "clip_vision_model")
_UNLOADABLE = (  # what the hub, JSON, safetensors and pickle raise has no nearer base
    OSError,
    ValueError,
    RuntimeError,
    LookupError,
    TypeError,
    AttributeError,
    ImportError,
    SafetensorError,
    UnpicklingError,
)


@dataclass(frozen=True, slots=True)
class Encoder:
    """A loaded CLIP vision model; `name` tells it from every other, `side_px` is its input's."""

    name: str
    side_px: int
    model: Any
    device: str


def load(source: str) -> Encoder:
    """The CLIP vision model in a folder, or on the hub under this name.

    Raises:
        ClipUnusable: no such model, no CLIP, weights missing or damaged, no transformers.
    """
    try:
        import torch
        import transformers
    except ImportError as error:
        raise ClipUnusable(source, f"transformers cannot be imported ({error})") from error
    local = Path(source).is_dir()
    library: Any = transformers
    library.logging.set_verbosity_error()
    library.logging.disable_progress_bar()
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    try:
        kind = library.AutoConfig.from_pretrained(source, local_files_only=local).model_type
        if kind not in _KINDS:
            raise ClipUnusable(source, f"it is a model of type {kind!r}, not CLIP")
        model, report = library.CLIPVisionModelWithProjection.from_pretrained(
            source, local_files_only=local, output_loading_info=True
        )
    except _UNLOADABLE as error:
        raise ClipUnusable(source, _first_line(error)) from error
    if report["missing_keys"]:
        raise ClipUnusable(source, "the weights of its vision part are missing")
    projection = model.visual_projection.weight.detach().float().numpy().tobytes()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    name = f"{Path(source).resolve().name if local else source} {identity.of_bytes(projection)[:8]}"
    return Encoder(name, model.config.image_size, model.eval().to(device), device)


def squashed(image: images.RGB, side_px: int) -> images.RGB:
    """The whole image as a square, shape (side_px, side_px, 3).

    CLIP's own centre crop would see 56 % of a 16:9 frame.
    """
    return images.resize(image, side_px, side_px)


def similarity(encoder: Encoder, frame: images.RGB, twin: images.RGB) -> float:
    """Cosine of two images' CLIP embeddings, in [-1, 1]; 1 means alike.

    Args:
        encoder: as `load` gives it.
        frame: as `squashed` gives it for this encoder.
        twin: the same.
    """
    import torch

    both = np.stack([frame, twin]).astype(np.float32) / np.float32(255)
    normal = (both - _MEAN) / _SD
    pixels = torch.from_numpy(normal.transpose(0, 3, 1, 2).copy()).to(encoder.device)
    with torch.inference_mode():
        embeddings = encoder.model(pixel_values=pixels).image_embeds.double()
    return float(torch.nn.functional.cosine_similarity(embeddings[0], embeddings[1], dim=0))


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__
