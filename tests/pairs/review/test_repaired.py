from __future__ import annotations

from pathlib import Path

import httpx
from playwright.sync_api import Browser, expect

from curate.ledger import Ledger
from curate.pairs.review.run import html
from curate.pairs.run import pair_check
from curate.records import Pair
from tests.pairs.review.serving import serving


def test_a_repaired_pair_is_shown_before_and_after(workspace: Path, browser: Browser) -> None:
    with Ledger(workspace) as ledger:
        pair_check(ledger, repair=True)
        repaired = {p.id: p for p in ledger.all(Pair) if p.twin_path.startswith("repaired/")}
    page = browser.new_page()
    with serving(workspace) as server:
        table = httpx.get(f"{server.url}pairs").json()
        rows = list(zip(table["id"], table["label"], table["repair"], strict=True))
        assert {label for key, label, _ in rows if key in repaired} >= {"moved"}
        for key, label, steps in rows:
            assert (steps is not None) == (key in repaired)
            if key not in repaired:
                continue
            folder = workspace / "twins/simplify"
            before = httpx.get(f"{server.url}half/{key}/twin-before").content
            assert before == (folder / "twin" / f"{label}.png").read_bytes()
            after = httpx.get(f"{server.url}half/{key}/twin").content
            assert after == (workspace / repaired[key].twin_path).read_bytes()

        page.goto(server.url)
        page.fill("#search", "moved")
        canvas = page.locator("#canvas")
        expect(canvas).to_have_attribute("data-pair", "moved")
        expect(canvas).to_have_attribute("data-ready", "true")
        expect(page.locator(".reasons li.repair").first).to_contain_text("undone")
        page.keyboard.press("Escape")
        page.keyboard.press("b")
        expect(canvas).to_have_attribute("data-before", "true")
        expect(canvas).to_have_attribute("data-ready", "true")
        expect(page.locator("#tag-left")).to_have_text("FRAME BEFORE REPAIR")
        page.keyboard.press("b")
        expect(canvas).to_have_attribute("data-before", "false")
    page.close()


def test_the_one_file_shows_repairs_before_and_after_and_those_refused(
    workspace: Path, tmp_path: Path
) -> None:
    with Ledger(workspace) as ledger:
        report = pair_check(ledger, repair=True)
        html(ledger, tmp_path / "pairs.html")

    text = (tmp_path / "pairs.html").read_text(encoding="utf-8")
    below = text[text.index("<div class=repairs>") :]
    kept = [one for one in report.pairs if one.repair and not one.repair.reason]
    assert kept
    assert below.count("<summary>") >= len(kept)
    assert below.count('<img src="data:image/jpeg') == 4 * len(kept)
    assert "px undone" in below
