import pytest

from curate.errors import GraphUnusable
from curate.kontext import roles, shipped
from curate.kontext.graph import Roles, Slot
from curate.kontext.roles import Named
from curate.kontext.shipped import Options
from tests.comfyui.graphs import INVERT, chain


def found(graph, **named):
    return roles.found(graph, Named(**named))


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
    assert found(shipped.graph(Options())) == Roles(
        image=Slot("4", ("image",)),
        output=Slot("13", ("filename_prefix",)),
        text=Slot("7", ("text",)),
        seed=Slot("11", ("seed",)),
    )


def test_a_graph_without_a_model_has_neither_text_nor_seed():
    parts = found(chain(INVERT))

    assert (parts.image.node, parts.text, parts.seed) == ("in", None, None)


def test_the_instruction_is_the_positive_side():
    assert found(TWO_SIDED).text == Slot("pos", ("prompt",))


def test_a_text_that_comes_from_a_primitive_is_written_there():
    graph = TWO_SIDED | {
        "words": node("PrimitiveString", value="x"),
        "pos": node("CLIPTextEncode", text=["words", 0], image=["img", 0]),
    }

    assert found(graph).text == Slot("words", ("value",))


def test_both_texts_of_a_flux_encoder_are_the_instruction():
    graph = TWO_SIDED | {"pos": node("CLIPTextEncodeFlux", clip_l="", t5xxl="", i=["img", 0])}

    assert set(found(graph).text.inputs) == {"clip_l", "t5xxl"}


def test_two_outputs_are_asked_about_with_the_candidates():
    graph = chain(INVERT) | {"second": node("SaveImage", images=["in", 0], filename_prefix="p")}

    with pytest.raises(GraphUnusable, match=r"out \(SaveImage\), second") as caught:
        found(graph)

    assert "--output-node" in caught.value.remedy
    assert found(graph, output="second").output.node == "second"


def test_two_images_are_asked_about_with_their_titles():
    graph = chain(("ImageBlend", {"image2": ["style", 0]})) | {
        "style": node("LoadImage", image="s.png") | {"_meta": {"title": "Style"}}
    }

    with pytest.raises(GraphUnusable, match=r"in \(LoadImage\), style \(LoadImage “Style”\)"):
        found(graph)

    assert found(graph, image="in").image.node == "in"


def test_a_named_node_that_cannot_play_the_role_is_refused_with_those_that_can():
    with pytest.raises(GraphUnusable) as caught:
        found(chain(INVERT), image="0")

    assert "in (LoadImage)" in caught.value.remedy


def test_an_image_that_does_not_lead_to_the_output_is_no_input():
    graph = chain(INVERT) | {"other": node("LoadImage", image="o.png")}

    assert found(graph).image.node == "in"


def test_a_graph_without_an_image_input_is_refused():
    graph = {
        "1": node("EmptyImage", width=64, height=64),
        "2": node("SaveImage", images=["1", 0], filename_prefix="p"),
    }

    with pytest.raises(GraphUnusable, match="No image goes into the graph"):
        found(graph)


def test_a_graph_that_saves_nothing_is_refused():
    with pytest.raises(GraphUnusable, match="saves no image"):
        found({"1": node("LoadImage", image="a.png")})
