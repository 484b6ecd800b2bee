"""The nouns that pass from station to station and into the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

State = Literal["submitted", "done", "failed"]
ShotKind = Literal["content", "flat", "transition"]
Ruling = Literal["keep", "look", "reject"]
Judge = Literal["rule", "person"]
Concept = Literal["density", "light", "none"]


@dataclass(frozen=True, slots=True)
class Task:
    """One piece of work; `id` is a hash of its inputs, settings and algorithm."""

    id: str
    station: str
    item: str
    state: State
    settings: dict[str, object] = field(default_factory=dict)
    reason: str = ""
    remedy: str = ""
    exit_code: int = 0
    at: str = ""


@dataclass(frozen=True, slots=True)
class Film:
    """A film that was read; `id` hashes its contents, `task_id` is the extraction that counts.

    `rate` is its frames a second as a fraction, such as 24000/1001; empty if it does not say.
    """

    id: str
    task_id: str
    name: str
    path: str
    width: int
    height: int
    duration_s: float
    codec: str
    pixel_format: str
    rate: str = ""


@dataclass(frozen=True, slots=True)
class Shot:
    """A stretch of a film between two cuts, or the transition between two shots.

    `look` is what it looks like at three moments, as hex; empty where it shows nothing.
    """

    film_id: str
    number: int
    start_s: float
    end_s: float
    kind: ShotKind
    look: str = ""


@dataclass(frozen=True, slots=True)
class Frame:
    """A chosen frame; `id` hashes film, moment and pixels, `path` is below the workspace."""

    id: str
    film_id: str
    shot: int
    time_s: float
    path: str
    width: int
    height: int
    density: float
    sharpness: float


@dataclass(frozen=True, slots=True)
class Refusal:
    """A frame that was looked at and not chosen, with the figure that decided."""

    film_id: str
    shot: int
    time_s: float
    reason: str
    figure: float


@dataclass(frozen=True, slots=True)
class Job:
    """A graph handed, or about to be handed, to a ComfyUI server."""

    prompt_id: str
    task_id: str
    server: str
    prefix: str
    at: str


@dataclass(frozen=True, slots=True)
class Twin:
    """The edited half of a pair beside the very image that the model saw.

    `crop` is (left, top, right, bottom) in the frame's pixels; both halves are `width` × `height`.
    A frame may have several twins, numbered by `variant` from 1, each beside a frame's half.
    `control_path` is the frame after the same graph with the instruction to change nothing, empty
    where none was made. `captions` say in words what frame and twin show, or are none.
    """

    id: str
    frame_id: str
    name: str
    prompt: str
    concept: Concept
    instruction: str
    backend: str
    made_by: str
    seed: int
    crop: tuple[int, int, int, int]
    width: int
    height: int
    frame_path: str
    twin_path: str
    graph: dict[str, object] = field(default_factory=dict)
    variant: int = 1
    control_path: str = ""
    captions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pair:
    """Two halves and what was measured on them; a measure that could not be had is None."""

    id: str
    name: str
    twin_id: str
    concept: Concept
    frame_path: str
    twin_path: str
    measures: Mapping[str, float | None]
    encoder: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a pair; a person's outranks the rule's and says when it was made.

    `score` is the rule's, in (0, 1]: it chooses between a frame's twins, see curate/choice.py.
    """

    pair_id: str
    judge: Judge
    ruling: Ruling
    reasons: tuple[str, ...]
    at: str = ""
    score: float = 0.0


NOTHING_TO_EDIT = "nothing to simplify"
"""How a reason begins that lies in the frame: no other twin of it would do better."""


@dataclass(frozen=True, slots=True)
class Lora:
    """A slider LoRA that was merged; paths as given, `path` relative to the workspace if inside."""

    id: str
    path: str
    dense_path: str
    sparse_path: str
    rank: int
    modules: int
    kept_energy: float


@dataclass(frozen=True, slots=True)
class Cell:
    """A picture or clip of a grid: one LoRA, or "", at one strength under one prompt and seed.

    `digest` hashes the file; `measured` tells what the measures were taken of, and by what; a
    measure that could not be had is None.
    """

    id: str
    lora: str
    prompt: str
    seed: int
    strength: float
    path: str
    digest: str
    made_by: str
    graph: dict[str, object] = field(default_factory=dict)
    measured: str = ""
    measures: dict[str, float | None] = field(default_factory=dict)


Noun = Task | Film | Shot | Frame | Refusal | Job | Twin | Pair | Verdict | Lora | Cell
