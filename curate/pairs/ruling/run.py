"""Every pair judged, and the verdicts in the ledger brought up to date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from curate.ledger import Ledger, now
from curate.pairs import judging, used, verdict
from curate.pairs.checked import Checked
from curate.pairs.halves import Halves
from curate.pairs.repair.record import Repair
from curate.records import Pair, Ruling, Task, Verdict


def judged(
    ledger: Ledger,
    pairs: Sequence[tuple[Halves, Pair, Repair | None]],
    decided: Mapping[str, Ruling | None],
    limits: verdict.Thresholds,
    of_folders: bool,
) -> list[Checked]:
    """Every pair with its verdict; writes only what differs from what is written."""
    persons = {one.pair_id: one.ruling for one in ledger.all(Verdict, judge="person")}
    rules = {one.pair_id: one for one in ledger.all(Verdict, judge="rule")}
    said = judging.judged([(pair.measures, halves.concept) for halves, pair, _ in pairs], limits)
    checked = []
    with ledger.transaction():
        changed: list[Task | Verdict] = [used.task(limits)]
        for (halves, pair, repair), (judgement, score) in zip(pairs, said, strict=True):
            words = tuple(reason.text for reason in judgement.reasons)
            rule = Verdict(pair.id, "rule", judgement.ruling, words, score=score)
            if rules.pop(pair.id, None) != rule:
                changed.append(rule)
            if halves.label in decided:
                _decide(ledger, pair.id, decided[halves.label], persons)
            person = persons.get(pair.id)
            checked.append(Checked(halves, pair, judgement, person, repair, score))
        ledger.put(*changed)
        for pair_id in rules:  # its twin is gone or was made again: it counts nowhere
            left = ledger.get(Pair, id=pair_id)
            if left and (left.twin_id == "") == of_folders:
                ledger.remove(Verdict, pair_id=pair_id, judge="rule")
    return checked


def _decide(
    ledger: Ledger, pair_id: str, ruling: Ruling | None, persons: dict[str, Ruling]
) -> None:
    """Write a person's ruling down, or take it back."""
    if ruling is None:
        ledger.remove(Verdict, pair_id=pair_id, judge="person")
        persons.pop(pair_id, None)
    else:
        ledger.put(Verdict(pair_id, "person", ruling, (), at=now()))
        persons[pair_id] = ruling
