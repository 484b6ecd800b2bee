from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from curate import images
from curate.ledger import Ledger
from curate.records import Verdict
from tests.pairs.review.serving import Server, persons, serving

Shared = tuple[Path, Server]

ORDER = [
    "swapped",
    "good",
    "[東京] <b>",
    "moved",
    "same",
    "tinted",
]  # what needs a person comes first


def pair(page: Page) -> str | None:
    return page.get_attribute("#canvas", "data-pair")


def shows(page: Page, **data: str) -> None:
    for name, value in data.items():
        expect(page.locator("#canvas")).to_have_attribute(f"data-{name}", value)


def pixels(page: Page) -> images.RGB:
    """The stage as it is seen, without what lies over the picture."""
    box = page.locator("#stage").bounding_box()
    assert box
    middle = {
        "x": box["x"],
        "y": box["y"] + 60,
        "width": box["width"],
        "height": box["height"] - 120,
    }
    return images.decode(page.screenshot(clip=middle))  # type: ignore[arg-type]


def test_what_needs_a_person_comes_first_and_arrows_go_through_the_rest(page: Page) -> None:
    shows(page, pair="swapped")

    for name in ORDER[1:]:
        page.keyboard.press("ArrowRight")
        shows(page, pair=name, ready="true")
    page.keyboard.press("ArrowLeft")
    shows(page, pair="same")
    page.keyboard.press("Home")
    shows(page, pair="swapped")
    page.keyboard.press("End")
    shows(page, pair="tinted")


@pytest.mark.parametrize(("key", "ruling"), [("a", "keep"), ("x", "reject"), ("r", "look")])
def test_a_key_decides_records_at_once_and_goes_to_the_next_undecided(
    page: Page, undecided: Shared, key: str, ruling: str
) -> None:
    with page.expect_response("**/decisions") as answer:
        page.keyboard.press(key)

    assert answer.value.status == 200
    assert persons(undecided[0]) == {"swapped": ruling}
    shows(page, pair="good")
    expect(page.locator("#list .decided")).to_have_count(1)


def test_undo_takes_back_one_decision_after_the_other_even_after_a_reload(
    page: Page, undecided: Shared
) -> None:
    for key in "axr":
        with page.expect_response("**/decisions"):
            page.keyboard.press(key)
    assert persons(undecided[0]) == {"swapped": "keep", "good": "reject", "[東京] <b>": "look"}

    page.keyboard.press("u")
    expect(page.locator(".toast")).to_contain_text("is undecided again")
    assert persons(undecided[0]) == {"swapped": "keep", "good": "reject"}
    shows(page, pair="[東京] <b>")
    page.reload()
    page.wait_for_selector('#canvas[data-ready="true"]')
    page.keyboard.press("Control+z")
    expect(page.locator(".toast")).to_contain_text("good is undecided again")

    assert persons(undecided[0]) == {"swapped": "keep"}


def test_a_changed_mind_is_undone_to_the_decision_before(page: Page, undecided: Shared) -> None:
    page.keyboard.press("a")
    page.keyboard.press("Home")
    page.keyboard.press("x")
    expect(page.locator(".badge.solid.reject, .mark.reject.decided").first).to_be_visible()
    page.keyboard.press("u")
    expect(page.locator(".toast")).to_contain_text("swapped is keep again")

    assert persons(undecided[0]) == {"swapped": "keep"}


def test_delete_takes_a_decision_back(page: Page, undecided: Shared) -> None:
    page.keyboard.press("a")
    page.keyboard.press("Home")
    with page.expect_response(
        lambda r: r.request.method == "POST" and "null" in str(r.request.post_data)
    ):
        page.keyboard.press("c")

    assert persons(undecided[0]) == {}


def test_n_passes_over_what_is_decided(page: Page) -> None:
    page.keyboard.press("a")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("x")
    page.keyboard.press("Home")
    page.keyboard.press("n")

    shows(page, pair="[東京] <b>")


def test_space_tapped_flips_the_halves_and_held_shows_the_twin_while_it_is_held(page: Page) -> None:
    shows(page, half="frame")
    frame = pixels(page)
    page.keyboard.press("Space")
    shows(page, half="twin")
    assert (pixels(page) != frame).any()
    page.keyboard.press("Space")
    shows(page, half="frame")

    page.keyboard.down("Space")
    shows(page, half="twin")
    page.wait_for_timeout(450)  # a hold, not a tap
    page.keyboard.up("Space")
    shows(page, half="frame")
    assert (pixels(page) == frame).all()


def test_every_mode_has_its_key_and_its_picture(page: Page) -> None:
    seen = {}
    for key, mode in zip("1234", ("blink", "wipe", "sides", "heat"), strict=True):
        page.keyboard.press(key)
        shows(page, mode=mode)
        expect(page.locator("#modes [aria-checked=true]")).to_contain_text(key)
        seen[mode] = pixels(page)

    assert len({picture.tobytes() for picture in seen.values()}) == 4


def test_the_wipe_shows_the_frame_left_of_the_edge_and_the_twin_right_of_it(page: Page) -> None:
    frame = pixels(page)
    page.keyboard.press("Space")
    twin = pixels(page)
    page.keyboard.press("2")
    for _ in range(5):
        page.keyboard.press(",")
    wiped = pixels(page)
    edge = round(frame.shape[1] * (0.5 - 5 * 0.03))

    assert (wiped[:, : edge - 20] == frame[:, : edge - 20]).all()
    assert (wiped[:, edge + 20 :] == twin[:, edge + 20 :]).all()


def test_one_to_one_shows_the_files_own_pixels(page: Page, undecided: Shared) -> None:
    page.keyboard.press("z")
    expect(page.locator("#zoom")).to_have_text("1:1")
    stage = pixels(page)
    frame = images.read(undecided[0] / "twins/simplify/frame/swapped.png")
    middle = stage[stage.shape[0] // 2, stage.shape[1] // 2 :][:40]
    runs = np.lib.stride_tricks.sliding_window_view(frame, (40, 3), axis=(1, 2)).squeeze(2)

    assert (runs == middle).all(axis=(2, 3)).any()


def test_zoom_and_pan_stay_from_pair_to_pair_and_from_mode_to_mode(page: Page) -> None:
    for _ in range(2):
        page.keyboard.press("+")
    zoom = page.inner_text("#zoom")
    page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("3")
    page.keyboard.press("ArrowRight")
    shows(page, pair="good", ready="true")
    assert page.inner_text("#zoom") == zoom

    page.keyboard.press("0")
    assert page.inner_text("#zoom") != zoom


def test_the_worst_tile_is_boxed_and_brought_near(page: Page) -> None:
    page.keyboard.press("t")
    picture = pixels(page)
    yellow = (np.abs(picture.astype(int) - (255, 210, 62)).max(axis=2) < 12).sum()

    assert yellow > 200
    assert page.inner_text("#zoom").rstrip("%") >= "200"


def test_the_difference_is_bright_where_the_twin_differs(page: Page) -> None:
    page.keyboard.press("4")
    picture = pixels(page).astype(int)
    bright = (picture.min(axis=2) > 180).sum() / picture.shape[0] / picture.shape[1]

    assert 0.005 < bright < 0.1  # the red figure covers about a thirtieth


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
        "1 of 6: swapped. Not decided. Rule: look, one place"
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
