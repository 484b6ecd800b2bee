import json

from curate.comfy import protocol
from curate.comfy.protocol import Broken, Finished, News, Stored


def entry(status, messages=(), outputs=None, completed=True):
    return {
        "outputs": outputs or {},
        "status": {"status_str": status, "completed": completed, "messages": list(messages)},
    }


def test_a_finished_job_names_the_images_of_each_node():
    images = [{"filename": "a_00001_.png", "subfolder": "curate", "type": "output"}]

    ending = protocol.ending(entry("success", outputs={"9": {"images": images}, "8": {}}))

    stored = Stored("a_00001_.png", "curate", "output")
    assert ending == Finished({"9": (stored,), "8": ()})


def test_a_broken_job_names_the_node_and_the_reason():
    error = {
        "node_id": "1",
        "node_type": "UNETLoader",
        "exception_type": "SafetensorError",
        "exception_message": "header too small\n",
    }

    ending = protocol.ending(entry("error", [("execution_error", error)], completed=False))

    assert str(ending) == "node 1 (UNETLoader): SafetensorError: header too small"


def test_an_interrupted_job_says_so():
    ending = protocol.ending(entry("error", [("execution_interrupted", {})], completed=False))

    assert "interrupted" in str(ending)


def test_success_without_completion_is_not_done():
    assert isinstance(protocol.ending(entry("success", completed=False)), Broken)


def test_out_of_memory_is_told_from_other_errors():
    assert Broken("", "torch.OutOfMemoryError", "Allocation on device").is_out_of_memory
    assert Broken("", "RuntimeError", "CUDA out of memory. Tried").is_out_of_memory
    assert Broken("", "RuntimeError", "DefaultCPUAllocator: can't allocate memory").is_out_of_memory
    assert not Broken("", "SafetensorError", "header too small").is_out_of_memory


def test_the_end_of_a_job_is_executing_without_a_node():
    def said(kind, **data):
        return protocol.news(json.dumps({"type": kind, "data": data}))

    assert said("executing", node=None, prompt_id="p") == News("p", has_ended=True)
    assert said("executing", node="3", prompt_id="p") is None
    assert said("execution_start", prompt_id="p") == News("p", has_ended=False)
    assert said("execution_success", prompt_id="p") == News("p", False, has_succeeded=True)
    assert said("executing", node=None) is None
    assert said("status", status={}) is None


def test_what_a_node_wrote_is_news_whatever_it_is_called():
    file = {"filename": "a_00001_.png", "subfolder": "s", "type": "output"}

    def said(output):
        data = {"prompt_id": "p", "node": "9", "output": output}
        return protocol.news(json.dumps({"type": "executed", "data": data})).files

    assert said({"images": [file], "animated": [True]}) == (Stored("a_00001_.png", "s", "output"),)
    assert said({"text": ["x"]}) == said(None) == ()


def test_previews_and_noise_are_no_news():
    assert protocol.news(b"\x00\x00\x00\x01") is None
    assert protocol.news("not json") is None
    assert protocol.news("[]") is None


def test_all_but_the_length_of_the_queue_are_signs_of_life():
    said = [json.dumps({"type": kind, "data": {}}) for kind in ("progress_state", "executing")]

    assert all(map(protocol.is_sign_of_life, [b"a preview", *said]))
    assert not protocol.is_sign_of_life(json.dumps({"type": "status", "data": {}}))


def test_both_spellings_of_a_choice_are_read():
    old = {"input": {"required": {"vae_name": [["a", "b"], {}]}}}
    new = {"input": {"optional": {"vae_name": ["COMBO", {"options": ["a", "b"]}]}}}

    assert protocol.choices(old, "vae_name") == protocol.choices(new, "vae_name") == ("a", "b")
    assert protocol.choices({"input": {"required": {"seed": ["INT", {}]}}}, "seed") is None
    assert protocol.choices({}, "seed") is None


def test_a_refused_graph_is_explained_for_each_node():
    error = {"message": "Value not in list", "details": "unet_name: 'x' not in []"}
    body = {
        "error": {"message": "Prompt outputs failed validation"},
        "node_errors": {"37": {"class_type": "UNETLoader", "errors": [error]}},
    }

    (said,) = protocol.complaints(body)

    assert said == "node 37 (UNETLoader): Value not in list, unet_name: 'x' not in []"


def test_a_refusal_without_nodes_is_explained_all_the_same():
    body = {"error": {"message": "Cannot execute", "details": "no node Foo"}, "node_errors": {}}

    assert protocol.complaints(body) == ("Cannot execute no node Foo",)
    assert protocol.complaints("500 Internal Server Error") == ("500 Internal Server Error",)
    assert protocol.complaints({"error": "wrong"}) == ("wrong",)


def test_ids_are_read_from_the_queue():
    body = {"queue_running": [[0, "a", {}, {}, []]], "queue_pending": [[1, "b", {}, {}, []]]}

    queue = protocol.queue(body)

    assert (queue.running, queue.pending) == (("a",), ("b",))
    assert "a" in queue
    assert "b" in queue
    assert "c" not in queue
