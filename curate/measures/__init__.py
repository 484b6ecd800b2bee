"""What is measured on two images of one scene, and how alike an encoder finds them."""

from __future__ import annotations

from typing import TypeAlias

VERSION = "pairs/7"
"""Names these measures; another number makes every pair be measured anew."""

Measures: TypeAlias = dict[str, float | None]
