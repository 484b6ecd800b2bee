"""Who may talk to the page's server: this machine, through the address that was printed."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HOST = "127.0.0.1"

_NAMES = (HOST, "localhost")
_REFUSED = "Open the address that `curate review` printed.\n"
_READING = {"GET", "HEAD"}

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' blob: data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), usb=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def token() -> str:
    """A new secret for an address: 192 random bits."""
    return secrets.token_urlsafe(24)


def guarded(app: ASGIApp, secret: str, port: int) -> ASGIApp:
    """`app` behind the checks; it sees only requests whose path begins with the secret.

    The Host must be this machine's own (a name that was rebound to it is refused), the Origin,
    where a browser sends one, the page's own. What writes must have an Origin, or come from no
    browser at all.
    """
    hosts = [f"{name}:{port}" for name in _NAMES]

    async def checked(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
            await send(message)

        if _may(scope, secret, hosts):
            await app(scope, receive, dressed)
        else:
            await PlainTextResponse(_REFUSED, 403)(scope, receive, dressed)

    return checked


def _may(scope: Scope, secret: str, hosts: Sequence[str]) -> bool:
    headers = Headers(scope=scope)
    given = scope["path"].split("/")[1]
    if not secrets.compare_digest(given.encode(), secret.encode()):
        return False
    if headers.get("host") not in hosts:
        return False
    origin, site = headers.get("origin"), headers.get("sec-fetch-site")
    if origin is not None:
        return origin in [f"http://{host}" for host in hosts]
    if scope["method"] in _READING:
        return site in (None, "same-origin", "none")
    return site is None
