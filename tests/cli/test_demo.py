from __future__ import annotations

import json

import pytest

from tests.conftest import Cli


@pytest.fixture(scope="module")
def demonstrated(tmp_path_factory):
    curate = Cli(tmp_path_factory.mktemp("demo"))
    ran = curate("demo")
    assert ran.returncode == 0, ran.stderr
    return curate, ran


def test_the_demo_runs_every_station_and_recovers_the_planted_difference(demonstrated):
    curate, ran = demonstrated

    status = json.loads(curate("status", "--json").stdout)
    assert {s["station"] for s in status["stations"] if s["done"]} == {
        "extract",
        "kontext",
        "pair-check",
        "dataset",
        "merge",
    }
    assert "recovered" in ran.stdout
    assert "preview quality: embedded simplifier, not Kontext" in ran.stdout
    assert "reports/pairs.html" in ran.stdout
    assert "curate -w my-film extract film.mkv" in ran.stdout
    assert (curate.workspace / "reports" / "pairs.html").is_file()
    assert list((curate.workspace / "loras").glob("slider*.safetensors"))


def test_the_demo_run_again_does_nothing_again(demonstrated):
    curate, _ = demonstrated
    written = {f: f.stat().st_mtime_ns for f in curate.workspace.rglob("*.png")}

    assert curate("demo").returncode == 0
    assert {f: f.stat().st_mtime_ns for f in curate.workspace.rglob("*.png")} == written


def test_the_demo_stays_out_of_a_workspace_with_films_of_ones_own(curate, bunny):
    assert curate("extract", bunny).returncode == 0

    ran = curate("demo")

    assert ran.returncode == 3
    assert "curate -w demo demo" in ran.stderr
