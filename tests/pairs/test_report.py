from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

from curate import images
from curate.ledger import Ledger
from curate.pairs.run import pair_check
from tests.pairs.scenes import PREVIEW, place_twin, recoloured, scene, shifted, twin_of


class Page(HTMLParser):
    """The images, badges and scripts of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.images: list[dict[str, str | None]] = []
        self.verdicts: list[str | None] = []
        self.tags: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = dict(attributes)
        self.tags.append(tag)
        if tag == "img":
            self.images.append(found)
        if tag == "article":
            self.verdicts.append(found["data-verdict"])


def page_of(workspace: Path, **options: object) -> str:
    with Ledger(workspace) as ledger:
        page = pair_check(ledger, **options).page  # type: ignore[arg-type]
    assert page
    return page.read_text(encoding="utf-8")


def test_the_page_links_to_both_halves_of_every_pair(tmp_path: Path) -> None:
    place_twin(tmp_path, "film #1 100% [東京]", scene(1), twin_of(1))
    place_twin(tmp_path, "moved", scene(2), shifted(twin_of(2), 9, 0))

    page = Page(page_of(tmp_path))

    assert len(page.images) == 4
    for image in page.images:
        assert image["src"]
        assert images.size(tmp_path / "reports" / unquote(image["src"])) == (640, 360)
        assert (image["width"], image["height"]) == ("640", "360")
        assert image["loading"] == "lazy"
    assert page.verdicts == ["keep", "reject"]


def test_the_page_needs_nothing_from_elsewhere(tmp_path: Path) -> None:
    place_twin(tmp_path, "street", scene(1), twin_of(1))

    assert not re.search(r"https?://|//\w", page_of(tmp_path))


def test_names_cannot_smuggle_markup_in(tmp_path: Path) -> None:
    place_twin(tmp_path, "<script>alert(1)<&script> \"'", scene(1), twin_of(1))

    page = Page(page_of(tmp_path))

    assert page.tags.count("script") == 1
    assert "alert" not in str(page.tags)


def test_the_page_says_what_was_not_measured_and_who_made_the_twins(tmp_path: Path) -> None:
    place_twin(tmp_path, "street", scene(1), twin_of(1))

    text = page_of(tmp_path)

    assert PREVIEW in text
    assert "CLIP image similarity: not measured on 1 of 1 pairs" in text
    assert "<dt>CLIP<dd><em>not measured</em>" in text


def test_twins_by_kontext_are_not_called_a_preview(tmp_path: Path) -> None:
    place_twin(tmp_path, "street", scene(1), twin_of(1), made_by="flux1-dev-kontext")

    assert "preview" not in page_of(tmp_path)


def test_the_legend_shows_the_thresholds_in_use(tmp_path: Path) -> None:
    place_twin(tmp_path, "street", scene(1), twin_of(1))

    assert "<code>shift_px</code><td>7.5<td>over" in page_of(tmp_path, settings=["shift_px=7.5"])


def test_a_changed_place_is_boxed_on_the_twin(tmp_path: Path) -> None:
    twin = twin_of(1)
    twin[150:260, 300:360] = (240, 20, 30)
    place_twin(tmp_path, "street", scene(1), twin)

    assert page_of(tmp_path).count("<i class=tile") == 1


def test_negative_figures_have_a_minus_sign_and_names_keep_their_hyphens(tmp_path: Path) -> None:
    place_twin(tmp_path, "film_00-00-01", scene(1), recoloured(twin_of(1), lightness=-6))

    text = page_of(tmp_path)

    assert re.search(r"<dt>ΔL<dd>−\d", text)
    assert not re.search(r"<dd>-", text)
    assert "<h2>film_00-00-01</h2>" in text
    assert "<dt>MS-SSIM" in text
