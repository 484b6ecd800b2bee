"""Whether what makes the twins is there: asked before anything is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from curate.comfy import preflight as preflights
from curate.comfy import rehearsal
from curate.comfy.access import Access
from curate.comfy.address import shown
from curate.comfy.protocol import sentence
from curate.errors import BadSetting, Failure, GraphRefused, NoComfy
from curate.events import Notice, Tell
from curate.kontext import shipped
from curate.kontext.edit import Edit
from curate.kontext.graph import Roles
from curate.kontext.recipe import Recipe
from curate.kontext.shipped import Options

SERVER = "http://127.0.0.1:8188"


def preflight(server: str = SERVER) -> tuple[str, tuple[str, ...]]:
    """The version of a ComfyUI, and what it lacks for the shipped graph, each in words.

    Raises:
        ServerUnreachable: none answers there.
    """
    return preflights.probe(server), preflights.missing(server, shipped.graph(Options()))


@dataclass(frozen=True, slots=True)
class Checks:
    """The servers that can run a graph, with their versions, and why the others cannot."""

    ready: dict[str, str]
    failures: tuple[Failure, ...]


def check(recipe: Recipe, addresses: Sequence[str], access: Access) -> Checks:
    """Ask every server whether it can run the recipe's graph; nothing is queued or uploaded.

    Raises:
        BadSetting: the recipe needs no server.
    """
    if recipe.roles is None:
        raise BadSetting(
            f"The backend {recipe.backend} needs no server.", remedy="Leave out --check."
        )
    ready: dict[str, str] = {}
    failures = []
    for url in dict.fromkeys(addresses):
        try:
            versions, _ = preflights.reachable([url], recipe.graph, access.headers)
            _rehearse(recipe, recipe.roles, url, access)
            ready |= versions
        except NoComfy as error:
            failures.append(Failure.of(shown(url), error))
    return Checks(ready, tuple(failures))


def _rehearse(recipe: Recipe, roles: Roles, url: str, access: Access) -> None:
    faults = rehearsal.complaints(
        url,
        recipe.graph,
        (roles.output.node, roles.output.inputs[0]),
        (roles.image.node, roles.image.inputs[0]),
        access.headers,
    )
    if faults:
        raise GraphRefused(
            f"ComfyUI at {shown(url)} refuses the graph: {sentence(faults)}.",
            remedy="Open the graph in ComfyUI, make it run there, then export it again (API).",
        )


def servers(
    recipe: Recipe,
    todo: Sequence[Edit],
    addresses: Sequence[str],
    headers: Sequence[str],
    tell: Tell,
) -> dict[str, str]:
    """The servers that can do the work, with their versions; what the user should know is told.

    Raises:
        NoComfy: no server answers, or one lacks what the graph needs.
    """
    if recipe.roles is None:
        if recipe.backend == "embedded" and recipe.instruction.concept != "density":
            tell(Notice("The embedded simplifier only simplifies; it reads no instruction."))
        return {}
    versions, _ = preflights.reachable(dict.fromkeys(addresses), recipe.graph, headers)
    if recipe.roles.text is None:
        tell(Notice("The graph takes no instruction: its text is not sent."))
    if recipe.roles.seed is None and any(edit.variant > 1 for edit in todo):
        tell(Notice("The graph takes no seed: all twins of a frame will be alike."))
    return versions
