"""What is told of a pair to others: where it is from, how it was made, measured and judged."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

Measure = float | None


@dataclass(frozen=True, slots=True)
class Fact:
    """One pair of the dataset; `frame` and `twin` are its images at full size."""

    name: str
    film: str
    time_s: float | None
    prompt: str
    concept: str
    instruction: str
    backend: str
    made_by: str
    seed: int | None
    verdict: str
    judge: str
    reasons: tuple[str, ...]
    measures: dict[str, Measure]
    frame: Path
    twin: Path


def scrubbed(value: object) -> object:
    """`value` with every absolute path in it cut down to its last part."""
    if isinstance(value, str):
        is_path = "\n" not in value and (
            PurePosixPath(value).is_absolute() or PureWindowsPath(value).is_absolute()
        )
        return PureWindowsPath(value).name if is_path else value
    if isinstance(value, dict):
        return {key: scrubbed(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [scrubbed(one) for one in value]
    return value
