from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.errors import BadInput
from curate.ledger import Ledger
from curate.pairs.review import decisions, whatif
from curate.pairs.review.decisions import Decision
from curate.pairs.review.run import export, load, read
from curate.pairs.verdict import DEFAULTS, LIMITS, Limit, judge
from curate.records import Verdict
from tests.conftest import Cli
from tests.pairs.review.serving import persons

STERNNESS = {"k": 0, "l": 1, "r": 2}
DECISIONS = st.builds(
    Decision,
    st.text("ab", min_size=1, max_size=2),
    st.sampled_from(["keep", "reject", "repair"]),
    st.datetimes().map(lambda moment: moment.isoformat(timespec="milliseconds")),
)


def decide(workspace: Path, **choices: str) -> None:
    with Ledger(workspace) as ledger:
        names = {one.pair.name: one.pair.id for one in load(ledger, DEFAULTS)}
        for number, (name, choice) in enumerate(choices.items()):
            at = f"2026-01-0{number + 1}T10:00:00.000+00:00"
            ledger.put(decisions.to_verdict(Decision(names[name], choice, at)))  # type: ignore[arg-type]


@given(st.lists(DECISIONS, unique_by=lambda one: one.pair_id))
def test_lines_read_back_to_what_was_written(made: list[Decision]) -> None:
    text = decisions.lines(("simplify", "name", one) for one in made)

    assert sorted(decisions.read(text, "file"), key=str) == sorted(made, key=str)


@given(DECISIONS)
def test_a_verdict_in_the_ledger_is_the_decision(one: Decision) -> None:
    assert decisions.of_verdict(decisions.to_verdict(one)) == one


@given(DECISIONS, DECISIONS)
def test_different_decisions_have_different_versions(one: Decision, other: Decision) -> None:
    alike = (one.choice, one.at) == (other.choice, other.at)

    assert (one.version == other.version) == alike


def test_decisions_go_out_and_come_back(curate: Cli, workspace: Path) -> None:
    decide(workspace, good="keep", moved="reject", tinted="repair")
    assert curate("-w", workspace, "review", "--export", "mine.jsonl").returncode == 0
    lines = (curate.folder / "mine.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["choice"] for line in lines] == ["keep", "reject", "repair"]
    assert json.loads(lines[0])["name"] == "good"
    with Ledger(workspace) as ledger:
        ledger.remove(Verdict, judge="person")

    ended = curate("-w", workspace, "review", "--import", "mine.jsonl")

    assert ended.stdout == "3 decisions taken.\n"
    assert persons(workspace) == {"good": "keep", "moved": "reject", "tinted": "look"}
    assert (
        "3 are here already" in curate("-w", workspace, "review", "--import", "mine.jsonl").stdout
    )


def test_of_two_decisions_the_later_counts_and_unknown_pairs_are_counted(
    tmp_path: Path, workspace: Path
) -> None:
    decide(workspace, good="keep", moved="reject")
    with Ledger(workspace) as ledger:
        ours = {one.pair.name: one.decision for one in load(ledger, DEFAULTS) if one.decision}
        good, moved = ours["good"], ours["moved"]
        assert good
        assert moved
        theirs = [
            Decision(good.pair_id, "reject", "2027-01-01T00:00:00.000+00:00"),
            Decision(moved.pair_id, "keep", "2025-01-01T00:00:00.000+00:00"),
            Decision("elsewhere", "keep", "2027-01-01T00:00:00.000+00:00"),
        ]
        file = tmp_path / "theirs.jsonl"
        file.write_text(decisions.lines(("", "", one) for one in theirs), encoding="utf-8")
        read(ledger, file, dry_run=True)
        assert persons(workspace) == {"good": "keep", "moved": "reject"}
        found = read(ledger, file)

    assert (found.taken, found.older, found.unknown) == (1, 1, 1)
    assert persons(workspace) == {"good": "reject", "moved": "reject"}


@pytest.mark.parametrize(
    "line", ["{}", "no", "[]", '{"pair": "a", "choice": "burn", "at": ""}', '{"pair": 1}']
)
def test_a_line_that_is_no_decision_is_named_and_nothing_is_taken(
    tmp_path: Path, workspace: Path, line: str
) -> None:
    decide(workspace, good="keep")
    file = tmp_path / "mine.jsonl"
    with Ledger(workspace) as ledger:
        export(ledger, file)
        ledger.remove(Verdict, judge="person")
        file.write_text(file.read_text(encoding="utf-8") + line + "\n", encoding="utf-8")
        with pytest.raises(BadInput, match="Line 2"):
            read(ledger, file)

    assert persons(workspace) == {}


def test_a_dry_run_says_what_would_be_shown_and_writes_nothing(
    curate: Cli, workspace: Path
) -> None:
    decide(workspace, good="keep")

    ended = curate("-w", workspace, "review", "--dry-run")
    exported = curate("-w", workspace, "review", "--export", "x.jsonl", "--dry-run", "--json")

    assert ended.stdout == "Would show 6 pairs: 1 kept, 0 rejected, 0 to repair so far.\n"
    assert json.loads(exported.stdout) == {"exported": 1}
    assert not (curate.folder / "x.jsonl").exists()
    assert not (workspace / "cache").exists()


def test_a_decision_outranks_the_rule_in_every_later_check(curate: Cli, workspace: Path) -> None:
    decide(workspace, moved="keep", good="reject", tinted="repair")

    answer = json.loads(curate("-w", workspace, "pair-check", "--set", "tint=9", "--json").stdout)

    verdicts = {pair["name"]: pair["verdict"] for pair in answer["pairs"]}
    assert (verdicts["moved"], verdicts["good"], verdicts["tinted"]) == ("keep", "reject", "look")


SHOWN = [limit for limit in LIMITS if not limit.is_off(DEFAULTS)]


@settings(max_examples=40, deadline=None)
@given(limit=st.sampled_from(SHOWN), threshold=st.floats(-50, 120) | st.floats(-1, 2))
def test_the_pages_comparison_rules_as_the_rule_at_any_threshold(
    checked: Path, limit: Limit, threshold: float
) -> None:
    """The page takes the sterner of the limit's ruling and the rest's: see limits.js."""
    with Ledger(checked) as ledger:
        shown = load(ledger, DEFAULTS)
    table = json.loads(whatif.table(shown, DEFAULTS, DEFAULTS))
    (column,) = [one for one in table["limits"] if one["key"] == limit.key]
    for one, value, rest in zip(shown, column["values"], column["without"], strict=True):
        letter = rest
        if value is not None and limit.passed(value, threshold):
            letter = max(rest, column["ruling"][0], key=STERNNESS.__getitem__)
        said = judge(one.pair.measures, one.pair.concept, {**DEFAULTS, limit.key: threshold})
        assert said.ruling[0] == letter
