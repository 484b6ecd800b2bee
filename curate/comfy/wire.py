"""HTTP with one server: asked again while an error may pass, then said in words."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass
from uuid import uuid4

from curate.comfy import address, protocol
from curate.errors import ServerFailing, ServerForbids, ServerSilent, ServerUnreachable

if TYPE_CHECKING:  # it takes half a second to import, which a backend without a server saves
    import aiohttp

_CONNECT_S = 5.0
_READ_S = 60.0  # it answers late while a node holds the interpreter
_FIRST_WAIT_S = 0.1
_LONGEST_WAIT_S = 2.0
_FORBIDDEN = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
_HIDDEN = "•••"
_MESSAGE_BYTES = 64 << 20  # previews are images
_PULSE_S = 40.0  # the socket's other end is asked for a sign of life, and given half as long
_EDGE = uuid4().hex  # of all forms: a server that keeps headers it has parsed parses one

T = TypeVar("T")


class Refused(Exception):
    """The server answered with an error that waiting does not cure."""

    def __init__(self, status: int, body: object) -> None:
        super().__init__(f"HTTP {status}: {protocol.sentence(protocol.complaints(body))}")
        self.status = status
        self.body = body


class Passing(Exception):
    """No answer, or a 5xx: it may be another one soon."""


class Silent(Passing):
    """The connection failed."""


class Busy(Passing):
    """The answer was a 5xx."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer, neither an error nor a redirect."""

    status: int
    content: bytes

    def read(self) -> dict[str, Any]:
        """Its JSON object.

        Raises:
            Refused: it is a page of something else, such as a proxy.
        """
        try:
            return dict(json.loads(self.content))
        except (ValueError, TypeError) as error:
            raise Refused(self.status, "the answer is not ComfyUI's") from error


@dataclass(frozen=True, slots=True)
class Form:
    """Fields and one PNG, as a browser would post them; aiohttp's own form costs three times that.

    Names and values are ASCII without quotes.
    """

    fields: dict[str, str]
    field: str
    filename: str
    png: bytes

    def sent(self) -> dict[str, Any]:
        """The body and its header, as aiohttp takes them; RFC 7578."""
        parts = [
            f'--{_EDGE}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in self.fields.items()
        ]
        parts.append(
            f'--{_EDGE}\r\nContent-Disposition: form-data; name="{self.field}"; '
            f'filename="{self.filename}"\r\nContent-Type: image/png\r\n\r\n'
        )
        body = io.BytesIO(
            b"".join(("".join(parts).encode(), self.png, f"\r\n--{_EDGE}--\r\n".encode()))
        )
        return {"data": body, "headers": {"Content-Type": f"multipart/form-data; boundary={_EDGE}"}}


class Wire:
    """Requests to one server; close it in the end.

    Args:
        url: http or https, perhaps with user:password@.
        headers: each as `Name: value`; sent with every request, repeated to nobody.
        patience_s: how long connection errors and 5xx answers are retried.
    """

    def __init__(self, url: str, headers: Sequence[str], patience_s: float) -> None:
        self.url = address.shown(url)
        self._headers = address.entry(url, headers)
        self._patience_s = patience_s
        self._secrets = address.secrets(url, self._headers)
        self._opened: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        if self._opened is not None:
            await self._opened.close()

    async def ask(self, method: str, path: str, **how: Any) -> Answer:
        """The answer.

        `how` is `json` or `params`, as aiohttp takes them, or `form`.

        Raises:
            ServerUnreachable: none for `patience_s`; ServerFailing, if it was 5xx all the time;
                ServerForbids, if it wants to know who asks.
            Refused: it is another error.
        """
        return await self.patiently(lambda: self.once(method, path, **how))

    async def once(self, method: str, path: str, form: Form | None = None, **how: Any) -> Answer:
        """The same without patience: raises Passing too."""
        import aiohttp

        if form is not None:
            how |= form.sent()
        try:
            async with self._session.request(
                method, self.url + path, allow_redirects=False, **how
            ) as response:
                content = await response.read()
        except (aiohttp.ClientError, OSError) as error:  # TimeoutError is an OSError
            raise Silent(_reason(error)) from error
        status = response.status
        if status in _FORBIDDEN:
            raise ServerForbids(self.url, status)
        if 300 <= status < 400:
            raise Refused(status, f"it sends us to {response.headers.get('Location')}")
        if status >= 400:
            said = self._said(content) or response.reason
            raise Busy(f"HTTP {status}: {said}") if status >= 500 else Refused(status, said)
        return Answer(status, content)

    async def patiently(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """What `attempt` gives, repeated while it raises what may pass; raises as `ask`."""
        loop = asyncio.get_running_loop()
        end, wait_s = loop.time() + self._patience_s, _FIRST_WAIT_S
        while True:
            try:
                return await attempt()
            except Passing as error:
                if loop.time() + wait_s > end:
                    raise self._in_words(error) from error
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * 2, _LONGEST_WAIT_S)

    @contextlib.asynccontextmanager
    async def socket(self, path: str) -> AsyncGenerator[aiohttp.ClientWebSocketResponse]:
        """An open socket, to be iterated over.

        Raises:
            Passing: it does not open, or it breaks.
        """
        import aiohttp

        try:
            async with self._session.ws_connect(
                self.url + path, max_msg_size=_MESSAGE_BYTES, heartbeat=_PULSE_S
            ) as socket:
                yield socket
        except (aiohttp.ClientError, OSError) as error:
            raise Silent(_reason(error)) from error

    @property
    def _session(self) -> aiohttp.ClientSession:
        if self._opened is None:  # only a running loop can hold one
            import aiohttp

            secure = ssl.create_default_context() if self.url.startswith("https") else False
            self._opened = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, ssl=secure),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers=self._headers,
                timeout=aiohttp.ClientTimeout(
                    total=None, sock_connect=_CONNECT_S, sock_read=_READ_S
                ),
                proxy=_proxy(self.url),
            )
        return self._opened

    def _in_words(self, error: Passing) -> ServerUnreachable:
        said = str(error).rstrip(".")
        if isinstance(error, Busy):
            return ServerFailing(self.url, said)
        return ServerSilent(self.url, said)

    def _said(self, content: bytes) -> object:
        """The body of an error, as JSON if it is, without what we sent to be let in."""
        text = content.decode(errors="replace")
        for secret in self._secrets:
            text = text.replace(secret, _HIDDEN)
        with contextlib.suppress(ValueError):
            return json.loads(text)
        return text


def _reason(error: Exception) -> str:
    import aiohttp

    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return str(error.certificate_error)
    if isinstance(error, aiohttp.ClientConnectorError):
        if isinstance(error.os_error, ConnectionRefusedError):
            return "connection refused"
        return error.os_error.strerror or str(error.os_error)
    return str(error) or type(error).__name__


def _proxy(url: str) -> str | None:
    """The proxy that the environment names for `url`."""
    parts = urlsplit(url)
    return None if proxy_bypass(parts.netloc) else getproxies().get(parts.scheme)
