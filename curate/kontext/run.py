"""curate kontext: plan the twins that are missing, have them made, record them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from uuid import uuid4

from curate import engine, identity, images
from curate.comfy import fleet
from curate.comfy import preflight as preflights
from curate.comfy.address import shown
from curate.comfy.job import FOLDER, Order
from curate.errors import Failure, NothingYet, ServerLost
from curate.events import Notice, Progress, Tell, silent
from curate.kontext import edit as edits
from curate.kontext import embedded, geometry
from curate.kontext import graph as graphs
from curate.kontext import recipe as recipes
from curate.kontext.edit import Edit
from curate.kontext.graph import Named
from curate.kontext.prompts import Instruction
from curate.kontext.recipe import Backend, Recipe
from curate.ledger import Ledger, now
from curate.records import Frame, Job, Task, Twin

__all__ = ["Named", "Report", "kontext", "preflight"]

STATION = "kontext"
VERSION = "kontext/1"
SERVER = "http://127.0.0.1:8188"


@dataclass(frozen=True, slots=True)
class Report:
    """What `kontext` did; `made` are new, `kept` were there, `planned` is what was to be made."""

    instruction: Instruction
    backend: Backend
    servers: dict[str, str]
    planned: tuple[str, ...]
    made: tuple[Twin, ...]
    kept: int
    failures: tuple[Failure, ...]


def kontext(
    ledger: Ledger,
    prompt: str,
    *,
    backend: Backend = "comfy",
    servers: Sequence[str] = (SERVER,),
    workflow: Path | None = None,
    named: Named | None = None,
    seed: int | None = None,
    limit: int | None = None,
    tell: Tell = silent,
    dry_run: bool = False,
) -> Report:
    """Make the twin of every frame that has none under this instruction and these settings.

    Args:
        ledger: of the workspace.
        prompt: an instruction's name or path.
        backend: ComfyUI servers, or the embedded simplifier.
        servers: their addresses; they share the work.
        workflow: a graph in API format; by default the shipped one.
        named: nodes whose roles in it are named.
        seed: for every twin; by default each frame has one of its own.
        limit: make at most so many.
        tell: hears of progress.
        dry_run: only plan.

    Raises:
        NothingYet: no frame has been extracted.
        InstructionMissing, InstructionEmpty, GraphUnusable, BadSetting: what was asked for.
        NoComfy: no server answers, or none can run the graph.
        PlaceError: a twin cannot be written.
    """
    recipe = recipes.of(prompt, backend, workflow, named or Named(), seed)
    todo, kept = plan(ledger, recipe)
    todo = todo[:limit]
    planned = tuple(edit.name for edit in todo)
    report = partial(Report, recipe.instruction, recipe.backend, planned=planned, kept=kept)
    if dry_run or not todo:
        return report(servers={}, made=(), failures=())

    versions: dict[str, str] = {}
    if recipe.backend == "embedded" and recipe.instruction.concept != "density":
        tell(Notice(f"The embedded simplifier only simplifies; it does not read {prompt}."))
    if recipe.roles is not None:
        graph = recipe.bound(todo[0], "", "")
        versions, absent = preflights.reachable(dict.fromkeys(servers), graph)
        for error in absent:
            tell(Notice(f"{error} The others do the work."))
        if recipe.roles.text is None:
            tell(Notice("The graph takes no instruction: its text is not sent."))

    made: list[Twin] = []
    failures: list[Failure] = []
    label = f"{STATION} {recipe.instruction.name}"
    tell(Progress(label, 0, len(todo), unit="twins"))
    try:
        for edit, failure, made_by in _worked(ledger, recipe, todo, versions, tell):
            if failure is None:
                made.append(record(ledger, recipe, edit, made_by))
            else:
                failures.append(failure)
                ledger.fail(edit.id, STATION, failure)
            done = len(made) + len(failures)
            tell(Progress(label, done, len(todo), len(failures), "twins"))
    except ServerLost as error:
        failures.append(Failure.of(label, error))
    shown_versions = {shown(url): version for url, version in versions.items()}
    return report(
        servers=shown_versions,
        made=tuple(sorted(made, key=lambda twin: twin.name)),
        failures=tuple(failures),
    )


def preflight(server: str = SERVER) -> tuple[str, tuple[str, ...]]:
    """The version of a ComfyUI, and what it lacks for the shipped graph, each in words.

    Raises:
        ServerUnreachable: none answers there.
    """
    return preflights.probe(server), preflights.missing(server, graphs.shipped())


def plan(ledger: Ledger, recipe: Recipe) -> tuple[list[Edit], int]:
    """The edits whose twins are missing, and how many are there.

    Raises:
        NothingYet: no frame has been extracted.
    """
    frames = ledger.all(Frame)
    if not frames:
        raise NothingYet("frames", ledger.workspace, "curate extract film.mkv")
    done = ledger.done(STATION)
    fingerprint = recipe.fingerprint
    wanted = [_edit(ledger, recipe, fingerprint, frame) for frame in frames]
    todo = [
        edit
        for edit in sorted(wanted, key=lambda edit: edit.name)
        if edit.id not in done or not (edit.frame_file.exists() and edit.twin_file.exists())
    ]
    return todo, len(wanted) - len(todo)


def record(ledger: Ledger, recipe: Recipe, edit: Edit, made_by: str) -> Twin:
    """Write down a twin whose files are in place."""
    width, height = edit.size
    twin = Twin(
        id=edit.id,
        frame_id=edit.frame_id,
        name=edit.stem,
        prompt=recipe.instruction.name,
        concept=recipe.instruction.concept,
        instruction=recipe.instruction.text,
        backend=recipe.backend,
        made_by=made_by,
        seed=edit.seed,
        crop=edit.crop,
        width=width,
        height=height,
        frame_path=ledger.relative(edit.frame_file),
        twin_path=ledger.relative(edit.twin_file),
        graph=dict(recipe.bound(edit, f"{edit.stem}.png", f"{FOLDER}/{edit.stem}")),
    )
    with ledger.transaction():
        _forget(ledger, edit)
        ledger.put(twin)
        ledger.finish(edit.id, STATION, edit.name, backend=recipe.backend, seed=edit.seed)
    return twin


def _edit(ledger: Ledger, recipe: Recipe, fingerprint: str, frame: Frame) -> Edit:
    source = ledger.path(frame.path)
    crop, size = geometry.fit(frame.width, frame.height)
    seed = int(frame.id[:12], 16) if recipe.seed is None else recipe.seed
    task_id = identity.of_task(
        VERSION,
        frame=frame.id,
        instruction=recipe.instruction.text,
        recipe=fingerprint,
        seed=seed,
        geometry=geometry.VERSION,
        prompt=recipe.instruction.name,
        name=source.stem,
    )
    folder = ledger.workspace / "twins" / recipe.instruction.name
    return Edit(
        id=task_id,
        name=f"{recipe.instruction.name}/{source.stem}",
        frame_id=frame.id,
        source=source,
        source_size=(frame.width, frame.height),
        crop=crop,
        size=size,
        seed=seed,
        frame_file=folder / "frame" / f"{source.stem}.png",
        twin_file=folder / "twin" / f"{source.stem}.png",
    )


def _forget(ledger: Ledger, edit: Edit) -> None:
    ledger.remove(Twin, twin_path=ledger.relative(edit.twin_file))
    ledger.remove(Task, station=STATION, item=edit.name)


def _worked(
    ledger: Ledger, recipe: Recipe, todo: list[Edit], versions: dict[str, str], tell: Tell
) -> Iterator[tuple[Edit, Failure | None, str]]:
    """Yield each edit with its failure or with what made it, as they finish."""
    if recipe.roles is None:
        for simplified in engine.map(edits.simplify, _begun(ledger, todo)):
            yield simplified.item, simplified.failure, embedded.MADE_BY
        return
    by_id = {edit.id: edit for edit in todo}
    makers = {shown(url): f"ComfyUI {version}" for url, version in versions.items()}
    orders = [_order(ledger, recipe, edit) for edit in todo]
    with closing(fleet.make(list(versions), orders, partial(_book, ledger), tell=tell)) as filled:
        for outcome in filled:
            maker = makers[outcome.result] if outcome.result else ""
            yield by_id[outcome.item.key], outcome.failure, maker


def _begun(ledger: Ledger, todo: Iterable[Edit]) -> Iterator[Edit]:
    for edit in todo:
        _begin(ledger, edit)
        yield edit


def _begin(ledger: Ledger, edit: Edit) -> tuple[Job, ...]:
    """Forget what stands under this name, before its files are overwritten; its earlier jobs."""
    with ledger.transaction():
        _forget(ledger, edit)
    return tuple(sorted(ledger.all(Job, task_id=edit.id), key=lambda job: job.at))


def _order(ledger: Ledger, recipe: Recipe, edit: Edit) -> Order:
    frame = cache(partial(edits.sent, edit))
    return Order(
        key=edit.id,
        name=edit.name,
        output=recipe.output,
        begin=partial(_begin, ledger, edit),
        picture=lambda: images.encode_png(frame()),
        graph=partial(recipe.bound, edit),
        accept=lambda answer: edits.keep(edit, frame(), answer),
    )


def _book(ledger: Ledger, order: Order, server: str) -> Job:
    """Write down a job before it is submitted."""
    prompt_id = str(uuid4())
    job = Job(prompt_id, order.key, server, f"{FOLDER}/{order.key[:12]}-{prompt_id[:8]}", now())
    with ledger.transaction():
        ledger.put(Task(order.key, STATION, order.name, "submitted", at=job.at), job)
    return job
