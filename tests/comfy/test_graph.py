import json

import pytest

from curate.comfy import graph as graphs
from curate.errors import GraphUnusable
from curate.kontext import shipped
from curate.kontext.shipped import Options
from tests.comfyui.graphs import INVERT, chain

SHIPPED = shipped.graph(Options())


def test_what_does_not_lead_to_the_output_is_left_out():
    other = {"class_type": "PreviewImage", "inputs": {"images": ["in", 0]}}
    graph = chain(INVERT)

    assert graphs.cut(graph | {"other": other}, "out") == graph


def test_the_negative_side_leads_to_the_output_too():
    assert graphs.cut(SHIPPED, "13") == SHIPPED


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


def test_a_graph_as_it_was_sent_to_a_server_is_read_too(tmp_path):
    file = tmp_path / "request.json"
    file.write_text(json.dumps({"prompt": chain(INVERT), "client_id": "x"}), encoding="utf-8")

    assert graphs.load(file) == chain(INVERT)


def test_a_missing_graph_is_refused(tmp_path):
    with pytest.raises(GraphUnusable, match="No such file"):
        graphs.load(tmp_path / "none.json")
