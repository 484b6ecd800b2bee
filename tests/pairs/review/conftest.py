from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from curate.ledger import Ledger
from curate.records import Verdict
from tests.pairs.review.serving import Server, checked_pairs, serving

_NAMES = ("chromium", "chromium-browser", "google-chrome", "msedge")
_PATIENCE_MS = 30_000
_ARGUMENTS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's own Chromium, or the one that CURATE_TEST_CHROMIUM names; none is downloaded.

    For a module only: while it is there, Playwright's event loop runs in this thread, and no other
    can.
    """
    found = os.environ.get("CURATE_TEST_CHROMIUM") or next(
        filter(None, map(shutil.which, _NAMES)), None
    )
    if not found:
        pytest.skip("no Chromium: install it, or name one with CURATE_TEST_CHROMIUM")
    expect.set_options(timeout=_PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=_ARGUMENTS.split())
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace of six checked pairs; copy it before writing to it."""
    workspace = tmp_path_factory.mktemp("checked") / "data"
    checked_pairs(workspace)
    return workspace


@pytest.fixture
def workspace(checked: Path, tmp_path: Path) -> Path:
    """Six checked pairs of this test's own."""
    return Path(shutil.copytree(checked, tmp_path / "data"))


@pytest.fixture(scope="module")
def shared(
    checked: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Path, Server]]:
    """One workspace and one server for a module."""
    workspace = Path(shutil.copytree(checked, tmp_path_factory.mktemp("shared") / "data"))
    with serving(workspace) as server:
        yield workspace, server


@pytest.fixture
def undecided(shared: tuple[Path, Server]) -> tuple[Path, Server]:
    """The shared workspace, its decisions taken back."""
    with Ledger(shared[0]) as ledger:
        ledger.remove(Verdict, judge="person")
    return shared


@pytest.fixture
def page(browser: Browser, undecided: tuple[Path, Server]) -> Iterator[Page]:
    """The page, open on the pair that needs a person; a script's error fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, color_scheme="dark")
    errors: list[str] = []
    page = context.new_page()
    page.set_default_timeout(_PATIENCE_MS)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    page.goto(undecided[1].url)
    page.wait_for_selector('#canvas[data-ready="true"]')
    yield page
    context.close()
    assert [error for error in errors if "ERR_CONNECTION" not in error and "409" not in error] == []
