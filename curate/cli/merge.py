"""curate merge: the difference of two LoRAs."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from curate import schema
from curate.cli import console, merged
from curate.cli.help import Command as PlainCommand
from curate.cli.options import DryRun, Json, Quiet
from curate.errors import BadSetting
from curate.events import Event, Tell

if TYPE_CHECKING:
    from curate.ledger import Ledger

_LISTS = ("--target_blocks", "--target_indices")
_DEFAULT_RANK = 4
_PATIENCE_S = 2.0


class Command(PlainCommand):
    """A command that also reads `--target_blocks attn ffn`, as the original script does."""

    def parse_args(self, context: Any, words: list[str]) -> list[str]:
        """Repeat an option of the original's that takes several words before each of them."""
        repeated: list[str] = []
        option = ""
        for number, word in enumerate(words):
            bare = not word.startswith("-") and not word.endswith(".safetensors")
            if option and bare and words[number - 1] != option:
                repeated.append(option)
            if not bare:
                option = word if word in _LISTS else ""
            repeated.append(word)
        return super().parse_args(context, repeated)


def merge(
    context: typer.Context,
    loras: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="A B", help="A − B; without them the newest dense and sparse LoRA in loras/."
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="The file to write.")
    ] = None,
    rank: Annotated[
        int | None, typer.Option("--rank", help="Rank of the result.  [default: 4]")
    ] = None,
    ranks: Annotated[
        str, typer.Option("--ranks", help="Several ranks, one file each: 2,4,8,16.")
    ] = "",
    energy: Annotated[
        float | None, typer.Option("--energy", help="The rank that keeps this share, such as 0.95.")
    ] = None,
    size_mb: Annotated[
        float | None, typer.Option("--size-mb", help="The rank that fits in so many MB.")
    ] = None,
    mixed_ranks: Annotated[
        bool, typer.Option("--mixed-ranks", help="With --energy or --size-mb: a rank a module.")
    ] = False,
    target: Annotated[
        list[str] | None,
        typer.Option(
            "--target",
            "--target_blocks",
            help="attn, self_attn, cross_attn, ffn, a part of a module's name, a glob or a "
            "regular expression; repeatable.",
        ),
    ] = None,
    blocks: Annotated[
        list[str] | None,
        typer.Option("--blocks", "--target_indices", help="Block numbers: 0-10,20."),
    ] = None,
    exclude: Annotated[
        list[str] | None, typer.Option("--exclude", help="As --target, to leave out.")
    ] = None,
    threshold: Annotated[
        float | None,
        typer.Option(
            "--threshold", "--magnitude_threshold", help="Leave out modules of a smaller norm."
        ),
    ] = None,
    percentile: Annotated[
        float | None,
        typer.Option(
            "--percentile",
            "--auto_threshold_percentile",
            help="Leave out the weakest of the targeted modules.",
        ),
    ] = None,
    top: Annotated[
        int | None, typer.Option("--top", help="Keep only so many, the strongest.")
    ] = None,
    non_target: Annotated[
        Literal["drop", "zero"],
        typer.Option("--non-target", help="Modules that are not chosen: left out, or zeros."),
    ] = "drop",
    alpha: Annotated[
        float | None, typer.Option("--alpha", help="Multiplies the result.  [default: 1]")
    ] = None,
    target_norm: Annotated[
        float | None,
        typer.Option("--target-norm", "--target_norm", help="Give the result this norm instead."),
    ] = None,
    norm_of: Annotated[
        Literal["mean-after", "mean-before", "total-after", "total-before"],
        typer.Option(
            "--norm-of",
            help="Which norm: the modules' mean or their total, before or after truncation.",
        ),
    ] = "mean-after",
    add: Annotated[
        list[str] | None,
        typer.Option("--add", metavar="FILE=WEIGHT", help="A further LoRA in the sum; repeatable."),
    ] = None,
    dtype: Annotated[
        Literal["float32", "bfloat16", "float16", "same"],
        typer.Option("--dtype", help="Of the numbers written; the same as A's by default."),
    ] = "same",
    format: Annotated[
        Literal["musubi", "comfy"] | None,
        typer.Option("--format", help="How modules are called; as in A by default."),
    ] = None,
    common_only: Annotated[
        bool, typer.Option("--common-only", help="Leave out modules that only one file has.")
    ] = False,
    ignore_alpha: Annotated[
        bool, typer.Option("--ignore-alpha", help="Take alpha for rank, as the original does.")
    ] = False,
    allow_zero: Annotated[
        bool, typer.Option("--allow-zero", help="Write zeros where there is no difference.")
    ] = False,
    device: Annotated[
        Literal["auto", "cpu", "cuda", "mps"], typer.Option("--device", help="Where to compute.")
    ] = "auto",
    workers: Annotated[
        int | None, typer.Option("--workers", help="Modules at a time; one a core by default.")
    ] = None,
    analyze_blocks: Annotated[
        bool, typer.Option("--analyze-blocks", "--analyze_blocks", help="Also list every block.")
    ] = False,
    lora_a: Annotated[Path | None, typer.Option("--lora_a", hidden=True)] = None,
    lora_b: Annotated[Path | None, typer.Option("--lora_b", hidden=True)] = None,
    exclude_non_targeted: Annotated[
        bool, typer.Option("--exclude_non_targeted", hidden=True)
    ] = False,
    fast_svd: Annotated[bool, typer.Option("--fast_svd", hidden=True)] = False,
    dry_run: DryRun = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Subtract LoRA B from LoRA A, exactly, and write the difference at a small rank."""
    gc.disable()  # a merge leaves no garbage behind; to look for it takes a twentieth of the time
    from curate.merge import run

    workspace: Path = context.obj
    first, second, into = _places(loras, lora_a, lora_b, output, workspace)
    if alpha is not None and target_norm is not None:
        console.note("--alpha is given, so --target-norm is not used.")
        target_norm = None
    if fast_svd:
        console.note("--fast_svd: the exact result is already faster, so it is what you get.")
    settings = run.Settings(
        ranks=_ranks(rank, ranks, found=energy is not None or size_mb is not None),
        energy=energy,
        size_mb=size_mb,
        mixed_ranks=mixed_ranks,
        alpha=1.0 if alpha is None else alpha,
        target_norm=target_norm,
        norm_of=norm_of,
        added=tuple(_weighted(text) for text in add or ()),
        targets=tuple(target or ()),
        blocks=tuple(blocks or ()),
        exclude=tuple(exclude or ()),
        threshold=threshold,
        percentile=percentile,
        top=top,
        non_target="drop" if exclude_non_targeted else non_target,
        common_only=common_only,
        ignore_alpha=ignore_alpha,
        allow_zero=allow_zero,
        dtype=dtype,
        format=format,
        device=device,
        workers=workers,
    )
    own = not (loras or lora_a) and not dry_run
    with _ledger(workspace, needed=own) as ledger, _patient_voice(quiet=quiet) as tell:
        report = run.merge(ledger, first, second, into, settings, tell=tell, dry_run=dry_run)
    if as_json:
        console.show_json(merged.plain(report))
    else:
        merged.say(report, dry_run=dry_run, blocks=analyze_blocks)
    raise typer.Exit(console.finish(report.failures, done=0))


def _places(
    loras: list[Path] | None,
    lora_a: Path | None,
    lora_b: Path | None,
    output: Path | None,
    workspace: Path,
) -> tuple[Path, Path, Path]:
    from curate.merge import run

    given = [*(loras or []), *(path for path in (lora_a, lora_b) if path)]
    if not given:
        return *run.halves(workspace), output or run.slider(workspace)
    if len(given) != 2 or output is None:
        raise BadSetting(
            "A merge takes two LoRAs and the name of a third.",
            remedy="Type curate merge A.safetensors B.safetensors -o OUT.safetensors.",
        )
    return given[0], given[1], output


@contextmanager
def _ledger(workspace: Path, *, needed: bool) -> Iterator[Ledger | None]:
    """The workspace's ledger if there is one or it is needed; two files are merged without any."""
    if not needed and not schema.exists(workspace):
        yield None
        return
    from curate.ledger import Ledger

    with Ledger(workspace) as ledger:
        yield ledger


