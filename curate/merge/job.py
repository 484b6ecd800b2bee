"""One merge, fixed before it starts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from curate.merge.settings import Settings


@dataclass(frozen=True, slots=True)
class Job:
    """A merge, fixed: files, their SHA-256 and weights, the output, the settings."""

    id: str
    inputs: tuple[Path, ...]
    hashes: tuple[str, ...]
    weights: tuple[float, ...]
    output: Path
    settings: Settings

    @property
    def name(self) -> str:
        """How failures call it."""
        return self.output.name

    def outputs(self) -> dict[int, Path]:
        """The file of each rank, the rank in the name if there are several; 0 if it is unknown."""
        if not self.settings.by_rank:
            return {0: self.output}
        if len(self.settings.ranks) == 1:
            return {self.settings.ranks[0]: self.output}
        stem, suffix = self.output.stem, self.output.suffix
        return {r: self.output.with_name(f"{stem}_r{r}{suffix}") for r in self.settings.ranks}
