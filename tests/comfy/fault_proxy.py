"""A proxy of ours between the client and a real server, which drops, delays, refuses or corrupts.

Everything else passes unchanged, the socket too.
"""

from __future__ import annotations

import socket
import socketserver
import ssl
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

CERTIFICATE = Path(__file__).with_name("localhost.pem")
"""Self-signed for 127.0.0.1, with its key; made for these tests and trusted by nobody else."""

_CHUNK_BYTES = 1 << 16
_RESET = struct.pack("ii", 1, 0)


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    head: bytes
    body: bytes

    def header(self, name: str) -> str:
        for line in self.head.decode("latin-1").split("\r\n")[1:]:
            key, _, value = line.partition(":")
            if key.lower() == name.lower():
                return value.strip()
        return ""


@dataclass(frozen=True)
class Fault:
    """What becomes of a request.

    `status` answers in the server's place; `is_reset` breaks the connection, after the server has
    seen the request if `is_passed_on`; `request` and `answer` change a body; `before` is called
    first and may wait; `is_silent` lets nothing through a socket that was opened.
    """

    status: int = 0
    body: bytes = b"fault"
    is_reset: bool = False
    is_passed_on: bool = False
    is_silent: bool = False
    request: Callable[[bytes], bytes] | None = None
    answer: Callable[[bytes], bytes] | None = None
    before: Callable[[], object] | None = None


@dataclass
class FaultProxy:
    """A context manager; `fault` is asked for every request and may be exchanged at any time."""

    to: str
    fault: Callable[[Request], Fault | None] = lambda _request: None
    is_tls: bool = False
    requests: list[Request] = field(default_factory=list)

    def __enter__(self) -> Self:
        proxy = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                proxy._serve(self.request)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True

            def handle_error(self, *_about: object) -> None:
                """A broken connection is what we are here for."""

        self._server = Server(("127.0.0.1", 0), Handler)
        if self.is_tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(CERTIFICATE)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        scheme = "https" if self.is_tls else "http"
        self.url = f"{scheme}://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def count(self, method: str, path: str) -> int:
        return sum(r.method == method and r.path.startswith(path) for r in list(self.requests))

    def _serve(self, client: socket.socket) -> None:
        with client, client.makefile("rb") as reader:
            while (request := _read_request(reader)) is not None:
                self.requests.append(request)
                fault = self.fault(request) or Fault(is_passed_on=True)
                if fault.before:
                    fault.before()
                if request.header("upgrade"):
                    self._tunnel(client, request, fault)
                    return
                if not self._answer(client, request, fault):
                    return

    def _answer(self, client: socket.socket, request: Request, fault: Fault) -> bool:
        if fault.request:
            request = replace(request, body=fault.request(request.body))
        passes = fault.is_passed_on or fault.request or fault.answer
        head, body = b"", b""
        if passes:
            head, body = self._passed_on(request)
        if fault.is_reset:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            return False
        if fault.status:
            head, body = f"HTTP/1.1 {fault.status} Fault".encode(), fault.body
        if fault.answer:
            body = fault.answer(body)
        lines = [line for line in head.split(b"\r\n") if not _is_framing(line)]
        lines.append(f"Content-Length: {len(body)}".encode())
        client.sendall(b"\r\n".join(lines) + b"\r\n\r\n" + body)
        return True

    def _passed_on(self, request: Request) -> tuple[bytes, bytes]:
        with self._server_socket() as upstream, upstream.makefile("rb") as reader:
            lines = [line for line in request.head.split(b"\r\n") if not _is_framing(line)]
            lines += [f"Content-Length: {len(request.body)}".encode(), b"Connection: close"]
            upstream.sendall(b"\r\n".join(lines) + b"\r\n\r\n" + request.body)
            head = b"".join(iter(reader.readline, b"\r\n"))
            length = [h for h in head.split(b"\r\n") if h.lower().startswith(b"content-length:")]
            return head.rstrip(), reader.read(int(length[0].split(b":")[1]) if length else -1)

    def _tunnel(self, client: socket.socket, request: Request, fault: Fault) -> None:
        if fault.status or fault.is_reset:
            return
        with self._server_socket() as upstream:
            upstream.sendall(request.head + b"\r\n\r\n")
            back = threading.Thread(target=_pump, args=(client, upstream), daemon=True)
            back.start()
            if not fault.is_silent:
                _pump(upstream, client)
                return
            answer = upstream.recv(_CHUNK_BYTES)
            client.sendall(answer.partition(b"\r\n\r\n")[0] + b"\r\n\r\n")
            while upstream.recv(_CHUNK_BYTES):
                """What the server says is lost."""

    def _server_socket(self) -> socket.socket:
        to = urlsplit(self.to)
        return socket.create_connection((to.hostname, to.port))


def _read_request(reader: socket.SocketIO) -> Request | None:
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = reader.readline()
        if not line:
            return None
        head += line
    head = head[:-4]
    method, path, _ = head.split(b"\r\n")[0].decode().split(" ")
    request = Request(method, path, head, b"")
    if request.header("transfer-encoding"):
        raise AssertionError("chunked requests are not read here")
    body = reader.read(int(request.header("content-length") or 0))
    return replace(request, body=body)


def _is_framing(line: bytes) -> bool:
    name = line.partition(b":")[0].lower()
    return name in (b"content-length", b"connection", b"transfer-encoding", b"keep-alive")


def _pump(source: socket.socket, to: socket.socket) -> None:
    try:
        while data := source.recv(_CHUNK_BYTES):
            to.sendall(data)
        to.shutdown(socket.SHUT_WR)
    except OSError:
        return