@contextmanager
def _patient_voice(*, quiet: bool) -> Iterator[Tell]:
    """A voice that speaks up only after two seconds; most merges are done by then."""
    began = time.monotonic()
    voices: list[Tell] = []
    with ExitStack() as stack:

        def tell(event: Event) -> None:
            if not voices and time.monotonic() - began > _PATIENCE_S:
                voices.append(stack.enter_context(console.voice(quiet=quiet)))
            for voice in voices:
                voice(event)

        yield tell


def _ranks(rank: int | None, ranks: str, *, found: bool) -> tuple[int, ...]:
    if (rank is not None) + bool(ranks) + found > 1:
        raise BadSetting(
            "--rank, --ranks, --energy and --size-mb all decide the rank.",
            remedy="Give one of them.",
        )
    try:
        several = tuple(int(word) for word in ranks.split(",")) if ranks else ()
    except ValueError as error:
        raise BadSetting(f"--ranks {ranks} is no list.", remedy="Write --ranks 2,4,8.") from error
    return several or (_DEFAULT_RANK if rank is None else rank,)


def _weighted(text: str) -> tuple[Path, float]:
    file, _, weight = text.rpartition("=")
    try:
        return Path(file), float(weight)
    except ValueError as error:
        raise BadSetting(
            f"--add {text} has no weight.", remedy="Write --add drift.safetensors=-0.5."
        ) from error
