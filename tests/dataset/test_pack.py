from __future__ import annotations

import io
import json
import shlex
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from curate import status
from curate.dataset.run import dataset, pack, unpack
from curate.errors import ArchiveUnusable, WorkspaceUnusable
from curate.ledger import Ledger
from tests.conftest import Cli
from tests.dataset.workspaces import place_pairs


def train(workspace: Path) -> None:
    """Two small LoRAs in Musubi's format, as a training leaves them."""
    random = np.random.default_rng(0)
    shared = random.standard_normal((16, 24)).astype(np.float32)
    (workspace / "loras").mkdir(exist_ok=True)
    for half in ("dense", "sparse"):
        up = random.standard_normal((24, 16)).astype(np.float32)
        key = "lora_unet_blocks_0_self_attn_q"
        tensors = {f"{key}.lora_down.weight": shared, f"{key}.lora_up.weight": up}
        tensors[f"{key}.alpha"] = np.array(16, np.float32)
        save_file(tensors, workspace / "loras" / f"{half}.safetensors", {"ss_seed": "42"})


@pytest.fixture(scope="module")
def merged(tmp_path_factory: pytest.TempPathFactory) -> Cli:
    """A workspace of which everything is done, in a folder with brackets and a space."""
    curate = Cli(tmp_path_factory.mktemp("packed"))
    place_pairs(curate.workspace, 2, film="東京 [BD]")
    with Ledger(curate.workspace) as ledger:
        dataset(ledger)
    train(curate.workspace)
    ran = curate("merge")
    assert ran.returncode == 0, ran.stderr
    ran = curate("pack", "-o", "all.tar")
    assert ran.returncode == 0, ran.stderr
    return curate


def test_unpacked_elsewhere_the_same_merge_gives_the_same_bytes(merged: Cli) -> None:
    place = merged.folder / "else where" / "again"
    place.parent.mkdir()
    unpacked = merged("-w", place, "unpack", "all.tar")
    assert unpacked.returncode == 0, unpacked.stderr
    assert "all checksums right" in unpacked.stdout
    slider = place / "loras" / "slider.safetensors"
    before = slider.read_bytes()
    slider.unlink()

    ran = merged("-w", place, "merge")

    assert ran.returncode == 0, ran.stderr
    assert slider.read_bytes() == before
    assert before == (merged.workspace / "loras" / "slider.safetensors").read_bytes()


@pytest.mark.parametrize(
    "options",
    [
        ("--rank", "3", "--target", "attn", "--top", "1", "--alpha", "2", "--format", "comfy"),
        ("--energy", "0.9", "--mixed-ranks", "--common-only", "--dtype", "bfloat16"),
        ("--ranks", "2,4", "--add", "loras/more.safetensors=-0.5"),
    ],
)
def test_the_command_in_the_manifest_makes_the_same_lora_again(
    merged: Cli, tmp_path: Path, options: tuple[str, ...]
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    shutil.copytree(merged.workspace, here)
    shutil.copy(here / "loras" / "dense.safetensors", here / "loras" / "more.safetensors")
    loras = ("loras/dense.safetensors", "loras/sparse.safetensors", "-o", "loras/it.safetensors")
    for words in (("merge", *loras, *options), ("pack", "-o", "it.tar")):
        ran = Cli(here)("-w", ".", *words)
        assert ran.returncode == 0, ran.stderr
    assert Cli(here)("-w", there, "unpack", "it.tar").returncode == 0
    manifest = json.loads(members(here / "it.tar")["manifest.json"])
    made = {file: file.read_bytes() for file in (there / "loras").glob("it*.safetensors")}
    for file in made:
        file.unlink()

    ran = Cli(there)(*shlex.split(manifest["merge"]["command"])[1:])

    assert ran.returncode == 0, ran.stderr
    assert {file: file.read_bytes() for file in made} == made != {}


def test_everything_of_the_pairs_comes_back(merged: Cli, tmp_path: Path) -> None:
    unpack(merged.folder / "all.tar", tmp_path / "again")

    for kind in ("frames/*.png", "twins/*/*/*.png", "dataset/*/*.png", "dataset/*/*.txt"):
        held = {
            root: {f.relative_to(root).as_posix(): f.read_bytes() for f in root.glob(kind)}
            for root in (merged.workspace, tmp_path / "again")
        }
        assert held[merged.workspace] == held[tmp_path / "again"] != {}
    toml = (tmp_path / "again" / "dataset" / "dense.toml").read_text(encoding="utf-8")
    assert (tmp_path / "again" / "dataset" / "dense").as_posix() in toml
    found = status.of(tmp_path / "again")
    assert [(s.station, s.done) for s in found.stations] == [
        (s.station, s.done) for s in status.of(merged.workspace).stations
    ]
    assert found.next_step.command == "curate grid"


def test_the_same_workspace_gives_the_same_bytes_wherever_it_is(
    merged: Cli, tmp_path: Path
) -> None:
    moved = tmp_path / "moved"
    shutil.copytree(merged.workspace, moved)
    with Ledger(moved) as ledger:
        dataset(ledger)  # its files name the new place

    with Ledger(moved) as ledger:
        pack(ledger, tmp_path / "moved.tar")

    held, again = (members(file) for file in (merged.folder / "all.tar", tmp_path / "moved.tar"))
    held.pop("ledger.jsonl"), again.pop("ledger.jsonl")  # it says when the dataset was written
    held.pop("manifest.json"), again.pop("manifest.json")
    assert held == again
    with Ledger(moved) as ledger:
        pack(ledger, tmp_path / "twice.tar")
    assert (tmp_path / "twice.tar").read_bytes() == (tmp_path / "moved.tar").read_bytes()


def members(file: Path) -> dict[str, bytes]:
    with tarfile.open(file) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar}  # type: ignore[union-attr]


