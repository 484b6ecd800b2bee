"""A graph that comes with curate, before the user's changes in it, and the ways to change it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from importlib import resources

from curate.comfy.protocol import Graph
from curate.errors import BadSetting


def graph(package: str, name: str, model: str | None) -> Graph:
    """The graph in a package's file, if its own loader can load `model`; None keeps its own.

    Raises:
        BadSetting: another loader must load that model.
    """
    if model is not None and not model.endswith((".safetensors", ".sft")):
        raise BadSetting(
            f"The shipped graph cannot load {model}.",
            remedy="Build a graph with its loader (GGUF, Nunchaku) in ComfyUI, export it with "
            "Workflow > Export (API) and give it with --workflow.",
        )
    made: Graph = json.loads((resources.files(package) / name).read_text(encoding="utf-8"))
    return made


def put(made: Graph, node: str, **values: object) -> None:
    """Write values into a node's inputs; None leaves one as it is."""
    made[node]["inputs"] |= {name: value for name, value in values.items() if value is not None}


def chain(made: Graph, node: str, loras: Iterable[str], *, title: str, flag: str = "") -> None:
    """Put LoRAs, each FILE or FILE:strength, between a node and the model that it takes.

    Args:
        made: the graph, which is changed.
        node: has an input `model`.
        loras: the first stands next to the model.
        title: what ComfyUI's editor calls them, before their number.
        flag: the option that names them, for the error.

    Raises:
        BadSetting: a strength that is no number.
    """
    for number, lora in enumerate(loras, start=1):
        name, strength = _parsed(lora, flag)
        made[f"lora{number}"] = {
            "class_type": "LoraLoaderModelOnly",
            "inputs": {
                "model": made[node]["inputs"]["model"],
                "lora_name": name,
                "strength_model": strength,
            },
            "_meta": {"title": f"{title} {number}"},
        }
        made[node]["inputs"]["model"] = [f"lora{number}", 0]


def _parsed(lora: str, flag: str) -> tuple[str, float]:
    """A LoRA's file name and strength, 1 if none is given."""
    name, colon, strength = lora.rpartition(":")
    if not colon:
        return lora, 1.0
    try:
        return name, float(strength)
    except ValueError as error:
        said = f"{flag} {lora}".strip()
        raise BadSetting(
            f"{said} gives no strength.", remedy=f"Write {f'{flag} {name}'.strip()}:0.8."
        ) from error
