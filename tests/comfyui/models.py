"""Graphs of editing models as ComfyUI's own templates build them, in API format.

Only the server that validates them has to know the models: the files they name are empty.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Graph = dict[str, dict[str, Any]]


def node(kind: str, **inputs: object) -> dict[str, Any]:
    return {"class_type": kind, "inputs": inputs}


def _loaders(unet: str, clip: str, kind: str, vae: str) -> Graph:
    return {
        "unet": node("UNETLoader", unet_name=unet, weight_dtype="default"),
        "clip": node("CLIPLoader", clip_name=clip, type=kind, device="default"),
        "vae": node("VAELoader", vae_name=vae),
        "load": node("LoadImage", image="example.png"),
    }


def _saved(samples: str) -> Graph:
    return {
        "decode": node("VAEDecode", samples=[samples, 0], vae=["vae", 0]),
        "save": node("SaveImage", images=["decode", 0], filename_prefix="ComfyUI"),
    }


def qwen_image_edit() -> Graph:
    """Qwen-Image-Edit 2509: both sides are told by the same kind of node."""

    def told(text: str) -> dict[str, Any]:
        return node(
            "TextEncodeQwenImageEditPlus",
            clip=["clip", 0],
            vae=["vae", 0],
            image1=["load", 0],
            prompt=text,
        )

    return {
        **_loaders(
            "qwen_edit.safetensors", "qwen_vl.safetensors", "qwen_image", "qwen_vae.safetensors"
        ),
        "lora": node(
            "LoraLoaderModelOnly",
            model=["unet", 0],
            lora_name="lightning.safetensors",
            strength_model=1.0,
        ),
        "shift": node("ModelSamplingAuraFlow", model=["lora", 0], shift=3.0),
        "norm": node("CFGNorm", model=["shift", 0], strength=1.0),
        "do": told("make it night"),
        "not": told(""),
        "encode": node("VAEEncode", pixels=["load", 0], vae=["vae", 0]),
        "sampler": node(
            "KSampler",
            model=["norm", 0],
            positive=["do", 0],
            negative=["not", 0],
            latent_image=["encode", 0],
            seed=1,
            steps=4,
            cfg=1.0,
            sampler_name="euler",
            scheduler="simple",
            denoise=1.0,
        ),
        **_saved("sampler"),
    }


def flux2() -> Graph:
    """FLUX.2 [dev]: the noise, the guider and the size are nodes of their own."""
    return {
        **_loaders("flux2.safetensors", "mistral.safetensors", "flux2", "flux2_vae.safetensors"),
        "do": node("CLIPTextEncode", clip=["clip", 0], text="make it night"),
        "strength": node("FluxGuidance", conditioning=["do", 0], guidance=4.0),
        "encode": node("VAEEncode", pixels=["load", 0], vae=["vae", 0]),
        "look": node("ReferenceLatent", conditioning=["strength", 0], latent=["encode", 0]),
        "guider": node("BasicGuider", model=["unet", 0], conditioning=["look", 0]),
        "noise": node("RandomNoise", noise_seed=1),
        "by": node("KSamplerSelect", sampler_name="euler"),
        "sigmas": node("Flux2Scheduler", steps=20, width=1024, height=1024),
        "empty": node("EmptyFlux2LatentImage", width=1024, height=1024, batch_size=1),
        "sampler": node(
            "SamplerCustomAdvanced",
            noise=["noise", 0],
            guider=["guider", 0],
            sampler=["by", 0],
            sigmas=["sigmas", 0],
            latent_image=["empty", 0],
        ),
        **_saved("sampler"),
    }


def omnigen2() -> Graph:
    """OmniGen2: its guider has two positive sides, of which one comes from the negative text."""
    return {
        **_loaders("omnigen2.safetensors", "qwen.safetensors", "omnigen2", "ae.safetensors"),
        "words": node("PrimitiveStringMultiline", value="make it night"),
        "do": node("CLIPTextEncode", clip=["clip", 0], text=["words", 0]),
        "not": node("CLIPTextEncode", clip=["clip", 0], text="blurry"),
        "fit": node(
            "ImageScaleToTotalPixels", image=["load", 0], upscale_method="area", megapixels=1.0
        ),
        "encode": node("VAEEncode", pixels=["fit", 0], vae=["vae", 0]),
        "look": node("ReferenceLatent", conditioning=["do", 0], latent=["encode", 0]),
        "look not": node("ReferenceLatent", conditioning=["not", 0], latent=["encode", 0]),
        "guider": node(
            "DualCFGGuider",
            model=["unet", 0],
            cond1=["look", 0],
            cond2=["look not", 0],
            negative=["not", 0],
            cfg_conds=5.0,
            cfg_cond2_negative=2.0,
            style="regular",
        ),
        "number": node("PrimitiveInt", value=7),
        "noise": node("RandomNoise", noise_seed=["number", 0]),
        "by": node("KSamplerSelect", sampler_name="euler"),
        "sigmas": node(
            "BasicScheduler", model=["unet", 0], scheduler="simple", steps=20, denoise=1.0
        ),
        "empty": node("EmptySD3LatentImage", width=1024, height=1024, batch_size=1),
        "sampler": node(
            "SamplerCustomAdvanced",
            noise=["noise", 0],
            guider=["guider", 0],
            sampler=["by", 0],
            sigmas=["sigmas", 0],
            latent_image=["empty", 0],
        ),
        **_saved("sampler"),
    }


def instruct_pix2pix() -> Graph:
    """InstructPix2Pix: one node takes both sides and gives them back."""
    return {
        "model": node("CheckpointLoaderSimple", ckpt_name="ip2p.safetensors"),
        "load": node("LoadImage", image="example.png"),
        "do": node("CLIPTextEncode", clip=["model", 1], text="make it night"),
        "not": node("CLIPTextEncode", clip=["model", 1], text=""),
        "both": node(
            "InstructPixToPixConditioning",
            positive=["do", 0],
            negative=["not", 0],
            vae=["model", 2],
            pixels=["load", 0],
        ),
        "sampler": node(
            "KSampler",
            model=["model", 0],
            positive=["both", 0],
            negative=["both", 1],
            latent_image=["both", 2],
            seed=1,
            steps=20,
            cfg=7.0,
            sampler_name="euler",
            scheduler="normal",
            denoise=1.0,
        ),
        "decode": node("VAEDecode", samples=["sampler", 0], vae=["model", 2]),
        "save": node("SaveImage", images=["decode", 0], filename_prefix="ComfyUI"),
    }


_FOLDERS = {
    "unet_name": "diffusion_models",
    "clip_name": "text_encoders",
    "vae_name": "vae",
    "lora_name": "loras",
    "ckpt_name": "checkpoints",
}


@contextmanager
def empty_files(base: Path, graph: Graph) -> Iterator[None]:
    """The files that a graph's loaders name, empty, in a server's models/."""
    files = [
        base / "models" / _FOLDERS[name] / str(value)
        for about in graph.values()
        for name, value in about["inputs"].items()
        if name in _FOLDERS
    ]
    fresh = [file for file in files if not file.exists()]
    for file in fresh:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    yield
    for file in fresh:
        file.unlink()
