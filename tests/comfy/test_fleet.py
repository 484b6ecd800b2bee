import io
import threading
from uuid import uuid4

import numpy as np
import pytest
from PIL import Image

from curate import images
from curate.comfy import fleet
from curate.errors import DiskFull, GraphRefused, ServerLost, TwinUnusable
from tests.comfyui.graphs import SLOW, UNHURRIED, chain
from tests.conftest import wait_until
from tests.pictures import room

LARGE = (1392, 752)


def uploaded(comfy, number):
    name = f"room-{number}.png"
    (comfy.base / "input").mkdir(exist_ok=True)
    images.write(comfy.base / "input" / name, room(number, *LARGE))
    return name


def failures(outcomes):
    return {outcome.item.name: outcome.failure.message for outcome in outcomes if outcome.failure}


def test_every_order_is_filled_with_its_own_picture(comfy, shop):
    outcomes = shop.fill([comfy], [shop.order(n) for n in range(7)])

    assert not failures(outcomes)
    for number in range(7):
        answer = images.decode(shop.came[f"room-{number}"]).astype(int)
        assert np.abs(answer - (255 - room(number).astype(int))).max() <= 1


def test_a_job_is_booked_before_it_is_submitted(comfy, shop):
    taken_when_booked = []

    def book(order, server):
        taken_when_booked.append(comfy.prompts_taken() - before)
        return shop.book(order, server)

    before = comfy.prompts_taken()
    list(fleet.make([comfy.url], [shop.order(70)], book))

    assert taken_when_booked == [0]


def test_at_most_three_jobs_stand_in_a_servers_queue(comfy, shop):
    most = 0
    for outcome in fleet.make([comfy.url], [shop.order(n) for n in range(12)], shop.book):
        most = max(most, len(comfy.queued()))
        assert outcome.failure is None

    assert most <= fleet.WINDOW


def test_an_earlier_jobs_result_is_fetched_instead_of_made_again(comfy, shop):
    shop.fill([comfy], [shop.order(80)])
    first, taken = shop.came.pop("room-80"), comfy.prompts_taken()

    shop.fill([comfy], [shop.order(80, earlier=shop.booked)])

    assert shop.came["room-80"] == first
    assert comfy.prompts_taken() == taken


def test_an_earlier_job_that_still_waits_is_waited_for(comfy, shop):
    job = shop.book(shop.order(81), comfy.url)
    comfy.submit(chain(SLOW, SLOW, image=uploaded(comfy, 81), prefix=job.prefix), job.prompt_id)
    taken = comfy.prompts_taken()

    shop.fill([comfy], [shop.order(81, earlier=[job])])

    assert "room-81" in shop.came
    assert comfy.prompts_taken() == taken


def test_a_job_that_vanished_from_the_queue_is_submitted_again(comfy, shop):
    foreign = shop.book(shop.order(82), comfy.url)
    shop.booked.clear()
    comfy.submit(chain(*[SLOW] * 3, image=uploaded(comfy, 82), prefix="foreign"), foreign.prompt_id)

    def delete_the_first():
        wait_until(lambda: shop.booked and shop.booked[0].prompt_id in comfy.queued())
        comfy.post("/queue", {"delete": [shop.booked[0].prompt_id]})

    thread = threading.Thread(target=delete_the_first)
    thread.start()
    outcomes = shop.fill([comfy], [shop.order(83)])
    thread.join()

    assert not failures(outcomes)
    assert len({job.prompt_id for job in shop.booked}) == 2
    assert len({job.prefix for job in shop.booked}) == 2


TOO_MUCH = (
    ("RepeatImageBatch", {"amount": 64}),
    (
        "ImageScale",
        {"width": 16384, "height": 16384, "upscale_method": "nearest-exact", "crop": "disabled"},
    ),
)
"""200 GB: more than there is."""


def test_one_broken_job_does_not_stop_the_others(comfy, shop):
    failed = failures(
        shop.fill([comfy], [shop.order(90), shop.order(91, *TOO_MUCH), shop.order(92)])
    )

    assert list(failed) == ["room-91"]
    assert "ImageScale" in failed["room-91"]
    assert set(shop.came) == {"room-90", "room-92"}


