from __future__ import annotations

import dataclasses
import json
import math
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

from curate import images
from curate.ledger import Ledger
from curate.pairs.run import pair_check
from curate.records import Pair
from tests.pairs.scenes import PREVIEW, place_twin, recoloured, scene, shifted, twin_of


class Page(HTMLParser):
    """The pairs of a page as its script reads them, and the tags around them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.feed(text)
        found = re.search(r'<script type="application/json" id="pairs">(.*?)</script>', text, re.S)
        assert found
        self.pairs = json.loads(found[1])

    def handle_starttag(self, tag: str, _: object) -> None:
        self.tags.append(tag)


def page_of(workspace: Path, **options: object) -> str:
    with Ledger(workspace) as ledger:
        page = pair_check(ledger, **options).page  # type: ignore[arg-type]
    assert page
    return page.read_text(encoding="utf-8")


def test_the_page_links_to_both_halves_of_every_pair(tmp_path: Path) -> None:
    place_twin(tmp_path, "film #1 100% [東京]", scene(1), twin_of(1))
    place_twin(tmp_path, "moved", scene(2), shifted(twin_of(2), 9, 0))

    page = Page(page_of(tmp_path))

    assert [one["ruling"] for one in page.pairs] == ["keep", "reject"]
    for one in page.pairs:
        for half in ("frame", "twin"):
            assert images.size(tmp_path / "reports" / unquote(one[half])) == (640, 360)


def test_the_page_needs_nothing_from_elsewhere(tmp_path: Path) -> None:
    place_twin(tmp_path, "street", scene(1), twin_of(1))

    assert not re.search(r"https?://|//\w", page_of(tmp_path))


def test_without_its_script_the_page_says_what_it_is(tmp_path: Path) -> None:
    place_twin(tmp_path, "street", scene(1), twin_of(1))

    text = page_of(tmp_path)

    assert "<h1>1 pairs" in text
    assert re.search(r"<noscript>.*stand one a line.*</noscript>", text, re.S)


def test_names_cannot_smuggle_markup_in(tmp_path: Path) -> None:
    place_twin(tmp_path, "<script>alert(1)<&script> \"'", scene(1), twin_of(1))

    page = Page(page_of(tmp_path))

    assert page.tags.count("script") == 2
    assert [one["name"] for one in page.pairs] == ["<script>alert(1)<&script> \"'"]


def test_the_page_says_what_was_not_measured_and_who_made_the_twins(tmp_path: Path) -> None:
    place_twin(tmp_path, "street", scene(1), twin_of(1))

    text = page_of(tmp_path)

    assert PREVIEW in text
    assert "CLIP image similarity: not measured on 1 of 1 pairs" in text
    assert Page(text).pairs[0]["measures"]["clip_similarity"] is None


def test_twins_by_kontext_are_not_called_a_preview(tmp_path: Path) -> None:
    place_twin(tmp_path, "street", scene(1), twin_of(1), made_by="flux1-dev-kontext")

    assert "preview" not in page_of(tmp_path)


def test_the_legend_shows_the_thresholds_in_use(tmp_path: Path) -> None:
    place_twin(tmp_path, "street", scene(1), twin_of(1))

    assert "<code>shift_px</code><td>7.5<td>over" in page_of(tmp_path, settings=["shift_px=7.5"])


def test_what_is_measured_stands_on_the_page_as_in_the_ledger(tmp_path: Path) -> None:
    place_twin(tmp_path, "street", scene(1), twin_of(1))

    page = Page(page_of(tmp_path))

    with Ledger(tmp_path) as ledger:
        assert page.pairs[0]["measures"] == dict(ledger.all(Pair)[0].measures)


def test_a_measure_that_is_no_number_leaves_the_page_readable(tmp_path: Path) -> None:
    place_twin(tmp_path, "street", scene(1), twin_of(1))
    page_of(tmp_path)
    with Ledger(tmp_path) as ledger:
        (pair,) = ledger.all(Pair)
        odd = {**pair.measures, "ssim": math.nan, "scale": math.inf}
        ledger.put(dataclasses.replace(pair, measures=odd))

    (one,) = Page(page_of(tmp_path)).pairs

    assert (one["measures"]["ssim"], one["measures"]["scale"]) == (None, None)


def test_reasons_have_a_minus_sign_and_names_keep_their_hyphens(tmp_path: Path) -> None:
    place_twin(tmp_path, "film_00-00-01", scene(1), recoloured(twin_of(1), lightness=-6))

    (one,) = Page(page_of(tmp_path)).pairs

    assert one["name"] == "film_00-00-01"
    assert one["reasons"]
