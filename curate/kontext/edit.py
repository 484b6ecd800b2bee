"""One frame to be edited: what goes in, what may come out, where both halves go."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from curate import files, images
from curate.errors import ImageUnreadable
from curate.images import RGB
from curate.kontext import answer, backends, geometry
from curate.kontext.geometry import Box


@dataclass(frozen=True, slots=True)
class Edit:
    """A frame under an instruction; `size` is the width and height of both halves.

    `variant` numbers a frame's twins from 1; 0 is the control, which nothing is to be changed in.
    `replaces` are the ids of what its frame had before and does not fit beside it.
    """

    id: str
    name: str
    frame_id: str
    source: Path
    source_size: tuple[int, int]
    crop: Box
    size: tuple[int, int]
    variant: int
    seed: int
    prompt: str
    instruction: str
    backend: str
    recipe: str
    frame_file: Path
    twin_file: Path
    replaces: tuple[str, ...] = ()

    @property
    def stem(self) -> str:
        return self.twin_file.stem

    @property
    def is_control(self) -> bool:
        return self.variant == 0

    @property
    def control_name(self) -> str:
        """The name of the control of its frame."""
        return f"{self.prompt}/control/{self.source.stem}"

    @property
    def made_as(self) -> str:
        """Equal for a twin and a control of one frame that may stand side by side."""
        return f"{self.recipe} {self.crop} {self.size}"

    @property
    def files(self) -> tuple[Path, ...]:
        """What is written: both halves, or the control alone."""
        return (self.twin_file,) if self.is_control else (self.frame_file, self.twin_file)


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


def make(edit: Edit) -> None:
    """Write both halves, the twin by the edit's own backend.

    Raises:
        TwinUnusable: what the backend made is no twin.
    """
    frame = sent(edit)
    twin = backends.load(edit.backend).twin(frame.copy(), edit.instruction, edit.seed)
    answer.checked(edit.name, frame, twin, may_be_equal=edit.is_control)
    _write(edit, images.encode_png(frame), images.encode_png(twin))


def keep(edit: Edit, frame: RGB, png: bytes, came: bytes) -> None:
    """Write both halves if a server's answer is a twin.

    Args:
        edit: what was asked for.
        frame: the image that was sent.
        png: the same, encoded.
        came: the answer.

    Raises:
        TwinUnusable: it does not decode, has another size, shows nothing or is the frame.
    """
    _write(edit, png, answer.png(edit.name, frame, came, may_be_equal=edit.is_control))


def sizes(edit: Edit) -> list[int]:
    """The sizes in bytes of the edit's files, -1 for one that is not there."""
    return [_bytes(file) for file in edit.files]


def is_whole(edit: Edit, recorded: object) -> bool:
    """Whether the edit's files are still in place and can be used.

    A file of its recorded size is not opened. One of another size was cut off, and is damaged; or
    a person has painted on it, and it stands.
    """
    now = sizes(edit)
    if now == recorded:
        return True
    return -1 not in now and all(_shows(file, edit.size) for file in edit.files)


def _write(edit: Edit, frame: bytes, twin: bytes) -> None:
    for file, png in zip(reversed(edit.files), (twin, frame), strict=False):
        files.write_bytes(file, png)


def _shows(file: Path, size: tuple[int, int]) -> bool:
    try:
        return images.read(file).shape[1::-1] == size
    except ImageUnreadable:
        return False


def _bytes(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return -1
