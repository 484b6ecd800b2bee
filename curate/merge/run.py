"""The merge station: plan, work, record.

numpy and what needs it are imported inside the functions: the files are hashed meanwhile, and
while the modules are solved.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import TYPE_CHECKING

from curate import engine, identity
from curate.errors import BadSetting, Failure, LoraUnreadable, NothingYet
from curate.events import Tell, silent
from curate.merge.job import Job
from curate.merge.settings import Settings as Settings
from curate.merge.settings import checked

if TYPE_CHECKING:
    from curate.ledger import Ledger
    from curate.merge.found import Found
    from curate.merge.inspecting import Compared as Compared
    from curate.merge.inspecting import Inspected as Inspected
    from curate.merge.merging import Merged as Merged

STATION = "merge"
_HALVES = ("dense", "sparse")
_SLIDER = "slider.safetensors"
_AT_ONCE_BYTES = 1 << 26  # between two pieces a thread waits for the interpreter, milliseconds


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a merge; `merged` is None where nothing was done, `planned` then says why."""

    inputs: tuple[Path, ...]
    outputs: tuple[Path, ...]
    page: Path
    merged: Merged | None
    already_there: bool
    modules: int
    failures: tuple[Failure, ...]


def merge(
    ledger: Ledger | None,
    first: Path,
    second: Path,
    output: Path,
    settings: Settings,
    *,
    tell: Tell = silent,
    dry_run: bool = False,
) -> Report:
    """Write the difference of two LoRAs, `first` − `second`, at a small rank.

    Args:
        ledger: where it is recorded; None where there is no workspace.
        first: the LoRA that the slider's positive side leads to.
        second: what is subtracted from it.
        output: the file to write; with several ranks, the rank is added to its name.
        settings: everything else.
        tell: hears the progress.
        dry_run: only see what would be done.

    Raises:
        BadSetting: the settings contradict each other, or the output is one of the inputs.
        LoraUnreadable, LorasDiffer, NoModuleChosen: see `merging.merge`; the latter two of the
            work itself become failures of the report.
    """
    with ExitStack() as opened:
        job, found = plan(first, second, output, checked(settings), opened)
        modules = len(found.chosen)
        outputs = tuple(job.outputs().values())
        page_file = output.with_suffix(".html")
        there = ledger is not None and is_done(ledger, job)
        if there or dry_run:
            return Report(job.inputs, outputs, page_file, None, there, modules, ())
        outcome = next(engine.map(partial(work, found=found, tell=tell), [job]))
    if ledger is not None:
        record(ledger, job, outcome.result, outcome.failure)
    failures = (outcome.failure,) if outcome.failure else ()
    return Report(job.inputs, outputs, page_file, outcome.result, False, modules, failures)


def plan(
    first: Path, second: Path, output: Path, settings: Settings, opened: ExitStack
) -> tuple[Job, Found]:
    """The merge as a job, and the modules it is for; reads the inputs, writes nothing.

    The inputs stay open until `opened` is closed.
    """
    inputs = (first, second, *(path for path, _ in settings.added))
    weights = (1.0, -1.0, *(weight for _, weight in settings.added))
    pool = ThreadPoolExecutor(max(engine.cores() - 1, 1))
    digests = tuple(pool.submit(_sha256, path) for path in inputs)
    pool.shutdown(wait=False)
    # numpy and what the work needs load while the files are hashed
    from curate.merge import files, merging, page  # noqa: F401
    from curate.merge.found import side_by_side

    job = Job(inputs, digests, weights, output, settings)
    _check_outputs(job)
    sources = [opened.enter_context(files.TensorFile(path)) for path in inputs]
    return job, side_by_side(sources, weights, settings)


def is_done(ledger: Ledger, job: Job) -> bool:
    """Whether this very merge is recorded and its files still are what it wrote."""
    made = {_made_by(path) for path in job.outputs().values()}
    return None not in made and made == {job.id} and job.id in ledger.done(STATION)


def work(job: Job, found: Found, tell: Tell = silent) -> Merged:
    """Do the merge: the LoRA, then the page about it."""
    from curate.merge import merging, page

    merged = merging.merge(job, found, tell)
    page.write(job, merged)
    return merged


