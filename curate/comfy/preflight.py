"""What a graph needs that a server lacks, asked before anything is uploaded."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from curate.comfy import protocol
from curate.comfy.address import shown
from curate.comfy.protocol import Graph
from curate.comfy.server import Server
from curate.errors import ModelsMissing, ServerUnreachable

_PROBE_S = 1.0  # a first question is not repeated for long: most often there is no server at all

_FOLDERS = {
    "unet_name": "diffusion_models",
    "ckpt_name": "checkpoints",
    "clip_name": "text_encoders",
    "vae_name": "vae",
    "lora_name": "loras",
    "control_net_name": "controlnet",
    "style_model_name": "style_models",
}
"""Input of a loader node -> folder below ComfyUI's models/ (its folder_paths.py, nodes.py)."""


def probe(url: str, headers: Sequence[str] = ()) -> str:
    """The version of the ComfyUI at `url`.

    Raises:
        ServerUnreachable: none answers there.
    """

    async def ask() -> str:
        async with Server(url, headers, patience_s=_PROBE_S) as server:
            return await server.awake()

    return asyncio.run(ask())


def missing(url: str, graph: Graph, headers: Sequence[str] = ()) -> tuple[str, ...]:
    """The nodes and model files that the server at `url` lacks for `graph`, each in words.

    Raises:
        ServerUnreachable: none answers there.
    """

    async def ask() -> tuple[str, ...]:
        async with Server(url, headers, patience_s=_PROBE_S) as server:
            return await _missing(server, graph)

    return asyncio.run(ask())


def reachable(urls: Iterable[str], graph: Graph, headers: Sequence[str] = ()) -> dict[str, str]:
    """The servers that answer, each with its version.

    Raises:
        ServerUnreachable: none of them answers.
        ModelsMissing: one that answers lacks a node or a model file of `graph`.
    """
    versions: dict[str, str] = {}
    absent: list[ServerUnreachable] = []
    for url in urls:
        try:
            version = probe(url, headers)
            lacks = missing(url, graph, headers)
        except ServerUnreachable as error:
            absent.append(error)
            continue
        if lacks:
            raise ModelsMissing(
                f"ComfyUI {version} at {shown(url)} lacks {protocol.sentence(lacks)}.",
                remedy="Put the files into those folders of ComfyUI, install the packs that bring "
                "the nodes, restart it, then run the same command again.",
            )
        versions[shown(url)] = version
    if not versions:
        raise absent[0]
    return versions


async def _missing(server: Server, graph: Graph) -> tuple[str, ...]:
    infos = {kind: await server.node(kind) for kind in sorted(_kinds(graph))}
    lacks = [f"the node {kind}" for kind, info in infos.items() if info is None]
    for node in graph.values():
        info = infos[node["class_type"]] or {}
        for name, value in node["inputs"].items():
            folder = _folder(node["class_type"], name)
            offered = protocol.choices(info, name)
            if folder and isinstance(value, str) and offered is not None and value not in offered:
                lacks.append(f"{value} in models/{folder}")
    return tuple(dict.fromkeys(lacks))


def _kinds(graph: Graph) -> set[str]:
    return {node["class_type"] for node in graph.values()}


def _folder(class_type: str, name: str) -> str | None:
    if class_type.startswith("CLIPVision") and name == "clip_name":
        return "clip_vision"
    return _FOLDERS.get(name.rstrip("0123456789"))
