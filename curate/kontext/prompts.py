"""An instruction file: found by name, read into text, slider and concept."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import curate
from curate.errors import BadInput, InstructionEmpty, InstructionMissing
from curate.records import Concept

_SUFFIX = ".txt"
_HERE = Path("prompts")
_CONCEPT = re.compile(r"concept:\s*(\w+)")
_CAPTIONS = re.compile(r"captions:(.*)")
_TWO = re.compile(r'\s*"([^"]+)"\s*->\s*"([^"]+)"\s*;?')
_SLIDER = re.compile(r"slider:\s*([^;]+)")


@dataclass(frozen=True, slots=True)
class Instruction:
    """What the model is told, and which slider the pairs will make.

    `captions` say in words what frame and twin show; none if the file does not say.
    """

    name: str
    text: str
    slider: str
    concept: Concept
    captions: tuple[str, ...] = ()


def read(name: str) -> Instruction:
    """The instruction of that name: a path, else in ./prompts, else one that comes with curate.

    Lines that begin with "#" are not sent. The first of them may say
    `slider: dense to minimal; concept: density`; the concept is then checked in the pairs. It may
    end with `; captions: "a full street" -> "a bare street"`, for CLIP's directional similarity.

    Raises:
        InstructionMissing: there is none; the error names the nearest.
        InstructionEmpty: it has no text.
        BadInput: it is not UTF-8, names a concept that is not known, or not two captions.
    """
    file = _find(name)
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"Cannot read {file}: {error}.", remedy="Save it as UTF-8 text.") from error
    comment = next((line for line in lines if line.startswith("#")), "")
    text = " ".join(" ".join(line for line in lines if not line.startswith("#")).split())
    if not text:
        raise InstructionEmpty(file)
    slider = _SLIDER.search(comment)
    return Instruction(
        file.stem,
        text,
        slider[1].strip() if slider else "",
        _concept(comment, file),
        _captions(comment, file),
    )


def _concept(comment: str, file: Path) -> Concept:
    said = _CONCEPT.search(comment)
    for concept in get_args(Concept):
        if concept == (said[1] if said else "none"):
            return concept  # type: ignore[no-any-return] # get_args knows no Literal
    known = ", ".join(get_args(Concept))
    raise BadInput(
        f"{file} names the concept {said[1] if said else ''!r}.", remedy=f"Known: {known}."
    )


def _captions(comment: str, file: Path) -> tuple[str, ...]:
    said = _CAPTIONS.search(comment)
    if said is None:
        return ()
    two = _TWO.match(said[1])
    if two is None:
        raise BadInput(
            f"{file} does not say two captions.",
            remedy='Write: captions: "a street by day" -> "the same street at night".',
        )
    return two[1], two[2]


def _find(name: str) -> Path:
    bare = Path(name)
    for file in (bare, *(folder / bare for folder in (_HERE, packaged()))):
        for path in (file, file.parent / (file.name + _SUFFIX)):
            if path.is_file():
                return path
    known = {file.name for folder in (_HERE, packaged()) for file in folder.glob(f"*{_SUFFIX}")}
    raise InstructionMissing(name, known)


def packaged() -> Path:
    """The folder of the instructions that come with curate."""
    package = Path(curate.__file__).parent
    inside = package / "prompts"
    return inside if inside.is_dir() else package.parent / "prompts"
