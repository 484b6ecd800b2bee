import io
import threading
from uuid import uuid4

import numpy as np
import pytest
from PIL import Image

from curate import images
from curate.comfy import fleet
from curate.comfy.server import Server
from curate.errors import DiskFull, GraphRefused, ServerLost, TwinUnusable
from curate.events import Notice
from tests.comfyui.graphs import chain, gate, out_of_memory, sleep
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
    list(fleet.make([Server(comfy.url)], [shop.order(70)], book))

    assert taken_when_booked == [0]


def test_at_most_three_jobs_stand_in_a_servers_queue(comfy, shop):
    most = 0
    for outcome in shop.make([comfy], [shop.order(n) for n in range(12)]):
        most = max(most, len(comfy.queued()))
        assert outcome.failure is None

    assert most <= fleet.WINDOW


def test_an_earlier_jobs_result_is_fetched_instead_of_made_again(comfy, shop):
    shop.fill([comfy], [shop.order(80)])
    first, taken = shop.came.pop("room-80"), comfy.prompts_taken()

    shop.fill([comfy], [shop.order(80, earlier=shop.booked)])

    assert shop.came["room-80"] == first
    assert comfy.prompts_taken() == taken


def test_an_earlier_job_that_still_waits_is_waited_for(comfy, shop, tmp_path):
    job = shop.book(shop.order(81), comfy.url)
    held = gate(tmp_path / "go")
    comfy.submit(chain(held, image=uploaded(comfy, 81), prefix=job.prefix), job.prompt_id)
    taken = comfy.prompts_taken()
    thread = threading.Timer(0.3, (tmp_path / "go").touch)
    thread.start()

    shop.fill([comfy], [shop.order(81, earlier=[job])])

    assert "room-81" in shop.came
    assert comfy.prompts_taken() == taken


def test_a_job_that_vanished_from_the_queue_is_submitted_again(comfy, shop, tmp_path):
    foreign = shop.book(shop.order(82), comfy.url)
    shop.booked.clear()
    held = gate(tmp_path / "go")
    comfy.submit(chain(held, image=uploaded(comfy, 82), prefix="foreign"), foreign.prompt_id)

    def delete_the_first():
        wait_until(lambda: shop.booked and shop.booked[0].prompt_id in comfy.queued())
        comfy.post("/queue", {"delete": [shop.booked[0].prompt_id]})
        wait_until(lambda: len(shop.booked) == 2)
        (tmp_path / "go").touch()

    thread = threading.Thread(target=delete_the_first)
    thread.start()
    outcomes = shop.fill([comfy], [shop.order(83)], poll_s=0.1)
    thread.join()

    assert not failures(outcomes)
    assert len({job.prompt_id for job in shop.booked}) == 2
    assert len({job.prefix for job in shop.booked}) == 2


def test_one_broken_job_does_not_stop_the_others(comfy, shop, tmp_path):
    broken = out_of_memory(tmp_path / "no" / "such" / "folder", 0)

    failed = failures(shop.fill([comfy], [shop.order(90), shop.order(91, broken), shop.order(92)]))

    assert list(failed) == ["room-91"]
    assert "TestOutOfMemory): FileNotFoundError" in failed["room-91"]
    assert set(shop.came) == {"room-90", "room-92"}


def test_a_job_that_ran_out_of_memory_once_is_made_the_second_time(comfy, shop, tmp_path):
    outcomes = shop.fill([comfy], [shop.order(93, out_of_memory(tmp_path / "runs", 1))])

    assert not failures(outcomes)
    assert len((tmp_path / "runs").read_text()) == 2
    assert "room-93" in shop.came


