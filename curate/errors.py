"""Everything that can go wrong for a user, each with a remedy and an exit code.

CurateError
├── UsageError                exit 2
│   ├── UnknownSetting
│   └── BadSetting
├── BadInput                  exit 3
│   ├── FilmMissing, FilmIsFolder, FilmUnreadable, NoVideo
│   ├── ImageMissing, ImageUnreadable, SizesDiffer, FolderEmpty
│   ├── InstructionMissing, InstructionEmpty, GraphUnusable
│   ├── LoraUnreadable, LorasDiffer, NoModuleChosen
│   ├── ClipUnusable
│   └── NothingYet
├── PlaceError                exit 3
│   ├── WorkspaceUnusable, LedgerUnreadable, LedgerBusy
│   └── DiskFull, NotWritable
├── NoComfy                   exit 4
│   ├── ServerUnreachable, ServerLost
│   ├── ModelsMissing
│   └── GraphRefused
└── ItemFailed                exit 1
    ├── JobFailed, TwinUnusable
    └── WorkerDied
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path


class CurateError(Exception):
    """What happened, in one sentence, and the way out in another."""

    exit_code = 1

    def __init__(self, message: str, *, remedy: str) -> None:
        super().__init__(message)
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Failure:
    """An error that has become data: it crosses processes and enters the ledger."""

    item: str
    message: str
    remedy: str
    exit_code: int

    @classmethod
    def of(cls, item: str, error: BaseException) -> Failure:
        if isinstance(error, CurateError):
            return cls(item, str(error), error.remedy, error.exit_code)
        return cls(
            item,
            f"Unexpected {type(error).__name__} on {item}: {error}.",
            "Run the command again; if it happens again, report it with this line.",
            1,
        )


def nearest(word: str, words: Iterable[str]) -> str:
    """A clause naming the known word most like `word`, or all of them."""
    known = sorted(words)
    close = get_close_matches(word, known, n=1, cutoff=0.5)
    return f"Did you mean {close[0]!r}?" if close else f"Known: {', '.join(known)}."


class UsageError(CurateError):
    exit_code = 2


class UnknownSetting(UsageError):
    def __init__(self, file: Path, key: str, known: Iterable[str]) -> None:
        message = f"{file} sets {key!r}, which is not a setting."
        super().__init__(message, remedy=nearest(key, known))


class BadSetting(UsageError):
    """An option or a line of curate.toml has a value that cannot be used."""


class BadInput(CurateError):
    exit_code = 3


class FilmMissing(BadInput):
    def __init__(self, film: Path) -> None:
        super().__init__(f"There is no film {film}.", remedy="Check the path and its spelling.")


class FilmUnreadable(BadInput):
    def __init__(self, film: Path, reason: str) -> None:
        super().__init__(
            f"Cannot decode {film.name}: {reason}.",
            remedy="Check that it plays in a video player; "
            f'if it does, run `ffmpeg -i "{film}" -c copy fixed.mkv` and extract fixed.mkv.',
        )


class FilmIsFolder(BadInput):
    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"{folder} is a folder, not a film.",
            remedy=f'Name the films in it, for instance `curate extract "{folder}"/*.mkv`.',
        )


class NoVideo(BadInput):
    def __init__(self, film: Path) -> None:
        super().__init__(
            f"{film.name} has no video, only sound, subtitles or a cover.",
            remedy="Give a file with a moving picture.",
        )


class ImageMissing(BadInput):
    def __init__(self, image: Path) -> None:
        super().__init__(
            f"There is no image {image}.",
            remedy="`curate extract FILM` makes a frame again, `curate kontext` a pair's halves.",
        )


class ImageUnreadable(BadInput):
    def __init__(self, image: Path, reason: str) -> None:
        super().__init__(
            f"Cannot read the image {image}: {reason}.",
            remedy="Delete it and run the command that made it again.",
        )

    @classmethod
    def of(cls, image: Path, error: OSError) -> BadInput:
        """What the system said of an image file, in words."""
        if isinstance(error, FileNotFoundError):
            return ImageMissing(image)
        return cls(image, (error.strerror or str(error)).lower())


class SizesDiffer(BadInput):
    def __init__(self, name: str, frame: tuple[int, int], twin: tuple[int, int]) -> None:
        super().__init__(
            f"The halves of {name} differ in size: {frame[0]}×{frame[1]} and {twin[0]}×{twin[1]}.",
            remedy="Make the twin again with `curate kontext`: both halves must have one size.",
        )


class FolderEmpty(BadInput):
    def __init__(self, folder: Path, what: str) -> None:
        super().__init__(f"There are no {what} in {folder}.", remedy="Check the folder's path.")


class InstructionMissing(BadInput):
    def __init__(self, name: str, known: Iterable[str]) -> None:
        message = f"There is no instruction {name!r}: not as a path, in ./prompts or packaged."
        super().__init__(message, remedy=nearest(name, known))


class InstructionEmpty(BadInput):
    def __init__(self, file: Path) -> None:
        super().__init__(
            f"The instruction {file} has no text.",
            remedy="Write what the model shall change below the # comment line.",
        )


class GraphUnusable(BadInput):
    """A ComfyUI graph in which a role cannot be found."""


class LoraUnreadable(BadInput):
    def __init__(self, file: Path, reason: str) -> None:
        super().__init__(
            f"Cannot read {file.name} as a LoRA: {reason}.",
            remedy="Give a .safetensors LoRA as Musubi Tuner or ComfyUI writes it.",
        )


class LorasDiffer(BadInput):
    """Two LoRAs that cannot be subtracted from each other."""


class NoModuleChosen(BadInput):
    """A target that matches none of the modules there are."""


class ClipUnusable(BadInput):
    def __init__(self, name: str, reason: str) -> None:
        super().__init__(
            f"Cannot load CLIP from {name!r}: {reason}.",
            remedy="Give a directory with config.json and the weights, or a hub name while online; "
            "`pip install 'curate-lora[clip]'` brings the loader.",
        )


class NothingYet(BadInput):
    """The station before this one has not run."""

    def __init__(self, what: str, workspace: Path, command: str) -> None:
        super().__init__(f"There are no {what} in {workspace} yet.", remedy=f"Run `{command}`.")


class PlaceError(CurateError):
    exit_code = 3


class WorkspaceUnusable(PlaceError):
    def __init__(self, workspace: Path, reason: str, remedy: str = "") -> None:
        super().__init__(
            f"Cannot use {workspace} as the workspace: {reason}.",
            remedy=remedy
            or "Name a folder you may write to with `curate -w DIR …` or CURATE_WORKSPACE.",
        )


class LedgerUnreadable(PlaceError):
    def __init__(self, file: Path, reason: str) -> None:
        super().__init__(
            f"Cannot open the ledger {file}: {reason}.",
            remedy="Move it away and rerun, or restore a copy; the images beside it are unharmed.",
        )


class LedgerBusy(PlaceError):
    def __init__(self, file: Path) -> None:
        super().__init__(
            f"Another curate has been writing to {file} for half a minute.",
            remedy="Wait until it is done, then run the same command again.",
        )


class DiskFull(PlaceError):
    def __init__(self, file: Path) -> None:
        super().__init__(
            f"The disk is full: {file} was not written.",
            remedy="Free some space and run the same command again.",
        )


class NotWritable(PlaceError):
    def __init__(self, file: Path, reason: str) -> None:
        super().__init__(
            f"Cannot write {file}: {reason}.", remedy="Choose a folder that you may write to."
        )


class NoComfy(CurateError):
    exit_code = 4


class ServerUnreachable(NoComfy):
    def __init__(self, url: str, reason: str) -> None:
        super().__init__(
            f"No ComfyUI answers at {url}: {reason}.",
            remedy="Start ComfyUI, or name it with --server URL; "
            "`--backend embedded` tries the loop without one.",
        )


class ServerLost(NoComfy):
    def __init__(self, url: str, waiting: int) -> None:
        super().__init__(
            f"ComfyUI at {url} stopped answering with {waiting} frames to go.",
            remedy="Restart ComfyUI and run the same command again; finished twins are kept.",
        )


class ModelsMissing(NoComfy):
    """ComfyUI runs, but lacks model files or nodes that the graph names."""


class GraphRefused(NoComfy):
    """ComfyUI runs, but refuses the graph."""


class ItemFailed(CurateError):
    exit_code = 1


class JobFailed(ItemFailed):
    """ComfyUI took the job and reported an error for it."""


class TwinUnusable(ItemFailed):
    def __init__(self, name: str, reason: str) -> None:
        super().__init__(
            f"ComfyUI's answer for {name} is not a twin: {reason}.",
            remedy="Look at the graph in ComfyUI; run the command again to retry this frame.",
        )


class WorkerDied(ItemFailed):
    def __init__(self, item: str) -> None:
        super().__init__(
            f"The worker process died on {item}, three times.",
            remedy="It may be out of memory or the file damaged; the other items are done.",
        )
