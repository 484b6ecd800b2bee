"""The review page's server cannot start."""

from __future__ import annotations

from curate.errors.base import PlaceError


class PortTaken(PlaceError):
    def __init__(self, port: int, reason: str) -> None:
        super().__init__(
            f"Cannot listen on port {port} of 127.0.0.1: {reason}.",
            remedy="Leave --port out, and a free one is taken.",
        )
