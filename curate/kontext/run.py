"""curate kontext: plan the twins that are missing, have them made, record them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, nullcontext
from dataclasses import replace
from functools import cache, partial

from curate import engine, images, lock
from curate.comfy import fleet
from curate.comfy import job as jobs
from curate.comfy.access import SERVER, Access
from curate.comfy.job import Order
from curate.comfy.rehearsal import Checks
from curate.errors import Failure, NothingYet, ServerLost
from curate.events import Progress, Tell, silent
from curate.kontext import backends, prompts, ready
from curate.kontext import edit as edits
from curate.kontext import recipe as recipes
from curate.kontext import report as reports
from curate.kontext import takes as planning
from curate.kontext.edit import Edit
from curate.kontext.ready import check, preflight
from curate.kontext.recipe import Recipe
from curate.kontext.report import Plan, Report
from curate.kontext.roles import Named
from curate.kontext.shipped import Options
from curate.kontext.takes import Takes
from curate.ledger import Ledger, now
from curate.records import Frame, Job, Pair, Task, Twin, Verdict

__all__ = [
    "Access",
    "Checks",
    "Named",
    "Options",
    "Report",
    "Takes",
    "check",
    "kontext",
    "preflight",
    "recipes",
]

STATION = "kontext"
NOTHING = "nothing.txt"


def kontext(
    ledger: Ledger,
    recipe: Recipe,
    *,
    servers: Sequence[str] = (SERVER,),
    access: Access = Access(),  # noqa: B008 - it is frozen
    takes: Takes | None = None,
    limit: int | None = None,
    tell: Tell = silent,
    dry_run: bool = False,
) -> Report:
    """Make the twin of every frame that has none by this recipe.

    Args:
        ledger: of the workspace.
        recipe: the instruction, the backend, the graph; see `recipes.of`.
        servers: addresses of ComfyUIs; they share the work.
        access: how they are reached.
        takes: how many twins a frame gets, and which frames get further ones.
        limit: make at most so many.
        tell: hears of progress.
        dry_run: only plan.

    Raises:
        NothingYet: no frame has been extracted; or, to try again, no pair checked.
        InstructionMissing, BadSetting: what was asked for.
        NoComfy: no server answers, or none can run the graph.
        PlaceError: a twin cannot be written.
    """
    takes = takes or Takes()
    if takes.control:
        recipes.needs_words(recipe)
    file = ledger.workspace / f".{STATION}-{recipe.instruction.name}.lock"
    with nullcontext() if dry_run else lock.held(file, f"`curate {STATION}`"):
        found = plan(ledger, recipe, takes)
        todo = found.todo[:limit]
        report = reports.planned(recipe, found, todo)
        if dry_run or not todo:
            return report
        return _made(ledger, recipe, todo, report, servers, access, tell)


def _made(
    ledger: Ledger,
    recipe: Recipe,
    todo: Sequence[Edit],
    report: Report,
    servers: Sequence[str],
    access: Access,
    tell: Tell,
) -> Report:
    versions = ready.servers(recipe, todo, servers, access.headers, tell)
    made: list[Twin] = []
    failures: list[Failure] = []
    controls = 0
    label = f"{STATION} {recipe.instruction.name}"
    tell(Progress(label, 0, len(todo), unit="twins"))
    try:
        for edit, failure, made_by in _worked(ledger, recipe, todo, servers, access, tell):
            if failure is not None:
                failures.append(failure)
                ledger.fail(edit.id, STATION, failure)
            elif edit.is_control:
                record_control(ledger, edit)
                controls += 1
            else:
                made.append(record(ledger, recipe, edit, made_by))
            done = len(made) + controls + len(failures)
            tell(Progress(label, done, len(todo), len(failures), "twins"))
    except ServerLost as error:
        failures.append(Failure.of(label, error))
    twins = tuple(sorted(made, key=lambda twin: twin.name))
    return replace(
        report, servers=versions, made=twins, controls=controls, failures=tuple(failures)
    )


def plan(ledger: Ledger, recipe: Recipe, takes: Takes) -> Plan:
    """The edits whose files are missing, twins before controls, each by name; only reads.

    Raises:
        NothingYet: no frame has been extracted; or, to try again, no pair checked.
    """
    if not ledger.get(Frame):
        raise NothingYet("frames", ledger.workspace, "curate extract film.mkv")
    made: dict[str, dict[int, str]] = defaultdict(dict)
    done: dict[str, object] = {}
    for task in ledger.each(Task, station=STATION, state="done"):
        if task.settings.get("prompt") == recipe.instruction.name:
            made[str(task.settings["frame"])][int(str(task.settings["variant"]))] = task.id
            done[task.id] = task.settings["sizes"]
    rejected, vain = _rejected(ledger, recipe.instruction.name) if takes.retry else (None, set())
    shop = planning.Shop(ledger.workspace, recipe, prompts.read(NOTHING).text)
    todo: list[Edit] = []
    kept = hopeless = 0
    for frame in ledger.each(Frame):
        source, has = ledger.path(frame.path), made.get(frame.id, {})
        if rejected is None:
            every = planning.wanted(shop, takes, frame, source, has)
            lacking, there = planning.missing(every, done)
            todo += planning.replacing(lacking, shop, frame, source, has)
            kept += there
        elif frame.id in rejected:
            numbers = [] if frame.id in vain else planning.further(takes, has)
            todo += [shop.edit(frame, source, number) for number in numbers]
            hopeless += not numbers
        else:
            kept += 1
    return Plan(tuple(sorted(todo, key=lambda e: (e.is_control, e.name))), kept, hopeless)


def record(ledger: Ledger, recipe: Recipe, edit: Edit, made_by: str) -> Twin:
    """Write down a twin whose files are in place."""
    control = ledger.get(Task, station=STATION, item=edit.control_name, state="done")
    twin = recipes.twin(
        recipe,
        edit,
        made_by,
        frame_path=ledger.relative(edit.frame_file),
        twin_path=ledger.relative(edit.twin_file),
        control_path=_fitting(control, edit.made_as),
    )
    with ledger.transaction():
        _forget(ledger, edit)
        ledger.put(twin)
        _finish(ledger, edit)
    return twin


def record_control(ledger: Ledger, edit: Edit) -> None:
    """Write down a control whose file is in place, with each twin of its frame that it fits."""
    with ledger.transaction():
        _forget(ledger, edit)
        _finish(ledger, edit)
        control = ledger.get(Task, id=edit.id)
        for twin in ledger.all(Twin, frame_id=edit.frame_id, prompt=edit.prompt):
            task = ledger.get(Task, id=twin.id)
            if task and (path := _fitting(control, str(task.settings["made_as"]))):
                ledger.put(replace(twin, control_path=path))


def _fitting(control: Task | None, made_as: str) -> str:
    fits = control is not None and control.settings["made_as"] == made_as
    return str(control.settings["path"]) if control and fits else ""


def _finish(ledger: Ledger, edit: Edit) -> None:
    ledger.finish(
        edit.id,
        STATION,
        edit.name,
        backend=edit.backend,
        seed=edit.seed,
        prompt=edit.prompt,
        frame=edit.frame_id,
        variant=edit.variant,
        made_as=edit.made_as,
        path=ledger.relative(edit.twin_file),
        sizes=edits.sizes(edit),
    )


def _forget(ledger: Ledger, edit: Edit) -> None:
    """Take back what stands under this edit's name, and what it replaces, before it is made."""
    ledger.remove(Task, station=STATION, item=edit.name)
    if not edit.is_control:
        ledger.remove(Twin, twin_path=ledger.relative(edit.twin_file))
    for twin in ledger.all(Twin, frame_id=edit.frame_id, prompt=edit.prompt):
        if edit.is_control and twin.control_path:
            ledger.put(replace(twin, control_path=""))
    for id_ in edit.replaces:
        task = ledger.get(Task, id=id_)
        ledger.remove(Task, id=id_)
        ledger.remove(Twin, id=id_)
        if task is not None:
            ledger.path(str(task.settings["path"])).unlink(missing_ok=True)


