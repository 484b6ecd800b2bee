"""curate review: the pairs of the ledger on a page, a person's decisions back into it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from curate import files
from curate.errors import BadInput, BadSetting, NothingYet
from curate.ledger import Ledger
from curate.pairs import judging, purity, report, sections, used, verdict
from curate.pairs.repair import run as repairs
from curate.pairs.review import decisions, server, shown, whatif
from curate.pairs.review.decisions import Answer, Change, Decision
from curate.pairs.review.shown import Shown
from curate.pairs.whole.run import origins, wholes
from curate.records import Pair, Task, Verdict

THUMBS = Path("cache/thumbs")


@dataclass(frozen=True, slots=True)
class Reviewed:
    """How far the review is: pairs in all, and how many a person decided each way."""

    pairs: int
    keep: int
    reject: int
    repair: int


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of the decisions of a file."""

    taken: int
    older: int
    unknown: int


def review(
    ledger: Ledger,
    *,
    port: int = 0,
    settings: Sequence[str] = (),
    ready: Callable[[str], None],
    dry_run: bool = False,
) -> Reviewed:
    """Serve the page until Ctrl-C; every decision is in the ledger before the page says so.

    Args:
        ledger: of the workspace.
        port: of 127.0.0.1; 0 takes a free one.
        settings: thresholds as KEY=VALUE to show the rule's verdicts with.
        ready: is given the page's address once it can be opened.
        dry_run: only say what would be shown.

    Raises:
        NothingYet: no pair was checked.
        BadSetting: an unknown threshold.
        PortTaken: something else listens there.
    """
    limits = verdict.thresholds(settings) if settings else None
    if not ledger.get(Verdict, judge="rule"):
        raise NothingYet("checked pairs", ledger.workspace, "curate pair-check")
    if not dry_run:
        with Desk(ledger.workspace, limits) as desk:
            server.serve(desk, port, ready)
    return progress(ledger)


def progress(ledger: Ledger) -> Reviewed:
    """How many pairs there are and how many a person decided each way."""
    there = load(ledger, verdict.DEFAULTS)
    counts = Counter(one.decision.choice for one in there if one.decision)
    return Reviewed(len(there), counts["keep"], counts["reject"], counts["repair"])


def export(ledger: Ledger, file: Path, *, dry_run: bool = False) -> int:
    """Write every decision as a line of JSON; returns how many."""
    rows = [
        (one.prompt, one.pair.name, one.decision)
        for one in load(ledger, verdict.DEFAULTS)
        if one.decision
    ]
    if not dry_run:
        files.write_text(file, decisions.lines(rows))
    return len(rows)


