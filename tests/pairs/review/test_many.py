"""The review page: filters, batches, sheets and thresholds, many pairs at once."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from curate.ledger import Ledger
from curate.records import Verdict
from tests.pairs.review.seen import shows
from tests.pairs.review.serving import Server, persons

Shared = tuple[Path, Server]


def test_filters_by_verdict_reason_and_name_and_sorting_by_a_measure(page: Page) -> None:
    expect(page.locator("#list .row")).to_have_count(6)
    page.click("#chips .reject")
    expect(page.locator("#list .row")).to_have_count(2)
    page.click("#chips .reject")
    page.select_option("#reason", "tint")
    expect(page.locator("#list .name")).to_have_text(["tinted"])
    page.select_option("#reason", "")
    page.keyboard.press("/")
    page.keyboard.type("東京")
    expect(page.locator("#list .name")).to_have_text(["[東京] <b>"])
    page.fill("#search", "")
    page.select_option("#sort", "shift_px")
    page.click("#turn")

    names = page.locator("#list .row").evaluate_all(
        "rows => rows.sort((a, b) => a.offsetTop - b.offsetTop)"
        ".map(r => r.querySelector('.name').textContent)"
    )
    assert names[:2] == ["[東京] <b>", "moved"]


def test_only_the_undecided_are_shown_on_o(page: Page) -> None:
    page.keyboard.press("a")
    page.keyboard.press("o")

    expect(page.locator("#list .row")).to_have_count(5)


def test_all_that_is_shown_is_accepted_in_one_step_and_undone_in_one(
    page: Page, undecided: Shared
) -> None:
    page.keyboard.press("End")
    page.keyboard.press("x")
    page.keyboard.press("Shift+A")
    expect(page.locator("#ask")).to_contain_text("5 undecided pairs of the 6 shown")
    page.keyboard.press("Escape")
    assert persons(undecided[0]) == {"tinted": "reject"}

    page.keyboard.press("Shift+A")
    page.keyboard.press("Enter")
    expect(page.locator(".toast")).to_contain_text("5 undecided pairs: keep")
    decided = persons(undecided[0])
    assert (decided.pop("tinted"), set(decided.values()), len(decided)) == ("reject", {"keep"}, 5)
    page.keyboard.press("u")
    expect(page.locator(".toast")).to_contain_text("5 pairs are as before")

    assert persons(undecided[0]) == {"tinted": "reject"}


def test_a_question_asked_again_at_once_is_not_answered_by_the_close_of_the_one_before(
    page: Page, undecided: Shared
) -> None:
    page.keyboard.press("Shift+A")
    expect(page.locator("#ask")).to_be_visible()
    page.evaluate(
        """() => {
          document.getElementById("ask").close();
          document.body.dispatchEvent(
            new KeyboardEvent("keydown", { key: "A", shiftKey: true, bubbles: true }));
        }"""
    )
    expect(page.locator("#ask")).to_be_visible()
    page.keyboard.press("Enter")

    expect(page.locator(".toast")).to_contain_text("6 undecided pairs: keep")
    assert set(persons(undecided[0]).values()) == {"keep"}


def test_the_contact_sheet_flips_selects_decides_and_opens(page: Page, undecided: Shared) -> None:
    page.keyboard.press("g")
    expect(page.locator("#sheet .cell")).to_have_count(6)
    expect(page.locator("#sheet .thumb.twin")).to_have_count(6)
    page.keyboard.press("Space")
    expect(page.locator("#sheet .thumb.frame")).to_have_count(6)
    expect(page.locator("#sheet img[src]")).to_have_count(6)
    page.keyboard.press("ArrowRight")
    with page.expect_response("**/decisions"):
        page.keyboard.press("a")
    assert persons(undecided[0]) == {"good": "keep"}
    page.keyboard.press("Enter")

    expect(page.locator("#sheet")).to_be_hidden()
    shows(page, pair="[東京] <b>")


def test_a_dragged_threshold_says_how_many_would_change_and_the_rule_then_agrees(
    page: Page, undecided: Shared
) -> None:
    page.keyboard.press("a")  # swapped: a person's word, which no threshold changes
    page.keyboard.press("h")
    handle = page.locator('[data-limit="shift_px"]')
    expect(handle).to_be_visible()
    box = handle.locator("..").bounding_box()
    assert box
    page.mouse.move(box["x"] + 30, box["y"] + 30)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 1, box["y"] + 30, steps=4)
    said = page.inner_text("#changes")
    page.mouse.up()
    assert said == "2 pairs would change"
    expect(page.locator("#tally code")).to_contain_text("curate pair-check --set shift_px=")
    page.click("#apply")
    expect(page.locator("#chips .keep b")).to_have_text("4")

    with Ledger(undecided[0]) as ledger:
        rulings = [v.ruling for v in ledger.all(Verdict, judge="rule")]
    assert rulings.count("keep") == 3
    assert persons(undecided[0]) == {"swapped": "keep"}
    with Ledger(undecided[0]) as ledger:  # for the tests that follow
        from curate.pairs.run import pair_check

        pair_check(ledger)


def test_a_threshold_moves_with_the_keys_too(page: Page) -> None:
    page.keyboard.press("h")
    handle = page.locator('[data-limit="tint"]')
    handle.focus()
    before = float(handle.get_attribute("aria-valuenow") or 0)
    page.keyboard.press("ArrowRight")
    assert float(handle.get_attribute("aria-valuenow") or 0) > before
    page.keyboard.press("Escape")
    expect(page.locator("#limits")).to_be_hidden()
