"""`curate grid` through a real ComfyUI, with graphs whose effect depends on one number."""

import json
import signal
from pathlib import Path

import numpy as np
import pytest

from curate import images
from curate.ledger import Ledger
from curate.records import Cell, Job
from tests.comfyui.graphs import UNHURRIED, written
from tests.grid.served import (
    BY_PICTURE,
    STRENGTHS,
    place,
    rendered,
    sharpening,
    shifting,
    tinting,
)

GOLDEN = Path(__file__).with_name("golden.png")


def as_user(curate, comfy, graph, strength, prompts, *more):
    """Run it as a user does."""
    written(curate.folder / "graph.json", graph)
    (curate.folder / "prompts.txt").write_text("\n".join(prompts) + "\n", encoding="utf-8")
    return (
        *("grid", "--quiet", "--workflow", "graph.json", "--strength-node", strength, *BY_PICTURE),
        *("--prompts", "prompts.txt", "--server", comfy.url, "--encoder", "none", *more),
    )


def cells(workspace):
    return {file.name: file.read_bytes() for file in (workspace / "grid/cells").glob("*.png")}


@pytest.fixture(scope="module")
def sheet(comfy, tmp_path_factory):
    """A sheet of two pictures that were there and one that was not, and what was said of it."""
    place(comfy, "one.png", "two.png")
    (comfy.base / "input" / "late.png").unlink(missing_ok=True)
    workspace = tmp_path_factory.mktemp("sheet") / "data"
    prompts = ("one.png", "two.png", "late.png")
    return workspace, rendered(workspace, comfy, sharpening(), "sharp.alpha", prompts)


def test_each_cell_is_rendered_once_and_the_number_is_the_strength(sheet):
    workspace, report = sheet

    assert report.rendered == 8
    with Ledger(workspace) as ledger:
        made = ledger.all(Cell)
    assert sorted({cell.strength for cell in made}) == list(STRENGTHS)
    assert {cell.made_by for cell in made} == {"ComfyUI 0.3.75"}
    for cell in made:
        assert cell.graph["sharp"]["inputs"]["alpha"] == cell.strength
        assert cell.graph["in"]["inputs"]["image"] == cell.prompt


def test_the_sheet_is_as_the_golden_picture(sheet):
    """Made anew with `python -m tests.grid.golden`, then looked at."""
    _, report = sheet

    shown, golden = images.read(report.files[0]), images.read(GOLDEN)

    assert shown.shape == golden.shape
    differs = np.abs(shown.astype(int) - golden.astype(int)).max(axis=2) > 24
    assert differs.mean() < 0.002  # letters may be smoothed a little otherwise elsewhere


def test_a_failed_cell_is_crossed_out_and_says_why(sheet):
    _, report = sheet

    failed = [cell for cell in report.cells if not cell.path]
    assert [(cell.prompt, cell.strength) for cell in failed] == [
        ("late.png", strength) for strength in STRENGTHS
    ]
    assert all("late.png" in cell.reason for cell in failed)
    assert len(report.failures) == 4
    page = report.page.read_text(encoding="utf-8")
    assert page.count("cell failed") == 4


def test_density_is_found_to_follow_and_nothing_else_to_move(sheet):
    (finding,) = sheet[1].findings

    assert finding.rows == finding.monotone_rows == 2
    assert finding.concept.spearman == 1.0
    assert finding.usable == (0, 2)
    assert finding.warnings == ()


def test_what_is_there_is_not_rendered_again_and_what_failed_is(sheet, comfy):
    workspace, _ = sheet
    before, sent = cells(workspace), comfy.prompts_taken()
    place(comfy, "late.png")

    again = rendered(
        workspace, comfy, sharpening(), "sharp.alpha", ("one.png", "two.png", "late.png")
    )

    assert (again.rendered, again.kept, again.failures) == (4, 8, ())
    assert comfy.prompts_taken() - sent == 4
    assert before.items() <= cells(workspace).items()
    written_at = again.files[0].stat().st_mtime_ns
    third = rendered(
        workspace, comfy, sharpening(), "sharp.alpha", ("one.png", "two.png", "late.png")
    )
    assert (third.rendered, third.servers) == (0, {})
    assert third.files[0].stat().st_mtime_ns == written_at


def test_a_deleted_and_a_damaged_cell_are_made_again_the_same(comfy, tmp_path):
    place(comfy, "one.png")
    arguments = (tmp_path / "data", comfy, sharpening(), "sharp.alpha", ("one.png",), (0.0, 1.0))
    rendered(*arguments)
    before = cells(tmp_path / "data")
    first, second = sorted((tmp_path / "data/grid/cells").glob("*.png"))
    first.unlink()
    second.write_bytes(second.read_bytes()[:1000])

    assert rendered(*arguments).rendered == 2
    assert cells(tmp_path / "data") == before


