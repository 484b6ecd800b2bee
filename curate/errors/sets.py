"""Datasets, trainings and archives of them that cannot be used."""

from __future__ import annotations

from pathlib import Path

from curate.errors.base import BadInput, ItemFailed


class CaptionUnusable(BadInput):
    def __init__(self, name: str, file: Path, reason: str) -> None:
        super().__init__(
            f"No caption for {name} can be read from {file}: {reason}.",
            remedy="Write it as UTF-8 text, or choose another scheme with --captions.",
        )


class ArchiveUnusable(BadInput):
    def __init__(self, file: Path, reason: str) -> None:
        super().__init__(
            f"{file} cannot be unpacked: {reason}.",
            remedy="Give a file that `curate pack` wrote; if it was copied, copy it again.",
        )


class MusubiMissing(BadInput):
    """Musubi Tuner, or a model that it trains with, is not where it was said to be."""


class DatasetMoved(BadInput):
    def __init__(self, workspace: Path, written_for: str) -> None:
        super().__init__(
            f"The dataset in {workspace} was written for {written_for}.",
            remedy="Its files name absolute paths: run `curate dataset` to write them again.",
        )


class TrainingFailed(ItemFailed):
    def __init__(self, step: str, reason: str, log: Path) -> None:
        super().__init__(
            f"Musubi ended the {step} with {reason}.",
            remedy=f"Read {log}; then run `curate train` again, which goes on at this step.",
        )


class PushFailed(ItemFailed):
    def __init__(self, name: str, reason: str) -> None:
        super().__init__(
            f"The dataset was not uploaded to {name}: {reason}.",
            remedy="Check the name, the connection and HF_TOKEN (a token that may write).",
        )
