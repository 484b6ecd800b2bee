"""One merge, fixed before it starts."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path

from curate import identity
from curate.merge.settings import Settings

_ALGORITHM = "merge/1"


@dataclass(frozen=True, slots=True)
class Job:
    """A merge, fixed: files, their SHA-256 and weights, the output, the settings.

    `digests` may still be reading the files: who asks for `hashes` or `id` waits for them.
    """

    inputs: tuple[Path, ...]
    digests: tuple[Future[str], ...]
    weights: tuple[float, ...]
    output: Path
    settings: Settings

    @property
    def hashes(self) -> tuple[str, ...]:
        return tuple(digest.result() for digest in self.digests)

    @property
    def id(self) -> str:
        """The task id."""
        return identity.of_task(
            _ALGORITHM,
            inputs=[[p.name, digest] for p, digest in zip(self.inputs, self.hashes, strict=True)],
            weights=list(self.weights),
            output=self.output.name,
            settings=self.settings.described(),
        )

    def unhashed(self) -> Job:
        """The same before its files are read: zeros, as many, for the hashes."""
        nothing: Future[str] = Future()
        nothing.set_result("0" * 64)
        return replace(self, digests=tuple(nothing for _ in self.digests))

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
