"""curate extract: the frames worth having out of films."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from curate.cli import console
from curate.cli.options import DryRun, Json, Quiet

if TYPE_CHECKING:
    from curate.extract.run import Extracted, Report
    from curate.records import Frame


def _count(text: str) -> int | None:
    """The number that --count gives, None for "all"."""
    if text.strip().lower() == "all":
        return None
    if not text.strip().isdecimal() or int(text) < 1:
        raise typer.BadParameter(f"{text!r} is neither a number from 1 nor 'all'.")
    return int(text)


def _seconds(text: object) -> float:
    """Seconds, from "90", "90.5", "1:30" or "0:01:30.5"; a number stays what it is."""
    found = _TIME.fullmatch(str(text).strip())
    if found is None:
        raise typer.BadParameter(f"{str(text)!r} is no time; write seconds (90) or a clock (1:30).")
    hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return 3600 * hours + 60 * minutes + seconds


_SCANS = {"keyframes": "keyframes only", "fast": "reference frames only", "full": "every frame"}
_TIME = re.compile(r"(?:(?:(\d+):)?(\d+):)?(\d+(?:\.\d*)?)")

Films = Annotated[
    list[Path] | None,
    typer.Argument(metavar="FILM|FOLDER...", help="Films in any format, or folders of films."),
]
Count = Annotated[
    str,
    typer.Option(
        metavar="N|all",
        help="Keep at most N frames a film, the most crowded and most different; "
        "'all' keeps those of every shot.",
    ),
]
PerShot = Annotated[
    int, typer.Option(min=1, metavar="N", help="At most N frames of one shot, where they differ.")
]
Shortest = Annotated[
    float,
    typer.Option(
        "--min-scene-len", min=0, metavar="SECONDS", help="A shorter shot gives no frame."
    ),
]
Threshold = Annotated[
    float,
    typer.Option(min=0, max=255, help="How much the picture changes at a cut; lower finds more."),
]
DensityMin = Annotated[
    float,
    typer.Option(min=0, help="Refuse less dense frames, in JPEG bytes a pixel: 0.05 to 0.3."),
]
AllowText = Annotated[
    bool, typer.Option("--allow-text", help="Take frames with subtitles or titles over them too.")
]
Order = Annotated[
    Literal["time", "density"],
    typer.Option(help="How frames are listed: as shown, or densest first."),
]
Scan = Annotated[
    Literal["keyframes", "fast", "full"],
    typer.Option(
        "--scan",
        help="Which frames are looked at: keyframes only, those that others refer to, or all.",
    ),
]
Stream = Annotated[
    int | None, typer.Option(min=0, help="Number of the video stream, if a film has several.")
]
Hardware = Annotated[
    str,
    typer.Option(
        "--hwaccel",
        metavar="none|auto|DEVICE",
        help="Decode on a graphics card (cuda, vaapi, …); on the processor where that fails.",
    ),
]


def _time(help_text: str) -> Any:
    return typer.Option(parser=_seconds, metavar="TIME", help=help_text)


List = Annotated[
    bool,
    typer.Option("--list", help="Print again what was taken from every film; decode nothing."),
]
Csv = Annotated[
    bool, typer.Option("--csv", help="Print a line for each shot and frame, for spreadsheets.")
]
Start = Annotated[float, _time("Use nothing before this; TIME is 90, 1:30 or 0:01:30.5.")]
End = Annotated[float | None, _time("Use nothing from there on.")]
Duration = Annotated[float | None, _time("Use so much from --start on.")]
SkipIntro = Annotated[float, _time("Leave out so much at the beginning of each film.")]
SkipOutro = Annotated[float, _time("Leave out so much at the end of each film.")]


def extract(
    context: typer.Context,
    films: Films = None,
    count: Count = "120",
    scan: Scan = "fast",
    start: Start = 0.0,
    end: End = None,
    duration: Duration = None,
    skip_intro: SkipIntro = 0.0,
    skip_outro: SkipOutro = 0.0,
    stream: Stream = None,
    hwaccel: Hardware = "none",
    per_shot: PerShot = 3,
    min_scene_len: Shortest = 0.2,
    threshold: Threshold = 6.0,
    density_min: DensityMin = 0.0,
    allow_text: AllowText = False,
    order: Order = "time",
    list_only: List = False,
    as_csv: Csv = False,
    dry_run: DryRun = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Take the frames worth having out of films: one a shot, crowded, sharp, no two alike."""
    from curate import ledger as ledgers
    from curate.extract import run

    if list_only == bool(films):
        raise typer.BadParameter("name films to read, or --list alone for those read before.")
    if end is not None and duration is not None:
        raise typer.BadParameter("--end and --duration exclude each other.")
    choosing = run.Choosing(
        _count(count), per_shot, min_scene_len, threshold, density_min, allow_text
    )
    reading = run.Reading(scan, stream, start, end, duration, skip_intro, skip_outro, hwaccel)
    if list_only and not ledgers.exists(context.obj):
        report = run.Report((), (), ())
    elif list_only:
        with ledgers.Ledger(context.obj) as ledger:
            report = run.listed(ledger)
    elif dry_run and not ledgers.exists(context.obj):
        with console.voice(quiet=quiet) as tell:
            planned = run.plan(None, films or [], choosing, reading, tell)
        report = run.Report((), planned.todo, planned.failures)
    else:
        with ledgers.Ledger(context.obj) as ledger, console.voice(quiet=quiet) as tell:
            report = run.extract(
                ledger, films or [], choosing=choosing, reading=reading, tell=tell, dry_run=dry_run
            )
    if as_json:
        found = [_object(extracted, order) for extracted in report.films]
        console.show_json({"films": found, "failures": report.failures})
    elif as_csv:
        typer.echo(run.as_csv(report), nl=False)
    elif dry_run:
        _say_planned(report)
    else:
        _say(report, context.obj)
    done = len(report.planned if dry_run else report.films)
    raise typer.Exit(console.finish(report.failures, done=done))