def test_a_green_cast_is_reported_with_the_strength_at_which_it_begins(comfy, tmp_path):
    place(comfy, "one.png", "two.png")

    report = rendered(
        tmp_path / "data", comfy, tinting(), "mix.blend_factor", ("one.png", "two.png"),
        (0.0, 0.02, 0.2), concept="none",
    )  # fmt: skip

    (finding,) = report.findings
    assert any(w.startswith("A green cast from strength +0.2") for w in finding.warnings)
    assert finding.usable == (0, 0.02)
    assert "a green cast" in finding.ends[1]


def test_a_shift_is_reported_with_its_size(comfy, tmp_path):
    place(comfy, "one.png", "two.png")

    report = rendered(
        tmp_path / "data", comfy, shifting(), "crop.x", ("one.png", "two.png"), (0.0, 1.0, 8.0)
    )

    (finding,) = report.findings
    at_8 = finding.points["shift_px"][-1]
    assert at_8.middle == pytest.approx(8 * 1024 / 448, rel=0.1)
    assert any(w.startswith("Out of place from strength +8") for w in finding.warnings)
    assert "No usable range" not in finding.ends


def test_killed_runs_pay_no_cell_twice_and_the_cells_are_the_same(curate, comfy):
    place(comfy, "one.png", "two.png")
    graph = sharpening((UNHURRIED[0], UNHURRIED[1]))
    arguments = as_user(
        curate, comfy, graph, "sharp.alpha", ("one.png", "two.png"), "--strengths", "0,1,2"
    )
    before = comfy.prompts_taken()
    folder = curate.workspace / "grid/cells"
    curate.stop_when(lambda: len(list(folder.glob("*.png"))) > 1, *arguments)

    done = curate(*arguments, "--json")

    assert done.returncode == 0, done.stderr
    assert comfy.prompts_taken() - before == 6
    assert json.loads(done.stdout)["kept"] >= 1
    with Ledger(curate.workspace) as ledger:
        assert len(ledger.all(Job)) == 6


def test_ctrl_c_ends_with_130_and_leaves_what_can_be_gone_on_with(curate, comfy):
    place(comfy, "one.png", "two.png")
    arguments = as_user(
        curate, comfy, sharpening(UNHURRIED), "sharp.alpha", ("one.png", "two.png"),
        "--strengths", "0,1,2,3",
    )  # fmt: skip
    folder = curate.workspace / "grid/cells"

    code = curate.stop_when(
        lambda: len(list(folder.glob("*.png"))) > 1, *arguments, signal_number=signal.SIGINT
    )

    assert code == 130
    assert not [file for file in folder.iterdir() if file.suffix == ".part"]


def test_a_dry_run_names_the_cells_and_writes_nothing(curate, comfy):
    arguments = as_user(
        curate, comfy, sharpening(), "sharp.alpha", ("one.png",), "--strengths", "0,1"
    )

    done = curate(*arguments, "--dry-run")

    assert done.returncode == 0, done.stderr
    assert "one.png · strength +1" in done.stdout
    assert "2 cells would be rendered" in done.stdout
    assert not curate.workspace.exists()


@pytest.mark.parametrize(
    ("strengths", "said"),
    [("0,x", "no list of numbers"), ("0", "that is not 0"), ("inf", "finite")],
)
def test_strengths_that_are_none_are_usage_errors(curate, comfy, strengths, said):
    arguments = as_user(
        curate, comfy, sharpening(), "sharp.alpha", ("one.png",), "--strengths", strengths
    )

    done = curate(*arguments)

    assert done.returncode == 2
    assert said in done.stderr


def test_a_part_of_one_is_refused_where_the_graph_takes_whole_numbers(curate, comfy):
    place(comfy, "one.png")
    arguments = as_user(curate, comfy, shifting(), "crop.x", ("one.png",), "--strengths", "0,1.5")

    done = curate(*arguments)

    assert done.returncode == 2
    assert "x of node crop takes whole numbers, not 1.5" in done.stderr


def test_an_encoder_that_is_asked_for_later_measures_and_renders_nothing(comfy, tmp_path):
    place(comfy, "one.png")
    arguments = (tmp_path / "data", comfy, sharpening(), "sharp.alpha", ("one.png",), (0.0, 2.0))
    first = rendered(*arguments)

    second = rendered(*arguments, encoder="embedded")

    assert "lite_similarity" not in first.findings[0].points
    assert second.rendered == 0
    zero, strong = second.findings[0].points["lite_similarity"]
    assert zero.middle == pytest.approx(1, abs=1e-3)
    assert 0.3 < strong.middle < 0.99
