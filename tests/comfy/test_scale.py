"""The fleet's own code on simulated servers, on a clock that jumps: hours in seconds."""

import pytest

from tests.comfy.errand import Run, driven
from tests.comfy.simulated import Chances

BAD_DAYS = Chances(
    breaks=0.02,
    runs_out_of_memory=0.05,
    hangs=0.01,
    dies_after_s=1200.0,
    never_returns=0.05,
)


@pytest.mark.parametrize("seed", [1, 2])
def test_simulated_servers_that_fail_hang_and_die_lose_nothing_and_make_nothing_twice(seed):
    run = Run(5, 300, BAD_DAYS, seed)

    outcomes = list(driven(run))

    assert sum(server.deaths for server in run.servers) >= 3
    assert sum(server.hangs for server in run.servers) >= 1
    assert {outcome.item.key for outcome in outcomes} == {str(n) for n in range(300)}
    assert (run.lost, run.made_again) == (0, 0)
    assert 0 < len(run.failures) < 30


def test_simulated_servers_with_enough_to_do_are_hardly_ever_idle():
    run = Run(5, 600, Chances())

    list(driven(run))

    assert run.utilisation >= 0.98


def test_of_a_hundred_servers_each_is_heard_every_5_seconds():
    """A job says where it is every second; what ends is told at once."""
    run = Run(100, 300, Chances())

    list(driven(run))

    seldom = run.spent_s / 5 * len(run.servers)
    assert seldom / 2 < run.told < seldom + 300 + len(run.servers)
