"""What the review page shows."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from curate import images

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