def test_a_job_that_ran_out_of_memory_is_tried_once_more(comfy, shop):
    shop.fill([comfy], [shop.order(93, *TOO_MUCH)])

    assert len(shop.booked) == 2


def test_an_answer_that_is_no_twin_is_a_failure_of_that_order(comfy, shop):
    def refuse(_png):
        raise TwinUnusable("room-95", "it is black")

    good, bad = shop.order(94), shop.order(95)
    object.__setattr__(bad, "accept", refuse)

    failed = failures(shop.fill([comfy], [good, bad]))

    assert list(failed) == ["room-95"]


def test_a_full_disk_here_stops_everything(comfy, shop):
    def refuse(_png):
        raise DiskFull(comfy.base)

    order = shop.order(96)
    object.__setattr__(order, "accept", refuse)

    with pytest.raises(DiskFull):
        shop.fill([comfy], [order, shop.order(97)])


def test_a_graph_that_the_server_refuses_stops_everything_in_words(comfy, shop):
    wrong = ("ImageQuantize", {"colors": 9999, "dither": "none"})

    with pytest.raises(GraphRefused, match=r"ImageQuantize.*colors"):
        shop.fill([comfy], [shop.order(98, wrong)])


def test_stopping_early_cancels_only_our_own_waiting_jobs(comfy, shop):
    foreign = str(uuid4())
    outcomes = fleet.make(
        [comfy.url], [shop.order(n, SLOW, size=LARGE) for n in range(100, 108)], shop.book
    )
    next(outcomes)
    comfy.submit(chain(SLOW, image=uploaded(comfy, 99), prefix="theirs"), foreign)

    outcomes.close()

    left = comfy.queued()
    assert foreign in left
    assert len(left & {job.prompt_id for job in shop.booked}) <= 1  # the running one finishes
    wait_until(lambda: not comfy.queued())


def test_the_picture_comes_back_with_what_the_server_wrote(comfy, shop):
    shop.fill([comfy], [shop.order(110)])

    with Image.open(io.BytesIO(shop.came["room-110"])) as picture:
        assert "prompt" in picture.info


def test_two_servers_share_the_work(two_comfys, shop):
    outcomes = shop.fill(two_comfys, [shop.order(n, UNHURRIED, size=LARGE) for n in range(6)])

    assert not failures(outcomes)
    assert {outcome.result for outcome in outcomes} == {s.url for s in two_comfys}


def test_a_lost_server_hands_its_work_back(two_comfys, shop):
    orders = [shop.order(n, UNHURRIED, size=LARGE) for n in range(20, 27)]
    told = []
    filled = fleet.make(
        [s.url for s in two_comfys], orders, shop.book, tell=told.append, patience_s=1.0
    )
    first = next(filled)
    two_comfys[1].kill()

    outcomes = [first, *filled]

    assert not failures(outcomes)
    assert {outcome.item.key for outcome in outcomes} == {order.key for order in orders}
    assert two_comfys[1].url in told[0].text


def test_the_last_server_lost_says_how_much_is_left(two_comfys, shop):
    orders = [shop.order(n, UNHURRIED, size=LARGE) for n in range(40, 46)]
    filled = fleet.make([two_comfys[0].url], orders, shop.book, patience_s=1.0)
    next(filled)
    two_comfys[0].kill()

    with pytest.raises(ServerLost, match=r"with [345] frames to go"):
        list(filled)


def test_after_a_restart_what_was_finished_is_found_as_a_file(two_comfys, shop):
    server = two_comfys[0]
    shop.fill([server], [shop.order(60)])
    first = shop.came.pop("room-60")
    server.kill()
    server.start()
    server.wait_ready()

    shop.fill([server], [shop.order(60, earlier=shop.booked)])

    assert shop.came["room-60"] == first
    assert server.prompts_taken() == 0


def test_a_server_whose_job_stands_still_is_lost(comfy, shop):
    with pytest.raises(ServerLost):
        shop.fill([comfy], [shop.order(120, *[SLOW] * 3, size=LARGE)], stall_s=0.5)

    wait_until(lambda: not comfy.queued())
