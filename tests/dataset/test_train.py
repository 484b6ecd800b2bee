from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from safetensors import safe_open

from curate.dataset import steps
from curate.dataset.run import Settings, Trainer, dataset, train
from curate.errors import DatasetMoved, MusubiMissing, NothingYet
from curate.events import Event, Progress
from curate.ledger import Ledger
from tests.conftest import Cli
from tests.dataset import stand_in_trainer
from tests.dataset.workspaces import HALVES, ORDER, place_pairs


@pytest.fixture
def musubi(tmp_path: Path) -> Path:
    """A folder laid out as Musubi Tuner's, in which the stand-in answers."""
    folder = tmp_path / "musubi tuner"
    scripts = folder / "src" / "musubi_tuner"
    scripts.mkdir(parents=True)
    for name in ORDER:
        (scripts / name).write_text(
            "import runpy, sys\n"
            f"sys.argv = [sys.argv[0], {name!r}, *sys.argv[1:]]\n"
            f"runpy.run_path({stand_in_trainer.__file__!r}, run_name='__main__')\n"
        )
    launch = folder / "accelerate" / "commands" / "launch.py"
    launch.parent.mkdir(parents=True)
    launch.write_text(
        "import runpy, sys\n"
        "assert sys.argv[1:3] == ['--num_cpu_threads_per_process', '1'], sys.argv\n"
        "assert sys.argv[3] == '--mixed_precision' and sys.argv[4] in ('bf16', 'fp16')\n"
        "sys.argv = sys.argv[5:]\n"
        "runpy.run_path(sys.argv[0], run_name='__main__')\n"
    )
    for name in ("dit.safetensors", "vae.safetensors", "t5.pth"):
        (folder / name).touch()
    return folder


def write(workspace: Path, musubi: Path, *changes: str) -> None:
    models = {"dit": "dit.safetensors", "vae": "vae.safetensors", "t5": "t5.pth"}
    paths = {key: (musubi / name).as_posix() for key, name in models.items()}
    settings = Settings(
        preset="quick",
        changes=("max_train_steps=20", *changes),
        trainer=Trainer(musubi=musubi.as_posix(), **paths),
    )
    with Ledger(workspace) as ledger:
        dataset(ledger, settings)


@pytest.fixture
def workspace(tmp_path: Path, musubi: Path) -> Path:
    """Three pairs in a dataset that is to be trained."""
    place = tmp_path / "films of 東京" / "data"
    place_pairs(place, 3)
    write(place, musubi)
    return place


def calls(musubi: Path) -> list[str]:
    file = musubi / "calls.txt"
    return file.read_text(encoding="utf-8").splitlines() if file.exists() else []


ALL = [
    "wan_cache_latents.py dense",
    "wan_cache_text_encoder_outputs.py dense",
    "wan_train_network.py train_dense",
    "wan_cache_latents.py sparse",
    "wan_cache_text_encoder_outputs.py sparse",
    "wan_train_network.py train_sparse",
]


def run(workspace: Path, musubi: Path, **options: object) -> object:
    return train(workspace, musubi, python=Path(sys.executable), **options)  # type: ignore[arg-type]


def test_six_steps_in_order_leave_two_loras_where_merge_looks(
    workspace: Path, musubi: Path
) -> None:
    heard: list[Event] = []

    report = train(workspace, musubi, python=Path(sys.executable), tell=heard.append)

    assert report.failures == ()
    assert calls(musubi) == ALL
    assert [step.is_new for step in report.steps] == [True] * 6
    assert report.loras == tuple(workspace / "loras" / f"{half}.safetensors" for half in HALVES)
    assert [step.loss for step in report.steps if step.loss] == [0.025, 0.025]
    bars = [event for event in heard if isinstance(event, Progress)]
    last = {bar.label: bar for bar in bars}
    assert list(last) == [step.name for step in report.steps]
    assert (last["training of dense"].done, last["training of dense"].total) == (20, 20)
    assert last["training of dense"].detail == "loss 0.025"
    assert "saving checkpoint" in report.steps[2].log.read_text(encoding="utf-8")
    with safe_open(report.loras[0], "np") as lora:
        assert lora.metadata()["ss_network_module"] == "networks.lora_wan"
        assert "lora_unet_blocks_0_self_attn_q.lora_down.weight" in lora.keys()  # noqa: SIM118


def test_what_stands_is_not_done_again(workspace: Path, musubi: Path) -> None:
    run(workspace, musubi)

    report = train(workspace, musubi, python=Path(sys.executable))

    assert len(calls(musubi)) == 6
    assert [step.is_new for step in report.steps] == [False] * 6
    assert all(lora.exists() for lora in report.loras)


@pytest.mark.parametrize(
    ("lost", "again"),
    [
        ("loras/training/dense.safetensors", ALL[2:3]),
        ("dataset/cache/sparse/latents.done", ALL[3:4]),
        ("loras/dense.safetensors", []),
    ],
)
def test_only_what_is_lost_is_made_again(
    workspace: Path, musubi: Path, lost: str, again: list[str]
) -> None:
    run(workspace, musubi)
    (workspace / lost).unlink()

    report = train(workspace, musubi, python=Path(sys.executable))

    assert calls(musubi)[6:] == again
    assert all(lora.exists() for lora in report.loras)