def read(ledger: Ledger, file: Path, *, dry_run: bool = False) -> Imported:
    """Take over the decisions of a file; on a pair decided here too, the later one counts.

    Raises:
        BadInput: the file cannot be read, or a line is no decision; nothing is taken then.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"Cannot read {file}: {error}.", remedy="Check the path.") from error
    theirs = decisions.read(text, str(file))
    pairs = {pair.id for pair in ledger.all(Pair)}
    known = [one for one in theirs if one.pair_id in pairs]
    with ledger.transaction():
        ours = [decisions.of_verdict(one) for one in ledger.all(Verdict, judge="person")]
        taken = decisions.newer([one for one in ours if one], known)
        if not dry_run:
            ledger.put(*(decisions.to_verdict(one) for one in taken))
    return Imported(len(taken), len(known) - len(taken), len(theirs) - len(known))


def html(ledger: Ledger, file: Path, *, dry_run: bool = False) -> int:
    """Write all pairs as one file that needs no other, to look at; returns how many."""
    limits = used.limits(ledger.get(Task, station=used.STATION))
    there = load(ledger, limits)
    if not there:
        raise NothingYet("checked pairs", ledger.workspace, "curate pair-check")
    if not dry_run:
        checked = [one.checked(ledger.file, limits) for one in there]
        found = wholes(checked, origins(ledger), purity.margins(()))
        below = sections.of(checked, found, file, is_alone=True)
        report.write(file, checked, limits, sections=below, is_alone=True)
    return len(there)


def load(ledger: Ledger, limits: verdict.Thresholds) -> list[Shown]:
    """The pairs that the last check saw, by name."""
    tasks = ledger.all(Task, station=repairs.STATION, state="done")
    return shown.laid_out(
        ledger.all(Pair),
        ledger.all(Verdict),
        {twin.id: twin for twin in ledger.twins()},
        repairs.originals(ledger),
        {str(task.settings["original"]): task for task in tasks},
        limits,
    )


class Desk:
    """The pairs that lie before a person, and the one writer of decisions; a context manager.

    Whatever touches the ledger is to be run by `clerk`, a single thread.
    """

    def __init__(self, workspace: Path, limits: verdict.Thresholds | None) -> None:
        self.workspace = workspace
        self.thumbs = workspace / THUMBS
        self._given = limits
        self._table: bytes | None = None
        self._revision = -1

    def __enter__(self) -> Self:
        self._thread = ThreadPoolExecutor(1, "ledger")
        self._ledger = self._thread.submit(Ledger, self.workspace).result()
        self._thread.submit(self.table).result()  # before the page asks for it
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._thread.submit(self._ledger.__exit__, kind, error, trace).result()
        self._thread.shutdown()

    @property
    def clerk(self) -> Executor:
        """The thread that the ledger belongs to."""
        return self._thread

    def halves(self, pair_id: str) -> tuple[Path, ...]:
        """The files of a pair, frame and twin, and of the same before a repair; () if unknown."""
        one = self._by_id.get(pair_id)
        pairs = [pair for pair in (one.pair, one.original) if pair] if one else []
        return tuple(self._ledger.path(p) for o in pairs for p in (o.frame_path, o.twin_path))

    def table(self) -> bytes:
        """All pairs as JSON, read again where another program has written meanwhile."""
        self._fresh()
        if self._table is None:
            name = self.workspace.resolve().name
            self._table = shown.table(list(self._by_id.values()), self._limits, name)
        return shown.decided(self._table, list(self._by_id.values()))

    def decided(self) -> dict[str, list[str] | None]:
        """Every decision, by the pair's id."""
        self._fresh()
        return {key: decisions.wire(one.decision) for key, one in self._by_id.items()}

    def decide(self, changes: Sequence[Change]) -> Answer:
        """Record what was wished where nobody else decided meanwhile; all in one transaction."""
        self._fresh()
        decided: dict[str, Decision | None] = {}
        conflicts: dict[str, Decision | None] = {}
        moment = decisions.now()
        gone = tuple(one.pair_id for one in changes if one.pair_id not in self._by_id)
        with self._ledger.transaction():
            for change in changes:
                if change.pair_id in self._by_id:
                    now = self._decision(change.pair_id)
                    stands = (now.version if now else "") == change.version
                    if stands:
                        decided[change.pair_id] = self._record(change, moment)
                    else:
                        conflicts[change.pair_id] = now
        for key, one in (decided | conflicts).items():
            self._by_id[key] = replace(self._by_id[key], decision=one)
        return Answer(decided, conflicts, gone)

    def whatif(self, changed: Mapping[str, float]) -> bytes:
        """What these thresholds, over those in use, make of every pair, as JSON."""
        limits = self._over(changed)
        return whatif.table(list(self._by_id.values()), limits, verdict.DEFAULTS)

    def judge(self, changed: Mapping[str, float]) -> None:
        """Judge every pair by these thresholds from now on, and record the rule's verdicts."""
        self._limits, self._given = self._over(changed), None
        there = list(self._by_id.values())
        pairs = [(one.pair.measures, one.pair.concept) for one in there]
        with self._ledger.transaction():
            for one, (said, score) in zip(there, judging.judged(pairs, self._limits), strict=True):
                words = tuple(reason.text for reason in said.reasons)
                self._ledger.put(Verdict(one.pair.id, "rule", said.ruling, words, score=score))
                self._by_id[one.pair.id] = replace(one, judgement=said)
            self._ledger.put(used.task(self._limits))
        self._table = None

    def _over(self, changed: Mapping[str, float]) -> verdict.Thresholds:
        unknown = changed.keys() - verdict.DEFAULTS.keys()
        if unknown:
            raise BadSetting(f"There is no threshold {min(unknown)!r}.", remedy="Reload the page.")
        return {**self._limits, **changed}

    def _decision(self, pair_id: str) -> Decision | None:
        return decisions.of_verdict(self._ledger.get(Verdict, pair_id=pair_id, judge="person"))

    def _record(self, change: Change, moment: str) -> Decision | None:
        if change.choice is None:
            self._ledger.remove(Verdict, pair_id=change.pair_id, judge="person")
            return None
        decision = Decision(change.pair_id, change.choice, moment)
        self._ledger.put(decisions.to_verdict(decision))
        return decision

    def _fresh(self) -> None:
        if self._ledger.revision() != self._revision:
            self._load()

    def _load(self) -> None:
        self._revision = self._ledger.revision()
        self._limits = self._given or used.limits(self._ledger.get(Task, station=used.STATION))
        self._by_id = {one.pair.id: one for one in load(self._ledger, self._limits)}
        self._table = None
