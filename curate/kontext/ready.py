"""Whether what makes the twins is there: asked before anything is sent."""

from __future__ import annotations

from collections.abc import Sequence

from curate.comfy import preflight as preflights
from curate.comfy import rehearsal
from curate.comfy.access import SERVER, Access
from curate.comfy.rehearsal import Checks
from curate.errors import BadSetting
from curate.events import Notice, Tell
from curate.kontext import shipped
from curate.kontext.edit import Edit
from curate.kontext.recipe import Recipe
from curate.kontext.shipped import Options


def preflight(server: str = SERVER) -> tuple[str, tuple[str, ...]]:
    """The version of a ComfyUI, and what it lacks for the shipped graph, each in words.

    Raises:
        ServerUnreachable: none answers there.
    """
    return preflights.probe(server), preflights.missing(server, shipped.graph(Options()))


def check(recipe: Recipe, addresses: Sequence[str], access: Access) -> Checks:
    """Ask every server whether it can run the recipe's graph; nothing is queued or uploaded.

    Raises:
        BadSetting: the recipe needs no server.
    """
    if recipe.roles is None:
        raise BadSetting(
            f"The backend {recipe.backend} needs no server.", remedy="Leave out --check."
        )
    roles = recipe.roles
    output = roles.output.node, roles.output.inputs[0]
    image = roles.image.node, roles.image.inputs[0]

    def ask(url: str) -> dict[str, str]:
        versions = preflights.reachable([url], recipe.graph, access.headers)
        rehearsal.demand(url, recipe.graph, output, image, access.headers)
        return versions

    return rehearsal.checks(addresses, ask)


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
    versions = preflights.reachable(dict.fromkeys(addresses), recipe.graph, headers)
    if recipe.roles.text is None:
        tell(Notice("The graph takes no instruction: its text is not sent."))
    if recipe.roles.seed is None and any(edit.variant > 1 for edit in todo):
        tell(Notice("The graph takes no seed: all twins of a frame will be alike."))
    return versions
