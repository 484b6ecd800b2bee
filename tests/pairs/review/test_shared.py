"""The review page beside other windows and programs, without its server or files, on any screen."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from curate import images
from curate.ledger import Ledger
from curate.records import Verdict
from tests.pairs.review.seen import shows
from tests.pairs.review.serving import Server, persons, serving

Shared = tuple[Path, Server]


def test_the_keys_are_told_on_the_page_and_on_a_question_mark(page: Page) -> None:
    expect(page.locator("#hints")).to_contain_text("next undecided")
    page.keyboard.press("?")
    expect(page.locator("#help kbd")).not_to_have_count(0)
    told = set(page.locator("#help kbd").all_inner_texts())

    assert {"A", "X", "R", "U", "N", "Space", "1", "2", "3", "4", "T", "Z", "G", "H", "?"} <= told
    page.keyboard.press("Escape")
    expect(page.locator("#help")).to_be_hidden()


def test_letters_typed_into_the_search_decide_nothing(page: Page, undecided: Shared) -> None:
    page.keyboard.press("/")
    page.keyboard.type("axr")

    assert persons(undecided[0]) == {}


def test_a_second_window_is_told_and_overwrites_nothing(
    page: Page, undecided: Shared, browser: Browser
) -> None:
    other = browser.new_page()
    other.goto(undecided[1].url)
    other.wait_for_selector('#canvas[data-ready="true"]')
    with other.expect_response("**/decisions"):
        other.keyboard.press("x")
    other.close()

    with page.expect_response("**/decisions") as answer:
        page.keyboard.press("a")
    assert answer.value.status == 409
    expect(page.locator(".toast.alarm")).to_contain_text("Another window ruled reject on swapped")
    assert persons(undecided[0]) == {"swapped": "reject"}
    expect(page.locator("#list .mark.reject.decided")).to_have_count(1)

    page.click(".toast button")
    shows(page, pair="swapped")
    with page.expect_response("**/decisions") as answer:
        page.keyboard.press("a")
    assert answer.value.status == 200
    assert persons(undecided[0]) == {"swapped": "keep"}


def test_a_window_learns_what_another_decided_when_it_is_looked_at_again(
    page: Page, undecided: Shared
) -> None:
    workspace, _ = undecided
    with Ledger(workspace) as ledger:
        good = next(v.pair_id for v in ledger.all(Verdict, judge="rule") if v.ruling == "keep")
        ledger.put(Verdict(good, "person", "reject", (), "2026-01-01T00:00:00.000+00:00"))
    page.evaluate_handle("dispatchEvent(new Event('focus'))")

    expect(page.locator("#list .mark.reject.decided")).to_have_count(1)


def test_a_killed_server_loses_no_decision_and_the_page_says_that_it_is_gone(
    browser: Browser, workspace: Path
) -> None:
    page = browser.new_page()
    with serving(workspace) as server:
        page.goto(server.url)
        page.wait_for_selector('#canvas[data-ready="true"]')
        with page.expect_response("**/decisions"):
            page.keyboard.press("a")
        server.kill()
    assert persons(workspace) == {"swapped": "keep"}

    page.keyboard.press("x")
    expect(page.locator(".warning.lost")).to_contain_text("The server has ended")
    expect(page.locator("#list .mark.decided")).to_have_count(1)  # what was not saved is not shown
    with serving(workspace) as again:
        page.goto(again.url)
        page.wait_for_selector('#canvas[data-ready="true"]')
        expect(page.locator("#list .mark.keep.decided")).to_have_count(1)
    page.close()


def test_a_half_that_is_gone_is_said_and_the_others_are_shown(
    browser: Browser, workspace: Path
) -> None:
    (workspace / "twins/simplify/twin/swapped.png").unlink()
    damaged = workspace / "twins/simplify/twin/good.png"
    damaged.write_bytes(damaged.read_bytes()[:300])
    page = browser.new_page()
    with serving(workspace) as server:
        page.goto(server.url)
        page.wait_for_selector('#canvas[data-ready="true"]')
        page.keyboard.press("Space")
        shows(page, half="twin")
        page.keyboard.press("4")
        page.keyboard.press("ArrowRight")
        shows(page, pair="good", ready="true")
        page.keyboard.press("ArrowRight")
        shows(page, pair="[東京] <b>", ready="true")
    page.close()


def test_nobody_needs_a_mouse_or_eyes(page: Page) -> None:
    expect(page.locator("#canvas")).to_have_attribute("role", "img")
    expect(page.locator("#canvas")).to_have_attribute("aria-label", "frame of swapped, 1:1")
    expect(page.locator("#say")).to_contain_text(
        "1 of 6: swapped. Not decided. Rule: look, drawn anew: one place"
    )
    for element in page.locator("button, select, input, [role=listbox], [role=slider]").all():
        assert element.evaluate(
            "e => (e.getAttribute('aria-label') || e.textContent"
            " || e.labels?.[0]?.textContent || '').trim()"
        )
    page.locator("#list").focus()
    page.keyboard.press("ArrowDown")
    active = page.locator("#list").get_attribute("aria-activedescendant")
    assert "good, keep, not decided" in str(page.locator(f"#{active}").get_attribute("aria-label"))
    page.keyboard.press("Shift+Tab")
    expect(page.get_by_label("Dismiss")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(page.locator("#open-help")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#help")).to_be_visible()


@pytest.mark.parametrize("scheme", ["dark", "light"])
@pytest.mark.parametrize("width", [1280, 2560])
def test_it_fits_the_screen_dark_or_light(
    browser: Browser, undecided: Shared, scheme: str, width: int
) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": width * 9 // 16},
        color_scheme=scheme,  # type: ignore[arg-type]
    )
    page = context.new_page()
    page.goto(undecided[1].url)
    page.wait_for_selector('#canvas[data-ready="true"]')
    whole = page.locator("body").evaluate(
        "b => [b.scrollWidth <= innerWidth, b.scrollHeight <= innerHeight]"
    )
    ground = images.decode(page.screenshot(clip={"x": 5, "y": 5, "width": 2, "height": 2})).mean()
    context.close()

    assert whole == [True, True]
    assert (ground > 200) == (scheme == "light")