def record(ledger: Ledger, job: Job, merged: Merged | None, failure: Failure | None) -> None:
    """Enter what became of a job."""
    from curate.records import Lora

    with ledger.transaction():
        if failure or merged is None:
            assert failure is not None
            ledger.fail(job.id, STATION, failure)
            return
        dense, sparse = (ledger.relative(path) for path in job.inputs[:2])
        for one in merged.written:
            stored = ledger.relative(one.path)
            ledger.remove(Lora, path=stored)
            ledger.put(
                Lora(
                    identity.of_task(job.id, path=stored),
                    stored,
                    dense,
                    sparse,
                    one.rank,
                    len(merged.modules),
                    one.kept_energy,
                )
            )
        settings = job.settings.described()
        if job.settings.added:
            weights = [(ledger.relative(path), weight) for path, weight in job.settings.added]
            settings["add"] = [f"{path}={weight}" for path, weight in weights]
        ledger.finish(job.id, STATION, ledger.relative(job.output), **settings)


@dataclass(frozen=True, slots=True)
class Inspection:
    """What `inspect` found; `compared` and `second` only with two files, `page` if one was made."""

    first: Inspected
    second: Inspected | None
    compared: Compared | None
    page: Path | None


def inspect(first: Path, second: Path | None = None, *, html: Path | None = None) -> Inspection:
    """Read one LoRA, or two and how they differ; nothing is recorded.

    Raises:
        LoraUnreadable: a file is damaged or not understood.
        LorasDiffer: the two are of different models.
    """
    from curate.merge import inspecting, page

    one = inspecting.look(first)
    two = None if second is None else inspecting.look(second)
    compared = None if second is None else inspecting.compare(first, second)
    if html is not None:
        page.write_inspected(html, one, two, compared)
    return Inspection(one, two, compared, html)


def part(source: Path, output: Path, blocks: str) -> int:
    """Write a LoRA with the modules of some blocks of another's only; nothing is recorded.

    Returns:
        How many modules there are in it.

    Raises:
        LoraUnreadable, NoModuleChosen, BadSetting: see `parts.write`.
    """
    from curate.merge import parts

    return parts.write(source, output, blocks)


def halves(workspace: Path) -> tuple[Path, Path]:
    """The newest dense and the newest sparse LoRA in the workspace's loras/.

    Files that `curate merge` wrote are no halves, whatever they are called.

    Raises:
        NothingYet: one is missing.
    """
    folder = workspace / "loras"
    newest = []
    for half in _HALVES:
        found = [path for path in folder.glob("*.safetensors") if _is_half(path, half)]
        if not found:
            raise NothingYet(
                f"{half} LoRAs (loras/*{half}*.safetensors)",
                workspace,
                "curate merge DENSE.safetensors SPARSE.safetensors -o SLIDER.safetensors",
            )
        newest.append(max(found, key=lambda path: (path.stat().st_mtime_ns, path.name)))
    return newest[0], newest[1]


def slider(workspace: Path) -> Path:
    """Where the workspace's slider LoRA is written by default."""
    return workspace / "loras" / _SLIDER


def _is_half(path: Path, half: str) -> bool:
    other = _HALVES[1 - _HALVES.index(half)]
    name = path.name.lower()
    return half in name and other not in name and _made_by(path) is None


def _made_by(path: Path) -> str | None:
    """The id of the merge that wrote a file, from its metadata; None if none did."""
    from curate.merge import describe, files

    try:
        with files.TensorFile(path) as file:
            return file.metadata.get(describe.TASK)
    except LoraUnreadable:
        return None


def _sha256(path: Path) -> str:
    digest = sha256()
    with path.open("rb") as file:
        if path.stat().st_size:
            with mmap(file.fileno(), 0, access=ACCESS_READ) as whole, memoryview(whole) as view:
                for start in range(0, len(view), _AT_ONCE_BYTES):
                    digest.update(view[start : start + _AT_ONCE_BYTES])
    return digest.hexdigest()


def _check_outputs(job: Job) -> None:
    sources = {path.resolve() for path in job.inputs}
    for path in job.outputs().values():
        if path.suffix != ".safetensors":
            raise BadSetting(
                f"{path} does not end in .safetensors.", remedy=f"Write {path.stem}.safetensors."
            )
        if path.resolve() in sources:
            raise BadSetting(
                f"{path} is one of the LoRAs to be merged.", remedy="Choose another output name."
            )
