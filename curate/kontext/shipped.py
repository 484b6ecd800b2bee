"""The FLUX.1 Kontext [dev] graph that comes with curate, with the user's changes in it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import resources

from curate.comfy.protocol import Graph
from curate.errors import BadSetting

_MODEL, _SCALE, _ENCODE, _GUIDANCE, _SAMPLER = "1", "5", "6", "9", "11"  # of kontext.json


@dataclass(frozen=True, slots=True)
class Options:
    """Changes to the shipped graph; None leaves a value as it is. `loras` are FILE:strength."""

    steps: int | None = None
    guidance: float | None = None
    sampler: str | None = None
    scheduler: str | None = None
    model: str | None = None
    loras: tuple[str, ...] = ()


def graph(options: Options, *, scales: bool = True) -> Graph:
    """The shipped graph with other values, and LoRAs between the model and the sampler.

    Args:
        options: what is changed.
        scales: whether Kontext's own scaling stays in; on one of its sizes it changes nothing.

    Raises:
        BadSetting: a strength that is no number, or a model that another loader must load.
    """
    file = resources.files("curate.kontext") / "kontext.json"
    made: Graph = json.loads(file.read_text(encoding="utf-8"))
    if options.model is not None and not options.model.endswith((".safetensors", ".sft")):
        raise BadSetting(
            f"The shipped graph cannot load {options.model}.",
            remedy="Build a graph with its loader (GGUF, Nunchaku) in ComfyUI, export it with "
            "Workflow > Export (API) and give it with --workflow.",
        )
    _set(made, _MODEL, unet_name=options.model)
    _set(made, _GUIDANCE, guidance=options.guidance)
    _set(
        made,
        _SAMPLER,
        steps=options.steps,
        sampler_name=options.sampler,
        scheduler=options.scheduler,
    )
    if not scales:
        made[_ENCODE]["inputs"]["pixels"] = made.pop(_SCALE)["inputs"]["image"]
    for number, lora in enumerate(options.loras, start=1):
        name, strength = _parsed(lora)
        inputs = {"lora_name": name, "strength_model": strength}
        made[f"lora{number}"] = {
            "class_type": "LoraLoaderModelOnly",
            "inputs": {"model": made[_SAMPLER]["inputs"]["model"], **inputs},
            "_meta": {"title": f"LoRA {number}"},
        }
        made[_SAMPLER]["inputs"]["model"] = [f"lora{number}", 0]
    return made


def _set(made: Graph, node: str, **values: object) -> None:
    made[node]["inputs"] |= {name: value for name, value in values.items() if value is not None}


def _parsed(lora: str) -> tuple[str, float]:
    """A LoRA's file name and strength, 1 if none is given."""
    name, colon, strength = lora.rpartition(":")
    if not colon:
        return lora, 1.0
    try:
        return name, float(strength)
    except ValueError as error:
        raise BadSetting(
            f"--lora {lora} gives no strength.", remedy=f"Write --lora {name}:0.8."
        ) from error
