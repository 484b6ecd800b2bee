"""A server's address: as it is called, as it may be shown."""

from __future__ import annotations

import httpx

from curate.errors import BadSetting


def called(url: str) -> str:
    """`url` as we call it: with a scheme, without a slash at the end.

    Raises:
        BadSetting: it is no http or https address.
    """
    whole = (url if "://" in url else f"http://{url}").rstrip("/")
    try:
        parsed = httpx.URL(whole)
    except httpx.InvalidURL:
        parsed = httpx.URL()
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise BadSetting(
            f"{url!r} is no address of a server.", remedy="Write it as http://127.0.0.1:8188."
        )
    return whole


def shown(url: str) -> str:
    """The same without a password, as it may be printed and stored."""
    whole = called(url)
    return str(httpx.URL(whole).copy_with(userinfo=b"")) if "@" in whole else whole
