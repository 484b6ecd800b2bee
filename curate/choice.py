"""Which of a frame's twins counts: one for each frame and instruction."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from curate.records import Pair, Ruling, Verdict

_RANK: dict[Ruling, int] = {"reject": 0, "look": 1, "keep": 2}


class Made(Protocol):
    """What of a twin the choice asks for."""

    @property
    def id(self) -> str: ...
    @property
    def frame_id(self) -> str: ...
    @property
    def prompt(self) -> str: ...
    @property
    def variant(self) -> int: ...


def best(
    pairs: Iterable[Pair], twins: Iterable[Made], verdicts: Iterable[Verdict]
) -> dict[str, Ruling]:
    """The pair that counts for each frame under an instruction, with its ruling, by the pair's id.

    The best ruling wins, then a person's over the rule's, then the rule's score, then the twin
    made first. A pair without a verdict, or whose twin is not among `twins`, does not count; one of
    two plain folders, which has no twin, stands for itself.
    """
    persons: dict[str, Verdict] = {}
    rules: dict[str, Verdict] = {}
    for verdict in verdicts:
        (persons if verdict.judge == "person" else rules)[verdict.pair_id] = verdict
    made = {twin.id: twin for twin in twins}
    leading: dict[tuple[str, str], tuple[tuple[int, bool, float, int], str, Ruling]] = {}
    for pair in pairs:
        twin = made.get(pair.twin_id)
        if pair.id not in rules or (twin is None and pair.twin_id):
            continue
        ruling = persons.get(pair.id, rules[pair.id]).ruling
        place = (
            _RANK[ruling],
            pair.id in persons,
            rules[pair.id].score,
            -twin.variant if twin else 0,
        )
        key = (twin.frame_id, twin.prompt) if twin else (pair.id, "")
        if key not in leading or place > leading[key][0]:
            leading[key] = (place, pair.id, ruling)
    return {pair_id: ruling for _, pair_id, ruling in leading.values()}
