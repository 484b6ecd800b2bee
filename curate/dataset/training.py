"""The six steps run in Musubi's folder, watched, each left out if its result stands."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from curate import files
from curate.dataset import musubi, script, steps
from curate.dataset.steps import SOURCE, Step
from curate.errors import (
    CurateError,
    DatasetMoved,
    Failure,
    MusubiMissing,
    NotWritable,
    TrainingFailed,
)
from curate.events import Notice, Progress, Tell, silent

LOGS = Path("dataset/logs")

_COUNT = re.compile(r"\b(\d+)(?:/(\d+)|it) \[")
_LOSS = re.compile(r"avr_loss=([-+.\w]+)")
_CHUNK_BYTES = 1 << 12
_TRAINER = f"{SOURCE}/wan_train_network.py"
_PYTHONS = (
    ".venv/bin/python",
    "venv/bin/python",
    ".venv/Scripts/python.exe",
    "venv/Scripts/python.exe",
)
_ENDING = {"latents": "_wan.safetensors", "captions": "_wan_te.safetensors"}


@dataclass(frozen=True, slots=True)
class Trained:
    """What became of a step: run now or done before, and the last mean loss of a training."""

    name: str
    is_new: bool
    loss: float | None
    log: Path


@dataclass(frozen=True, slots=True)
class TrainReport:
    """The steps that stand, the commands they are, and the LoRAs for `curate merge`."""

    steps: tuple[Trained, ...]
    commands: tuple[str, ...]
    loras: tuple[Path, ...]
    failures: tuple[Failure, ...]


def train(
    workspace: Path,
    folder: Path | None = None,
    *,
    python: Path | None = None,
    tell: Tell = silent,
    dry_run: bool = False,
) -> TrainReport:
    """Train both halves with Musubi Tuner; nothing is run where `folder` is not known.

    An interrupted training of a half begins anew: Musubi's own `--resume` counts from zero again
    and draws the images in another order, so that the halves would differ in more than content.

    Args:
        workspace: whose dataset; its loras/ receives the LoRAs.
        folder: Musubi Tuner; None takes the one that the dataset was written with.
        python: its interpreter; None takes the one of its virtual environment.
        tell: hears of progress and loss.
        dry_run: run nothing.

    Raises:
        NothingYet: there is no dataset.
        DatasetMoved: its files name another folder.
        MusubiMissing: there is no Musubi, or a model is missing.
    """
    trainer, every = steps.read(workspace)
    if home := steps.written_for(workspace):
        raise DatasetMoved(workspace, home.as_posix())
    commands = script.lines(every)
    place = folder or (Path(trainer.musubi) if trainer.musubi else None)
    done = tuple(
        Trained(step.name, False, None, _log(workspace, step))
        for step in every
        if steps.is_done(step)
    )
    if place is None or dry_run:
        return TrainReport(done, commands, (), ())
    _check(place, trainer)
    interpreter = python or _python(place)
    ended: list[Trained] = []
    failures: tuple[Failure, ...] = ()
    for step in every:
        try:
            ended.append(_stand(workspace, step, place, interpreter, tell))
        except CurateError as error:
            failures = (Failure.of(step.name, error),)
            break
    loras = (Path(step.copies) for step in every if step.copies)
    return TrainReport(tuple(ended), commands, tuple(p for p in loras if p.exists()), failures)


def _check(place: Path, trainer: steps.Trainer) -> None:
    if not (place / _TRAINER).is_file():
        raise MusubiMissing(
            f"There is no Musubi Tuner in {place}: it has no {_TRAINER}.",
            remedy="Name the folder that you cloned kohya-ss/musubi-tuner into with --musubi DIR.",
        )
    for option in ("dit", "vae", "t5"):
        file = getattr(trainer, option)
        if not file or not Path(file).exists():
            raise MusubiMissing(
                f"The {option} {file} is not there." if file else f"No {option} was named.",
                remedy=f"Run `curate dataset --{option} FILE`, which keeps it.",
            )


def _python(place: Path) -> Path:
    own = (place / name for name in _PYTHONS)
    found = next((path for path in own if path.exists()), None)
    return found or Path(shutil.which("python") or sys.executable)


def _stand(workspace: Path, step: Step, place: Path, python: Path, tell: Tell) -> Trained:
    """Run a step unless its result stands, and put what it trained where it is merged.

    Raises:
        TrainingFailed: it ended badly, or without its result.
        NotWritable, DiskFull: as `files.appearing`.
    """
    log = _log(workspace, step)
    is_new, loss = not steps.is_done(step), None
    if is_new:
        loss = _run(step, place, python, log, tell)
        _check_result(step, log)
        files.write_text(Path(step.stamp), f"{step.id}\n")
    else:
        tell(Notice(f"{step.name}: done before"))
    if step.copies and (is_new or not Path(step.copies).exists()):
        with files.appearing(Path(step.copies)) as part:
            shutil.copyfile(step.result, part)
    return Trained(step.name, is_new, loss, log)


def _run(step: Step, place: Path, python: Path, log: Path, tell: Tell) -> float | None:
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        Path(step.stamp).parent.mkdir(parents=True, exist_ok=True)
        with (
            log.open("w", encoding="utf-8", newline="\n") as kept,
            subprocess.Popen(
                [str(python.absolute()), *step.arguments],
                cwd=place,
                env=os.environ | {"PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            ) as process,
        ):
            try:
                loss = _watched(step, process, kept, tell)
                code = process.wait()
            finally:
                if process.poll() is None:
                    process.terminate()
    except OSError as error:
        raise NotWritable(log, (error.strerror or str(error)).lower()) from error
    if code:
        raise TrainingFailed(step.name, _last(log) or f"exit code {code}", log)
    return loss


def _watched(
    step: Step, process: subprocess.Popen[bytes], kept: IO[str], tell: Tell
) -> float | None:
    """Write Musubi's lines down, of its progress one a percent, and tell how far it is."""
    loss, percent = None, -1
    unit = "steps" if step.name.startswith("training") else "images"
    for line in _lines(process):
        count = _COUNT.search(line)
        if count is None:
            kept.write(line + "\n")
            kept.flush()
            continue
        done, total = int(count[1]), int(count[2] or step.items)
        if found := _LOSS.search(line):
            loss = float(found[1])
        said = "" if loss is None else f"loss {loss:.4g}"
        if not line.lstrip().startswith("Sampling"):
            tell(Progress(step.name, min(done, total), total, unit=unit, detail=said))
        if done * 100 // max(total, 1) != percent:
            percent = done * 100 // max(total, 1)
            kept.write(line + "\n")
            kept.flush()
    return loss