def test_the_manifest_says_how_the_lora_was_made(merged: Cli) -> None:
    manifest = json.loads(members(merged.folder / "all.tar")["manifest.json"])

    assert manifest["instructions"] == {"simplify": "Remove the small things."}
    assert set(manifest["seeds"].values()) == {1}
    assert manifest["merge"]["command"] == (
        "curate -w . merge loras/dense.safetensors loras/sparse.safetensors "
        "-o loras/slider.safetensors --rank 4"
    )
    assert {"torch", "numpy", "safetensors"} <= manifest["libraries"].keys()
    assert set(manifest["files"]) == members(merged.folder / "all.tar").keys() - {"manifest.json"}


def test_no_path_of_this_machine_is_packed(merged: Cli) -> None:
    for name, data in members(merged.folder / "all.tar").items():
        assert str(merged.folder).encode() not in data, name
        assert b"/home/" not in data, name


def rewritten(source: Path, target: Path, change: Callable[[tarfile.TarInfo], None]) -> Path:
    """A copy of an archive with its second member changed."""
    with tarfile.open(source) as old, tarfile.open(target, "w") as new:
        for number, member in enumerate(old.getmembers()):
            data = old.extractfile(member).read()  # type: ignore[union-attr]
            if number == 1:
                change(member)
            new.addfile(member, io.BytesIO(data) if member.isreg() else None)
    return target


def to_link(member: tarfile.TarInfo) -> None:
    member.type, member.linkname, member.size = tarfile.SYMTYPE, "/etc/passwd", 0


def to_hard_link(member: tarfile.TarInfo) -> None:
    member.type, member.linkname, member.size = tarfile.LNKTYPE, "manifest.json", 0


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda m: setattr(m, "name", "../outside.png"), "outside"),
        (lambda m: setattr(m, "name", "/tmp/outside.png"), "outside"),
        (lambda m: setattr(m, "name", "a/../../outside.png"), "outside"),
        (lambda m: setattr(m, "name", "C:\\outside.png"), "outside"),
        (to_link, "is a link"),
        (to_hard_link, "is a link"),
        (lambda m: setattr(m, "type", tarfile.DIRTYPE), "is a link or no plain file"),
        (lambda m: setattr(m, "name", "MANIFEST.json"), "twice"),
        (lambda m: setattr(m, "name", "dataset/another.txt"), "only in"),
    ],
)
def test_an_archive_that_would_write_elsewhere_is_refused_whole(
    merged: Cli, tmp_path: Path, change: Callable[[tarfile.TarInfo], None], reason: str
) -> None:
    file = rewritten(merged.folder / "all.tar", tmp_path / "odd.tar", change)

    with pytest.raises(ArchiveUnusable, match=reason):
        unpack(file, tmp_path / "inside" / "data")
    assert not list(tmp_path.glob("inside/*"))
    assert not (tmp_path / "outside.png").exists()


def test_a_damaged_archive_leaves_nothing(merged: Cli, tmp_path: Path) -> None:
    data = bytearray((merged.folder / "all.tar").read_bytes())
    spot = data.index(b"\x89PNG", len(data) // 2) + 200
    data[spot] ^= 1
    (tmp_path / "damaged.tar").write_bytes(data)
    (tmp_path / "cut.tar").write_bytes(data[: len(data) // 3])
    (tmp_path / "none.tar").write_bytes(b"not an archive")

    for name, reason in (
        ("damaged", "checksum"),
        ("cut", None),
        ("none", None),
        ("missing", "No such"),
    ):
        with pytest.raises(ArchiveUnusable, match=reason):
            unpack(tmp_path / f"{name}.tar", tmp_path / "data")
        assert not (tmp_path / "data").exists()


def test_nothing_is_unpacked_over_a_workspace(merged: Cli) -> None:
    with pytest.raises(WorkspaceUnusable, match="something is there"):
        unpack(merged.folder / "all.tar", merged.workspace)
