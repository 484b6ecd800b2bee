"""A graph judged by the server that shall run it, without running it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from curate.comfy import protocol
from curate.comfy.address import shown
from curate.comfy.protocol import Graph
from curate.comfy.wire import Refused, Wire
from curate.errors import Failure, GraphRefused, NoComfy

_PATIENCE_S = 2.0


@dataclass(frozen=True, slots=True)
class Checks:
    """The servers that can run a graph, with their versions, and why the others cannot."""

    ready: dict[str, str]
    failures: tuple[Failure, ...]


def checks(urls: Iterable[str], ask: Callable[[str], dict[str, str]]) -> Checks:
    """What `ask` says of each server: its version, or, raised as NoComfy, why it cannot."""
    ready: dict[str, str] = {}
    failures = []
    for url in dict.fromkeys(urls):
        try:
            ready |= ask(url)
        except NoComfy as error:
            failures.append(Failure.of(shown(url), error))
    return Checks(ready, tuple(failures))


def demand(
    url: str,
    graph: Graph,
    output: tuple[str, str],
    image: tuple[str, str] | None,
    headers: Sequence[str] = (),
) -> None:
    """Raise GraphRefused if the server finds something wrong with a graph; as `complaints`."""
    if faults := complaints(url, graph, output, image, headers):
        raise GraphRefused(shown(url), protocol.sentence(faults))


def complaints(
    url: str,
    graph: Graph,
    output: tuple[str, str],
    image: tuple[str, str] | None,
    headers: Sequence[str] = (),
) -> tuple[str, ...]:
    """What the server at `url` finds wrong with a graph, a sentence for each node.

    ComfyUI checks a graph before it queues it: names and types of inputs, links, ranges, choices
    such as model files, each node's own rules. It queues none whose every output has a fault. So
    the output is sent without its file name, and the image is one that is not there: what is said
    of these two does not count. Its newer nodes do not check their choices (seen in 0.3.75), so
    these are compared with what it lists. What nobody can tell is whether a model file loads, and
    whether the memory is enough.

    Args:
        url: of the server.
        graph: in API format, with a single output.
        output: its node, and the input that names the file.
        image: the node that loads the frame, and the input that names it; None if none does.
        headers: as the server's proxy wants them.

    Raises:
        ServerUnreachable: none answers there.
    """
    saving, name = output
    inputs = {key: value for key, value in graph[saving]["inputs"].items() if key != name}
    faulty = graph | {saving: graph[saving] | {"inputs": inputs}}
    if image is not None:
        loading, source = image
        absent = graph[loading]["inputs"] | {source: f"{uuid4()}.png"}
        faulty |= {loading: graph[loading] | {"inputs": absent}}
    return asyncio.run(_asked(url, faulty, {output, *([image] if image else ())}, headers))


async def _asked(
    url: str, graph: Graph, put_in: set[tuple[str, str]], headers: Sequence[str]
) -> tuple[str, ...]:
    wire = Wire(url, headers, _PATIENCE_S)
    try:
        body = await _judged(wire, graph)
        unlisted = await _unlisted(wire, graph)
    finally:
        await wire.close()
    left = _unexpected(body, put_in)
    known = put_in | {place for place in unlisted if _is_named(left, place)}
    others = [words for place, words in unlisted.items() if place not in known]
    return (*protocol.complaints(left), *others)


async def _judged(wire: Wire, graph: Graph) -> object:
    """What the server answers; should it take the graph all the same, it is taken out again."""
    prompt_id = str(uuid4())
    try:
        answer = await wire.ask("POST", "/prompt", json={"prompt": graph, "prompt_id": prompt_id})
        await wire.ask("POST", "/queue", json={"delete": [prompt_id]})
        return answer.read()
    except Refused as refusal:
        return refusal.body


async def _unlisted(wire: Wire, graph: Graph) -> dict[tuple[str, str], str]:
    """What is chosen and not among the choices: a sentence for each node and input."""
    kinds = {about["class_type"] for about in graph.values()}
    infos: dict[str, dict[str, Any]] = {}
    for kind in sorted(kinds):
        infos |= (await wire.ask("GET", f"/object_info/{kind}")).read()
    return {
        (node, name): f"node {node} ({about['class_type']}): {name} cannot be {value!r}"
        for node, about in graph.items()
        for name, value in about["inputs"].items()
        if isinstance(value, str)
        and (listed := protocol.choices(infos.get(about["class_type"], {}), name)) is not None
        and value not in listed
    }


def _is_named(body: object, place: tuple[str, str]) -> bool:
    errors = body.get("node_errors", {}).get(place[0], {}) if isinstance(body, dict) else {}
    return any(_input(error) == place[1] for error in errors.get("errors", ()))


def _input(error: dict[str, Any]) -> object:
    return (error.get("extra_info") or {}).get("input_name")


def _unexpected(body: object, put_in: set[tuple[str, str]]) -> object:
    """An answer without the faults that were put in."""
    if not isinstance(body, dict) or not body.get("node_errors"):
        return body
    left: dict[str, Any] = {}
    for node, about in body["node_errors"].items():
        errors = [error for error in about.get("errors", ()) if (node, _input(error)) not in put_in]
        if errors:
            left[node] = about | {"errors": errors}
    return {"node_errors": left, "error": body.get("error") if left else None}
