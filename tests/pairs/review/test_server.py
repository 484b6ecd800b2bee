from __future__ import annotations

import json
import re
import socket
from pathlib import Path

import httpx
import pytest

from curate import images
from curate.ledger import Ledger
from curate.pairs.review import thumbs
from curate.records import Pair
from tests.conftest import Cli
from tests.pairs.review.serving import Server, persons, serving

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "curate/pairs/review/page"

Shared = tuple[Path, Server]


def ids(workspace: Path) -> dict[str, str]:
    with Ledger(workspace) as ledger:
        return {pair.name: pair.id for pair in ledger.all(Pair)}


def wish(pair_id: str, choice: str | None, version: str = "") -> dict[str, object]:
    return {"changes": [{"id": pair_id, "choice": choice, "version": version}]}


def test_without_the_token_nothing_is_shown_and_nothing_written(undecided: Shared) -> None:
    workspace, server = undecided
    good = ids(workspace)["good"]

    for root in (server.root, f"{server.root}/{'x' * len(server.token)}"):
        for path in ("/", "/pairs", "/asset/app.js", f"/half/{good}/frame", f"/thumb/{good}"):
            assert httpx.get(root + path).status_code == 403
        assert httpx.post(f"{root}/decisions", json=wish(good, "reject")).status_code == 403
    assert persons(workspace) == {}


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "pairs.example"},
        {"Host": "pairs.example:80"},
        {"Origin": "http://pairs.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_foreign_page_is_refused_even_with_the_token(
    undecided: Shared, headers: dict[str, str]
) -> None:
    workspace, server = undecided
    body = wish(ids(workspace)["good"], "reject")

    assert httpx.get(f"{server.url}pairs", headers=headers).status_code == 403
    assert httpx.post(f"{server.url}decisions", json=body, headers=headers).status_code == 403
    assert persons(workspace) == {}


def test_it_listens_on_this_machine_only(shared: Shared) -> None:
    port = int(shared[1].root.rsplit(":", 1)[1])
    tables = [Path("/proc/net/tcp"), Path("/proc/net/tcp6")]
    if not tables[0].exists():
        pytest.skip("only Linux tells its sockets in a file")
    listening = [
        line.split()[1]
        for table in tables
        if table.exists()
        for line in table.read_text().splitlines()[1:]
        if line.split()[3] == "0A" and int(line.split()[1].rsplit(":", 1)[1], 16) == port
    ]

    assert listening == [f"0100007F:{port:04X}"]


def test_every_answer_forbids_what_the_page_does_not_need(shared: Shared) -> None:
    for path in ("", "pairs", "asset/app.js", "asset/none.js", "../x"):
        headers = httpx.get(shared[1].url + path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-content-type-options"] == "nosniff"
        assert "server" not in headers


def test_the_page_names_nothing_outside_itself() -> None:
    files = [file for file in PAGE.iterdir() if file.suffix in {".html", ".css", ".js"}]

    assert len(files) >= 10
    for file in files:
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"https?://|['\"(]//\w|@import|innerHTML|eval\(", text), file.name


def test_every_file_of_the_page_is_served_and_no_other(shared: Shared) -> None:
    for file in PAGE.iterdir():
        answer = httpx.get(f"{shared[1].url}asset/{file.name}")
        assert answer.content == file.read_bytes()
    for name in ("..%2fserver.py", "%2e%2e%2fserver.py", "server.py", "..%2f..%2freport.html"):
        assert httpx.get(f"{shared[1].url}asset/{name}").status_code == 404


def test_a_decision_on_what_somebody_else_changed_is_refused_and_theirs_is_told(
    undecided: Shared,
) -> None:
    workspace, server = undecided
    good = ids(workspace)["good"]
    first = httpx.post(f"{server.url}decisions", json=wish(good, "keep"))
    choice, version, at = first.json()["decided"][good]
    assert choice == "keep"
    assert at.startswith("20")

    second = httpx.post(f"{server.url}decisions", json=wish(good, "reject"))
    assert second.status_code == 409
    assert second.json()["conflicts"] == {good: ["keep", version, at]}
    assert persons(workspace) == {"good": "keep"}

    third = httpx.post(f"{server.url}decisions", json=wish(good, None, version))
    assert third.json()["decided"] == {good: None}
    assert persons(workspace) == {}


def test_of_many_only_those_that_stand_are_decided(undecided: Shared) -> None:
    workspace, server = undecided
    names = ids(workspace)
    httpx.post(f"{server.url}decisions", json=wish(names["good"], "reject"))
    changes = [{"id": names[n], "choice": "keep", "version": ""} for n in ("good", "same", "moved")]
    changes.append({"id": "nobody", "choice": "keep", "version": ""})

    answer = httpx.post(f"{server.url}decisions", json={"changes": changes})

    assert answer.status_code == 409
    assert answer.json()["gone"] == ["nobody"]
    assert persons(workspace) == {"good": "reject", "same": "keep", "moved": "keep"}


