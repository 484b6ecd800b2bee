"""What the pairs of a ledger come from: its frames and its twins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from curate.records import Concept


class Shown(NamedTuple):
    """Where a frame comes from."""

    film_id: str
    shot: int
    path: str


class Made(NamedTuple):
    """What pairing asks of a twin, under the names that it has there.

    A tuple, since a dataclass for each of ten thousand takes as long as reading them.
    """

    id: str
    frame_id: str
    name: str
    prompt: str
    concept: Concept
    made_by: str
    frame_path: str
    twin_path: str
    variant: int
    control_path: str
    captions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Origins:
    """The frames and twins of a ledger, by id."""

    frames: Mapping[str, Shown]
    twins: Mapping[str, Made]

    @property
    def current(self) -> list[Made]:
        """The twins whose frames are still among those chosen."""
        return [twin for twin in self.twins.values() if twin.frame_id in self.frames]
