"""`curate pair-check` as a user types it: its output, its exit codes, killed, on folders."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from curate import images
from curate.errors import BadInput, FolderEmpty, NothingYet
from curate.ledger import Ledger
from curate.pairs.run import pair_check
from curate.records import Pair, Task, Verdict
from tests.conftest import Cli
from tests.pairs.scenes import place_twin, place_twins, scene, shifted, twin_of
from tests.pairs.test_run import checked, rulings


def ledger_without_times(workspace: Path) -> list[object]:
    with Ledger(workspace) as ledger:
        tasks = sorted(
            (task.id, task.item, task.state) for task in ledger.all(Task, station="pair-check")
        )
        return [tasks, ledger.all(Pair), ledger.all(Verdict)]


def test_a_damaged_half_and_unequal_halves_fail_and_the_others_are_done(curate: Cli) -> None:
    place_twins(curate.workspace, 2)
    small = images.resize(twin_of(3), 320, 180)
    unequal = place_twin(curate.workspace, "unequal", scene(3), small)
    broken = (
        curate.workspace / place_twin(curate.workspace, "broken", scene(4), twin_of(4)).twin_path
    )
    broken.write_bytes(broken.read_bytes()[:2000])
    gone = place_twin(curate.workspace, "gone", scene(5), twin_of(5))
    (curate.workspace / gone.frame_path).unlink()
    tiny = scene(6)[:40, :40].copy()
    place_twin(curate.workspace, "tiny", tiny, tiny)

    ended = curate("pair-check", "--clip", "none", "--json")

    assert ended.returncode == 1
    answer = json.loads(ended.stdout)
    assert [pair["verdict"] for pair in answer["pairs"]] == ["keep", "keep"]
    assert {failure["item"] for failure in answer["failures"]} == {
        "unequal", "broken", "gone", "tiny",
    }  # fmt: skip
    assert "The halves of unequal differ in size: 640×360 and 320×180." in ended.stderr
    assert "truncated" in ended.stderr
    assert "There is no image" in ended.stderr

    images.write(curate.workspace / unequal.twin_path, twin_of(3))
    curate("pair-check", "--clip", "none")
    with Ledger(curate.workspace) as ledger:
        failed = ledger.all(Task, station="pair-check", state="failed")
    assert {task.item for task in failed} == {"broken", "tiny"}


def test_the_json_has_the_promised_shape(curate: Cli) -> None:
    name = place_twins(curate.workspace, 1)[0]

    answer = json.loads(curate("pair-check", "--clip", "none", "--json").stdout)

    (pair,) = answer["pairs"]
    assert pair["name"] == name
    assert pair["verdict"] == "keep"
    assert pair["reasons"] == []
    assert pair["measures"]["ssim"] > 0.5
    assert pair["measures"]["clip_similarity"] is None
    assert pair["not_measured"] == ["CLIP image similarity"]


def test_two_plain_folders_are_matched_by_name(curate: Cli) -> None:
    for name, folder, picture in (
        ("a.png", "dense", scene(1)),
        ("a.png", "sparse", twin_of(1)),
        ("[b] 東京.png", "dense", scene(2)),
        ("[b] 東京.png", "sparse", shifted(twin_of(2), 6, 0)),
        ("lonely.png", "dense", scene(3)),
        ("alone.png", "sparse", scene(3)),
    ):
        images.write(curate.folder / folder / name, picture)

    ended = curate("pair-check", "--clip", "none", "--dense", "dense", "--sparse", "sparse")

    assert ended.returncode == 0
    assert "a" in ended.stdout
    assert "[b] 東京" in ended.stdout
    assert "1 keep, 0 look, 1 reject" in ended.stdout
    assert "not measured on 2 pairs" in ended.stdout
    assert "lonely.png has no partner in sparse" in ended.stderr
    assert "alone.png has no partner in dense" in ended.stderr
    again = curate(
        "pair-check", "--clip", "none", "--dense", "dense", "--sparse", "sparse", "--dry-run"
    )
    assert "Would measure 0 pairs." in again.stdout


def test_folders_that_share_no_name_or_hold_no_image_are_refused(tmp_path: Path) -> None:
    images.write(tmp_path / "dense" / "a.png", scene(1))
    images.write(tmp_path / "sparse" / "b.png", scene(1))
    dense, sparse = tmp_path / "dense", tmp_path / "sparse"

    with pytest.raises(BadInput, match="has a namesake"):
        checked(tmp_path, folders=(dense, sparse))
    with pytest.raises(FolderEmpty):
        checked(tmp_path, folders=(dense, tmp_path / "nowhere"))


def test_folders_and_twins_do_not_take_each_others_verdicts(tmp_path: Path) -> None:
    place_twin(tmp_path, "street", scene(1), twin_of(1))
    folder = tmp_path / "twins" / "simplify"
    checked(tmp_path)

    checked(tmp_path, folders=(folder / "frame", folder / "twin"), decisions={"street": "reject"})

    assert rulings(checked(tmp_path)) == {"street": "keep"}
    with Ledger(tmp_path) as ledger:
        assert len(ledger.all(Verdict, judge="rule")) == 2


def test_without_twins_the_command_before_is_named_and_nothing_is_made(curate: Cli) -> None:
    ended = curate("pair-check", "--clip", "none")

    assert ended.returncode == 3
    assert "curate kontext" in ended.stderr
    assert not curate.workspace.exists()
    with Ledger(curate.workspace) as ledger, pytest.raises(NothingYet):
        pair_check(ledger)


def test_a_dry_run_writes_nothing(curate: Cli) -> None:
    images.write(curate.folder / "dense" / "a.png", scene(1))
    shutil.copytree(curate.folder / "dense", curate.folder / "sparse")

    ended = curate(
        "pair-check", "--clip", "none", "--dense", "dense", "--sparse", "sparse", "--dry-run"
    )

    assert "Would measure 1 pairs." in ended.stdout
    assert not curate.workspace.exists()


@pytest.mark.parametrize(
    "arguments",
    [("--dense", "x"), ("--keep", "a", "--reject", "a"), ("--set", "shift=1")],
)
def test_words_that_cannot_be_meant_end_with_two(curate: Cli, arguments: tuple[str, ...]) -> None:
    place_twin(curate.workspace, "a", scene(1), twin_of(1))

    assert curate("pair-check", *arguments).returncode == 2


def test_killed_at_any_moment_the_next_run_ends_as_an_undisturbed_one(
    curate: Cli, tmp_path: Path
) -> None:
    undisturbed = tmp_path / "undisturbed"
    for workspace in (curate.workspace, undisturbed):
        place_twins(workspace, 8)
    curate("-w", undisturbed, "pair-check", "--clip", "none")

    def measured(count: int) -> bool:
        with Ledger(curate.workspace) as ledger:
            return len(ledger.all(Pair)) >= count

    for count in (1, 4):
        assert (
            curate.stop_when(lambda count=count: measured(count), "pair-check", "--clip", "none")
            != 0
        )
    assert curate("pair-check", "--clip", "none").returncode == 0

    assert ledger_without_times(curate.workspace) == ledger_without_times(undisturbed)
    page = Path("reports/pairs.html")
    assert (curate.workspace / page).read_bytes() == (undisturbed / page).read_bytes()


def test_to_judge_again_loads_nothing_that_reads_or_draws_pictures(tmp_path):
    place_twins(tmp_path, 1)
    with Ledger(tmp_path) as ledger:
        pair_check(ledger)
    code = (
        "import sys; from curate.cli import main\n"
        "try: main()\n"
        "except SystemExit as e: print(e.code, {'cv2', 'PIL', 'av'} & {*sys.modules})"
    )
    arguments = ["-w", str(tmp_path), "pair-check", "--clip", "none", "--set", "shift_px=1"]

    ran = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True)

    assert ran.stdout.splitlines()[-1] == "0 set()", ran.stderr
