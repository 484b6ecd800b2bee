"""The review page: keys, modes and pictures, pair by pair."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from curate import images
from tests.pairs.review.seen import ORDER, pixels, shows
from tests.pairs.review.serving import Server, persons

Shared = tuple[Path, Server]


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
