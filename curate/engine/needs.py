"""What one item takes of a machine while it is worked on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Needs:
    """Declared by a station for each of its items.

    Processes of this machine keep to the cores; Ray keeps to all three on each of its nodes.

    Attributes:
        cpus: processor cores.
        gpus: graphics cards; a part of one where several items share it.
        memory_mb: of main memory, at its highest.
    """

    cpus: float = 1
    gpus: float = 0
    memory_mb: int = 0

    def __str__(self) -> str:
        cards = f", {self.gpus:g} graphics cards" if self.gpus else ""
        memory = f", {self.memory_mb} MB" if self.memory_mb else ""
        return f"{self.cpus:g} cores{cards}{memory}"

    def fit(self, cpus: float, gpus: float, memory_mb: float) -> int:
        """How many items a machine with this much can work on at once."""
        needed = ((self.cpus, cpus), (self.gpus, gpus), (self.memory_mb, memory_mb))
        return min(int(has / need) for need, has in needed if need)
