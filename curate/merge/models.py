"""Which model a LoRA is for, guessed from its modules and their sizes."""

from __future__ import annotations

from collections.abc import Iterable

from curate.merge.lora import Module

UNKNOWN = "unknown"

_WAN = {5120: "Wan 14B", 1536: "Wan 1.3B", 3072: "Wan 5B"}
_SDXL_CONTEXT, _SD2_CONTEXT, _SD1_CONTEXT = 2048, 1024, 768


def guess(modules: Iterable[Module]) -> str:
    """The model's name in words, or `UNKNOWN`."""
    parts = {module.key: module for module in modules}
    kinds = {key.partition(":")[2] or key for key in parts}
    if any(key.startswith("single_blocks_") for key in kinds):
        return _flux(parts)
    if any(key.startswith("blocks_") and "_attn_" in key for key in kinds):
        return _wan(parts)
    if any("down_blocks_" in key or "input_blocks_" in key for key in kinds):
        return _stable_diffusion(parts)
    return UNKNOWN


def _wan(parts: dict[str, Module]) -> str:
    width = next((m.shape.columns for k, m in parts.items() if _reads_stream(k) and m.shape), 0)
    name = _WAN.get(width, f"Wan-like, width {width}" if width else "Wan-like")
    if any("_cross_attn_k_img" in key for key in parts):
        name += " I2V"
    if any(module.stem.startswith("lora_unet__") for module in parts.values()):
        name += " (Wan-Fun spelling)"
    return name


def _reads_stream(key: str) -> bool:
    return key.endswith(("_self_attn_q", "_self_attn_k", "_self_attn_v", "_cross_attn_q", "_ffn_0"))


def _flux(parts: dict[str, Module]) -> str:
    singles = {key.split("_")[2] for key in parts if key.startswith("single_blocks_")}
    return "Flux" if len(singles) <= 38 else "Flux-like"


def _stable_diffusion(parts: dict[str, Module]) -> str:
    widths = {m.shape.columns for k, m in parts.items() if k.endswith("attn2_to_k") and m.shape}
    if _SDXL_CONTEXT in widths:
        return "SDXL"
    if _SD2_CONTEXT in widths:
        return "Stable Diffusion 2"
    return "Stable Diffusion 1.5" if _SD1_CONTEXT in widths else "Stable Diffusion"