def test_a_job_that_always_runs_out_of_memory_is_set_aside_after_two(comfy, shop, tmp_path):
    always = out_of_memory(tmp_path / "runs", 99)

    failed = failures(shop.fill([comfy], [shop.order(93, always), shop.order(94)]))

    assert list(failed) == ["room-93"]
    assert "ran out of memory" in failed["room-93"]
    assert len((tmp_path / "runs").read_text()) == 2


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
    outcomes = shop.make([comfy], [shop.order(n, sleep(0.5)) for n in range(100, 108)])
    next(outcomes)
    comfy.submit(chain(sleep(2.0), image=uploaded(comfy, 99), prefix="theirs"), foreign)

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
    outcomes = shop.fill(two_comfys, [shop.order(n, sleep(0.1)) for n in range(6)])

    assert not failures(outcomes)
    assert {outcome.result for outcome in outcomes} == {s.url for s in two_comfys}


def test_an_idle_server_takes_what_waits_at_another(two_comfys, shop, tmp_path):
    """One server stands still at its first order until the other has done all the rest."""
    go = tmp_path / "go"
    orders = [shop.order(200, gate(go)), *(shop.order(n) for n in range(201, 208))]
    finished = []

    for outcome in shop.make(two_comfys, orders):
        finished.append(outcome.item.key)
        if len(finished) == 7:
            go.touch()

    assert finished[-1] == "room-200"
    written = {file.stem.rpartition("_00001")[0] for s in two_comfys for file in s.outputs()}
    assert len({job.prompt_id for job in shop.booked} & written) == 8  # none was made twice


def test_a_lost_server_hands_its_work_back(two_comfys, shop):
    orders = [shop.order(n, sleep(0.1)) for n in range(20, 27)]
    told = []
    filled = shop.make(two_comfys, orders, tell=told.append, patience_s=0.3)
    first = next(filled)
    two_comfys[1].kill()

    outcomes = [first, *filled]

    assert not failures(outcomes)
    assert {outcome.item.key for outcome in outcomes} == {order.key for order in orders}
    assert any(two_comfys[1].url in said.text for said in told if isinstance(said, Notice))


def test_a_server_whose_job_stands_still_gives_its_frames_to_the_others(two_comfys, shop, tmp_path):
    go, foreign = tmp_path / "go", str(uuid4())
    stuck, other = two_comfys
    stuck.submit(chain(gate(go), image=uploaded(stuck, 130), prefix="theirs"), foreign)
    wait_until(stuck.running)

    outcomes = shop.fill(
        [stuck, other],
        [shop.order(n) for n in range(6)],
        stall_s=0.3,
        poll_s=0.05,
    )
    left = stuck.queued()
    go.touch()

    assert not failures(outcomes)
    assert {outcome.result for outcome in outcomes} == {other.url}
    assert left == {foreign}  # ours were taken out, theirs was not touched
    wait_until(lambda: not stuck.queued())


def test_when_the_last_server_is_gone_too_long_it_is_given_up(two_comfys, shop):
    orders = [shop.order(n, sleep(0.2)) for n in range(40, 46)]
    filled = shop.make(two_comfys[:1], orders, patience_s=0.3, give_up_after_s=0.1)
    next(filled)
    two_comfys[0].kill()

    with pytest.raises(ServerLost, match=r"with [345] frames to go"):
        list(filled)


def test_when_the_only_server_comes_back_the_run_goes_on(two_comfys, shop):
    """Killed in mid-job, queue and history gone; started again once it is being waited for."""
    server, said = two_comfys[0], []

    def tell(event):
        if isinstance(event, Notice):
            said.append(event.text)
            if "No server is left" in event.text:
                server.start()

    orders = [shop.order(n, sleep(0.3)) for n in range(50, 56)]
    filled = shop.make([server], orders, tell=tell, patience_s=0.2, give_up_after_s=300)
    outcomes = [next(filled)]
    wait_until(server.running)
    server.kill()
    outcomes += list(filled)

    assert not failures(outcomes)
    assert len(outcomes) == 6
    assert "waiting up to 5 min" in said[1]
    assert "answers again" in said[2]


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


def test_a_server_whose_job_stands_still_is_lost(comfy, shop, tmp_path):
    with pytest.raises(ServerLost):
        shop.fill([comfy], [shop.order(120, gate(tmp_path / "go"))], stall_s=0.3, poll_s=0.1)

    (tmp_path / "go").touch()
    wait_until(lambda: not comfy.queued())
