"""A stand-in for the Hub: the calls that huggingface_hub makes to upload a dataset, over real HTTP.

It keeps repositories in memory and answers only those who show the token. It takes small text in
the commit itself and all else as LFS objects, as the Hub does; Xet, limits and pull requests are
left out.
"""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

import yaml

_API = re.compile(r"/api/datasets/(?P<name>[^/]+/[^/]+)(?:/(?P<call>[a-z-]+)/(?P<rest>.*))?")
_LFS = re.compile(r"/datasets/(?P<name>[^/]+/[^/]+)\.git/info/lfs/objects/batch")
_AS_TEXT = (".md", ".jsonl", ".gitattributes")


@dataclass
class Repository:
    """A dataset: who may see it, its files, one message a commit."""

    is_private: bool
    files: dict[str, bytes] = field(default_factory=dict)
    commits: list[str] = field(default_factory=list)


@dataclass
class Hub:
    """A running stand-in."""

    token: str
    url: str = ""
    repositories: dict[str, Repository] = field(default_factory=dict)
    objects: dict[str, bytes] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)


@contextmanager
def running(token: str) -> Iterator[Hub]:
    """A stand-in that answers on a port of this machine."""
    hub = Hub(token)
    handler = type("Bound", (_Handler,), {"hub": hub})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        hub.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield hub
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answered(b"")

    def do_HEAD(self) -> None:
        self._answered(b"")

    def do_POST(self) -> None:
        self._answered(self.rfile.read(int(self.headers.get("Content-Length") or 0)))

    def do_PUT(self) -> None:
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.hub.objects[sha256(data).hexdigest()] = data
        self._say(200, {})

    def log_message(self, *_: object) -> None:
        return

    def _answered(self, body: bytes) -> None:
        path = unquote(self.path.split("?")[0])
        self.hub.calls.append(f"{self.command} {path}")
        if self.headers.get("Authorization") != f"Bearer {self.hub.token}":
            self._say(401, {"error": "Invalid credentials in Authorization header"})
        elif path == "/api/repos/create":
            self._create(json.loads(body))
        elif path == "/api/validate-yaml":
            self._say(200, {"errors": _wrong(json.loads(body)), "warnings": []})
        elif batch := _LFS.fullmatch(path):
            assert batch["name"] in self.hub.repositories
            self._say(200, self._batch(json.loads(body)))
        elif (asked := _API.fullmatch(path)) and asked["name"] in self.hub.repositories:
            self._of(asked["name"], self.hub.repositories[asked["name"]], asked["call"], body)
        else:
            self._say(404, {"error": "Repository not found"})

    def _create(self, asked: dict[str, Any]) -> None:
        name = f"{asked['organization']}/{asked['name']}"
        assert asked["type"] == "dataset"
        url = f"{self.hub.url}/datasets/{name}"
        if name in self.hub.repositories:
            self._say(409, {"error": "You already created this dataset repo", "url": url})
            return
        private = bool(asked.get("private")) or asked.get("visibility") == "private"
        self.hub.repositories[name] = Repository(private)
        self._say(200, {"url": url, "name": name, "id": name})

    def _of(self, name: str, held: Repository, call: str | None, body: bytes) -> None:
        match call:
            case "preupload":
                self._say(200, {"files": [_mode(file) for file in json.loads(body)["files"]]})
            case "commit":
                self._commit(name, held, [json.loads(line) for line in body.splitlines()])
            case "tree":
                self._say(200, [_listed(path, data) for path, data in held.files.items()])
            case _:
                siblings = [{"rfilename": path} for path in held.files]
                told = {"id": name, "sha": "0" * 40, "private": held.is_private}
                self._say(200, told | {"siblings": siblings, "tags": []})

    def _batch(self, asked: dict[str, Any]) -> dict[str, Any]:
        objects = [
            one | {"actions": {"upload": {"href": f"{self.hub.url}/put/{one['oid']}"}}}
            for one in asked["objects"]
        ]
        return {"transfer": "basic", "objects": objects}

    def _commit(self, name: str, held: Repository, lines: list[dict[str, Any]]) -> None:
        for line in lines:
            value = line["value"]
            match line["key"]:
                case "header":
                    held.commits.append(value["summary"])
                case "file":
                    held.files[value["path"]] = base64.b64decode(value["content"])
                case "lfsFile":
                    held.files[value["path"]] = self.hub.objects[value["oid"]]
                case "deletedFile":
                    del held.files[value["path"]]
        url = f"{self.hub.url}/datasets/{name}/commit/{'1' * 40}"
        self._say(200, {"success": True, "commitUrl": url, "commitOid": "1" * 40})

    def _say(self, status: int, told: object) -> None:
        data = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)


def _mode(file: dict[str, Any]) -> dict[str, Any]:
    mode = "regular" if file["path"].endswith(_AS_TEXT) else "lfs"
    return {"path": file["path"], "uploadMode": mode, "shouldIgnore": False, "oid": None}


def _wrong(asked: dict[str, Any]) -> list[dict[str, str]]:
    """What is wrong with a dataset card's header."""
    assert asked["repoType"] == "dataset"
    header = yaml.safe_load(asked["content"].split("---")[1])
    lacking = {"license", "task_categories", "size_categories"} - header.keys()
    return [{"message": f"{key} is required"} for key in sorted(lacking)]


def _listed(path: str, data: bytes) -> dict[str, Any]:
    return {"type": "file", "path": path, "size": len(data), "oid": sha256(data).hexdigest()[:40]}