def _lines(process: subprocess.Popen[bytes]) -> Iterator[str]:
    """What a process says, by line; a carriage return of a progress bar ends one too."""
    assert process.stdout is not None
    rest = b""
    while chunk := os.read(process.stdout.fileno(), _CHUNK_BYTES):
        *whole, rest = re.split(rb"[\r\n]+", rest + chunk)
        yield from (line.decode(errors="replace") for line in whole if line.strip())
    if rest.strip():
        yield rest.decode(errors="replace")


def _check_result(step: Step, log: Path) -> None:
    kind = step.name.split(" ")[0]
    if kind in _ENDING:
        ending = _ENDING[kind]
        cached = [f for f in musubi.caches(Path(step.result)) if f.name.endswith(ending)]
        if len(cached) < step.items:
            raise TrainingFailed(
                step.name, f"only {len(cached)} of {step.items} images cached", log
            )
    elif not Path(step.result).is_file():
        raise TrainingFailed(step.name, f"no {Path(step.result).name} written", log)


def _last(log: Path) -> str:
    """The last line of a log, where Python says what stopped it."""
    lines = [line.strip() for line in log.read_text(encoding="utf-8").splitlines()]
    errors = [line for line in lines if re.match(r"[\w.]*(Error|Exception|Interrupt)\b", line)]
    return errors[-1].rstrip(".") if errors else ""


def _log(workspace: Path, step: Step) -> Path:
    return workspace / LOGS / f"{step.name.replace(' ', '-')}.log"
