"""Key spellings: which module a key of a LoRA file belongs to, and what it is to it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from curate.merge import natives
from curate.merge.settings import Format

PAIRS = (
    ("lora_down.weight", "lora_up.weight"),
    ("lora_A.weight", "lora_B.weight"),
    ("lora_A.default.weight", "lora_B.default.weight"),
    ("lora_A", "lora_B"),
    ("lora.down.weight", "lora.up.weight"),
    ("_lora.down.weight", "_lora.up.weight"),
    ("lora_linear_layer.down.weight", "lora_linear_layer.up.weight"),
)
"""How trainers end the keys of the two factors; the first is Musubi's and kohya's."""

_OTHERS = (
    "lora_mid.weight", "alpha", "diff", "diff_b", "diff_m",
    "hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b", "hada_t1", "hada_t2",
    "lokr_w1", "lokr_w1_a", "lokr_w1_b", "lokr_w2", "lokr_w2_a", "lokr_w2_b", "lokr_t2",
)  # fmt: skip
_ROLES = {down: "down" for down, _ in PAIRS} | {up: "up" for _, up in PAIRS}
_ROLES |= {name: name.removesuffix(".weight") for name in _OTHERS}
_STYLES = {ending: style for style, pair in enumerate(PAIRS) for ending in pair}
_ENDING = re.compile(
    r"^(?P<stem>.+?)(?:(?P<glued>_lora\.(?:down|up)\.weight)|\.(?P<ending>"
    + "|".join(re.escape(e) for e in sorted(_ROLES, key=len, reverse=True) if e[0] != "_")
    + r"))$"
)

_PARTS = {
    "lora_te1_": "te1", "lora_te2_": "te2", "lora_te3_": "te3", "lora_te_": "te",
    "text_encoder_2.": "te2", "text_encoder.": "te1", "transformer_2.": "2",
}  # fmt: skip
_PREFIXES = (
    "base_model.model.", "model.diffusion_model.", "diffusion_model.",
    "lora_unet__", "lora_unet_", "lora_transformer_", "lycoris_",
    "transformer.", "unet.", "pipe.dit.",
    *_PARTS,
)  # fmt: skip

_UNSOUND = (
    (re.compile(r"dora_scale$|lora_magnitude_vector"), "DoRA, which rescales the model's weights"),
    (re.compile(r"oft_(blocks|diag)$|oft_R"), "OFT, which rotates the model's weights"),
    (re.compile(r"on_input$|ia3_l"), "IA3, which multiplies activations"),
    (re.compile(r"\.(a1|a2|b1|b2)\.weight$"), "GLoRA, which depends on the model's weights"),
)


@dataclass(frozen=True, slots=True)
class Key:
    """What a key says.

    `module` is the same for the same module in every spelling; `stem` is the key's part that names
    the module in its own file, prefix included; `style` is an index into `PAIRS`, None if the
    ending is in no pair.
    """

    module: str
    name: str
    stem: str
    role: str
    style: int | None


def parse(key: str, *, flux: bool = False) -> Key | str:
    """What a key says, or in words why nothing can be done with it; `flux` as in `own_flat`."""
    match = _ENDING.match(key)
    if match is None:
        kind = next((text for pattern, text in _UNSOUND if pattern.search(key)), None)
        return f"{key} is {kind}" if kind else f"{key} is of no kind that is known"
    stem, ending = match["stem"], match["ending"] or match["glued"]
    module, name = _called(stem, flux=flux)
    return Key(module, name, stem, _ROLES[ending], _STYLES.get(ending))


def spelled(module: str, fmt: Format) -> str | None:
    """A module's stem in Musubi's or in ComfyUI's spelling; None where that is not known."""
    if ":" in module:
        return None
    if fmt == "musubi":
        return f"lora_unet_{module}"
    own = natives.dotted(module)
    return None if own is None else f"diffusion_model.{own}"


def prefix(stem: str) -> str:
    """The part of a stem before the module's name: "lora_unet_", "diffusion_model." or ""."""
    part, bare = _without_prefix(stem)
    return "" if part else stem.removesuffix(bare)


@lru_cache(maxsize=4096)
def _called(stem: str, *, flux: bool) -> tuple[str, str]:
    """The canonical and the model's own name of what a stem names."""
    part, bare = _without_prefix(stem)
    flat = natives.own_flat(bare.replace(".processor.", ".").replace(".", "_"), flux=flux)
    name = natives.dotted(flat) or (bare if "." in bare else flat)
    return (f"{part}:{flat}", f"{part}:{name}") if part else (flat, name)


def _without_prefix(stem: str) -> tuple[str, str]:
    part, again = "", True
    while again:
        again = False
        for beginning in _PREFIXES:
            if stem.startswith(beginning):
                part = _PARTS.get(beginning, part)
                stem, again = stem.removeprefix(beginning), True
                break
    return part, stem
