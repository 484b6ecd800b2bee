"""Images, and pairs of them, that cannot be used."""

from __future__ import annotations

from pathlib import Path

from curate.errors.base import BadInput


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


class ClipsDiffer(BadInput):
    def __init__(self, name: str, what: str, dense: str, sparse: str) -> None:
        super().__init__(
            f"The clips of {name} differ in {what}: {dense} and {sparse}.",
            remedy="Make one from the other, frame by frame, at its size and rate.",
        )


class ClipUnreadable(BadInput):
    def __init__(self, clip: Path, reason: str) -> None:
        super().__init__(
            f"Cannot decode the clip {clip}: {reason}.",
            remedy="If it plays in a video player, write it anew with FFmpeg; else make it again.",
        )


class ClipTooShort(BadInput):
    def __init__(self, name: str, frames: int, wanted: int) -> None:
        super().__init__(
            f"The clips of {name} have {frames} frames to train on, Musubi would drop them: "
            f"{wanted} are asked for.",
            remedy="Give fewer --frames, or longer clips.",
        )


class ClipUnusable(BadInput):
    def __init__(self, name: str, reason: str) -> None:
        super().__init__(
            f"Cannot load CLIP from {name!r}: {reason}.",
            remedy="Give a directory with config.json and the weights, or a hub name while online; "
            "`pip install 'curate-lora[clip]'` brings the loader.",
        )


class TooFewRulings(BadInput):
    def __init__(self, count: int, least: int) -> None:
        super().__init__(
            f"Only {count} pairs were ruled on by a person; {least} are needed to propose limits.",
            remedy="Rule on more with `curate review`, or with --keep NAME and --reject NAME.",
        )
