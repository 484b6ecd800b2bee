"""A fleet whose servers, lines or frames fail: real servers, and a proxy of ours that spoils."""

import pytest

from curate.comfy import preflight
from curate.errors import ServerFailing, ServerForbids, ServerLost
from curate.events import Notice, Working
from tests.comfy.fault_proxy import CERTIFICATE, Fault, FaultProxy
from tests.comfyui.graphs import INVERT, chain, sleep


@pytest.fixture
def proxy(comfy):
    with FaultProxy(comfy.url) as proxy:
        yield proxy


def failures(outcomes):
    return {outcome.item.name: outcome.failure.message for outcome in outcomes if outcome.failure}


def on(method, path, fault, times=10**9):
    """The fault for the first `times` requests of that kind."""
    left = iter(range(times))
    return lambda request: (
        fault
        if request.method == method
        and request.path.startswith(path)
        and next(left, None) is not None
        else None
    )


def both(first, second):
    return lambda request: first(request) or second(request)


NO_SOCKET = on("GET", "/ws", Fault(is_reset=True))


def unplugged(_request):
    return Fault(is_reset=True)


def test_a_reset_after_the_prompt_was_accepted_does_no_work_twice(proxy, comfy, shop):
    proxy.fault = on("POST", "/prompt", Fault(is_reset=True, is_passed_on=True), times=2)
    before = comfy.prompts_taken()

    outcomes = shop.fill([proxy], [shop.order(n) for n in range(4)])

    assert not failures(outcomes)
    assert comfy.prompts_taken() == before + 4


def test_a_reset_before_the_prompt_arrived_is_submitted_again(proxy, comfy, shop):
    proxy.fault = on("POST", "/prompt", Fault(is_reset=True), times=2)
    before = comfy.prompts_taken()

    assert not failures(shop.fill([proxy], [shop.order(n) for n in range(4)]))
    assert comfy.prompts_taken() == before + 4


def test_with_a_silent_socket_the_polls_find_every_result(proxy, shop):
    proxy.fault = on("GET", "/ws", Fault(is_silent=True))

    assert not failures(shop.fill([proxy], [shop.order(n) for n in range(4)], poll_s=0.05))
    assert len(shop.came) == 4


def test_without_a_socket_the_polls_find_every_result(proxy, shop):
    proxy.fault = NO_SOCKET

    assert not failures(shop.fill([proxy], [shop.order(1)], poll_s=0.05))


def test_of_a_job_that_takes_long_the_history_is_asked_more_seldom(proxy, shop):
    proxy.fault = NO_SOCKET

    assert not failures(shop.fill([proxy], [shop.order(1, sleep(2.0))], poll_s=0.05))
    assert 5 < proxy.count("GET", "/history") < 5 + 2.0 / 0.05 / 2


def test_what_the_socket_has_told_the_history_is_not_asked(proxy, shop):
    assert not failures(shop.fill([proxy], [shop.order(n) for n in range(4)], poll_s=60))
    assert len(shop.came) == 4
    assert proxy.count("GET", "/history") == 0


def test_a_history_that_fails_for_a_while_is_asked_again(proxy, comfy, shop):
    proxy.fault = both(NO_SOCKET, on("GET", "/history", Fault(500), times=5))
    before = comfy.prompts_taken()

    assert not failures(shop.fill([proxy], [shop.order(n) for n in range(3)], poll_s=0.05))
    assert comfy.prompts_taken() == before + 3


def test_a_server_that_only_fails_is_lost_and_says_what_it_answers(proxy, shop):
    proxy.fault = both(NO_SOCKET, on("GET", "/history", Fault(500, b"out of luck")))
    told = []

    with pytest.raises(ServerLost):
        shop.fill([proxy], [shop.order(1)], tell=told.append, patience_s=0.2, give_up_after_s=0.1)

    assert any("keeps failing: HTTP 500: out of luck" in t.text for t in told if type(t) is Notice)


def test_an_order_at_which_servers_fail_thrice_is_set_aside(proxy, shop):
    proxy.fault = on("POST", "/upload", Fault(500))

    (outcome,) = shop.fill([proxy], [shop.order(1)], patience_s=0.05, give_up_after_s=60)

    assert "Servers were lost 3 times" in outcome.failure.message


def test_a_result_that_is_gone_is_made_again_under_another_prefix(proxy, shop):
    proxy.fault = on("GET", "/view", Fault(404), times=1)

    assert not failures(shop.fill([proxy], [shop.order(1)]))
    assert len({job.prefix for job in shop.booked}) == 2
    assert shop.came


def test_a_job_that_wrote_no_file_where_it_should_is_a_failure(comfy, shop):
    order = shop.order(1)
    object.__setattr__(order, "output", "0")

    failed = failures(shop.fill([comfy], [order, shop.order(2)]))

    assert list(failed) == ["room-1"]
    assert "node 0 wrote no file" in failed["room-1"]


def test_a_frame_that_the_server_cannot_read_fails_alone(proxy, shop):
    spoilt = Fault(request=lambda body: body.replace(b"IDAT", b"XXXX"))
    proxy.fault = on("POST", "/upload", spoilt, times=1)

    failed = failures(shop.fill([proxy], [shop.order(n) for n in range(3)]))

    assert len(failed) == 1
    assert "LoadImage" in str(failed)
    assert len(shop.came) == 2


