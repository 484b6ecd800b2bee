"""The pairs as the page reads them: columns, so that ten thousand load at once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from curate.pairs import legend
from curate.pairs.review import decisions
from curate.pairs.review.decisions import Decision
from curate.pairs.verdict import Judgement, Thresholds
from curate.records import Pair

_DECIMALS = 5


@dataclass(frozen=True, slots=True)
class Shown:
    """A pair on the page: its name, its instruction, what the rule and the person say."""

    pair: Pair
    label: str
    prompt: str
    made_by: str
    judgement: Judgement
    decision: Decision | None


def table(shown: Sequence[Shown], limits: Thresholds, workspace: str) -> bytes:
    """What the page knows of the pairs but for a person's decisions, as JSON."""
    keys = dict.fromkeys(key for one in shown for key in one.pair.measures)
    value = {
        "workspace": workspace,
        "limits": dict(limits),
        "numbers": [
            {
                "key": n.key,
                "label": n.label,
                "digits": n.digits,
                "unit": n.unit,
                "signed": n.is_signed,
            }
            for n in legend.of(keys)
        ],
        "notices": notices(shown),
        "id": [one.pair.id for one in shown],
        "label": [one.label for one in shown],
        "prompt": [one.prompt for one in shown],
        "concept": [one.pair.concept for one in shown],
        "ruling": [one.judgement.ruling for one in shown],
        "reasons": [
            [[reason.badge, reason.text, reason.ruling] for reason in one.judgement.reasons]
            for one in shown
        ],
        "measures": {key: [_short(one.pair.measures.get(key)) for one in shown] for key in keys},
    }
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def decided(table: bytes, shown: Sequence[Shown]) -> bytes:
    """`table` with the decisions in it: they change often, the rest hardly ever."""
    made = json.dumps([decisions.wire(one.decision) for one in shown])
    return b'{"decision":' + made.encode() + b"," + table[1:]


def notices(shown: Sequence[Shown]) -> list[str]:
    """What a person should know of these pairs before judging them."""
    makers = sorted({one.made_by for one in shown if "preview" in one.made_by})
    found = [f"Twins of {maker}." for maker in makers]
    without = sum(one.pair.measures.get("clip_similarity") is None for one in shown)
    if without:
        found.append(f"Similarity of content: not measured on {without} of {len(shown)} pairs.")
    return found


def _short(value: float | None) -> float | None:
    return None if value is None else round(value, _DECIMALS)
