"""A server's address: as it may be shown, and what lets one in."""

from __future__ import annotations

import contextlib
import re
from base64 import b64encode
from collections.abc import Iterable

from yarl import URL

from curate.errors import BadSetting

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # a token of RFC 9110
_VALUE = re.compile(r"[\x20-\x7e\t]+")


def shown(url: str) -> str:
    """`url` with a scheme, without user, password and the slash at the end: print and store this.

    Raises:
        BadSetting: it is no http or https address.
    """
    parsed = _parsed(url)
    is_let_in = parsed.user or parsed.password
    return str(parsed.with_user(None)).rstrip("/") if is_let_in else _whole(url)


def entry(url: str, headers: Iterable[str]) -> dict[str, str]:
    """The headers that every request to `url` carries: these, and its user and password.

    Args:
        url: `https://user:password@host`, or without them.
        headers: each as `Name: value`.

    Raises:
        BadSetting: a header is none; it is not repeated, for it may be a secret.
    """
    carried = dict(map(_header, headers))
    parsed = _parsed(url)
    if parsed.user or parsed.password:
        pair = f"{parsed.user or ''}:{parsed.password or ''}"
        carried["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
    return carried


def secrets(url: str, headers: dict[str, str]) -> tuple[str, ...]:
    """What must not be repeated to anybody, the longest first."""
    words = [part for value in headers.values() for part in (value, *value.split())]
    words.append(_parsed(url).password or "")
    return tuple(sorted({word for word in words if len(word) > 3}, key=len, reverse=True))


def _header(line: str) -> tuple[str, str]:
    name, colon, value = (part.strip() for part in line.partition(":"))
    if not (colon and _NAME.fullmatch(name) and _VALUE.fullmatch(value)):
        raise BadSetting(
            "A header is not written as one.",
            remedy="Write it as --header 'Authorization: Bearer …', in ASCII.",
        )
    return name, value


def _whole(url: str) -> str:
    return (url if "://" in url else f"http://{url}").rstrip("/")


def _parsed(url: str) -> URL:
    with contextlib.suppress(ValueError):
        parsed = URL(_whole(url))
        if parsed.scheme in ("http", "https") and parsed.host and parsed.port is not None:
            return parsed
    raise BadSetting(
        f"{url.rpartition('@')[2]!r} is no address of a server.",
        remedy="Write it as http://127.0.0.1:8188 or https://user:password@host.",
    )