def test_an_upload_that_is_not_there_any_more_is_sent_again(proxy, comfy, shop):
    def lose_it():
        for file in (comfy.base / "input/curate").glob("*.png"):
            file.unlink()

    proxy.fault = on("POST", "/prompt", Fault(is_passed_on=True, before=lose_it), times=1)

    assert not failures(shop.fill([proxy], [shop.order(77)]))
    assert proxy.count("POST", "/upload") == 2


def test_a_frame_that_is_too_large_fails_alone(proxy, shop):
    proxy.fault = on("POST", "/upload", Fault(413), times=1)

    failed = failures(shop.fill([proxy], [shop.order(n) for n in range(3)]))

    assert len(failed) == 1
    assert "too large" in str(failed)
    assert proxy.count("POST", "/upload") == 3


def test_a_server_that_lacks_a_node_is_done_without(proxy, comfy, shop):
    lacking = b'{"error": {"message": "Node UnetLoaderGGUF not found"}, "node_errors": {}}'
    proxy.fault = on("POST", "/prompt", Fault(400, lacking))
    told = []

    outcomes = shop.fill([proxy, comfy], [shop.order(n) for n in range(6)], tell=told.append)

    assert not failures(outcomes)
    assert {outcome.result for outcome in outcomes} == {comfy.url}
    assert "Node UnetLoaderGGUF not found" in str(told)


def test_a_server_that_is_back_is_used_again(proxy, comfy, shop):
    told = []

    def tell(event):
        told.append(event)
        if isinstance(event, Notice) and f"{proxy.url}: " in event.text:
            proxy.fault = lambda _request: None

    proxy.fault = unplugged
    orders = [shop.order(n, sleep(0.05)) for n in range(60)]
    outcomes = shop.fill([proxy, comfy], orders, tell=tell, patience_s=0.1)

    assert not failures(outcomes)
    assert {outcome.result for outcome in outcomes} == {proxy.url, comfy.url}
    assert any("answers again" in event.text for event in told if isinstance(event, Notice))


def test_when_all_are_gone_it_waits_and_goes_on_by_itself(proxy, comfy, shop):
    def tell(event):
        if isinstance(event, Notice) and "No server is left" in event.text:
            proxy.fault = lambda _request: None

    before = comfy.prompts_taken()
    filled = shop.make(
        [proxy],
        [shop.order(n, sleep(0.05)) for n in range(8)],
        tell=tell,
        patience_s=0.1,
        give_up_after_s=60,
    )
    outcomes = [next(filled)]
    proxy.fault = unplugged
    outcomes += filled

    assert not failures(outcomes)
    assert len(outcomes) == 8
    assert comfy.prompts_taken() - before <= 8 + 3  # what Shop never tells it had been submitted


def test_how_each_server_stands_is_told(comfy, shop):
    told = []

    shop.fill([comfy], [shop.order(n, sleep(1.2, steps=4)) for n in range(2)], tell=told.append)

    said = [event for event in told if isinstance(event, Working)]
    assert {event.steps for event in said} >= {4}
    assert any(0 < event.step < 4 and event.item == "room-0" for event in said)
    assert said[-1].done == 2
    assert 10 < said[-1].per_minute < 60
    assert said[-1].left_s == 0


SECRET = "Bearer tUbErOsE"


def guarded(wanted):
    return lambda request: None if request.header("authorization") == wanted else Fault(401)


def test_a_header_opens_a_proxy_for_every_request_and_the_socket(proxy, shop):
    proxy.fault = guarded(SECRET)

    outcomes = shop.fill([proxy], [shop.order(1)], headers=[f"Authorization: {SECRET}"])

    assert not failures(outcomes)
    assert proxy.count("GET", "/ws") == 1
    assert all(request.header("authorization") == SECRET for request in proxy.requests)


def test_user_and_password_open_a_proxy_and_are_shown_to_nobody(proxy, shop):
    proxy.fault = guarded("Basic bWU6dFViRXJPc0U=")
    told = []
    url = proxy.url.replace("://", "://me:tUbErOsE@")

    outcomes = shop.fill([url], [shop.order(1)], tell=told.append)

    assert not failures(outcomes)
    assert "tUbErOsE" not in repr((outcomes, told, shop.booked))
    assert outcomes[0].result == proxy.url


def test_who_is_not_let_in_is_told_how_to_say_who_he_is(proxy):
    proxy.fault = guarded(SECRET)

    with pytest.raises(ServerForbids, match="does not let us in: HTTP 401") as refused:
        preflight.reachable([proxy.url], chain(INVERT))

    assert "--header" in refused.value.remedy


def test_a_server_that_repeats_our_header_does_not_get_it_printed(proxy):
    proxy.fault = lambda request: Fault(502, f"no {request.header('authorization')}".encode())

    with pytest.raises(ServerFailing, match="no •••") as failing:
        preflight.probe(proxy.url, [f"Authorization: {SECRET}"])

    assert "tUbErOsE" not in str(failing.value)


def test_https_works_with_a_certificate_one_trusts(comfy, shop, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    with FaultProxy(comfy.url, is_tls=True) as proxy:
        outcomes = shop.fill([proxy], [shop.order(1)])

    assert not failures(outcomes)
    assert outcomes[0].result.startswith("https://")
    assert any(request.path.startswith("/ws") for request in proxy.requests)


def test_https_with_an_unknown_certificate_is_refused(comfy):
    with (
        FaultProxy(comfy.url, is_tls=True) as proxy,
        pytest.raises(preflight.ServerUnreachable, match="certificate"),
    ):
        preflight.probe(proxy.url)
