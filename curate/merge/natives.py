"""The models' own names for their modules, found from any trainer's flattened names."""

from __future__ import annotations

import re

_WAN_TOP = (
    "patch_embedding", "text_embedding.0", "text_embedding.2", "time_embedding.0",
    "time_embedding.2", "time_projection.1", "img_emb.proj.1", "img_emb.proj.3", "head.head",
    "vace_patch_embedding", "ref_conv",
)  # fmt: skip
_FLUX_TOP = (
    "img_in", "txt_in", "time_in.in_layer", "time_in.out_layer", "vector_in.in_layer",
    "vector_in.out_layer", "guidance_in.in_layer", "guidance_in.out_layer",
    "final_layer.linear", "final_layer.adaLN_modulation.1",
)  # fmt: skip
_TOP = {name.replace(".", "_"): name for name in (*_WAN_TOP, *_FLUX_TOP)}

# diffusers' names, flattened -> the model's own, flattened
_WAN = (
    (r"((?:vace_)?blocks_\d+)_attn1_to_([qkv])", r"\1_self_attn_\2"),
    (r"((?:vace_)?blocks_\d+)_attn1_to_out_0", r"\1_self_attn_o"),
    (r"((?:vace_)?blocks_\d+)_attn2_to_([qkv])", r"\1_cross_attn_\2"),
    (r"((?:vace_)?blocks_\d+)_attn2_to_out_0", r"\1_cross_attn_o"),
    (r"(blocks_\d+)_attn2_add_([kv])_proj", r"\1_cross_attn_\2_img"),
    (r"((?:vace_)?blocks_\d+)_ffn_net_0_proj", r"\1_ffn_0"),
    (r"((?:vace_)?blocks_\d+)_ffn_net_2", r"\1_ffn_2"),
    (r"condition_embedder_text_embedder_linear_1", "text_embedding_0"),
    (r"condition_embedder_text_embedder_linear_2", "text_embedding_2"),
    (r"condition_embedder_time_embedder_linear_1", "time_embedding_0"),
    (r"condition_embedder_time_embedder_linear_2", "time_embedding_2"),
    (r"condition_embedder_time_proj", "time_projection_1"),
    (r"condition_embedder_image_embedder_ff_net_0_proj", "img_emb_proj_1"),
    (r"condition_embedder_image_embedder_ff_net_2", "img_emb_proj_3"),
)
_FLUX = (
    (r"transformer_blocks_(\d+)_attn_to_out_0", r"double_blocks_\1_img_attn_proj"),
    (r"transformer_blocks_(\d+)_attn_to_add_out", r"double_blocks_\1_txt_attn_proj"),
    (r"transformer_blocks_(\d+)_attn_to_([qkv])", r"double_blocks_\1_img_attn_\2"),
    (r"transformer_blocks_(\d+)_attn_add_([qkv])_proj", r"double_blocks_\1_txt_attn_\2"),
    (r"transformer_blocks_(\d+)_ff_net_0_proj", r"double_blocks_\1_img_mlp_0"),
    (r"transformer_blocks_(\d+)_ff_net_2", r"double_blocks_\1_img_mlp_2"),
    (r"transformer_blocks_(\d+)_ff_context_net_0_proj", r"double_blocks_\1_txt_mlp_0"),
    (r"transformer_blocks_(\d+)_ff_context_net_2", r"double_blocks_\1_txt_mlp_2"),
    (r"transformer_blocks_(\d+)_norm1_linear", r"double_blocks_\1_img_mod_lin"),
    (r"transformer_blocks_(\d+)_norm1_context_linear", r"double_blocks_\1_txt_mod_lin"),
    (r"single_transformer_blocks_(\d+)_attn_to_([qkv])", r"single_blocks_\1_\2"),
    (r"single_transformer_blocks_(\d+)_proj_mlp", r"single_blocks_\1_mlp"),
    (r"single_transformer_blocks_(\d+)_proj_out", r"single_blocks_\1_linear2"),
    (r"single_transformer_blocks_(\d+)_norm_linear", r"single_blocks_\1_modulation_lin"),
)
_BLOCKS = re.compile(
    r"(?P<kind>vace_blocks|blocks|double_blocks|single_blocks)_(?P<index>\d+)_(?:"
    r"(?P<attention>self_attn|cross_attn)_(?P<head>[qkvo]|[kv]_img)"
    r"|(?P<feed>ffn)_(?P<layer>\d)"
    r"|(?P<stream>(?:img|txt)_(?:attn|mlp))_(?P<part>qkv|proj|[qkv]|\d)"
    r"|(?P<modulation>(?:(?:img|txt)_mod|modulation))_lin"
    r"|(?P<single>linear[12]|[qkv]|mlp|after_proj|before_proj)"
    r")"
)
_SPLIT = re.compile(r"(.*_(?:img|txt)_attn)_[qkv]|(single_blocks_\d+)_(?:[qkv]|mlp)")
_CONTAINER = re.compile(r"(?:^|[._:])((?:[a-z]+_)*(?:blocks|layers))[._](\d+)[._](.+)$")


def own_flat(flat: str, *, flux: bool = False) -> str:
    """The flattened name that the model itself would have; unknown ones stay as they are.

    Args:
        flat: with underscores for dots, without a prefix.
        flux: the file is of a Flux model in diffusers' names, which other models use differently.
    """
    for pattern, own in (*_WAN, *(_FLUX if flux else ())):
        if match := re.fullmatch(pattern, flat):
            return match.expand(own)
    return flat


def dotted(flat: str) -> str | None:
    """The model's own dotted name of a flattened one, or None where the dots are not known."""
    if flat in _TOP:
        return _TOP[flat]
    match = _BLOCKS.fullmatch(flat)
    if match is None:
        return None
    start = f"{match['kind']}.{match['index']}."
    if match["modulation"]:
        return start + match["modulation"] + ".lin"
    for left, right in (("attention", "head"), ("feed", "layer"), ("stream", "part")):
        if match[left]:
            return f"{start}{match[left]}.{match[right]}"
    return start + str(match["single"])


def place(name: str) -> tuple[str, int, str] | None:
    """The kind of block, its index and the projection in it; None outside of numbered blocks.

    "blocks.7.self_attn.q" -> ("blocks", 7, "self_attn.q").
    """
    match = _CONTAINER.search(name)
    return (match[1], int(match[2]), match[3]) if match else None


def fused_as(flat: str) -> str | None:
    """For a part of a fused module (q of qkv), what the other file may call the whole."""
    match = _SPLIT.fullmatch(flat)
    if match is None:
        return None
    return f"{match[1]}_qkv" if match[1] else f"{match[2]}_linear1"
