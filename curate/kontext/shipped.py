"""The FLUX.1 Kontext [dev] graph that comes with curate, with the user's changes in it."""

from __future__ import annotations

from dataclasses import dataclass

from curate.comfy import packaged
from curate.comfy.protocol import Graph

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
    made = packaged.graph("curate.kontext", "kontext.json", options.model)
    packaged.put(made, _MODEL, unet_name=options.model)
    packaged.put(made, _GUIDANCE, guidance=options.guidance)
    packaged.put(
        made,
        _SAMPLER,
        steps=options.steps,
        sampler_name=options.sampler,
        scheduler=options.scheduler,
    )
    if not scales:
        made[_ENCODE]["inputs"]["pixels"] = made.pop(_SCALE)["inputs"]["image"]
    packaged.chain(made, _SAMPLER, options.loras, title="LoRA", flag="--lora")
    return made
