import asyncio
import threading
import time

from curate.comfy.host import Host


def test_an_errand_is_done_in_a_thread_unless_the_last_of_its_kind_was_brief():
    host, is_here = Host(server=None), []

    def brief():
        is_here.append(threading.current_thread() is threading.main_thread())

    def slow():
        brief()
        time.sleep(0.05)

    async def run():
        for errand, work in [
            *(("accept", brief), ("accept", brief), ("picture", brief)),
            *(("accept", slow), ("accept", slow), ("accept", brief)),
        ]:
            await host.aside(errand, work)

    asyncio.run(run())

    assert is_here == [False, True, False, True, False, False]
