"""Whether the servers can render a grid: asked before anything is queued."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curate.comfy import preflight, protocol, rehearsal
from curate.comfy.access import Access
from curate.comfy.protocol import Graph
from curate.comfy.rehearsal import Checks
from curate.errors import BadSetting, ServerUnreachable
from curate.grid import loras
from curate.grid.loras import Slider
from curate.grid.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Ready:
    """The servers that can do the work, their versions; `names`: what they call the LoRAs."""

    versions: dict[str, str]
    names: dict[str, str]


def servers(
    recipe: Recipe,
    sliders: Sequence[Slider],
    strengths: Sequence[float],
    addresses: Sequence[str],
    access: Access,
    loras_dir: Path | None,
) -> Ready:
    """The servers that can render; LoRAs are put into `loras_dir` first.

    Raises:
        NoComfy: no server answers, or one lacks what the graph needs.
        BadSetting: the strength's input takes whole numbers, and a strength is none.
    """
    there = loras.put(sliders, loras_dir) if loras_dir else sliders
    info = _first_info(recipe, addresses, access)
    _check_numbers(recipe, strengths, info)
    names: dict[str, str] = {}
    if recipe.roles.lora is not None and sliders:
        listed = protocol.choices(info, recipe.roles.lora.inputs[0]) or ()
        placed = loras.on_server(there, listed)
        names = {before.name: after.name for before, after in zip(sliders, placed, strict=True)}
    versions: dict[str, str] = {}
    for name in names.values() or [""]:
        versions |= preflight.reachable(
            dict.fromkeys(addresses), _sample(recipe, name), access.headers
        )
    return Ready(versions, names)


def check(
    recipe: Recipe,
    sliders: Sequence[Slider],
    strengths: Sequence[float],
    addresses: Sequence[str],
    access: Access,
) -> Checks:
    """Ask every server whether it can render; nothing is queued or copied."""
    output = recipe.roles.output.node, recipe.roles.output.inputs[0]

    def ask(url: str) -> dict[str, str]:
        found = servers(recipe, sliders, strengths, [url], access, None)
        sample = _sample(recipe, next(iter(found.names.values()), ""))
        rehearsal.demand(url, sample, output, None, access.headers)
        return found.versions

    return rehearsal.checks(addresses, ask)


def _sample(recipe: Recipe, lora: str) -> Graph:
    """The graph as a cell's would be, but for its prompt, which may be a file's name."""
    bound = recipe.bound(strength=0, lora=lora, text="", seed=0, prefix="curate/cell")
    if recipe.roles.text is not None:
        bound[recipe.roles.text.node] = recipe.graph[recipe.roles.text.node]
    return bound


def _first_info(recipe: Recipe, addresses: Sequence[str], access: Access) -> dict[str, Any]:
    """What the strength's and the LoRA's nodes take, from the first server that answers."""
    nodes = [recipe.roles.strength.node, *([recipe.roles.lora.node] if recipe.roles.lora else [])]
    kinds = [recipe.graph[node]["class_type"] for node in nodes]

    async def ask(url: str) -> dict[str, Any]:
        (server,) = access.servers([url])
        async with server:
            await server.awake()
            infos = [await server.node(kind) for kind in kinds]
        inputs: dict[str, Any] = {}
        for info in reversed(infos):
            for group in ((info or {}).get("input") or {}).values():
                inputs |= group if isinstance(group, dict) else {}
        return {"input": {"required": inputs}}

    absent: ServerUnreachable | None = None
    for url in dict.fromkeys(addresses):
        try:
            preflight.probe(url, access.headers)
            return asyncio.run(ask(url))
        except ServerUnreachable as error:
            absent = absent or error
    assert absent is not None
    raise absent


def _check_numbers(recipe: Recipe, strengths: Sequence[float], info: dict[str, Any]) -> None:
    wanted = info["input"]["required"]
    for name in recipe.roles.strength.inputs:
        kind = (wanted.get(name) or [None])[0]
        odd = next((s for s in strengths if kind == "INT" and s != int(s)), None)
        if odd is not None:
            raise BadSetting(
                f"{name} of node {recipe.roles.strength.node} takes whole numbers, not {odd:g}.",
                remedy="Give whole --strengths.",
            )
