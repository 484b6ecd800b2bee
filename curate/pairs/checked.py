"""A pair after it was checked: what the rule says of it, what a person ruled, what was repaired."""

from __future__ import annotations

from dataclasses import dataclass

from curate.pairs.halves import Halves
from curate.pairs.repair.record import Repair
from curate.pairs.verdict import Judgement
from curate.records import Pair, Ruling


@dataclass(frozen=True, slots=True)
class Checked:
    """A pair with what the rule says of it and what a person ruled, if one did.

    With a `repair` in force, halves and measures are those after it. `score` is the rule's: it
    chooses between a frame's twins.
    """

    halves: Halves
    pair: Pair
    judgement: Judgement
    person: Ruling | None
    repair: Repair | None = None
    score: float = 0.0

    @property
    def ruling(self) -> Ruling:
        """A person's ruling if there is one, else the rule's."""
        return self.person or self.judgement.ruling

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why, in words; what the rule said stays readable under a person's ruling."""
        rule = tuple(reason.text for reason in self.judgement.reasons)
        if self.repair and self.repair.reason:
            rule += (f"not repaired: {self.repair.reason}",)
        if self.person is None:
            return rule
        return (f"a person ruled {self.person}", *(f"the rule: {text}" for text in rule))
