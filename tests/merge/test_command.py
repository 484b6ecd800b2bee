"""`curate merge` as a user types it."""

from __future__ import annotations

import json
import os
import signal

import pytest

from curate.ledger import Ledger
from curate.records import Lora, Task
from tests.conftest import Cli
from tests.merge import drawn

FILES = ("a.safetensors", "b.safetensors")


@pytest.fixture
def pair(curate: Cli):
    return drawn.pair(curate.folder)


def workspace(curate: Cli):
    """A workspace with two halves in loras/."""
    folder = curate.workspace / "loras"
    folder.mkdir(parents=True)
    with Ledger(curate.workspace):
        pass
    a, b = drawn.pair(folder)
    return a.rename(folder / "my_dense.safetensors"), b.rename(folder / "my_sparse.safetensors")


def recorded(curate: Cli, kind):
    with Ledger(curate.workspace) as ledger:
        return ledger.all(kind)


def test_two_files_are_merged_without_a_workspace(curate, pair):
    ran = curate("merge", *FILES, "-o", "out.safetensors", "--rank", 3, "--target", "attn")

    assert ran.returncode == 0, ran.stderr
    assert "rank 3" in ran.stdout
    out = drawn.applied(curate.folder / "out.safetensors")
    right = {s: m for s, m in drawn.wanted(*pair, 3).items() if "attn" in s}
    assert set(out) == set(right)
    assert drawn.error(out, right) < 1e-6
    assert not curate.workspace.exists()


@pytest.mark.usefixtures("pair")
def test_the_originals_command_line_runs_as_it_stands(curate):
    ran = curate(
        "merge", "--lora_a", FILES[0], "--lora_b", FILES[1], "--target_blocks", "attn",
        "--output", "out.safetensors", "--rank", "4", "--dtype", "float32", "--alpha", "1.0",
        "--device", "cpu", "--analyze_blocks", "--exclude_non_targeted",
    )  # fmt: skip

    assert ran.returncode == 0, ran.stderr
    assert "blocks.0.self_attn.q" in ran.stdout
    assert len(drawn.applied(curate.folder / "out.safetensors")) == 4


@pytest.mark.usefixtures("pair")
def test_the_originals_lists_of_words_are_understood(curate):
    ran = curate(
        "merge", "--target_blocks", "self_attn", "ffn", "--target_indices", "0", "1", "--lora_a",
        FILES[0], "--lora_b", FILES[1], "--output", "out.safetensors", "--fast_svd",
        "--magnitude_threshold", "1e-7", "--target_norm", "1.0",
    )  # fmt: skip

    assert ran.returncode == 0, ran.stderr
    assert "already faster" in ran.stderr
    assert {name.split("_", 4)[4] for name in drawn.applied(curate.folder / "out.safetensors")} == {
        "self_attn_q",
        "ffn_0",
    }


def test_alpha_wins_over_a_target_norm_and_says_so(curate, pair):
    ran = curate(
        "merge", *FILES, "-o", "out.safetensors", "--alpha", 2, "--target-norm", 1, "--rank", 8
    )

    assert "--target-norm is not used" in ran.stderr
    right = {s: 2 * m for s, m in drawn.wanted(*pair, 8).items()}
    assert drawn.error(drawn.applied(curate.folder / "out.safetensors"), right) < 1e-6


@pytest.mark.usefixtures("pair")
def test_json_is_one_object_with_every_module(curate):
    ran = curate("merge", *FILES, "-o", "out.safetensors", "--ranks", "1,2", "--json")

    told = json.loads(ran.stdout)
    assert told["outputs"] == ["out_r1.safetensors", "out_r2.safetensors"]
    assert len(told["merged"]["modules"]) == 6
    assert {"norm_a", "norm_b", "norm_d", "cosine", "kept_energy", "spectrum"} <= set(
        told["merged"]["modules"][0]
    )


