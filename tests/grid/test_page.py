"""The page in a real browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.grid.served import moving, place, rendered, sharpening
from tests.pairs.review.conftest import browser as browser


@pytest.fixture(scope="module")
def made(comfy, tmp_path_factory) -> dict[str, Path]:
    """The pages of a grid of stills, of which some fail, and of one of clips.

    They are made before there is a browser.
    """
    place(comfy, "one.png", "two.png")
    folder = tmp_path_factory.mktemp("pages")
    prompts = ("one.png", "two.png", "none.png")
    stills = rendered(folder / "stills", comfy, sharpening(), "sharp.alpha", prompts)
    clips = rendered(
        folder / "clips", comfy, moving("SaveWEBM"), "sharp.alpha", ("one.png",), (0.0, 1.0)
    )
    return {"stills": stills.page.resolve(), "clips": clips.page.resolve()}


@pytest.fixture
def page(made: dict[str, Path], browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    errors: list[str] = []
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    page.goto(made["stills"].as_uri())
    yield page
    context.close()
    assert errors == []


def sources(page: Page) -> list[str]:
    return [str(image.get_attribute("src")) for image in page.locator("img.on").all()]


def test_it_opens_at_strength_0_with_every_picture_loaded(page):
    expect(page.locator("#strength")).to_have_text("0")
    assert len(sources(page)) == 2
    assert all("_0_" in source for source in sources(page))
    widths = page.locator("img").evaluate_all("all => all.map(one => one.naturalWidth)")
    assert widths == [512] * 8


def test_the_slider_and_the_arrows_scrub_through_all_rows_at_once(page):
    page.locator("#slider").fill("3")
    expect(page.locator("#strength")).to_have_text("+2")
    assert all("_+2_" in source for source in sources(page))

    page.keyboard.press("ArrowLeft")

    expect(page.locator("#strength")).to_have_text("+1")
    assert all("_+1_" in source for source in sources(page))


def test_space_shows_strength_0_as_long_as_it_is_held(page):
    page.keyboard.press("ArrowRight")
    page.keyboard.down(" ")
    expect(page.locator("#strength")).to_have_text("0")

    page.keyboard.up(" ")

    expect(page.locator("#strength")).to_have_text("+0.5")


def test_the_measures_and_the_mark_in_the_plots_follow(page):
    told = page.locator(".told").first
    mark = page.locator("figure.concept .here")
    before = told.inner_text(), mark.get_attribute("x1")

    page.keyboard.press("ArrowRight")

    assert told.inner_text() != before[0]
    assert float(str(mark.get_attribute("x1"))) > float(str(before[1]))


def test_a_failed_cell_stands_in_its_place_with_the_reason(page):
    failed = page.locator(".failed.on")

    expect(failed).to_have_count(1)
    expect(failed).to_contain_text("none.png")


def test_the_sweep_goes_on_by_itself_until_it_is_stopped(page):
    page.keyboard.press("s")
    expect(page.locator("#strength")).to_have_text("+1")
    page.locator("#sweep").click()

    assert page.locator("#sweep").get_attribute("aria-pressed") == "false"


def test_the_finding_is_said_in_words(page):
    said = page.locator(".finding")

    expect(said).to_contain_text("Spearman +1.00")
    expect(said).to_contain_text("2 of 2 rows monotone")
    expect(said).to_contain_text("Usable from 0 to +2")


def test_clips_play_and_the_next_strength_goes_on_where_the_last_one_was(page, made):
    page.goto(made["clips"].as_uri())
    shown = page.locator("video.on")
    expect(shown).to_have_js_property("paused", False)
    page.wait_for_function("document.querySelector('video.on').currentTime > 0.1")
    before = shown.get_attribute("src")

    page.keyboard.press("ArrowRight")

    assert shown.get_attribute("src") != before
    expect(shown).to_have_js_property("paused", False)
    page.wait_for_function("document.querySelector('video.on').readyState >= 2")
    assert page.locator("video:not(.on)").evaluate_all("all => all.every(one => one.paused)")
