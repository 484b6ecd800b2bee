"""No server stands idle while another has orders waiting: simulated, on a clock that jumps."""

import asyncio

from curate.comfy import job
from curate.errors import ServerSilent
from tests.comfy.errand import Run, driven
from tests.comfy.simulated import Chances, SimulatedServer

JOB_S = 100.0
CALM = Chances(
    job_s=JOB_S, job_sigma=0.0, breaks=0.0, runs_out_of_memory=0.0, hangs=0.0, dies_after_s=1e12
)


class Sleeper(SimulatedServer):
    """A server that does not answer before its time."""

    def __init__(self, number, tally, wakes_at_s):
        super().__init__(number, CALM, 1, tally)
        self._wakes_at_s = wakes_at_s

    async def awake(self):
        if asyncio.get_running_loop().time() < self._wakes_at_s:
            raise ServerSilent(self.url, "connection refused")
        return await super().awake()


class LateRiser(SimulatedServer):
    """A server that answers a little later than the others."""

    async def awake(self):
        await asyncio.sleep(0.2)
        return await super().awake()


def spent_s(orders, servers, earlier=False):
    """How long a run takes; with `earlier`, each order's earlier job is looked for first."""
    run = Run(0, orders, CALM)
    run.servers = [make(number, run.tally) for number, make in enumerate(servers)]
    if earlier:
        for order in map(run._order, range(orders)):
            run._booked[order.key] = [job.new(order, run.servers[0].url, "")]
    list(driven(run))
    assert (run.lost, run.made_again) == (0, 0)
    return run.spent_s


def early(number, tally):
    return SimulatedServer(number, CALM, 1, tally)


def late(number, tally):
    return LateRiser(number, CALM, 1, tally)


def back_after(seconds):
    return lambda number, tally: Sleeper(number, tally, seconds)


def test_what_a_server_has_only_begun_to_prepare_goes_to_an_idle_one():
    assert JOB_S < spent_s(2, [early, late]) < 1.1 * JOB_S


def test_a_server_that_is_back_takes_what_waits_although_another_found_nothing_to_take():
    """When the second looked, the first was still looking for earlier jobs of all three."""
    half = JOB_S / 2

    assert JOB_S < spent_s(3, [early, late, back_after(half)], earlier=True) < 1.7 * JOB_S
