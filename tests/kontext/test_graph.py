from curate.kontext import graph as graphs
from curate.kontext import roles, shipped
from curate.kontext.roles import Named
from curate.kontext.shipped import Options
from tests.comfyui.graphs import chain

SHIPPED = shipped.graph(Options())


def bound(graph, **values):
    parts = roles.found(graph, Named())
    filled = {"image": "a.png", "text": "do it", "seed": 7, "prefix": "p", "size": (64, 48)}
    return graphs.bind(graph, parts, **filled | values)


def test_binding_fills_the_roles_and_leaves_the_rest_and_the_original():
    graph = bound(SHIPPED, image="curate/a.png", prefix="curate/x")

    assert shipped.graph(Options()) == SHIPPED
    assert graph["4"]["inputs"]["image"] == "curate/a.png"
    assert graph["7"]["inputs"]["text"] == "do it"
    assert graph["11"]["inputs"]["seed"] == 7
    assert graph["13"]["inputs"]["filename_prefix"] == "curate/x"
    assert graph["13"]["inputs"]["images"] == ["12", 0]
    assert graph["11"]["inputs"]["steps"] == 20


def test_a_graph_that_says_how_large_the_twin_is_is_told_the_frames_size():
    latent = {"class_type": "EmptyFlux2LatentImage", "inputs": {"width": 8, "height": 8}}
    graph = chain(("Decode", {"latent": ["l", 0]})) | {"l": latent}

    assert bound(graph)["l"]["inputs"] == {"width": 64, "height": 48}
