"""One frame to be edited: what goes in, what may come out, where both halves go."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from curate import images
from curate.errors import ImageUnreadable, TwinUnusable
from curate.images import RGB
from curate.kontext import embedded, geometry
from curate.kontext.geometry import Box

_FLAT_LEVELS = 8  # a twin whose channels all stay within so few levels shows nothing


@dataclass(frozen=True, slots=True)
class Edit:
    """A frame under an instruction; `size` is the width and height of both halves."""

    id: str
    name: str
    frame_id: str
    source: Path
    source_size: tuple[int, int]
    crop: Box
    size: tuple[int, int]
    seed: int
    frame_file: Path
    twin_file: Path

    @property
    def stem(self) -> str:
        return self.twin_file.stem


def sent(edit: Edit) -> RGB:
    """The image that the model sees, which is the frame's half.

    Raises:
        ImageUnreadable: the frame is damaged, or not the one that was extracted.
    """
    pixels = images.read(edit.source)
    height, width = pixels.shape[:2]
    if (width, height) != edit.source_size:
        raise ImageUnreadable(edit.source, f"it is {width}×{height} px, not as it was extracted")
    return geometry.seen(pixels, edit.crop, edit.size)


def simplify(edit: Edit) -> None:
    """Write both halves, the twin by the embedded simplifier."""
    frame = sent(edit)
    images.write(edit.frame_file, frame)
    images.write(edit.twin_file, embedded.simplified(frame))


def keep(edit: Edit, frame: RGB, answer: bytes) -> None:
    """Write both halves if a server's answer is a twin; the graph in its PNG is left out.

    Raises:
        TwinUnusable: it does not decode, has another size or shows nothing.
    """
    try:
        twin = images.decode(answer)
    except (OSError, SyntaxError, ValueError) as error:
        raise TwinUnusable(edit.name, "it is no whole image") from error
    if twin.shape != frame.shape:
        came, wanted = (f"{shape[1]}×{shape[0]}" for shape in (twin.shape, frame.shape))
        raise TwinUnusable(edit.name, f"it is {came} px where the frame's half is {wanted}")
    spread = twin.max(axis=(0, 1)).astype(int) - twin.min(axis=(0, 1))
    if spread.max() < _FLAT_LEVELS:
        raise TwinUnusable(edit.name, "it is black" if twin.max() < _FLAT_LEVELS else "it is flat")
    images.write(edit.frame_file, frame)
    images.write(edit.twin_file, twin)
