from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Browser, expect

from curate.ledger import Ledger
from curate.pairs.report import write
from curate.pairs.run import pair_check
from curate.pairs.verdict import DEFAULTS
from curate.records import Pair
from tests.conftest import Cli
from tests.pairs.review.serving import persons


def test_one_file_holds_every_pair_and_needs_nothing_else(curate: Cli, checked: Path) -> None:
    ended = curate("-w", checked, "review", "--html", "pairs.html")

    assert ended.stdout == "6 pairs on pairs.html.\n"
    text = (curate.folder / "pairs.html").read_text(encoding="utf-8")
    sources = re.findall(r'"(?:frame|twin)":"([^"]*)"', text)
    assert len(sources) == 12
    assert all(source.startswith("data:image/jpeg;base64,") for source in sources)
    assert not re.search(r"https?:|url\(|@import", re.sub(r"base64,[^\"]*", "", text))


def test_the_file_filters_sorts_and_compares_without_a_server(
    curate: Cli, checked: Path, browser: Browser
) -> None:
    curate("-w", checked, "review", "--html", "pairs.html")
    page = browser.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto((curate.folder / "pairs.html").as_uri())
    shown = page.locator("article:visible h2")

    page.uncheck("input[value=reject]")
    expect(shown).to_have_text(["good", "swapped"])
    page.check("input[value=reject]")
    page.select_option("#reason", "out of register")
    page.select_option("#sort", "shift_px")
    expect(shown).to_have_text(["moved", "[東京] <b>"])
    page.fill("#search", "東京")
    expect(shown).to_have_text(["[東京] <b>"])
    page.fill("#search", "")

    page.locator("article:visible .halves a").first.click()
    expect(page.locator("#viewer b")).to_have_text("moved")
    twin = page.locator("#viewer div img").nth(1)
    page.keyboard.press("Space")
    expect(twin).to_have_css("clip-path", "none")
    page.keyboard.press("Space")
    expect(twin).to_have_css("clip-path", re.compile(r"100%"))
    page.keyboard.press("ArrowRight")
    expect(page.locator("#viewer b")).to_have_text("[東京] <b>")
    page.keyboard.press("Escape")
    expect(page.locator("#viewer")).to_be_hidden()
    page.close()
    assert errors == []
    assert persons(checked) == {}


def test_a_card_shows_halves_reasons_and_what_was_measured(
    curate: Cli, checked: Path, browser: Browser
) -> None:
    curate("-w", checked, "review", "--html", "pairs.html")
    page = browser.new_page()
    page.goto((curate.folder / "pairs.html").as_uri())

    for name, box in (("good", 0), ("swapped", 1)):
        card = page.locator("article", has=page.locator("h2", has_text=name))
        expect(card.locator("img")).to_have_count(2)
        expect(card.locator("i.tile")).to_have_count(box)
    with Ledger(checked) as ledger:
        measures = {pair.name: pair.measures for pair in ledger.all(Pair)}["moved"]
    card = page.locator("article", has=page.locator("h2", has_text="moved"))
    expect(card.locator("img").first).to_have_attribute("width", f"{measures['width_px']:.0f}")
    expect(card.locator("li.reject").first).to_contain_text("out of register")
    row = card.locator("dl div")
    for label, form, key in (
        ("SSIM", "{:.3f}", "ssim"),
        ("shift x", "{:+z.2f} px", "shift_x_px"),
        ("Δa", "{:+z.1f}", "a_shift"),
    ):
        told = row.filter(has=page.get_by_text(label, exact=True)).locator("dd")
        expect(told).to_have_text(form.format(measures[key]).replace("-", "−"))
    told = row.filter(has=page.get_by_text("CLIP", exact=True)).locator("dd")
    expect(told).to_have_text("not measured")
    page.close()


def test_only_cards_near_the_view_are_made(curate: Cli, workspace: Path, browser: Browser) -> None:
    with Ledger(workspace) as ledger:
        report = pair_check(ledger)
        write(curate.folder / "many.html", report.pairs * 100, DEFAULTS)
    page = browser.new_page()
    page.goto((curate.folder / "many.html").as_uri())
    cards = page.locator("article")

    expect(cards).to_have_count(600)
    expect(cards.first.locator("img")).to_have_count(2)
    assert page.locator("article img").count() < 200
    cards.last.scroll_into_view_if_needed()
    expect(cards.last.locator("img")).to_have_count(2)
    page.close()


def test_an_unreadable_half_leaves_a_gap_and_the_rest_stands(curate: Cli, workspace: Path) -> None:
    (workspace / "twins/simplify/twin/good.png").unlink()

    assert curate("-w", workspace, "review", "--html", "pairs.html").returncode == 0

    text = (curate.folder / "pairs.html").read_text(encoding="utf-8")
    assert text.count(':"data:image/jpeg') == 11