def _rejected(ledger: Ledger, prompt: str) -> tuple[set[str], set[str]]:
    """The frames whose twins were all rejected, and those where another would be as well."""
    twins = [twin for twin in ledger.current_twins() if twin.prompt == prompt]
    rulings = ledger.rulings()
    pairs = {pair.twin_id: pair.id for pair in ledger.all(Pair) if pair.id in rulings}
    if not any(twin.id in pairs for twin in twins):
        raise NothingYet("checked pairs", ledger.workspace, "curate pair-check")
    vain = {one.pair_id for one in ledger.all(Verdict, judge="rule") if planning.is_vain(one)}
    refused = planning.rejected(twins, pairs, ledger.chosen())
    return refused, {twin.frame_id for twin in twins if pairs.get(twin.id) in vain}


def _worked(
    ledger: Ledger,
    recipe: Recipe,
    todo: Sequence[Edit],
    servers: Sequence[str],
    access: Access,
    tell: Tell,
) -> Iterator[tuple[Edit, Failure | None, str]]:
    """Yield each edit with its failure or with what made it, as they finish."""
    if recipe.roles is None:
        backend = backends.load(recipe.backend)
        most = backends.workers(backend)
        for outcome in engine.map(edits.make, _begun(ledger, todo), workers=most):
            yield outcome.item, outcome.failure, backend.MADE_BY
        return
    by_id = {edit.id: edit for edit in todo}
    by_url = {server.url: server for server in access.servers(servers)}
    orders = (_order(ledger, recipe, edit) for edit in todo)
    book, wait_s = partial(_book, ledger), access.give_up_after_s
    filling = fleet.make(list(by_url.values()), orders, book, tell=tell, give_up_after_s=wait_s)
    with closing(filling) as filled:
        for answer in filled:
            maker = f"ComfyUI {by_url[answer.result].version}" if answer.result else ""
            yield by_id[answer.item.key], answer.failure, maker


def _begun(ledger: Ledger, todo: Iterable[Edit]) -> Iterator[Edit]:
    for edit in todo:
        _begin(ledger, edit)
        yield edit


def _begin(ledger: Ledger, edit: Edit) -> tuple[Job, ...]:
    """Forget what stands under this name, before its files are overwritten; its earlier jobs."""
    with ledger.transaction():
        _forget(ledger, edit)
    return ledger.jobs(edit.id)


def _order(ledger: Ledger, recipe: Recipe, edit: Edit) -> Order:
    frame = cache(partial(edits.sent, edit))
    png = cache(lambda: images.encode_png(frame()))
    return Order(
        key=edit.id,
        name=edit.name,
        output=recipe.output,
        begin=partial(_begin, ledger, edit),
        picture=png,
        graph=partial(recipe.bound, edit),
        accept=lambda came: edits.keep(edit, frame(), png(), came),
        group=edit.prompt,
    )


def _book(ledger: Ledger, order: Order, server: str) -> Job:
    """Write down a job before it is submitted."""
    job = jobs.new(order, server, now())
    ledger.submit(job, STATION, order.name)
    return job
