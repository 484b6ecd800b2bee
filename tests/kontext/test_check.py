"""Graphs of real editing models, judged by a real ComfyUI without running them."""

import json

import pytest

from curate import images
from curate.comfy import graph as comfy_graphs
from curate.comfy import rehearsal
from curate.kontext import graph as graphs
from curate.kontext import roles
from curate.kontext.graph import Roles, Slot
from curate.ledger import Ledger
from curate.records import Task, Twin
from tests.comfyui import models
from tests.comfyui.graphs import INVERT, QUANTIZE, chain, written
from tests.pictures import place_frames

EXPECTED = {
    models.qwen_image_edit: Roles(
        image=Slot("load", ("image",)),
        output=Slot("save", ("filename_prefix",)),
        text=Slot("do", ("prompt",)),
        seed=Slot("sampler", ("seed",)),
    ),
    models.flux2: Roles(
        image=Slot("load", ("image",)),
        output=Slot("save", ("filename_prefix",)),
        text=Slot("do", ("text",)),
        seed=Slot("noise", ("noise_seed",)),
        sizes=(Slot("sigmas", ("width", "height")), Slot("empty", ("width", "height"))),
    ),
    models.omnigen2: Roles(
        image=Slot("load", ("image",)),
        output=Slot("save", ("filename_prefix",)),
        text=Slot("words", ("value",)),
        seed=Slot("number", ("value",)),
        sizes=(Slot("empty", ("width", "height")),),
    ),
    models.instruct_pix2pix: Roles(
        image=Slot("load", ("image",)),
        output=Slot("save", ("filename_prefix",)),
        text=Slot("do", ("text",)),
        seed=Slot("sampler", ("seed",)),
    ),
}


def faults(comfy, graph):
    parts = roles.found(graph, roles.Named())
    saving, loading = ((slot.node, slot.inputs[0]) for slot in (parts.output, parts.image))
    return rehearsal.complaints(
        comfy.url, comfy_graphs.cut(graph, parts.output.node), saving, loading
    )


@pytest.mark.parametrize("model", EXPECTED, ids=lambda model: model.__name__)
def test_the_roles_in_a_models_own_graph_are_found_and_a_real_server_accepts_it_filled_in(
    comfy, model
):
    graph = model()

    parts = roles.found(graph, roles.Named())
    bound = graphs.bind(
        graph, parts, image="a.png", text="do it", seed=2**48 - 1, prefix="p", size=(1392, 752)
    )

    assert parts == EXPECTED[model]
    with models.empty_files(comfy.base, graph):
        assert faults(comfy, bound) == ()


def test_every_fault_is_found_and_nothing_runs(comfy):
    graph = models.flux2()
    graph["sigmas"]["inputs"]["steps"] = 0
    graph["by"]["inputs"]["sampler_name"] = "eulr"
    del graph["strength"]["inputs"]["guidance"]
    graph["encode"]["inputs"]["vae"] = ["do", 0]
    before = comfy.get("/history")
    uploaded = set((comfy.base / "input").rglob("*"))

    with models.empty_files(comfy.base, graph):
        said = faults(comfy, graph)

    named = {sentence.split()[1] for sentence in said}
    assert named == {"sigmas", "by", "strength", "encode"}
    assert any("'eulr'" in sentence for sentence in said)
    assert comfy.get("/history") == before
    assert not comfy.queued()
    assert set((comfy.base / "input").rglob("*")) == uploaded


def test_the_check_says_that_a_server_is_ready_and_needs_no_workspace(curate, comfy):
    written(curate.folder / "graph.json", chain(QUANTIZE))

    done = curate("kontext", "--check", "--workflow", "graph.json", "--server", comfy.url)

    assert done.returncode == 0, done.stderr
    assert f"{comfy.url}: ComfyUI {comfy.version()} has every node and model" in done.stdout
    assert not curate.workspace.exists()


def test_the_check_names_what_each_server_lacks_and_fails(curate, comfy):
    faulty = chain(("ImageQuantize", {"colors": 9999, "dither": "none"}))
    written(curate.folder / "graph.json", faulty)
    urls = ("--server", comfy.url, "--server", "http://127.0.0.1:9")

    done = curate("kontext", "--check", "--workflow", "graph.json", *urls, "--json")

    assert done.returncode == 4
    refused, silent = json.loads(done.stdout)["failures"]
    assert "node 0 (ImageQuantize): Value 9999 bigger than max of 256, colors" in refused["message"]
    assert silent["item"] == "http://127.0.0.1:9"


def test_the_check_names_a_node_that_is_not_installed(curate, comfy):
    written(curate.folder / "graph.json", chain(("UnetLoaderGGUF", {"unet_name": "x.gguf"})))

    done = curate("kontext", "--check", "--workflow", "graph.json", "--server", comfy.url)

    assert done.returncode == 4
    assert "the node UnetLoaderGGUF" in done.stderr


def test_the_check_of_the_shipped_graph_with_a_lora_names_the_lora(curate, comfy):
    with comfy.empty_models():
        done = curate("kontext", "--check", "--lora", "turbo.safetensors", "--server", comfy.url)
        without = curate("kontext", "--check", "--steps", 8, "--server", comfy.url)

    assert done.returncode == 4
    assert "turbo.safetensors in models/loras" in done.stderr
    assert without.returncode == 0, without.stderr


def test_a_backend_without_a_server_has_nothing_to_check(curate):
    done = curate("kontext", "--check", "--backend", "embedded")

    assert done.returncode == 2
    assert "needs no server" in done.stderr


NOISE = {
    "words": {"class_type": "PrimitiveString", "inputs": {"value": ""}},
    "long": {"class_type": "StringLength", "inputs": {"string": ["words", 0]}},
    "told": {
        "class_type": "ImageAddNoise",
        "inputs": {"image": ["in", 0], "seed": ["long", 0], "strength": 0.2},
    },
    "0": {
        "class_type": "ImageAddNoise",
        "inputs": {"image": ["told", 0], "seed": 0, "strength": 0.2},
    },
}
"""Two noises on the frame: one by the length of the instruction, one by the seed."""


def test_variants_and_controls_come_from_a_real_server(curate, comfy):
    place_frames(curate.workspace, 1)
    written(curate.folder / "graph.json", chain(INVERT) | NOISE)
    arguments = ("--workflow", "graph.json", "--text-node", "words.value", "--seed-node", "0")
    run = ("kontext", *arguments, "--server", comfy.url, "--size", "320x176", "--seed", 1)

    done = curate(*run, "--variants", 2, "--control")

    assert done.returncode == 0, done.stderr
    assert "2 twins and 1 control made" in done.stdout
    with Ledger(curate.workspace) as ledger:
        first, second = ledger.all(Twin)
        (task,) = ledger.all(Task, item="simplify/control/film_00-00-00.000")
    paths = (first.frame_path, first.twin_path, second.twin_path, first.control_path)
    pixels = {images.read(curate.workspace / path).tobytes() for path in paths}
    assert len(pixels) == 4
    assert first.control_path == second.control_path == task.settings["path"]
    assert first.graph["words"]["inputs"]["value"] == first.instruction
    assert {first.graph["0"]["inputs"]["seed"], second.graph["0"]["inputs"]["seed"]} == {1, 2}
    assert "3 were there already" in curate(*run, "--variants", 2, "--control").stdout
