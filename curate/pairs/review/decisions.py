"""What a person decided of a pair: its version, its wire form and its line in a file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, TypeAlias, get_args

from curate import identity
from curate.errors import BadInput
from curate.records import Ruling, Verdict

Choice: TypeAlias = Literal["keep", "reject", "repair"]
"""`repair` leaves the pair out for now and asks for its repair, or for another twin."""

_REPAIR = ("repair",)
_MOST_CHANGES = 100_000


@dataclass(frozen=True, slots=True)
class Decision:
    """A person's choice on a pair, and when it was made (ISO 8601, UTC)."""

    pair_id: str
    choice: Choice
    at: str

    @property
    def version(self) -> str:
        """Tells this decision from any other on the same pair."""
        return identity.of_task("decision", choice=self.choice, at=self.at)[:12]


@dataclass(frozen=True, slots=True)
class Change:
    """A wish: `choice` (None: take it back) in the place of the decision with `version`.

    An empty `version` means that no decision is known to the one who wishes.
    """

    pair_id: str
    choice: Choice | None
    version: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What stands now on each pair: where a wish was granted, and where it was not.

    Not granted are wishes on a decision that somebody else changed meanwhile, and those on pairs
    that no check knows any more.
    """

    decided: dict[str, Decision | None]
    conflicts: dict[str, Decision | None]
    gone: tuple[str, ...]


def now() -> str:
    """The moment in UTC, to the millisecond, as ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def of_verdict(verdict: Verdict | None) -> Decision | None:
    """The decision that a person's verdict records."""
    if verdict is None:
        return None
    choices: dict[Ruling, Choice] = {"keep": "keep", "reject": "reject", "look": "repair"}
    return Decision(verdict.pair_id, choices[verdict.ruling], verdict.at)


def to_verdict(decision: Decision) -> Verdict:
    """A person's verdict as the ledger keeps it: a pair to be repaired is not kept."""
    rulings: dict[Choice, Ruling] = {"keep": "keep", "reject": "reject", "repair": "look"}
    reasons = _REPAIR if decision.choice == "repair" else ()
    return Verdict(decision.pair_id, "person", rulings[decision.choice], reasons, decision.at)


def changes(data: bytes) -> list[Change]:
    """The wishes in a request: {"changes": [{"id", "choice", "version"}, …]}.

    Raises:
        ValueError: it has another form.
    """
    body = json.loads(data)
    wishes = body.get("changes") if isinstance(body, dict) else None
    if not isinstance(wishes, list) or not 0 < len(wishes) <= _MOST_CHANGES:
        raise ValueError("no list of changes")
    return [_change(wish) for wish in wishes]


def _change(wish: object) -> Change:
    if not isinstance(wish, dict):
        raise ValueError("a change is an object")
    pair_id, choice, version = wish.get("id"), wish.get("choice"), wish.get("version")
    if not isinstance(pair_id, str) or not isinstance(version, str):
        raise ValueError("a change has an id and a version")
    if choice is not None and choice not in get_args(Choice):
        raise ValueError(f"there is no choice {choice!r}")
    return Change(pair_id, choice, version)


def wire(decision: Decision | None) -> list[str] | None:
    """A decision as the page reads it: choice, version, moment."""
    return [decision.choice, decision.version, decision.at] if decision else None


def lines(decided: Iterable[tuple[str, str, Decision]]) -> str:
    """JSON lines, one a decision, sorted: equal decisions give equal files.

    Args:
        decided: instruction, name and decision of each pair.
    """
    rows = sorted((prompt, name, one.pair_id, one.choice, one.at) for prompt, name, one in decided)
    keys = ("prompt", "name", "pair", "choice", "at")
    return "".join(
        json.dumps(dict(zip(keys, row, strict=True)), ensure_ascii=False) + "\n" for row in rows
    )


def read(text: str, source: str) -> list[Decision]:
    """The decisions that `lines` wrote.

    Raises:
        BadInput: a line is none of ours.
    """
    found = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            one = Decision(row["pair"], row["choice"], row["at"])
            datetime.fromisoformat(one.at or "1970-01-01")
        except (ValueError, KeyError, TypeError) as error:
            raise _no_decision(number, source) from error
        if one.choice not in get_args(Choice) or not isinstance(one.pair_id, str):
            raise _no_decision(number, source)
        found.append(one)
    return found


def _no_decision(number: int, source: str) -> BadInput:
    return BadInput(
        f"Line {number} of {source} is not a decision.",
        remedy="Give a file that `curate review --export` wrote.",
    )


def newer(ours: Sequence[Decision], theirs: Sequence[Decision]) -> list[Decision]:
    """Those of `theirs` that are on other pairs than `ours`, or made later."""
    known = {one.pair_id: one for one in ours}
    return [one for one in theirs if one.pair_id not in known or one.at > known[one.pair_id].at]
