"""The whole loop through the command line, undisturbed and disturbed."""

from __future__ import annotations

import json
import shutil
import sqlite3

import pytest

from curate.demo import film
from tests.comfyui.graphs import QUANTIZE, chain, written
from tests.conftest import Cli

LOOP = (
    ("extract", "film.mp4"),
    ("kontext", "--prompt", "simplify.txt", "--backend", "embedded"),
    ("pair-check",),
    ("dataset",),
)


@pytest.fixture(scope="module")
def looped(tmp_path_factory: pytest.TempPathFactory) -> Cli:
    """The loop has run over seven shots of a second and a half; every test leaves it at its end."""
    curate = Cli(tmp_path_factory.mktemp("loop"))
    places = ("street", "market", "library", "kitchen", "classroom", "bedroom", "night")
    takes = [film.Take(place, 1.5) for place in places]
    film.draw(curate.folder / "film.mp4", takes, size=(640, 360))
    run_loop(curate)
    return curate


def run_loop(curate: Cli) -> None:
    for command in LOOP:
        ran = curate(*command)
        assert ran.returncode == 0, ran.stderr


def snapshot(curate: Cli) -> dict[str, object]:
    """Every file's bytes, and the ledger without times of day."""
    assert curate("ledger", "export", "ledger.jsonl").returncode == 0
    lines = (curate.folder / "ledger.jsonl").read_text(encoding="utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    for record in records:
        record.pop("at", None)
        record.get("settings", {}).pop("stamps", None)  # when the files were written
    contents: dict[str, object] = {
        file.relative_to(curate.workspace).as_posix(): file.read_bytes()
        for file in sorted(curate.workspace.rglob("*"))
        if file.is_file() and not file.name.startswith("curate.db")
    }
    return contents | {"ledger": records}


def count(curate: Cli, table: str) -> int:
    """How many rows the ledger has so far; another process is writing it."""
    file = curate.workspace / "curate.db"
    if not file.exists():
        return 0
    try:
        db = sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)
        try:
            return int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
        finally:
            db.close()
    except sqlite3.OperationalError:
        return 0


def files(curate: Cli, pattern: str) -> int:
    return len(list(curate.workspace.glob(pattern)))


def test_the_loop_ends_in_pairs_that_a_trainer_can_read(looped):
    dense = sorted(p.name for p in (looped.workspace / "dataset" / "dense").iterdir())
    sparse = sorted(p.name for p in (looped.workspace / "dataset" / "sparse").iterdir())
    assert dense == sparse
    assert sum(name.endswith(".png") for name in dense) >= 3
    assert sum(name.endswith(".txt") for name in dense) * 2 == len(dense)
    status = json.loads(looped("status", "--json").stdout)
    assert all(station["failed"] == station["waiting"] == 0 for station in status["stations"])
    assert status["next_step"]["command"] == "curate train --musubi DIR"


def test_the_loop_run_twice_changes_nothing(looped):
    before = snapshot(looped)
    written = {f: f.stat().st_mtime_ns for f in looped.workspace.rglob("*.png")}

    run_loop(looped)

    assert snapshot(looped) == before
    assert {f: f.stat().st_mtime_ns for f in looped.workspace.rglob("*.png")} == written


def test_a_loop_killed_at_every_station_ends_as_an_undisturbed_one(looped):
    undisturbed = snapshot(looped)
    shutil.rmtree(looped.workspace)

    moments = {
        "extract": (lambda: files(looped, "curate.db"), lambda: files(looped, "frames/*.png") > 2),
        "kontext": (
            lambda: files(looped, "twins/*/*/*.png*"),
            lambda: count(looped, "twins") > 2,
        ),
        "pair-check": (lambda: count(looped, "pairs"), lambda: count(looped, "pairs") > 3),
        "dataset": (lambda: files(looped, "dataset/*/*"), lambda: files(looped, "dataset/*/*") > 5),
    }
    endings = []
    for command in LOOP:
        endings += [looped.stop_when(moment, *command) for moment in moments[command[0]]]
        assert looped(*command).returncode == 0

    assert endings.count(-9) >= 5
    assert snapshot(looped) == undisturbed


def test_the_loop_runs_on_a_real_film_and_a_real_comfyui(curate, bunny, comfy):
    written(curate.folder / "graph.json", chain(QUANTIZE))
    assert curate("extract", bunny).returncode == 0

    made = curate("kontext", "--workflow", "graph.json", "--server", comfy.url, "--json")

    assert made.returncode == 0, made.stderr
    (twin,) = json.loads(made.stdout)["twins"]
    assert twin["made_by"] == f"ComfyUI {comfy.version()}"
    assert (twin["width"], twin["height"]) == (1392, 752)
    (pair,) = json.loads(curate("pair-check", "--json").stdout)["pairs"]
    assert pair["measures"]["shift_px"] < 0.5
    assert curate("pair-check", "--keep", pair["name"]).returncode == 0
    assert curate("dataset").returncode == 0
    assert files(curate, "dataset/dense/*.png") == files(curate, "dataset/sparse/*.png") == 1
