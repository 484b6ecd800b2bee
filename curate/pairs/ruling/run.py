"""Every pair judged, and the verdicts in the ledger brought up to date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from curate.ledger import Ledger, now
from curate.pairs import judging, used, verdict
from curate.pairs.checked import Checked
from curate.pairs.halves import Halves
from curate.pairs.repair.record import Repair
from curate.records import Pair, Ruling, Verdict
from curate.slots import built


def judged(
    ledger: Ledger,
    pairs: Sequence[tuple[Halves, Pair, Repair | None]],
    decided: Mapping[str, Ruling | None],
    limits: verdict.Thresholds,
    of_folders: bool,
) -> list[Checked]:
    """Every pair with its verdict; writes only what differs from what is written."""
    persons = {one.pair_id: one.ruling for one in ledger.all(Verdict, judge="person")}
    columns = ledger.columns(Verdict, "pair_id", "ruling", "reasons", "score", judge="rule")
    rules = {pair_id: written for pair_id, *written in columns}
    said = judging.judged([(pair.measures, halves.concept) for halves, pair, _ in pairs], limits)
    with ledger.transaction():
        changed = []
        for (halves, pair, _), (judgement, score) in zip(pairs, said, strict=True):
            words = tuple(reason.text for reason in judgement.reasons)
            if rules.pop(pair.id, None) != [judgement.ruling, words, score]:
                changed.append((pair.id, "rule", judgement.ruling, words, "", score))
            if halves.label in decided:
                _decide(ledger, pair.id, decided[halves.label], persons)
        verdicts = built(Verdict, len(changed), *zip(*changed, strict=True)) if changed else []
        ledger.put(used.task(limits), *verdicts)
        for pair_id in rules:  # its twin is gone or was made again: it counts nowhere
            left = ledger.get(Pair, id=pair_id)
            if left and (left.twin_id == "") == of_folders:
                ledger.remove(Verdict, pair_id=pair_id, judge="rule")
    if not pairs:
        return []
    there, measured, repairs = zip(*pairs, strict=True)
    judgements, scores = zip(*said, strict=True)
    rulings = [persons.get(pair.id) for pair in measured]
    return built(Checked, len(pairs), there, measured, judgements, rulings, repairs, scores)


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
