"""curate extract: the frames worth having out of films."""

from __future__ import annotations

import re
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from curate.cli import console, engines
from curate.cli import extracted as shown
from curate.cli.options import DryRun, Json, Quiet


def _count(given: object) -> int | None:
    """The number that --count gives, None for "all"."""
    text = str(given).strip()
    if text.lower() == "all":
        return None
    if not text.isdecimal() or int(text) < 1:
        raise typer.BadParameter(f"{text!r} is neither a number from 1 nor 'all'.")
    return int(text)


def _seconds(text: object) -> float:
    """Seconds, from "90", "90.5", "1:30" or "0:01:30.5"; a number stays what it is."""
    found = _TIME.fullmatch(str(text).strip())
    if found is None:
        raise typer.BadParameter(f"{str(text)!r} is no time; write seconds (90) or a clock (1:30).")
    hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return 3600 * hours + 60 * minutes + seconds


_SCENES = ("csv", "json", "edl", "otio")
_TIME = re.compile(r"(?:(?:(\d+):)?(\d+):)?(\d+(?:\.\d*)?)")

Films = Annotated[
    list[Path] | None,
    typer.Argument(metavar="FILM|FOLDER...", help="Films in any format, or folders of films."),
]
Count = Annotated[
    Any,
    typer.Option(
        parser=_count,
        metavar="N|all",
        help="Keep at most N frames a film (--over all: of all films together), the most crowded "
        "and most different; 'all' keeps those of every shot.",
    ),
]
Over = Annotated[
    Literal["each", "all"],
    typer.Option(
        help="Whether --count is for each film, or for all together and shared out among them."
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
AllowRecurring = Annotated[
    bool,
    typer.Option(
        "--allow-recurring",
        help="Take shots too that another film has given frames of, as openings of episodes.",
    ),
]
Format = Annotated[
    Literal["png", "webp", "jpg"],
    typer.Option(
        "--format", help="Of the frames: png or webp, both without loss, or jpg of quality 95."
    ),
]
Name = Annotated[
    str,
    typer.Option(
        metavar="TEMPLATE",
        help="Of the frames' files: {film} with {time}, {ms} or both {shot} and {image}.",
    ),
]
Scenes = Annotated[
    list[str] | None,
    typer.Option(
        metavar="csv|json|edl|otio",
        help="Write the list of each film's shots to reports/extract/ too; may be repeated.",
    ),
]
Stats = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Write what was measured on every frame as CSV."),
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
    over: Over = "each",
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
    allow_recurring: AllowRecurring = False,
    image_format: Format = "png",
    name: Name = "{film}_{time}",
    scenes: Scenes = None,
    stats: Stats = None,
    order: Order = "time",
    list_only: List = False,
    as_csv: Csv = False,
    engine: engines.Engine = "local",
    ray_address: engines.RayAddress = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Take the frames worth having out of films: one a shot, crowded, sharp, no two alike."""
    import curate.extract.giving.run as giving
    from curate import ledger as ledgers
    from curate.extract import run

    if list_only == bool(films):
        raise typer.BadParameter("name films to read, or --list alone for those read before.")
    if end is not None and duration is not None:
        raise typer.BadParameter("--end and --duration exclude each other.")
    if unknown := set(scenes or ()) - set(_SCENES):
        raise typer.BadParameter(f"--scenes is one of {', '.join(_SCENES)}, not {min(unknown)!r}.")
    if list_only and stats:
        raise typer.BadParameter("--stats needs the films; name them, nothing is measured again.")
    choosing = run.Choosing(
        *(count, per_shot, min_scene_len, threshold, density_min),
        *(allow_text, allow_recurring, over),
    )
    naming = run.Naming(image_format, name)
    reading = run.Reading(scan, stream, start, end, duration, skip_intro, skip_outro, hwaccel)
    if list_only and not ledgers.exists(context.obj):
        report = run.Report((), (), ())
    elif list_only:
        with ledgers.Ledger(context.obj) as ledger:
            report = giving.listed(ledger)
    elif dry_run and not ledgers.exists(context.obj):
        with console.voice(quiet=quiet) as tell:
            planned = run.plan(None, films or [], choosing, reading, naming, tell)
        report = run.Report((), planned.todo, planned.failures)
    else:
        with ExitStack() as stack:
            ledger = stack.enter_context(ledgers.Ledger(context.obj))
            tell = stack.enter_context(console.voice(quiet=quiet))
            if not dry_run:
                used = engines.used(engine, ray_address, context.obj, films or [], tell)
                stack.enter_context(used)
            report = run.extract(
                ledger,
                films or [],
                choosing=choosing,
                reading=reading,
                naming=naming,
                tell=tell,
                dry_run=dry_run,
            )
            if stats and not dry_run:
                giving.stats(ledger, report.films, stats, tell)
    lists: list[Path] = []
    if scenes and not dry_run:
        lists = giving.scenes(context.obj, report.films, scenes)
    if as_json:
        found = [shown.as_object(extracted, order) for extracted in report.films]
        console.show_json({"films": found, "failures": report.failures})
    elif as_csv:
        typer.echo(giving.as_csv(report), nl=False)
    elif dry_run:
        shown.say_planned(report)
    else:
        shown.say(report, context.obj, lists)
    done = len(report.planned if dry_run else report.films)
    raise typer.Exit(console.finish(report.failures, done=done))
