"""HTTP with one server: asked again while an error may pass, then said in words."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

import httpx

from curate.comfy import address, protocol
from curate.errors import ServerFailing, ServerForbids, ServerSilent, ServerUnreachable

_TIMEOUT = httpx.Timeout(5.0, read=60.0)  # it answers late while a node holds the interpreter
_FIRST_WAIT_S = 0.1
_LONGEST_WAIT_S = 2.0
_FORBIDDEN = (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN)
_HIDDEN = "•••"

T = TypeVar("T")


class Refused(Exception):
    """The server answered with an error that waiting does not cure."""

    def __init__(self, status: int, body: object) -> None:
        super().__init__(f"HTTP {status}: {protocol.sentence(protocol.complaints(body))}")
        self.status = status
        self.body = body


class Busy(Exception):
    """A 5xx: it may pass."""


class Wire:
    """Requests to one server; close it in the end.

    Args:
        url: http or https, perhaps with user:password@.
        headers: each as `Name: value`; sent with every request, repeated to nobody.
        patience_s: how long connection errors and 5xx answers are retried.
    """

    def __init__(self, url: str, headers: Sequence[str], patience_s: float) -> None:
        self.url = address.shown(url)
        self.headers = address.entry(url, headers)
        self.ssl = ssl.create_default_context() if self.url.startswith("https") else None
        self._patience_s = patience_s
        self._secrets = address.secrets(url, self.headers)
        self._http = httpx.AsyncClient(
            base_url=self.url,
            headers=self.headers,
            timeout=_TIMEOUT,
            verify=self.ssl if self.ssl is not None else False,
        )

    async def close(self) -> None:
        await self._http.aclose()

    async def ask(self, method: str, path: str, **how: Any) -> httpx.Response:
        """The answer.

        Raises:
            ServerUnreachable: none for `patience_s`; ServerFailing, if it was 5xx all the time;
                ServerForbids, if it wants to know who asks.
            Refused: it is another error.
        """
        return await self.patiently(lambda: self.once(method, path, **how))

    async def once(self, method: str, path: str, **how: Any) -> httpx.Response:
        """The same without patience: raises httpx.TransportError or Busy too."""
        response = await self._http.request(method, path, **how)
        if response.is_success:
            return response
        if response.status_code in _FORBIDDEN:
            raise ServerForbids(self.url, response.status_code)
        if response.is_redirect:
            raise Refused(response.status_code, f"it sends us to {response.headers['location']}")
        if response.is_server_error:
            raise Busy(f"HTTP {response.status_code}: {self._said(response)}")
        raise Refused(response.status_code, self._said(response))

    async def patiently(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """What `attempt` gives, repeated while it raises what may pass; raises as `ask`."""
        loop = asyncio.get_running_loop()
        end, wait_s = loop.time() + self._patience_s, _FIRST_WAIT_S
        while True:
            try:
                return await attempt()
            except (httpx.TransportError, Busy) as error:
                if loop.time() + wait_s > end:
                    raise self._in_words(error) from error
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * 2, _LONGEST_WAIT_S)

    def _in_words(self, error: Exception) -> ServerUnreachable:
        if isinstance(error, Busy):
            return ServerFailing(self.url, str(error))
        return ServerSilent(self.url, str(error).rstrip(".") or type(error).__name__)

    def _said(self, response: httpx.Response) -> object:
        """The body of an error, as JSON if it is, without what we sent to be let in."""
        text = response.text
        for secret in self._secrets:
            text = text.replace(secret, _HIDDEN)
        with contextlib.suppress(ValueError):
            return httpx.Response(response.status_code, text=text).json()
        return text or response.reason_phrase


def read(response: httpx.Response) -> dict[str, Any]:
    """The JSON object of an answer.

    Raises:
        Refused: a page of something else, such as a proxy.
    """
    try:
        return dict(response.json())
    except (ValueError, TypeError) as error:
        raise Refused(response.status_code, "the answer is not ComfyUI's") from error