@pytest.mark.usefixtures("pair")
def test_a_dry_run_writes_nothing(curate):
    before = sorted(curate.folder.iterdir())

    ran = curate("merge", *FILES, "-o", "out.safetensors", "--dry-run")

    assert ran.returncode == 0
    assert "would be written to out.safetensors: 6 modules" in ran.stdout
    assert sorted(curate.folder.iterdir()) == before


@pytest.mark.usefixtures("pair")
def test_no_torch_is_loaded_on_the_processor(curate):
    ran = curate("merge", *FILES, "-o", "out.safetensors", PYTHONPROFILEIMPORTTIME="1")

    assert "numpy" in ran.stderr
    assert "torch" not in ran.stderr


@pytest.mark.usefixtures("pair")
def test_the_page_stands_beside_the_output(curate):
    curate("merge", *FILES, "-o", "out.safetensors")

    page = (curate.folder / "out.html").read_text(encoding="utf-8")
    assert "<svg" in page
    assert "blocks.1.cross_attn.k" in page
    assert "http" not in page.replace("http://www.w3.org", "")


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        ((*FILES,), 2, "two LoRAs and the name of a third"),
        ((FILES[0], "-o", "o.safetensors"), 2, "two LoRAs"),
        ((*FILES, "-o", "o.pt"), 2, "does not end in .safetensors"),
        ((*FILES, "-o", FILES[1]), 2, "one of the LoRAs"),
        ((*FILES, "-o", "o.safetensors", "--rank", "2", "--energy", "0.9"), 2, "all decide"),
        ((*FILES, "-o", "o.safetensors", "--ranks", "2;4"), 2, "no list"),
        ((*FILES, "-o", "o.safetensors", "--add", "x.safetensors"), 2, "no weight"),
        ((*FILES, "-o", "o.safetensors", "--dtype", "int8"), 2, "--dtype"),
        ((*FILES, "-o", "o.safetensors", "--target", "mlp"), 3, "There are cross_attn.k ×2"),
        ((FILES[0], "nowhere.safetensors", "-o", "o.safetensors"), 3, "no such file"),
        ((FILES[0], "notes.txt", "-o", "o.safetensors"), 3, "no safetensors file"),
        ((FILES[0], "cut.safetensors", "-o", "o.safetensors"), 3, "truncated"),
        ((FILES[0], "old.pt", "-o", "o.safetensors"), 3, "pickle"),
        ((FILES[0], FILES[0], "-o", "o.safetensors"), 3, "no difference"),
        ((*FILES, "-o", "notes.txt/o.safetensors"), 3, "Cannot write"),
        ((), 3, "Run `curate merge DENSE"),
    ],
)
@pytest.mark.usefixtures("pair")
def test_bad_input_is_a_sentence_a_remedy_and_nothing_written(curate, words, code, says):
    (curate.folder / "notes.txt").write_text("no LoRA at all, only words\n")
    whole = (curate.folder / FILES[1]).read_bytes()
    (curate.folder / "cut.safetensors").write_bytes(whole[:-100])
    (curate.folder / "old.pt").write_bytes(b"\x80\x04\x95" + bytes(50))
    before = sorted(curate.folder.rglob("*"))

    ran = curate("merge", *words)

    assert ran.returncode == code, ran.stderr
    assert says in " ".join(ran.stderr.split())
    assert "Traceback" not in ran.stderr
    assert sorted(curate.folder.rglob("*")) == before


@pytest.mark.skipif(os.name == "nt", reason="no CUDA card is found in another way there")
@pytest.mark.usefixtures("pair")
def test_a_card_that_is_not_there_is_a_bad_setting(curate):
    ran = curate(
        "merge", *FILES, "-o", "o.safetensors", "--device", "cuda", CUDA_VISIBLE_DEVICES=""
    )

    assert ran.returncode == 2
    assert "no CUDA card" in ran.stderr


def test_without_files_the_newest_halves_of_the_workspace_are_merged(curate):
    dense, sparse = workspace(curate)
    older = drawn.save(dense.with_name("old_dense.safetensors"), drawn.musubi(drawn.factors(7)))
    os.utime(older, (1, 1))

    ran = curate("merge")

    assert ran.returncode == 0, ran.stderr
    found = drawn.applied(dense.with_name("slider.safetensors"))
    assert drawn.error(found, drawn.wanted(dense, sparse, 4)) < 1e-6


