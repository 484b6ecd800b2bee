"""curate demo: the whole loop on a film and two LoRAs that the project draws itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from curate.cli import console
from curate.cli.options import DEFAULT_WORKSPACE, Quiet
from curate.errors import CurateError, Failure, WorkspaceUnusable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from curate.events import Tell
    from curate.ledger import Ledger

_FILM = "the-tidy-town.mkv"


def demo(context: typer.Context, quiet: Quiet = False) -> None:
    """Run the whole loop on a drawn film, without a GPU, a server or a download."""
    from curate.ledger import Ledger

    workspace: Path = context.obj
    with Ledger(workspace) as ledger, console.voice(quiet=quiet) as tell:
        _stay_out(ledger)
        told = [
            *_frames(ledger, tell),
            *_twins(ledger, tell),
            *_pairs(ledger, tell),
            *_dataset(ledger, tell),
            *_slider(ledger, tell),
        ]
    for line in told:
        console.show(line)
    console.show()
    console.show(f"Look at {(workspace / 'reports' / 'pairs.html').as_posix()} in a browser.")
    curate = "curate" if workspace != DEFAULT_WORKSPACE else "curate -w my-film"
    console.show("For a film of your own, with ComfyUI running:")
    for command in ("extract film.mkv", "kontext --prompt simplify.txt", "status"):
        console.show(f"  {curate} {command}")


def _stay_out(ledger: Ledger) -> None:
    from curate.records import Film

    if any(Path(film.path).name != _FILM for film in ledger.all(Film)):
        raise WorkspaceUnusable(
            ledger.workspace, "it holds films of your own", "Run `curate -w demo demo`."
        )


def _frames(ledger: Ledger, tell: Tell) -> list[str]:
    from curate.demo import film
    from curate.extract import run

    path = ledger.workspace / _FILM
    if not path.exists():
        film.draw(path)
    report = run.extract(ledger, [path], tell=tell)
    _stop_at(report.failures)
    (found,) = report.films
    return [
        f"extract     {len(found.frames)} frames of {found.film.duration_s:.0f} s of film, "
        f"{len(found.refusals)} refused"
    ]


def _twins(ledger: Ledger, tell: Tell) -> list[str]:
    from curate.kontext import run

    report = run.kontext(ledger, run.recipes.of("simplify.txt", "embedded"), tell=tell)
    _stop_at(report.failures)
    twins = len(report.made) + report.kept
    return [f"kontext     {twins} twins, preview quality: embedded simplifier, not Kontext"]


def _pairs(ledger: Ledger, tell: Tell) -> list[str]:
    from curate.pairs import run

    report = run.pair_check(ledger, tell=tell)
    _stop_at(report.failures)
    rulings = [pair.ruling for pair in report.pairs]
    counts = ", ".join(f"{rulings.count(word)} {word}" for word in ("keep", "look", "reject"))
    return [f"pair-check  {counts}; CLIP not measured, no weights given"]


def _dataset(ledger: Ledger, tell: Tell) -> list[str]:
    from curate.dataset import run

    report = run.dataset(ledger, tell=tell)
    _stop_at(report.failures)
    return [f"dataset     {len(report.pairs)} pairs in {report.folder.as_posix()}"]


def _slider(ledger: Ledger, tell: Tell) -> list[str]:
    from curate.demo import loras
    from curate.merge import run

    planted = loras.draw(ledger.workspace / "loras")
    output = run.slider(ledger.workspace)
    settings = run.Settings(targets=("attn",))
    report = run.merge(ledger, planted.dense, planted.sparse, output, settings, tell=tell)
    _stop_at(report.failures)
    error = loras.recovery(planted, output)
    return [
        f"merge       {output.as_posix()}: the planted difference recovered, "
        f"relative error {error:.0e}"
    ]


def _stop_at(failures: Sequence[Failure]) -> None:
    for failure in failures:
        raise CurateError(failure.message, remedy=failure.remedy)
