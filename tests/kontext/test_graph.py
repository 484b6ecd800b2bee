import json

import pytest

from curate.errors import GraphUnusable
from curate.kontext import graph as graphs
from curate.kontext.graph import Named, Roles, Slot
from tests.comfyui.graphs import INVERT, chain


def roles(graph, **named):
    return graphs.roles(graph, Named(**named))


def node(kind, **inputs):
    return {"class_type": kind, "inputs": inputs}


TWO_SIDED = {
    "img": node("LoadImage", image="a.png"),
    "pos": node("TextEncodeQwenImageEdit", prompt="x", image=["img", 0]),
    "neg": node("TextEncodeQwenImageEdit", prompt="", image=["img", 0]),
    "k": node("KSampler", positive=["pos", 0], negative=["neg", 0], seed=1),
    "save": node("SaveImage", images=["k", 0], filename_prefix="p"),
}


def test_the_shipped_graphs_roles_are_found():
    assert roles(graphs.shipped()) == Roles(
        image=Slot("4", ("image",)),
        output=Slot("13", ("filename_prefix",)),
        text=Slot("7", ("text",)),
        seed=Slot("11", ("seed",)),
    )


def test_a_graph_without_a_model_has_neither_text_nor_seed():
    found = roles(chain(INVERT))

    assert (found.image.node, found.text, found.seed) == ("in", None, None)


def test_the_instruction_is_the_positive_side():
    assert roles(TWO_SIDED).text == Slot("pos", ("prompt",))


def test_a_text_that_comes_from_a_primitive_is_written_there():
    graph = TWO_SIDED | {
        "words": node("PrimitiveString", value="x"),
        "pos": node("CLIPTextEncode", text=["words", 0], image=["img", 0]),
    }

    assert roles(graph).text == Slot("words", ("value",))


def test_both_texts_of_a_flux_encoder_are_the_instruction():
    graph = TWO_SIDED | {"pos": node("CLIPTextEncodeFlux", clip_l="", t5xxl="", i=["img", 0])}

    assert set(roles(graph).text.inputs) == {"clip_l", "t5xxl"}


def test_binding_fills_the_roles_and_leaves_the_rest_and_the_original():
    graph = graphs.shipped()

    bound = graphs.bind(
        graph, roles(graph), image="curate/a.png", text="do it", seed=7, prefix="curate/x"
    )

    assert graph == graphs.shipped()
    assert bound["4"]["inputs"]["image"] == "curate/a.png"
    assert bound["7"]["inputs"]["text"] == "do it"
    assert bound["11"]["inputs"]["seed"] == 7
    assert bound["13"]["inputs"]["filename_prefix"] == "curate/x"
    assert bound["13"]["inputs"]["images"] == ["12", 0]
    assert bound["11"]["inputs"]["steps"] == 20


def test_two_outputs_are_asked_about_with_the_candidates():
    graph = chain(INVERT) | {"second": node("SaveImage", images=["in", 0], filename_prefix="p")}

    with pytest.raises(GraphUnusable, match=r"out \(SaveImage\), second") as caught:
        roles(graph)

    assert "--output-node" in caught.value.remedy
    assert roles(graph, output="second").output.node == "second"


def test_two_images_are_asked_about_with_their_titles():
    graph = chain(("ImageBlend", {"image2": ["style", 0]})) | {
        "style": node("LoadImage", image="s.png") | {"_meta": {"title": "Style"}}
    }

    with pytest.raises(GraphUnusable, match=r"in \(LoadImage\), style \(LoadImage “Style”\)"):
        roles(graph)

    assert roles(graph, image="in").image.node == "in"


def test_a_named_node_that_cannot_play_the_role_is_refused_with_those_that_can():
    with pytest.raises(GraphUnusable) as caught:
        roles(chain(INVERT), image="0")

    assert "in (LoadImage)" in caught.value.remedy


def test_an_image_that_does_not_lead_to_the_output_is_no_input():
    graph = chain(INVERT) | {"other": node("LoadImage", image="o.png")}

    assert roles(graph).image.node == "in"


def test_a_graph_without_an_image_input_is_refused():
    graph = {
        "1": node("EmptyImage", width=64, height=64),
        "2": node("SaveImage", images=["1", 0], filename_prefix="p"),
    }

    with pytest.raises(GraphUnusable, match="No image goes into the graph"):
        roles(graph)


def test_a_graph_that_saves_nothing_is_refused():
    with pytest.raises(GraphUnusable, match="saves no image"):
        roles({"1": node("LoadImage", image="a.png")})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (json.dumps({"nodes": [], "links": [], "version": 0.4}), "editor saves it"),
        ("not json", "not JSON"),
        ("[]", "not a ComfyUI graph"),
        ("{}", "not a ComfyUI graph"),
        ('{"1": {"class_type": "A"}}', "not a ComfyUI graph"),
    ],
)
def test_a_file_that_is_no_api_graph_is_refused_with_the_way_to_export_one(tmp_path, text, said):
    file = tmp_path / "graph.json"
    file.write_text(text, encoding="utf-8")

    with pytest.raises(GraphUnusable, match=said) as caught:
        graphs.load(file)

    assert "Export (API)" in caught.value.remedy


def test_a_missing_graph_is_refused(tmp_path):
    with pytest.raises(GraphUnusable, match="No such file"):
        graphs.load(tmp_path / "none.json")
