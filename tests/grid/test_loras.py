"""Several LoRAs on one sheet, through a real ComfyUI with a node that a LoRA has an effect on."""

import json
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from curate.errors import BadInput, BadSetting, ModelsMissing
from curate.grid import loras
from curate.ledger import Ledger
from curate.records import Cell
from tests.comfyui.graphs import written
from tests.grid.served import node, place

BLOCKS = 6


def lora(file: Path, size: float) -> Path:
    """A LoRA of six blocks, the norm of each one's `lora_up` given; all of rank 2."""
    file.parent.mkdir(parents=True, exist_ok=True)
    tensors = {}
    for block in range(BLOCKS):
        name = f"lora_unet_blocks_{block}_self_attn_q"
        up = torch.zeros(8, 2)
        up[0, 0] = size
        tensors[f"{name}.lora_up.weight"] = up
        tensors[f"{name}.lora_down.weight"] = torch.eye(2, 8)
        tensors[f"{name}.alpha"] = torch.tensor(2.0)
    save_file(tensors, file)
    return file


def striped():
    """A graph that loads a LoRA."""
    return {
        "in": node("LoadImage", image="one.png"),
        "slider": node("TestLora", image=["in", 0], lora_name="none.safetensors", strength=1.0),
        "out": node("SaveImage", images=["slider", 0], filename_prefix="x"),
    }


def arguments(curate, comfy, *more):
    place(comfy, "one.png")
    written(curate.folder / "graph.json", striped())
    (curate.folder / "prompts.txt").write_text("one.png\n", encoding="utf-8")
    return (
        *("grid", "--quiet", "--workflow", "graph.json", "--text-node", "in.image"),
        *("--prompts", "prompts.txt", "--server", comfy.url, "--encoder", "none", *more),
    )


@pytest.fixture
def folder(comfy):
    """ComfyUI's models/loras, empty before and after."""
    folder = comfy.base / "models" / "loras"
    folder.mkdir(parents=True, exist_ok=True)
    yield folder
    for file in folder.rglob("*.safetensors"):
        file.unlink()


def test_loras_of_a_glob_stand_in_one_sheet_and_are_told_apart_by_number(curate, comfy, folder):
    for rank, size in ((2, 0.005), (4, 0.02)):
        lora(curate.folder / f"out_r{rank}.safetensors", size)

    done = curate(
        *arguments(curate, comfy, "--lora", "out_r*.safetensors", "--strengths", "-1,0,1"),
        *("--loras-dir", folder, "--json"),
    )

    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert [finding["label"] for finding in said["findings"]] == ["out_r2", "out_r4"]
    slopes = [finding["concept"]["slope"] for finding in said["findings"]]
    assert 0 < slopes[0] < slopes[1]
    assert said["name"] == "out_r2+1"
    page = Path(curate.folder / said["page"]).read_text(encoding="utf-8")
    assert page.count("<article") == 1
    assert page.count("class='stack'") == 2
    assert [file.name[:7] for file in sorted(folder.rglob("*.safetensors"))] == [
        "out_r2_",
        "out_r4_",
    ]


def test_a_lora_that_changed_under_its_name_is_rendered_anew(curate, comfy, folder):
    file = lora(curate.folder / "slider.safetensors", 0.01)
    line = arguments(
        curate, comfy, "--lora", file, "--strengths", "0,1", "--loras-dir", folder, "--json"
    )
    assert json.loads(curate(*line).stdout)["rendered"] == 2
    lora(file, 0.02)

    again = json.loads(curate(*line).stdout)

    assert (again["rendered"], again["kept"]) == (2, 0)
    with Ledger(curate.workspace) as ledger:
        densities = [c.measures["density"] for c in ledger.all(Cell, strength=1.0)]
    assert len(set(densities)) == 2


def test_a_lora_that_the_server_lacks_is_named_with_the_way_to_bring_it_there(
    curate, comfy, folder
):
    lora(folder / "other.safetensors", 0.01)
    file = lora(curate.folder / "slider.safetensors", 0.01)

    done = curate(*arguments(curate, comfy, "--lora", file))

    assert done.returncode == 4
    assert "lacks slider.safetensors in models/loras" in done.stderr
    assert "--loras-dir" in done.stderr


def test_a_name_in_a_subfolder_is_found_by_its_file():
    (slider,) = loras.on_server(loras.named(["slider.safetensors"]), ["a/b.safetensors",
                                "sub/slider.safetensors"])  # fmt: skip

    assert slider.name == "sub/slider.safetensors"


def test_a_file_name_that_the_server_has_twice_is_asked_about():
    with pytest.raises(BadSetting, match="more than once"):
        loras.on_server(loras.named(["s.safetensors"]), ["a/s.safetensors", "b/s.safetensors"])


def test_what_neither_is_a_file_nor_at_the_server_is_missing():
    with pytest.raises(ModelsMissing) as caught:
        loras.on_server(loras.named(["s.safetensors"]), ["a/t.safetensors"])

    assert "Give the path" in caught.value.remedy


def test_a_glob_without_a_match_is_refused(tmp_path):
    with pytest.raises(BadInput, match="matches no file"):
        loras.named([f"{tmp_path}/*.safetensors"])


def test_the_files_of_a_glob_are_in_the_order_of_their_numbers(tmp_path):
    for rank in (16, 2, 4):
        lora(tmp_path / f"out_r{rank}.safetensors", 0.1)

    found = loras.named([f"{tmp_path}/out_r*.safetensors"])

    assert [slider.label for slider in found] == ["out_r2", "out_r4", "out_r16"]


def test_two_files_of_one_name_are_refused(tmp_path):
    files = [lora(tmp_path / half / "slider.safetensors", 0.1) for half in ("a", "b")]

    with pytest.raises(BadSetting, match="one file name"):
        loras.named([str(file) for file in files])


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    sliders = loras.named([str(lora(tmp_path / "slider.safetensors", 0.1))])

    with pytest.raises(BadInput, match="no folder"):
        loras.put(sliders, tmp_path / "none")


def test_a_study_of_blocks_renders_each_range_alone(curate, comfy, folder):
    file = lora(curate.folder / "slider.safetensors", 0.01)

    done = curate(
        *arguments(curate, comfy, "--lora", file, "--blocks-study", "0,1-2,3-5"),
        *("--strengths", "0,1", "--loras-dir", folder, "--json"),
    )

    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    labels = [finding["label"] for finding in said["findings"]]
    names = ["slider", "slider_blocks_0", "slider_blocks_1-2", "slider_blocks_3-5"]
    assert labels == names
    counts = []
    for name in names[1:]:
        with safe_open(curate.workspace / "grid/blocks" / f"{name}.safetensors", "pt") as part:
            counts.append(sum(key.endswith("lora_up.weight") for key in part.keys()))  # noqa: SIM118
    assert counts == [1, 2, 3]
    whole, *parts = (finding["concept"]["slope"] for finding in said["findings"])
    assert parts == sorted(parts)
    assert max(parts) < whole


def test_a_study_of_blocks_needs_one_lora_that_is_here(curate, comfy):
    done = curate(*arguments(curate, comfy, "--lora", "far.safetensors", "--blocks-study", "0-2"))

    assert done.returncode == 2
    assert "takes one LoRA, as a file here" in done.stderr


def test_a_range_without_a_block_is_refused_with_those_there_are(curate, comfy):
    file = lora(curate.folder / "slider.safetensors", 0.01)

    done = curate(*arguments(curate, comfy, "--lora", file, "--blocks-study", "7-9"))

    assert done.returncode == 3
    assert "blocks 0-5" in done.stderr