def _object(found: Extracted, order: str) -> dict[str, object]:
    return {
        "film": found.path.as_posix(),
        "name": found.film.name,
        "duration_s": found.film.duration_s,
        "shots": [
            {"number": s.number, "start_s": s.start_s, "end_s": s.end_s, "kind": s.kind}
            for s in found.shots
        ],
        "frames": [
            {
                "path": f.path,
                "time_s": f.time_s,
                "shot": f.shot,
                "width": f.width,
                "height": f.height,
                "density": f.density,
                "sharpness": f.sharpness,
            }
            for f in _ordered(found.frames, order)
        ],
        "refused": [
            {"time_s": r.time_s, "reason": r.reason, "figure": r.figure, "shot": r.shot}
            for r in found.refusals
        ],
    }


def _ordered(frames: Iterable[Frame], order: str) -> list[Frame]:
    """Frames by time, or the densest first."""
    return sorted(frames, key=lambda f: (-f.density if order == "density" else 0, f.time_s))


def _say_planned(report: Report) -> None:
    for work in report.planned:
        source, reading = work.source, work.reading
        part = f" ({work.part})" if work.part else ""
        console.show(
            f"{source.path.name}: {source.width}×{source.height} {source.codec}, "
            f"{source.duration_s:.0f} s{part}, to be read, {_SCANS[reading.scan]}."
        )
    for found in report.films:
        console.show(f"{found.path.name}: done before, {len(found.frames)} frames.")


def _say(report: Report, workspace: Path) -> None:
    if not report.films:
        return
    console.show_table(
        ("film", "length", "shots", "frames", "refused"),
        [
            (
                found.film.name,
                f"{found.film.duration_s:.0f} s",
                sum(shot.kind == "content" for shot in found.shots),
                len(found.frames),
                _reasons(found),
            )
            for found in report.films
        ],
    )
    new = sum(len(found.frames) for found in report.films if found.is_new)
    old = sum(len(found.frames) for found in report.films if not found.is_new)
    there = f"; {old} were there already" if old else ""
    console.show(f"{new} frames written to {(workspace / 'frames').as_posix()}{there}.")
    if new or old:
        console.show("curate kontext --prompt simplify.txt", lead="Next:")


def _reasons(found: Extracted) -> str:
    counts: dict[str, int] = {}
    for refusal in found.refusals:
        counts[refusal.reason] = counts.get(refusal.reason, 0) + 1
    return ", ".join(f"{number} {reason}" for reason, number in sorted(counts.items())) or "none"
