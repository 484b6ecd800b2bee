import asyncio
import functools
import threading
from http.server import HTTPServer, SimpleHTTPRequestHandler
from uuid import uuid4

import pytest

from curate import images
from curate.comfy import address, preflight, wire
from curate.comfy.protocol import Broken, Finished, Stored
from curate.comfy.server import Refused, Server
from curate.errors import BadSetting, ModelsMissing, ServerUnreachable
from curate.kontext import graph as graphs
from curate.kontext import roles, shipped
from tests.comfyui.graphs import INVERT, SLOW, chain
from tests.comfyui.server import KONTEXT_MODELS, free_port
from tests.pictures import room


def on(test):
    """Run an async test with a connection to the server."""

    @functools.wraps(test)
    def run(comfy):
        async def connected():
            async with Server(comfy.url) as server:
                await test(server)

        asyncio.run(connected())

    del run.__wrapped__  # pytest would ask for a fixture named server
    return run


def test_the_server_says_its_version(comfy):
    version = preflight.probe(comfy.url)

    print(f"\nreal ComfyUI {version}")
    assert version == comfy.version() == "0.3.75"


@on
async def test_an_uploaded_image_can_be_viewed_byte_by_byte(server):
    png = images.encode_png(room(1))

    name = await server.upload(png, "a.png", "curate")

    assert name == "curate/a.png"
    assert await server.view(Stored("a.png", "curate", "input")) == png


def test_forms_share_their_boundary_which_a_server_takes_long_to_parse():
    first, second = (wire.Form({}, "image", "a.png", png).sent() for png in (b"one", b"two"))

    assert first["headers"] == second["headers"]
    assert first["data"].getvalue() != second["data"].getvalue()


@on
async def test_other_bytes_under_the_same_name_get_another(server):
    first = await server.upload(images.encode_png(room(2)), "b.png", "curate")
    again = await server.upload(images.encode_png(room(2)), "b.png", "curate")
    other = await server.upload(images.encode_png(room(3)), "b.png", "curate")

    assert first == again == "curate/b.png"
    assert other == "curate/b (1).png"


@on
async def test_a_file_that_is_not_there_is_none(server):
    assert await server.view(Stored("nothing_00001_.png", "curate", "output")) is None


@on
async def test_the_end_of_a_short_job_is_known_before_the_next_poll(server):
    name = await server.upload(images.encode_png(room(4)), "c.png", "curate")
    loop = asyncio.get_running_loop()
    await server.submit(chain(image=name, prefix="warm"), warm := str(uuid4()))
    await server.ended(warm)

    start, job = loop.time(), str(uuid4())
    await server.submit(chain(INVERT, image=name, prefix="short"), job)
    ending = await server.ended(job)

    assert isinstance(ending, Finished)
    assert loop.time() - start < 0.9


@on
async def test_without_the_socket_the_history_is_enough(server):
    name = await server.upload(images.encode_png(room(5)), "d.png", "curate")
    server._note = lambda _message: None
    job = str(uuid4())

    await server.submit(chain(INVERT, image=name, prefix="silent"), job)

    assert isinstance(await server.ended(job), Finished)


def test_a_submission_whose_answer_was_lost_is_not_repeated(comfy):
    """The connection breaks after the server took the prompt: our own transport breaks it."""
    before, posts = comfy.prompts_taken(), []

    async def run():
        async with Server(comfy.url) as server:
            name = await server.upload(images.encode_png(room(6)), "e.png", "curate")
            once = server._wire.once

            async def lossy(method, path, **how):
                response = await once(method, path, **how)
                if path == "/prompt":
                    posts.append(response)
                    raise wire.Silent("reset by peer")
                return response

            server._wire.once = lossy
            await server.submit(chain(SLOW, image=name, prefix="lossy"), job := str(uuid4()))
            return await server.ended(job)

    assert isinstance(asyncio.run(run()), Finished)
    assert len(posts) == 1
    assert comfy.prompts_taken() == before + 1


@on
async def test_a_refused_graph_is_an_error_at_once(server):
    graph = chain(("ImageQuantize", {"colors": 9999, "dither": "none"}), image="curate/a.png")

    with pytest.raises(Refused, match="ImageQuantize"):
        await server.submit(graph, str(uuid4()))


@on
async def test_a_graph_of_which_the_server_drops_an_output_is_refused(server):
    name = await server.upload(images.encode_png(room(1)), "a.png", "curate")
    graph = chain(INVERT, image=name, prefix="kept")
    graph["dropped"] = {"class_type": "SaveImage", "inputs": {"images": ["0", 0]}}

    with pytest.raises(Refused, match=r"node dropped \(SaveImage\): Required input is missing"):
        await server.submit(graph, str(uuid4()))


def test_the_kontext_graph_is_accepted_and_its_empty_models_break_it(comfy):
    graph = shipped.graph(shipped.Options())
    parts = roles.found(graph, roles.Named())

    async def run():
        async with Server(comfy.url) as server:
            image = await server.upload(images.encode_png(room(7)), "f.png", "curate")
            filled = {"image": image, "text": "x", "seed": 1, "prefix": "k", "size": (1024, 1024)}
            bound = graphs.bind(graph, parts, **filled)
            await server.submit(bound, job := str(uuid4()))
            return await server.ended(job)

    with comfy.empty_models():
        ending = asyncio.run(run())

    assert isinstance(ending, Broken)
    assert not ending.is_out_of_memory
    assert "Safetensor" in str(ending)


def test_preflight_names_each_missing_model_and_its_folder(comfy):
    missing = preflight.missing(comfy.url, shipped.graph(shipped.Options()))

    assert sorted(missing) == sorted(
        f"{name.partition('/')[2]} in models/{name.partition('/')[0]}" for name in KONTEXT_MODELS
    )


def test_preflight_is_content_when_the_models_are_there(comfy):
    with comfy.empty_models():
        assert preflight.missing(comfy.url, shipped.graph(shipped.Options())) == ()


def test_preflight_names_a_missing_node(comfy):
    graph = chain(("UnetLoaderGGUF", {"unet_name": "x.gguf"}))

    with pytest.raises(ModelsMissing, match="the node UnetLoaderGGUF"):
        preflight.reachable([comfy.url], graph)


def test_one_server_that_does_not_answer_leaves_the_others(comfy):
    absent = f"http://127.0.0.1:{free_port()}"

    assert preflight.reachable([absent, comfy.url], chain(INVERT)) == {comfy.url: "0.3.75"}


def test_no_server_at_all_is_unreachable():
    with pytest.raises(ServerUnreachable):
        preflight.reachable([f"http://127.0.0.1:{free_port()}"], chain(INVERT))


def test_another_web_server_is_not_taken_for_comfyui():
    with HTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler) as other:
        thread = threading.Thread(target=other.handle_request)
        thread.start()
        with pytest.raises(ServerUnreachable, match="it answers HTTP 404"):
            preflight.probe(f"http://127.0.0.1:{other.server_port}")
        thread.join()


@pytest.mark.parametrize("url", ["ftp://a", "http://", "http://a:b", "::"])
def test_what_is_no_address_is_a_usage_error(url):
    with pytest.raises(BadSetting):
        address.shown(url)


def test_an_address_may_be_short_and_hides_its_password():
    assert address.shown("127.0.0.1:8188/") == "http://127.0.0.1:8188"
    assert address.shown("https://me:secret@gpu.example/comfy") == "https://gpu.example/comfy"