def test_a_slider_is_never_taken_for_a_half(curate):
    dense, sparse = workspace(curate)
    wanted = drawn.wanted(dense, sparse, 4)
    trap = dense.with_name("dense_slider.safetensors")
    assert curate("merge", dense, sparse, "-o", trap, "--alpha", 9).returncode == 0

    assert curate("merge").returncode == 0

    assert drawn.error(drawn.applied(dense.with_name("slider.safetensors")), wanted) < 1e-6


def test_a_merge_is_recorded_once(curate):
    workspace(curate)

    for _ in range(2):
        assert curate("merge").returncode == 0

    (task,), (slider,) = recorded(curate, Task), recorded(curate, Lora)
    assert (task.station, task.state, task.item) == ("merge", "done", "loras/slider.safetensors")
    assert slider.path == "loras/slider.safetensors"
    assert slider.dense_path == "loras/my_dense.safetensors"
    assert (slider.rank, slider.modules) == (4, 6)
    assert 0 < slider.kept_energy <= 1


def test_what_is_done_is_not_done_again_unless_the_file_is_gone_or_another(curate):
    dense, sparse = workspace(curate)
    slider = dense.with_name("slider.safetensors")
    curate("merge")
    first = slider.read_bytes()

    assert "there already" in curate("merge").stdout

    slider.unlink()
    curate("merge")
    assert slider.read_bytes() == first
    curate("merge", dense, sparse, "-o", slider, "--rank", 2)
    curate("merge")
    assert slider.read_bytes() == first


def test_a_failed_merge_is_recorded_and_tried_again(curate):
    dense, sparse = workspace(curate)
    good = sparse.read_bytes()
    sparse.write_bytes(dense.read_bytes())

    assert curate("merge").returncode == 3
    (task,) = recorded(curate, Task)
    assert (task.state, task.exit_code) == ("failed", 3)
    assert "no difference" in task.reason
    sparse.write_bytes(good)
    assert curate("merge").returncode == 0


@pytest.mark.skipif(os.name == "nt", reason="signals to a process group")
@pytest.mark.parametrize("signal_number", [signal.SIGKILL, signal.SIGINT])
def test_an_interrupted_merge_leaves_no_half_file_and_the_next_one_gives_the_same_bytes(
    curate, signal_number
):
    sizes = {f"ffn_{n}": (4000, 3000) for n in range(12)}
    first, second = (
        drawn.save(
            curate.folder / name, drawn.musubi(drawn.factors(n, rank=32, sizes=sizes), alpha=8.0)
        )
        for n, name in enumerate(FILES)
    )
    asked = ("merge", first, second, "-o", "out.safetensors", "--rank", 64, "-q")
    out, part = curate.folder / "out.safetensors", curate.folder / "out.safetensors.part"
    assert curate(*asked).returncode == 0
    whole = out.read_bytes()
    out.unlink()

    code = curate.stop_when(part.exists, *asked, signal_number=signal_number)

    assert code in (0, -signal_number, 130)
    assert not out.exists() or out.read_bytes() == whole  # done before the signal was heard
    assert curate(*asked).returncode == 0
    assert out.read_bytes() == whole
    assert not part.exists()


@pytest.mark.skipif(os.name == "nt", reason="no limit on the size of a file")
@pytest.mark.usefixtures("pair")
def test_a_full_disk_is_a_sentence_and_leaves_nothing(curate):
    import resource
    import subprocess
    import sys

    def limited():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))

    ran = subprocess.run(
        [sys.executable, "-m", "curate", "merge", *FILES, "-o", "out.safetensors"],
        cwd=curate.folder, preexec_fn=limited, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert ran.returncode == 3
    assert "disk is full" in ran.stderr
    assert {path.name for path in curate.folder.iterdir()} == set(FILES)
