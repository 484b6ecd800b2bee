"""curate dataset: the kept pairs as Musubi Tuner reads them."""

from __future__ import annotations

import shlex
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from curate.cli import asking, console, engines, options, sharing
from curate.cli.help import Command as PlainCommand
from curate.errors import BadSetting, NothingYet

if TYPE_CHECKING:
    from curate.dataset.run import Report, Settings

_CAPTIONS = "--captions"
_STRICT = 5


class Command(PlainCommand):
    """A command that reads `--captions per-side "A" "B"`: all words up to the next option."""

    def parse_args(self, context: Any, words: list[str]) -> list[str]:
        """Repeat `--captions` before each of its words."""
        repeated: list[str] = []
        is_caption = False
        for word in words:
            if word.startswith("-"):
                is_caption = word == _CAPTIONS
            elif is_caption and repeated[-1] != _CAPTIONS:
                repeated.append(_CAPTIONS)
            repeated.append(word)
        return super().parse_args(context, repeated)


def dataset(
    context: typer.Context,
    resolution: Annotated[
        int, typer.Option(help="Train at the area of a square with this side, in px.")
    ] = 192,
    keep_size: Annotated[
        bool, typer.Option("--keep-size", help="Leave the shrinking and cropping to Musubi.")
    ] = False,
    captions: Annotated[
        list[str] | None,
        typer.Option(
            _CAPTIONS,
            metavar="SCHEME",
            help='empty, same "A", per-side "DENSE" "SPARSE", file [DIR], same+detailed "A", '
            "detailed/plain or unique-id.  [default: empty]",
        ),
    ] = None,
    preset: Annotated[
        str, typer.Option(help="anime-denser, or quick for a first look.")
    ] = "anime-denser",
    model: Annotated[
        str,
        typer.Option(help="wan2.1-t2v-14b, wan2.1-t2v-1.3b, wan2.2-a14b-high or wan2.2-a14b-low."),
    ] = "wan2.1-t2v-14b",
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Any setting of Musubi; may be repeated."),
    ] = None,
    prompt: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Whose pairs, if several instructions have some, or 'folders'."
        ),
    ] = None,
    cache: Annotated[
        Path | None, typer.Option(help="Where Musubi keeps its caches.", show_default=False)
    ] = None,
    musubi: asking.Musubi = None,
    dit: asking.Dit = None,
    vae: asking.Vae = None,
    t5: asking.T5 = None,
    kind: Annotated[
        Literal["image", "video"],
        typer.Option(help="video: pairs of clips, with --dense and --sparse."),
    ] = "image",
    dense: Annotated[
        Path | None, typer.Option(metavar="DIR", help="With --kind video: the dense clips.")
    ] = None,
    sparse: Annotated[
        Path | None, typer.Option(metavar="DIR", help="With --kind video: the sparse clips.")
    ] = None,
    frames: Annotated[
        list[int] | None,
        typer.Option(help="With --kind video: frames a clip, 4n + 1.  [default: 25]"),
    ] = None,
    fps: Annotated[
        float | None, typer.Option(help="With --kind video: the clips' frames a second.")
    ] = None,
    check: Annotated[
        bool,
        typer.Option("--check", help="Write nothing; list what Musubi would drop or crop."),
    ] = False,
    hub: sharing.Hub = False,
    licence: sharing.Licence = None,
    parquet: sharing.Parquet = False,
    push: sharing.Push = None,
    public: sharing.Public = False,
    engine: engines.Engine = "local",
    ray_address: engines.RayAddress = None,
    dry_run: options.DryRun = False,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Write the kept pairs as two image folders and all that Musubi Tuner needs to train them."""
    from curate.dataset import run
    from curate.ledger import Ledger, exists

    if check:
        raise typer.Exit(_checked(context.obj, as_json=as_json))
    is_video = kind == "video"
    if not is_video and not exists(context.obj):
        raise NothingYet("pairs", context.obj, "curate pair-check")
    if hub or parquet or push:
        asked = sharing.Asked(licence, parquet, push, public, dry_run, as_json, quiet)
        raise typer.Exit(sharing.share(context.obj, asked))
    found = {"musubi": musubi, "dit": dit, "vae": vae, "t5": t5}
    if not (dry_run or as_json or quiet):
        found = asking.ask(found)
    settings = run.Settings(
        resolution,
        keep_size,
        tuple(captions or ("empty",)),
        preset,
        model,
        tuple(setting or ()),
        cache,
        run.Trainer(**{key: path.absolute().as_posix() for key, path in found.items() if path}),
    )
    if is_video:
        clips = _Clips(
            *(dense, sparse, tuple(frames or (25,)), fps, engine, ray_address),
            *(dry_run, as_json, quiet),
        )
        raise typer.Exit(_of_clips(context.obj, clips, settings))
    if dense or sparse:
        raise BadSetting(
            "Pairs of images in two folders are checked first.",
            remedy="Run `curate pair-check --dense DIR --sparse DIR`; clips need --kind video.",
        )
    with ExitStack() as stack:
        ledger = stack.enter_context(Ledger(context.obj))
        tell = stack.enter_context(console.voice(quiet=quiet, as_json=as_json))
        if not dry_run:
            stack.enter_context(engines.used(engine, ray_address, context.obj, (), tell))
        report = run.dataset(ledger, settings, prompt=prompt, tell=tell, dry_run=dry_run)
    if as_json:
        console.show_json(report)
    elif dry_run:
        _show_plan(report)
    elif report.pairs:
        _show(report, kept_size=keep_size)
    raise typer.Exit(console.finish(report.failures, done=len(report.pairs)))


@dataclass(frozen=True, slots=True)
class _Clips:
    dense: Path | None
    sparse: Path | None
    frames: tuple[int, ...]
    fps: float | None
    engine: engines.Name
    ray_address: str | None
    dry_run: bool
    as_json: bool
    quiet: bool


def _of_clips(workspace: Path, asked: _Clips, settings: Settings) -> int:
    from curate.dataset import run

    if asked.dense is None or asked.sparse is None:
        raise BadSetting(
            "Pairs of clips are two folders.", remedy="Give --dense DIR and --sparse DIR."
        )
    sources = asked.dense, asked.sparse
    with ExitStack() as stack:
        tell = stack.enter_context(console.voice(quiet=asked.quiet, as_json=asked.as_json))
        if not asked.dry_run:
            place = asked.engine, asked.ray_address, workspace
            stack.enter_context(engines.used(*place, sources, tell))
        report = run.clips(
            workspace,
            sources,
            asked.frames,
            asked.fps,
            settings,
            tell=tell,
            dry_run=asked.dry_run,
        )
    for note in report.notes:
        console.note(note)
    if asked.as_json:
        console.show_json(report)
    elif report.pairs:
        would = "Would keep " if asked.dry_run else ""
        console.show(f"{would}{len(report.pairs)} pairs of clips in {report.folder}")
        for bucket, count in report.buckets:
            crop = f", Musubi crops {bucket.crop_px} px" if bucket.crop_px else ""
            console.show(f"  {count} a half, trained at {bucket.width}×{bucket.height}{crop}")
    return console.finish(report.failures, done=len(report.pairs))


def _checked(workspace: Path, *, as_json: bool) -> int:
    from curate.dataset import run

    findings = run.check(workspace)
    if as_json:
        console.show_json({"findings": findings, "failures": []})
    else:
        for finding in findings:
            console.show(f"{finding.item}: {finding.problem}")
        if not findings:
            console.show("Musubi would train on every image of both halves, whole.")
    return _STRICT if any(finding.is_loss for finding in findings) else console.DONE


def _show_plan(report: Report) -> None:
    console.show(
        f"Would keep {len(report.pairs)} pairs in {report.folder}: "
        f"write {len(report.written)}, take out {len(report.removed)}."
    )


def _show(report: Report, *, kept_size: bool) -> None:
    changes = f"{len(report.written)} written"
    if report.removed:
        changes += f", {len(report.removed)} taken out"
    console.show(f"{len(report.pairs)} pairs in {report.folder} ({changes})")
    by = "Musubi crops" if kept_size else "cropped"
    for bucket, count in report.buckets:
        crop = f", {by} {bucket.crop_px} px" if bucket.crop_px else ""
        images = "image" if count == 1 else "images"
        console.show(f"  {count} {images} a half, trained at {bucket.width}×{bucket.height}{crop}")
    if report.emptied_caches:
        console.show(
            f"Emptied Musubi's caches ({report.emptied_caches} files): they were of another set."
        )
    for name in ("dense.toml", "sparse.toml", "train.sh", "train.bat"):
        console.show(f"  {report.folder / name}")
    console.show()
    console.show(
        f"curate -w {shlex.quote(str(report.folder.parent))} train --musubi DIR", lead="Next:"
    )
