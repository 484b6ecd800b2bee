"""Whole merges for the tests: into a file, or refused."""

from __future__ import annotations

from safetensors import safe_open

from curate.errors import BadSetting, LorasDiffer, LoraUnreadable
from curate.merge import run
from curate.merge.run import Settings

DIFFUSERS = {"self_attn_q": "attn1.to_q", "cross_attn_k": "attn2.to_k", "ffn_0": "ffn.net.0.proj"}
NATIVE = {"self_attn_q": "self_attn.q", "cross_attn_k": "cross_attn.k", "ffn_0": "ffn.0"}


def spelled(tensors, spelling):
    """Musubi's tensors in another spelling."""
    again = {}
    for name, values in tensors.items():
        stem, _, ending = name.partition(".")
        _, _, _, block, flat = stem.split("_", 4)
        bare = {
            "musubi": f"lora_unet_blocks_{block}_{flat}",
            "fun": f"lora_unet__blocks_{block}_{flat}",
            "comfy": f"diffusion_model.blocks.{block}.{NATIVE[flat]}",
            "diffusers": f"transformer.blocks.{block}.{DIFFUSERS[flat]}",
        }[spelling]
        ending = (
            ending
            if spelling in ("musubi", "fun")
            else ending.replace("lora_down", "lora_A").replace("lora_up", "lora_B")
        )
        again[f"{bare}.{ending}"] = values
    return again


def merged(folder, first, second, **asked):
    output = folder / "out.safetensors"
    report = run.merge(None, first, second, output, Settings(**asked))
    assert not report.failures, report.failures
    return output


def refused(folder, first, second, **asked):
    """The message, whether it was found while planning or at work; nothing is written."""
    output = folder / "out.safetensors"
    try:
        report = run.merge(None, first, second, output, Settings(**asked))
        (failure,) = report.failures
        message, remedy = failure.message, failure.remedy
    except (LoraUnreadable, LorasDiffer, BadSetting) as error:
        message, remedy = str(error), error.remedy
    assert remedy
    assert not output.exists()
    assert not list(folder.glob("*.part"))
    return message


def metadata(path):
    with safe_open(path, "np") as opened:
        return opened.metadata()