def test_another_programs_decisions_and_pairs_are_seen_without_a_restart(
    curate: Cli, undecided: Shared
) -> None:
    workspace, server = undecided

    def decided() -> set[str]:
        table = httpx.get(f"{server.url}pairs").json()
        return {n for n, d in zip(table["label"], table["decision"], strict=True) if d}

    assert decided() == set()
    assert curate("-w", workspace, "pair-check", "--reject", "good").returncode == 0

    assert decided() == {"good"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b'{"changes": []}',
        b'{"changes": [1]}',
        b'{"changes": [{"id": 1, "choice": "keep", "version": ""}]}',
        b'{"changes": [{"id": "a", "choice": "burn", "version": ""}]}',
        b'{"changes": [{"id": "a", "choice": "keep"}]}',
        b"\xff\xfe",
    ],
)
def test_a_malformed_wish_is_answered_and_harms_nothing(shared: Shared, body: bytes) -> None:
    answer = httpx.post(
        f"{shared[1].url}decisions", content=body, headers={"content-type": "application/json"}
    )

    assert answer.status_code == 400
    assert "Cannot read the request" in answer.json()["message"]


def test_a_form_of_another_page_cannot_write(undecided: Shared) -> None:
    workspace, server = undecided
    body = json.dumps(wish(ids(workspace)["good"], "reject"))

    answer = httpx.post(
        f"{server.url}decisions", content=body, headers={"content-type": "text/plain"}
    )

    assert answer.status_code == 400
    assert persons(workspace) == {}


@pytest.mark.parametrize("value", ['"a"', "true", "null", "1e999"])
def test_a_threshold_is_a_number_with_a_known_name(shared: Shared, value: str) -> None:
    kind = {"content-type": "application/json"}
    wrong = httpx.post(
        f"{shared[1].url}judge", content=f'{{"set": {{"tint": {value}}}}}', headers=kind
    )
    unknown = httpx.post(f"{shared[1].url}whatif", content='{"set": {"tnt": 1}}', headers=kind)

    assert wrong.status_code == 400
    assert unknown.status_code == 422


def test_halves_are_the_files_and_thumbs_are_small_and_kept(shared: Shared) -> None:
    workspace, server = shared
    good = ids(workspace)["good"]
    frame = workspace / "twins/simplify/frame/good.png"

    assert httpx.get(f"{server.url}half/{good}/frame").content == frame.read_bytes()
    assert httpx.get(f"{server.url}half/{good}/other").status_code == 404
    assert httpx.get(f"{server.url}half/nobody/frame").status_code == 404
    assert httpx.get(f"{server.url}thumb/nobody").status_code == 404
    data = httpx.get(f"{server.url}thumb/{good}").content
    assert images.decode(data).shape == (180, 2 * thumbs.WIDTH_PX, 3)
    assert data in [file.read_bytes() for file in (workspace / "cache/thumbs").rglob("*.jpg")]


def test_a_thumb_follows_its_files_and_needs_no_cache(tmp_path: Path, checked: Path) -> None:
    halves = [checked / f"twins/simplify/{half}/good.png" for half in ("frame", "twin")]
    kept = thumbs.thumb(halves[0], halves[1], tmp_path / "cache")
    (file,) = (tmp_path / "cache").rglob("*.jpg")
    file.write_bytes(b"kept")
    assert thumbs.thumb(halves[0], halves[1], tmp_path / "cache") == b"kept"

    changed = tmp_path / "twin.png"
    images.write(changed, images.read(halves[0]))
    assert thumbs.thumb(halves[0], changed, tmp_path / "cache") not in (kept, b"kept")
    (tmp_path / "no folder").write_text("")
    assert thumbs.thumb(halves[0], halves[1], tmp_path / "no folder") == kept


def test_ctrl_c_ends_with_what_was_decided(workspace: Path) -> None:
    with serving(workspace) as server:
        httpx.post(f"{server.url}decisions", json=wish(ids(workspace)["good"], "keep"))
        code, out, error = server.interrupt()

    assert code == 0
    assert "1 kept, 0 rejected, 0 to repair, of 6 pairs." in out
    assert "curate dataset" in out
    assert "Traceback" not in error


def test_a_port_that_is_taken_is_a_sentence(curate: Cli, checked: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = curate("-w", checked, "review", "--no-open", "--port", port)

    assert ended.returncode == 3
    assert f"Cannot listen on port {port}" in ended.stderr


def test_without_checked_pairs_the_command_before_is_named_and_nothing_is_made(
    curate: Cli,
) -> None:
    ended = curate("review", "--no-open")

    assert ended.returncode == 3
    assert "curate pair-check" in ended.stderr
    assert not curate.workspace.exists()