def test_other_settings_are_trained_anew_from_the_same_caches(
    workspace: Path, musubi: Path
) -> None:
    run(workspace, musubi)
    write(workspace, musubi, "learning_rate=1e-4")

    run(workspace, musubi)

    assert calls(musubi)[6:] == [ALL[2], ALL[5]]


def test_a_step_that_fails_is_named_with_its_log_and_gone_on_from(
    workspace: Path, musubi: Path
) -> None:
    (musubi / "trouble.txt").write_text("wan_train_network.py")

    report = train(workspace, musubi, python=Path(sys.executable))

    (failure,) = report.failures
    assert failure.item == "training of dense"
    assert "RuntimeError: CUDA out of memory" in failure.message
    assert "training-of-dense.log" in failure.remedy
    assert len(report.steps) == 2
    (musubi / "trouble.txt").unlink()
    assert train(workspace, musubi, python=Path(sys.executable)).failures == ()
    assert calls(musubi) == ALL[:3] + ALL[2:]


def test_an_image_that_musubi_dropped_stops_the_training(workspace: Path, musubi: Path) -> None:
    next((workspace / "dataset" / "dense").glob("*.txt")).unlink()

    report = train(workspace, musubi, python=Path(sys.executable))

    assert "only 2 of 3 images cached" in report.failures[0].message


def test_interrupted_it_ends_its_trainer_and_goes_on_later(
    curate: Cli, workspace: Path, musubi: Path
) -> None:
    options = ("-w", workspace, "train", "--musubi", musubi, "--python", sys.executable)

    def trains() -> bool:
        return len(calls(musubi)) == 3

    ended = curate.stop_when(trains, *options, signal_number=signal.SIGINT)
    ran = curate(*options)

    assert ended == 130
    assert ran.returncode == 0, ran.stderr
    assert calls(musubi)[-1] == ALL[-1]
    assert calls(musubi).count(ALL[0]) == 1


def test_without_musubi_the_commands_are_printed(curate: Cli) -> None:
    place_pairs(curate.workspace, 1)
    assert curate("dataset").returncode == 0

    ran = curate("train")

    assert ran.returncode == 0
    lines = [line for line in ran.stdout.splitlines() if "src/musubi_tuner/wan_" in line]
    assert len(lines) == 6
    assert lines[0].endswith("--vae VAE")
    assert "--t5 T5 --batch_size 16" in lines[1]
    assert not (curate.workspace / "loras").exists()


def test_with_the_models_unknown_nothing_is_started(curate: Cli, musubi: Path) -> None:
    place_pairs(curate.workspace, 1)
    assert curate("dataset").returncode == 0

    ran = curate("train", "--musubi", musubi)

    assert ran.returncode == 3
    assert "No dit was named" in ran.stderr
    assert "curate dataset --dit FILE" in ran.stderr
    assert calls(musubi) == []


def test_a_folder_without_musubi_is_refused(workspace: Path, tmp_path: Path) -> None:
    with pytest.raises(MusubiMissing, match="has no src/musubi_tuner"):
        train(workspace, tmp_path)


def test_without_a_dataset_it_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(NothingYet, match="steps of a training"):
        train(tmp_path)


def test_a_moved_workspace_is_not_trained_in_its_old_place(workspace: Path, musubi: Path) -> None:
    moved = workspace.with_name("moved")
    shutil.move(workspace, moved)

    with pytest.raises(DatasetMoved, match="was written for"):
        train(moved, musubi)
    assert steps.written_for(moved) == workspace
    assert calls(musubi) == []


def test_a_dry_run_starts_nothing(curate: Cli, workspace: Path, musubi: Path) -> None:
    ran = curate("-w", workspace, "train", "--dry-run", "--json")

    assert len(json.loads(ran.stdout)["commands"]) == 6
    assert calls(musubi) == []


@pytest.mark.skipif(os.name == "nt", reason="a shell script")
def test_the_shell_script_does_the_same_and_goes_on_where_it_stopped(
    workspace: Path, musubi: Path, tmp_path: Path
) -> None:
    def shell() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [workspace / "dataset" / "train.sh"],
            cwd=tmp_path,
            env=os.environ | {"PYTHON": sys.executable},
            capture_output=True,
            text=True,
            check=False,
        )

    (musubi / "trouble.txt").write_text("wan_cache_text_encoder_outputs.py")
    stopped = shell()
    (musubi / "trouble.txt").unlink()
    ended = shell()

    assert stopped.returncode == 1
    assert ended.returncode == 0, ended.stderr
    assert calls(musubi) == ALL[:2] + ALL[1:]
    assert "latents of dense: done before" in ended.stdout
    by_shell = [(workspace / "loras" / f"{half}.safetensors").read_bytes() for half in HALVES]
    report = train(workspace, musubi, python=Path(sys.executable))
    assert [step.is_new for step in report.steps] == [False] * 6
    assert [lora.read_bytes() for lora in report.loras] == by_shell
    (musubi / "vae.safetensors").unlink()
    assert "curate dataset --vae FILE" in shell().stderr


def test_the_trained_halves_merge_into_a_slider(curate: Cli, workspace: Path, musubi: Path) -> None:
    run(workspace, musubi)

    ran = curate("-w", workspace, "merge", "--json")

    assert ran.returncode == 0, ran.stderr
    assert Path(json.loads(ran.stdout)["outputs"][0]).name == "slider.safetensors"
