"""The pairs as the page reads them: columns, so that ten thousand load at once."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from curate.pairs import legend
from curate.pairs.checked import Checked
from curate.pairs.halves import FOLDERS, Halves
from curate.pairs.repair import record
from curate.pairs.review import decisions
from curate.pairs.review.decisions import Decision
from curate.pairs.verdict import Judgement, Thresholds, judge
from curate.records import Pair, Task, Twin, Verdict

_DECIMALS = 5


@dataclass(frozen=True, slots=True)
class Shown:
    """A pair on the page: its name, its instruction, what the rule and the person say.

    `original` is the pair before its repair, where it has one; `tried` is the record of the repair,
    kept or refused.
    """

    pair: Pair
    label: str
    prompt: str
    made_by: str
    judgement: Judgement
    decision: Decision | None
    original: Pair | None = None
    tried: Task | None = None
    score: float = 0.0

    @property
    def steps(self) -> tuple[str, ...]:
        """What the repair did, in words."""
        return record.steps(self.tried) if self.tried else ()

    def checked(self, file: Callable[[str], str], limits: Thresholds) -> Checked:
        """The pair as the report shows it; `file` finds what the ledger names."""
        person = decisions.to_verdict(self.decision).ruling if self.decision else None
        before, repair = self.original or self.pair, None
        if self.tried:
            judged = judge(before.measures, before.concept, limits)
            repair = record.of_task(self.tried, self._halves(before, file), before, judged)
        halves = self._halves(self.pair, file)
        return Checked(halves, self.pair, self.judgement, person, repair, self.score)

    def _halves(self, pair: Pair, file: Callable[[str], str]) -> Halves:
        return Halves(
            label=self.label,
            name=pair.name,
            group=self.prompt,
            concept=pair.concept,
            twin_id=pair.twin_id,
            made_by=self.made_by,
            frame_file=file(pair.frame_path),
            twin_file=file(pair.twin_path),
        )


def laid_out(
    pairs: Sequence[Pair],
    verdicts: Sequence[Verdict],
    twins: Mapping[str, Twin],
    originals: Mapping[str, Pair],
    tried: Mapping[str, Task],
    limits: Thresholds,
) -> list[Shown]:
    """The pairs that have a rule's verdict, by instruction and name.

    Args:
        pairs: all there are.
        verdicts: the rule's and persons'.
        twins: by id.
        originals: the pair before a repair, by the id of the repaired one.
        tried: the records of repairs, by the id of the pair before it.
        limits: thresholds to judge by.
    """
    ruled = {one.pair_id: one.score for one in verdicts if one.judge == "rule"}
    persons = {one.pair_id: one for one in verdicts if one.judge == "person"}
    pairs = [pair for pair in pairs if pair.id in ruled]
    names = Counter(pair.name for pair in pairs)
    found = []
    for pair in pairs:
        twin, original = twins.get(pair.twin_id), originals.get(pair.id)
        prompt = twin.prompt if twin else FOLDERS
        label = pair.name if names[pair.name] == 1 else f"{prompt}/{pair.name}"
        task = tried.get((original or pair).id)
        found.append(
            Shown(
                pair,
                label if not twin or twin.variant == 1 else f"{label} ({twin.variant})",
                prompt,
                twin.made_by if twin else "",
                judge(pair.measures, pair.concept, limits),
                decisions.of_verdict(persons.get(pair.id)),
                original,
                task if task and bool(task.settings["reason"]) == (original is None) else None,
                ruled[pair.id],
            )
        )
    return sorted(found, key=lambda one: (one.prompt, one.pair.name, one.label))


def table(shown: Sequence[Shown], limits: Thresholds, workspace: str) -> bytes:
    """What the page knows of the pairs but for a person's decisions, as JSON."""
    keys = dict.fromkeys(key for one in shown for key in one.pair.measures)
    value = {
        "workspace": workspace,
        "limits": dict(limits),
        "numbers": legend.plain(legend.of(keys)),
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
        "repair": [list(one.steps) if one.original else None for one in shown],
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
